package main_test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	cartv1 "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	"github.com/souk-commerce/souk/api/gen/souk/cart/v1/cartv1connect"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/api/gen/souk/order/v1/orderv1connect"
	paymentv1 "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/api/gen/souk/payment/v1/paymentv1connect"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
)

// buyer is a signed-in shopper who calls the shop without a browser.
type buyer struct {
	id       string
	cart     cartv1connect.CartServiceClient
	checkout orderv1connect.CheckoutServiceClient
}

func (s *shop) buyer() buyer {
	id := uuid.NewString()
	client := s.shopper(id)
	return buyer{id, cartv1connect.NewCartServiceClient(client, s.url), orderv1connect.NewCheckoutServiceClient(client, s.url)}
}

func home() *typev1.Address {
	return &typev1.Address{Name: "Ada Lovelace", Line1: "12 St James's Square", City: "San Francisco", Region: "CA", PostalCode: "94103", CountryCode: "US"}
}

// request fills the cart with one unit and returns what buys it.
func (b buyer) request(ctx context.Context, sku, method string) (*orderv1.PlaceOrderRequest, error) {
	if _, err := b.cart.AddLine(ctx, &cartv1.AddLineRequest{Sku: sku, Quantity: 1, CurrencyCode: "USD"}); err != nil {
		return nil, fmt.Errorf("add to cart: %w", err)
	}
	quote, err := b.checkout.Quote(ctx, &orderv1.QuoteRequest{ShippingAddress: home(), CurrencyCode: "USD"})
	if err != nil {
		return nil, fmt.Errorf("quote: %w", err)
	}
	return &orderv1.PlaceOrderRequest{
		CheckoutId: uuid.NewString(), Email: b.id + "@example.com", ShippingAddress: home(), DeliveryOptionId: quote.GetDeliveryOptionId(),
		CurrencyCode: "USD", PaymentMethod: method, ExpectedTotal: quote.GetTotals().GetTotal(),
	}, nil
}

// place buys, and asks on until the checkout has an outcome.
func (b buyer) place(ctx context.Context, req *orderv1.PlaceOrderRequest) (*orderv1.Checkout, error) {
	resp, err := b.checkout.PlaceOrder(ctx, req)
	checkout := resp.GetCheckout()
	for err == nil && checkout.GetState() == orderv1.CheckoutState_CHECKOUT_STATE_PENDING {
		timer := time.NewTimer(100 * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return checkout, ctx.Err()
		}
		var again *orderv1.ResumeCheckoutResponse
		again, err = b.checkout.ResumeCheckout(ctx, &orderv1.ResumeCheckoutRequest{CheckoutId: req.GetCheckoutId()})
		checkout = again.GetCheckout()
	}
	return checkout, err
}

func (s *shop) stockAdmin() inventoryv1connect.StockAdminServiceClient {
	return inventoryv1connect.NewStockAdminServiceClient(s.staff(), s.url)
}

