package pay

import "github.com/souk-commerce/souk/kit/fault"

// What can be wrong. The reasons are part of the API.
var (
	ErrNoPayment     = fault.New(fault.NotFound, "payment_not_found", "There is no such payment.")
	ErrDiffers       = fault.New(fault.Refused, "payment_differs", "This payment was begun with another amount or provider.")
	ErrVoided        = fault.New(fault.Refused, "payment_voided", "This payment was given up; begin a new one.")
	ErrCaptured      = fault.New(fault.Refused, "payment_captured", "The money was taken already; refund it instead.")
	ErrNotAuthorized = fault.New(fault.Refused, "payment_not_authorized", "There is no authorization to capture.")
	ErrRefund        = fault.New(fault.Refused, "refund_too_much", "No more can be given back than was captured.")
	ErrRefundDiffers = fault.New(fault.Refused, "refund_differs", "This refund was begun with another amount.")
	ErrRefundRefused = fault.New(fault.Refused, "payment_refund_refused", "The payment provider does not give this back.")
	ErrAmount        = fault.New(fault.Invalid, "amount_invalid", "The amount must be more than zero and in the payment's currency.")
	ErrProvider      = fault.New(fault.Busy, "provider_unavailable", "The payment provider does not answer. Try again in a moment; nobody is charged twice.")
	ErrNoProvider    = fault.New(fault.NotFound, "provider_not_found", "There is no such payment provider.")
	ErrNotOffered    = fault.New(fault.Refused, "payment_not_offered", "This cannot be paid here in that currency, country or amount.")
	ErrNobody        = fault.New(fault.Invalid, "customer_missing", "Only for a customer can a payment method be kept.")
	ErrCard          = fault.New(fault.Invalid, "card_number", "This looks like the number of a payment card. Only the provider may see it.")
	ErrPageToken     = fault.New(fault.Invalid, "page_token", "This page token is not one of ours.")
	ErrSignature     = fault.New(fault.Invalid, "signature_invalid", "The signature of this message is not the provider's.")
	// ErrUnknown is a provider's word for a payment it has never heard of.
	ErrUnknown = fault.New(fault.NotFound, "payment_unknown", "The provider does not know this payment.")
)

// Refusal is a provider's definite no: nothing was done, and asking again does not help.
type Refusal struct{ Reason string }

// Error implements error.
func (r Refusal) Error() string { return "declined: " + r.Reason }
