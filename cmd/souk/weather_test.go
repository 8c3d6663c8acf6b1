package main_test

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	cartv1 "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/kit/chaos"
)

// A shop of souk dev --chaos dies while people buy, opens again, and its books agree.
func TestDevInAStorm(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, "--listen", freeAddress(t), "--dev-listen", freeAddress(t), "--chaos", "seed=7,gap=20,youth=3s,growth=2")
	t.Cleanup(func() { s.process.Process.Kill() }) // should the test end early
	journal := filepath.Join(dir, "chaos")
	deaths := func() (n int) {
		counts, err := chaos.Counts(journal)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range counts {
			n += c.By[chaos.Die]
		}
		return n
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	method, err := insist(ctx, func(context.Context) (string, error) { return s.askCardToken("4242424242424242") })
	if err != nil {
		t.Fatal(err)
	}
	const sku = "KIT001ET-SAGE"
	stock := inventoryv1connect.NewStockAdminServiceClient(s.staff(), s.url)
	if _, err := insist(ctx, func(ctx context.Context) (*inventoryv1.SetStockResponse, error) {
		return stock.SetStock(ctx, &inventoryv1.SetStockRequest{Sku: sku, Location: "warehouse-east", OnHand: 1000})
	}); err != nil {
		t.Fatal(err)
	}
	placed := 0
	for deaths() < 2 || placed < 3 {
		b, key := s.buyer(), uuid.NewString()
		_, err := insist(ctx, func(ctx context.Context) (*cartv1.AddLineResponse, error) {
			ctx, call := connect.NewClientContext(ctx)
			call.RequestHeader().Set("Idempotency-Key", key)
			return b.cart.AddLine(ctx, &cartv1.AddLineRequest{Sku: sku, Quantity: 1, CurrencyCode: "USD"})
		})
		if err != nil {
			t.Fatal("add to cart: ", err)
		}
		quote, err := insist(ctx, func(ctx context.Context) (*orderv1.QuoteResponse, error) {
			return b.checkout.Quote(ctx, &orderv1.QuoteRequest{ShippingAddress: home(), CurrencyCode: "USD"})
		})
		if err != nil {
			t.Fatal("quote: ", err)
		}
		req := &orderv1.PlaceOrderRequest{
			CheckoutId: uuid.NewString(), Email: b.id + "@example.com", ShippingAddress: home(), DeliveryOptionId: quote.GetDeliveryOptionId(),
			CurrencyCode: "USD", PaymentMethod: method, ExpectedTotal: quote.GetTotals().GetTotal(),
		}
		c, err := insist(ctx, func(ctx context.Context) (*orderv1.Checkout, error) { return b.place(ctx, req) })
		if err != nil || c.GetState() != orderv1.CheckoutState_CHECKOUT_STATE_PLACED {
			t.Fatalf("the checkout ended %v (%s), %v", c.GetState(), c.GetReason(), err)
		}
		placed++
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if said := s.out.String(); !strings.Contains(said, "The shop has died, on purpose.") || !strings.Contains(said, fmt.Sprintf("died %d times", deaths())) {
		t.Errorf("it says nothing of its deaths:\n%s", said[max(0, len(said)-2000):])
	}
	// What was being told when it closed is heard when it is open again.
	var out []byte
	for range 5 {
		if out, err = exec.Command(binary, "check", "--data-dir", dir).CombinedOutput(); err == nil {
			return
		}
		if err := start(t, dir, "--listen", freeAddress(t), "--dev-listen", freeAddress(t)).stop(); err != nil {
			t.Fatal(err)
		}
	}
	t.Errorf("souk check: %v\n%s", err, out)
}