// newStock puts a demo product's stock at a number, in one place.
func (s *shop) newStock(sku string, units int64) {
	s.t.Helper()
	for where, n := range map[string]int64{"warehouse-east": units, "warehouse-west": 0} {
		if _, err := s.stockAdmin().SetStock(s.t.Context(), &inventoryv1.SetStockRequest{Sku: sku, Location: where, OnHand: n}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// books returns what a SKU's levels and its ledger say, and what is still reserved.
func (s *shop) books(sku string) (onHand, reserved, booked int64) {
	s.t.Helper()
	levels, err := s.stockAdmin().ListLevels(s.t.Context(), &inventoryv1.ListLevelsRequest{Skus: []string{sku}})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, l := range levels.GetLevels() {
		onHand, reserved = onHand+l.GetOnHand(), reserved+l.GetReserved()
	}
	for token, more := "", true; more; more = token != "" {
		page, err := s.stockAdmin().ListLedger(s.t.Context(), &inventoryv1.ListLedgerRequest{Sku: sku, PageSize: 500, PageToken: token})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, e := range page.GetEntries() {
			booked += e.GetUnits()
		}
		token = page.GetNextPageToken()
	}
	return onHand, reserved, booked
}

// TestTheLastUnitIsNotSoldTwice has 200 checkouts at once for what is there 50 times.
func TestTheLastUnitIsNotSoldTwice(t *testing.T) {
	s := theShop(t)
	const sku = "KIT001ET-SAGE"
	// Enough for every cart; the shelf is emptied when all stand at the till.
	s.newStock(sku, 1000)
	method := s.cardToken("4242424242424242")
	requests := make([]*orderv1.PlaceOrderRequest, 200)
	buyers := make([]buyer, 200)
	for n := range buyers {
		buyers[n] = s.buyer()
		var err error
		if requests[n], err = buyers[n].request(t.Context(), sku, method); err != nil {
			t.Fatal(err)
		}
	}
	s.newStock(sku, 50)
	var placed, short atomic.Int64
	var crowd sync.WaitGroup
	began := time.Now()
	for n, b := range buyers {
		crowd.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			c, err := b.place(ctx, requests[n])
			switch {
			case err != nil:
				t.Errorf("checkout %d: %v", n, err)
			case c.GetState() == orderv1.CheckoutState_CHECKOUT_STATE_PLACED:
				placed.Add(1)
			case c.GetReason() == "stock_short" && c.GetMessage() != "" && len(c.GetShortSkus()) == 1:
				short.Add(1)
			default:
				t.Errorf("checkout %d ended %v", n, c)
			}
		})
	}
	crowd.Wait()
	t.Logf("200 checkouts in %v", time.Since(began))
	if placed.Load() != 50 || short.Load() != 150 {
		t.Errorf("%d placed and %d refused, want 50 and 150", placed.Load(), short.Load())
	}
	waitFor(t, "the last sale to be booked", 20*time.Second, func() bool { _, reserved, _ := s.books(sku); return reserved == 0 })
	if onHand, _, booked := s.books(sku); onHand != 0 || booked != 0 {
		t.Errorf("%d on hand, the ledger says %d; want 0 and 0", onHand, booked)
	}
}

// TestKilledAmidCheckouts ends the shop with kill -9 while fifty checkouts are
// under way, and opens it again.
func TestKilledAmidCheckouts(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	const sku = "KIT001ET-SAGE"
	s.newStock(sku, 1000)
	methods := []string{s.cardToken("4242424242424242"), s.cardToken("4000000000000002"), s.cardToken("5555555555554444")}
	buyers := make([]buyer, 50)
	requests := make([]*orderv1.PlaceOrderRequest, 50)
	for n := range buyers {
		buyers[n] = s.buyer()
		var err error
		if requests[n], err = buyers[n].request(t.Context(), sku, methods[n%3]); err != nil {
			t.Fatal(err)
		}
	}
	var under sync.WaitGroup
	var answered atomic.Int64
	for n, b := range buyers {
		under.Go(func() {
			if _, err := b.checkout.PlaceOrder(t.Context(), requests[n]); err == nil {
				answered.Add(1)
			}
		})
	}
	waitFor(t, "some checkouts to be through", time.Minute, func() bool { return answered.Load() >= 8 })
	s.kill()
	under.Wait()
	t.Logf("killed when %d of 50 were answered", answered.Load())

	s = start(t, dir)
	t.Cleanup(func() { s.process.Process.Kill() }) // should the test end early
	placed := int64(0)
	for n, b := range buyers {
		b := buyer{b.id, cartv1connect.NewCartServiceClient(s.shopper(b.id), s.url), orderv1connect.NewCheckoutServiceClient(s.shopper(b.id), s.url)}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		c, err := b.place(ctx, requests[n]) // the shopper tries again
		cancel()
		if err != nil {
			t.Fatalf("checkout %d: %v", n, err)
		}
		s.settled(c, n%3 == 1)
		if c.GetState() == orderv1.CheckoutState_CHECKOUT_STATE_PLACED {
			placed++
		}
	}
	waitFor(t, "nothing to be reserved", time.Minute, func() bool { _, reserved, _ := s.books(sku); return reserved == 0 })
	onHand, _, booked := s.books(sku)
	if onHand != 1000-placed || booked != onHand {
		t.Errorf("%d placed of 1000: %d on hand, the ledger says %d", placed, onHand, booked)
	}
	if placed != 33 {
		t.Errorf("%d placed, want the 33 whose card was good", placed)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(binary, "check", "--data-dir", dir).CombinedOutput(); err != nil {
		t.Errorf("souk check: %v\n%s", err, out)
	}
}

// settled checks that a checkout's order is paid, or that nothing is held.
func (s *shop) settled(c *orderv1.Checkout, declined bool) {
	s.t.Helper()
	payments := paymentv1connect.NewPaymentServiceClient(s.service(), s.parts["payment"])
	want, state := paymentv1.PaymentState_PAYMENT_STATE_CAPTURED, orderv1.CheckoutState_CHECKOUT_STATE_PLACED
	if declined {
		want, state = paymentv1.PaymentState_PAYMENT_STATE_DECLINED, orderv1.CheckoutState_CHECKOUT_STATE_REFUSED
	}
	if c.GetState() != state {
		s.t.Errorf("checkout %s ended %v (%s), want %v", c.GetCheckoutId(), c.GetState(), c.GetReason(), state)
		return
	}
	var got paymentv1.PaymentState
	waitFor(s.t, fmt.Sprintf("payment %s to be %v", c.GetCheckoutId(), want), time.Minute, func() bool {
		resp, err := payments.GetPayment(s.t.Context(), &paymentv1.GetPaymentRequest{PaymentId: c.GetCheckoutId()})
		got = resp.GetPayment().GetState()
		return err == nil && (got == want || declined && got == paymentv1.PaymentState_PAYMENT_STATE_VOIDED)
	})
}

// TestShopperSeesOnlyTheirOwn has another shopper ask for everything by its name.
func TestShopperSeesOnlyTheirOwn(t *testing.T) {
	s := theShop(t)
	b := s.buyer()
	req, err := b.request(t.Context(), "KIT001ET-CREAM", s.cardToken("4242424242424242"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.place(t.Context(), req)
	if err != nil || c.GetOrder() == nil {
		t.Fatalf("no order: %v, %v", c, err)
	}
	other := s.shopper(uuid.NewString())
	orders := orderv1connect.NewOrderServiceClient(other, s.url)
	checkouts := orderv1connect.NewCheckoutServiceClient(other, s.url)
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"GetOrder by id": func() error {
			_, err := orders.GetOrder(ctx, &orderv1.GetOrderRequest{Id: c.GetOrder().GetId()})
			return err
		},
		"GetOrder by number": func() error {
			_, err := orders.GetOrder(ctx, &orderv1.GetOrderRequest{Number: c.GetOrder().GetNumber()})
			return err
		},
		"CancelOrder": func() error {
			_, err := orders.CancelOrder(ctx, &orderv1.CancelOrderRequest{Id: c.GetOrder().GetId()})
			return err
		},
		"GetCheckout": func() error {
			_, err := checkouts.GetCheckout(ctx, &orderv1.GetCheckoutRequest{CheckoutId: c.GetCheckoutId()})
			return err
		},
		"ResumeCheckout": func() error {
			_, err := checkouts.ResumeCheckout(ctx, &orderv1.ResumeCheckoutRequest{CheckoutId: c.GetCheckoutId()})
			return err
		},
		"PlaceOrder": func() error { _, err := checkouts.PlaceOrder(ctx, req); return err },
	} {
		if err := call(); connect.CodeOf(err) != connect.CodeNotFound {
			t.Errorf("%s of another's: %v, want not_found", name, err)
		}
	}
	if list, err := orders.ListOrders(ctx, &orderv1.ListOrdersRequest{}); err != nil || len(list.GetOrders()) != 0 {
		t.Errorf("another's list has %d orders, %v", len(list.GetOrders()), err)
	}
	if cart, err := cartv1connect.NewCartServiceClient(other, s.url).GetCart(ctx, &cartv1.GetCartRequest{}); err != nil || len(cart.GetCart().GetLines()) != 0 {
		t.Errorf("another's cart has lines: %v, %v", cart, err)
	}
	if own, err := orderv1connect.NewOrderServiceClient(s.shopper(b.id), s.url).GetOrder(ctx, &orderv1.GetOrderRequest{Number: strings.ToLower(c.GetOrder().GetNumber())}); err != nil || own.GetOrder().GetId() != c.GetOrder().GetId() {
		t.Errorf("their own order: %v, %v", own.GetOrder().GetNumber(), err)
	}
}
