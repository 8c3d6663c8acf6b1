package main_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	cartv1 "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/api/gen/souk/order/v1/orderv1connect"
	paymentv1 "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/api/gen/souk/payment/v1/paymentv1connect"
)

// Failures that users of other shops met, each of which is one test here or, with
// fewer parts of the shop, in the services.

// Lines that share one stock item do not sell it twice.
func TestTwoLinesShareOneStockItem(t *testing.T) {
	s := theShop(t)
	const sku = "BAG046CB-OLIVE"
	reservations := inventoryv1connect.NewReservationServiceClient(s.service(), s.parts["inventory"])
	for _, c := range []struct {
		units int64
		want  connect.Code // 0: it is reserved
	}{{1, connect.CodeFailedPrecondition}, {2, 0}} {
		s.newStock(sku, c.units)
		id := uuid.NewString()
		_, err := reservations.Reserve(t.Context(), &inventoryv1.ReserveRequest{ReservationId: id, HoldSeconds: 60, Lines: []*inventoryv1.StockLine{{Sku: sku, Units: 1}, {Sku: sku, Units: 1}}})
		if err == nil && c.want != 0 || err != nil && connect.CodeOf(err) != c.want {
			t.Errorf("two lines of one unit each, with %d there: %v, want code %v", c.units, err, c.want)
		}
		if _, reserved, _ := s.books(sku); err == nil && reserved != 2 || err != nil && reserved != 0 {
			t.Errorf("with %d there, %d are reserved", c.units, reserved)
		}
		if _, err := reservations.Release(t.Context(), &inventoryv1.ReleaseRequest{ReservationId: id}); err != nil {
			t.Error(err)
		}
	}
}

// asked is a checkout that waits for the shopper at their bank.
func (s *shop) asked(sku string) (buyer, *orderv1.PlaceOrderRequest, *orderv1.Checkout) {
	s.t.Helper()
	b := s.buyer()
	req, err := b.request(s.t.Context(), sku, s.cardToken("4000000000003220"))
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := b.place(s.t.Context(), req)
	if err != nil || c.GetState() != orderv1.CheckoutState_CHECKOUT_STATE_ACTION_REQUIRED || c.GetActionUrl() == "" {
		s.t.Fatalf("the checkout is %v, %v; want it to wait for the bank", c, err)
	}
	return b, req, c
}

