package main_test

import (
	"testing"
	"time"

	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/api/gen/souk/order/v1/orderv1connect"
	paymentv1 "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/api/gen/souk/payment/v1/paymentv1connect"
)

// TestCaptureIsRefused has a bank think better of it after the order was placed:
// the order is cancelled, nothing is held, and the shopper is told.
func TestCaptureIsRefused(t *testing.T) {
	s := theShop(t)
	const sku = "KIT001ET-CREAM"
	before, _, _ := s.books(sku)
	b := s.buyer()
	req, err := b.request(t.Context(), sku, s.cardToken("4000000000000341"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.place(t.Context(), req)
	if err != nil || c.GetOrder() == nil {
		t.Fatalf("the checkout ended %v, %v", c, err)
	}
	orders := orderv1connect.NewOrderServiceClient(s.shopper(b.id), s.url)
	waitFor(t, "the order to be cancelled", 20*time.Second, func() bool {
		o, err := orders.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: c.GetOrder().GetId()})
		return err == nil && o.GetOrder().GetStatus() == orderv1.OrderStatus_ORDER_STATUS_CANCELLED
	})
	waitFor(t, "the stock to be free", 20*time.Second, func() bool {
		onHand, reserved, booked := s.books(sku)
		return onHand == before && reserved == 0 && booked == before
	})
	payments := paymentv1connect.NewPaymentServiceClient(s.service(), s.parts["payment"])
	p, err := payments.GetPayment(t.Context(), &paymentv1.GetPaymentRequest{PaymentId: c.GetCheckoutId()})
	if err != nil || p.GetPayment().GetState() != paymentv1.PaymentState_PAYMENT_STATE_VOIDED || p.GetPayment().GetCaptured().GetMinorUnits() != 0 {
		t.Errorf("the payment is %v, %v; want it voided", p.GetPayment(), err)
	}
	// The confirmation, and that it came to nothing.
	waitFor(t, "the mails", 20*time.Second, func() bool { return len(s.mails(b.id+"@example.com")) == 2 })
}
