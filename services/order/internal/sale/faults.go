package sale

import "github.com/souk-commerce/souk/kit/fault"

// What can be wrong. The reasons are part of the API.
var (
	ErrNoCheckout    = fault.New(fault.NotFound, "checkout_not_found", "There is no such checkout.")
	ErrDiffers       = fault.New(fault.Refused, "checkout_differs", "This checkout was begun with other content; begin a new one.")
	ErrNoOrder       = fault.New(fault.NotFound, "order_not_found", "There is no such order.")
	ErrCartEmpty     = fault.New(fault.Refused, "cart_empty", "The cart is empty.")
	ErrCartChanged   = fault.New(fault.Refused, "cart_changed", "Something in the cart is no longer sold. Please look at the cart again.")
	ErrRegion        = fault.New(fault.Invalid, "region_unknown", "Please choose the state: it decides the tax.").On("shipping_address.region", "Please write a state of the United States, like CA or California.")
	ErrTooMuch       = fault.New(fault.Refused, "total_out_of_range", "This is more than we can sell in one order.")
	ErrDelivery      = fault.New(fault.Invalid, "delivery_option_unknown", "We cannot deliver there this way. Please choose another delivery.").On("delivery_option_id", "Please choose a delivery.")
	ErrCurrency      = fault.New(fault.Refused, "currency_not_served", "We do not deliver in this currency yet.")
	ErrNotCancelable = fault.New(fault.Refused, "order_not_cancellable", "The order is on its way already and cannot be cancelled.")
	ErrStatus        = fault.New(fault.Refused, "order_status", "This is not possible with the order as it stands.")
	ErrNoLine        = fault.New(fault.Invalid, "line_unknown", "The order has no such line.")
	ErrUnits         = fault.New(fault.Invalid, "units_out_of_range", "Choose at least one item, and no more than there are.")
	ErrNotOpen       = fault.New(fault.Refused, "units_not_open", "These items have left already, or were cancelled.")
	ErrNotPaid       = fault.New(fault.Busy, "order_not_paid", "The order is still being confirmed. Please try again in a moment.")
	ErrNoShipment    = fault.New(fault.NotFound, "shipment_not_found", "The order has no such parcel.")
	ErrNoReturn      = fault.New(fault.NotFound, "return_not_found", "The order has no such return.")
	ErrReturnState   = fault.New(fault.Refused, "return_state", "This is not possible with the return as it stands.")
	ErrNotReturnable = fault.New(fault.Refused, "units_not_returnable", "These items have not been sent, or are on their way back already.")
	ErrExchange      = fault.New(fault.Refused, "exchange_not_possible", "This cannot be had instead. Please choose another variant that does not cost more, or your money back.")
	ErrRefundTooMuch = fault.New(fault.Refused, "refund_too_much", "More would go back than was paid.")
	ErrRefundDiffers = fault.New(fault.Refused, "refund_differs", "This refund was made with another amount.")
	ErrTooManyTries  = fault.New(fault.TooMany, "lookup_too_often", "There were too many tries with this order. Please try again in an hour.")
	ErrChanged       = fault.New(fault.Raced, "order_changed", "Somebody has changed the order meanwhile; read it again.")
	ErrPageToken     = fault.New(fault.Invalid, "page_token", "This page token is not one of ours.")
	ErrWhich         = fault.New(fault.Invalid, "id_or_number", "Ask by id or by number.")
	// ErrLost means that another instance has taken a checkout over.
	ErrLost = fault.New(fault.Raced, "checkout_taken_over", "The checkout is being worked on; ask again.")

	// What other services say.
	errStockShort = fault.New(fault.Refused, "stock_short", "")
	errCommitted  = fault.New(fault.Refused, "reservation_committed", "")
	errCaptured   = fault.New(fault.Refused, "payment_captured", "")
)

// sentences is what shoppers read when a checkout is refused.
var sentences = map[string]string{
	"stock_short":           "Some of your items have just been sold. Please look at your cart again.",
	"total_changed":         "Prices have changed since you last looked. Please check the new total.",
	"card_declined":         "The card was declined. You have not been charged. Please try another card.",
	"insufficient_funds":    "The card has not enough funds. You have not been charged. Please try another card.",
	"expired_card":          "The card has expired. You have not been charged. Please try another card.",
	"authentication_failed": "The payment was not confirmed. You have not been charged.",
	"payment_abandoned":     "The payment was not confirmed in time. You have not been charged.",
	"checkout_expired":      "This took too long and was given up. You have not been charged. Please try again.",
	"invalid_token":         "Please enter the card again.",
}

// ours are refusals that are faults, too, and have their sentence there.
var ours = []*fault.Fault{ErrCartEmpty, ErrCartChanged, ErrDelivery, ErrCurrency, ErrTooMuch}

// Sentence explains a refusal to a shopper. A reason that is not ours is the
// payment provider's.
func Sentence(reason string) string {
	if s, ok := sentences[reason]; ok {
		return s
	}
	for _, f := range ours {
		if f.Reason == reason {
			return f.Sentence
		}
	}
	return "The payment was declined. You have not been charged. Please try another way to pay."
}