// tellBank is what the shopper does at their bank.
func tellBank(ctx context.Context, address, answer string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(url.Values{"answer": {answer}}.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := plenty.Transport.RoundTrip(req)
	if err == nil {
		resp.Body.Close()
	}
	return err
}

// paidOnce checks that a checkout became one order, whose total was taken once.
func (s *shop) paidOnce(b buyer, c *orderv1.Checkout) *orderv1.Order {
	s.t.Helper()
	s.settled(c, false)
	list, err := orderv1connect.NewOrderServiceClient(s.shopper(b.id), s.url).ListOrders(s.t.Context(), &orderv1.ListOrdersRequest{})
	if err != nil || len(list.GetOrders()) != 1 || list.GetOrders()[0].GetId() != c.GetOrder().GetId() {
		s.t.Fatalf("the shopper has %d orders, %v; want the one that they were told of", len(list.GetOrders()), err)
	}
	o := list.GetOrders()[0]
	paid, err := paymentv1connect.NewPaymentServiceClient(s.service(), s.parts["payment"]).GetPayment(s.t.Context(), &paymentv1.GetPaymentRequest{PaymentId: c.GetCheckoutId()})
	if err != nil || paid.GetPayment().GetCaptured().GetMinorUnits() != o.GetTotals().GetTotal().GetMinorUnits() {
		s.t.Errorf("%v were taken, %v; the order is over %v", paid.GetPayment().GetCaptured(), err, o.GetTotals().GetTotal())
	}
	return o
}

// The browser comes back from the bank at the moment at which the provider's
// message comes: one order, seen by everybody, paid once.
func TestTheBrowsersConfirmationRacesTheWebhook(t *testing.T) {
	s := theShop(t)
	const sku = "KIT001ET-CREAM"
	s.newStock(sku, 100)
	for range 5 {
		b, req, c := s.asked(sku)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		var crowd sync.WaitGroup
		orders := make([]string, 8)
		begin := make(chan struct{})
		for n := range orders {
			crowd.Go(func() {
				<-begin
				resumed, err := b.checkout.ResumeCheckout(ctx, &orderv1.ResumeCheckoutRequest{CheckoutId: req.GetCheckoutId()})
				for again := resumed.GetCheckout(); err == nil; again = resumed.GetCheckout() {
					if orders[n] = again.GetOrder().GetId(); orders[n] != "" {
						return
					}
					resumed, err = b.checkout.ResumeCheckout(ctx, &orderv1.ResumeCheckoutRequest{CheckoutId: req.GetCheckoutId()})
				}
				t.Errorf("resume: %v", err)
			})
		}
		close(begin)
		if err := tellBank(ctx, c.GetActionUrl(), "confirm"); err != nil { // which tells the shop, too
			t.Fatal(err)
		}
		crowd.Wait()
		done, err := b.place(ctx, req)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range orders {
			if id != done.GetOrder().GetId() {
				t.Errorf("one was told of order %q, another of %q", id, done.GetOrder().GetId())
			}
		}
		s.paidOnce(b, done)
	}
}

// What comes into the cart while the shopper is at their bank is neither charged
// nor lost: the order is what they were shown.
func TestAnItemAddedWhilePayingIsNotCharged(t *testing.T) {
	s := theShop(t)
	const sku, other = "KIT001ET-CREAM", "KIT001ET-SAGE"
	s.newStock(sku, 100)
	s.newStock(other, 100)
	b, req, c := s.asked(sku)
	if _, err := b.cart.AddLine(t.Context(), &cartv1.AddLineRequest{Sku: other, Quantity: 2, CurrencyCode: "USD"}); err != nil {
		t.Fatal(err)
	}
	if err := tellBank(t.Context(), c.GetActionUrl(), "confirm"); err != nil {
		t.Fatal(err)
	}
	done, err := b.place(t.Context(), req)
	for err == nil && done.GetState() == orderv1.CheckoutState_CHECKOUT_STATE_ACTION_REQUIRED {
		done, err = b.place(t.Context(), req)
	}
	if err != nil {
		t.Fatal(err)
	}
	o := s.paidOnce(b, done)
	if lines := o.GetLines(); len(lines) != 1 || lines[0].GetSku() != sku || o.GetTotals().GetTotal().GetMinorUnits() != req.GetExpectedTotal().GetMinorUnits() {
		t.Errorf("the order has %v over %v; want one %s over %v", lines, o.GetTotals().GetTotal(), sku, req.GetExpectedTotal())
	}
	waitFor(t, "what was bought to leave the cart", 20*time.Second, func() bool {
		cart, err := b.cart.GetCart(t.Context(), &cartv1.GetCartRequest{})
		lines := cart.GetCart().GetLines()
		return err == nil && len(lines) == 1 && lines[0].GetSku() == other && lines[0].GetQuantity() == 2
	})
	// And a cart that grew before the button was pressed is asked about, not charged.
	late, err := b.request(t.Context(), sku, s.cardToken("4242424242424242"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.cart.AddLine(t.Context(), &cartv1.AddLineRequest{Sku: other, Quantity: 1, CurrencyCode: "USD"}); err != nil {
		t.Fatal(err)
	}
	if refused, err := b.place(t.Context(), late); err != nil || refused.GetReason() != "total_changed" {
		t.Errorf("with another total than shown: %v, %v; want total_changed", refused, err)
	}
}

// The shopper presses the bank's button again, and comes back again, before and
// after: the same order, paid once.
func TestARetriedPaymentAction(t *testing.T) {
	s := theShop(t)
	const sku = "KIT001ET-CREAM"
	s.newStock(sku, 100)
	b, req, c := s.asked(sku)
	if again, err := b.place(t.Context(), req); err != nil || again.GetActionUrl() != c.GetActionUrl() {
		t.Errorf("before the bank: sent to %q, then to %q, %v", c.GetActionUrl(), again.GetActionUrl(), err)
	}
	for _, answer := range []string{"confirm", "confirm", "refuse"} { // who has confirmed cannot refuse any more
		if err := tellBank(t.Context(), c.GetActionUrl(), answer); err != nil {
			t.Fatal(err)
		}
	}
	var first string
	for range 3 {
		done, err := b.place(t.Context(), req)
		for err == nil && done.GetState() == orderv1.CheckoutState_CHECKOUT_STATE_ACTION_REQUIRED {
			done, err = b.place(t.Context(), req)
		}
		if err != nil {
			t.Fatal(err)
		}
		s.paidOnce(b, done)
		if first == "" {
			first = done.GetOrder().GetId()
		}
		if done.GetOrder().GetId() != first {
			t.Errorf("order %s, then %s", first, done.GetOrder().GetId())
		}
	}
}
