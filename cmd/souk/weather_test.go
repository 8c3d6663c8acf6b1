package main_test

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/kit/chaos"
)

// A shop of souk dev --chaos dies while people buy, opens again, and its books agree.
func TestDevInAStorm(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, "--listen", freeAddress(t), "--dev-listen", freeAddress(t), "--chaos", "seed=7,gap=5,youth=3s,growth=1.2")
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
	placed := 0
	for deaths() < 2 || placed < 3 {
		b := s.buyer()
		req, err := insist(ctx, func(ctx context.Context) (*orderv1.PlaceOrderRequest, error) {
			return b.request(ctx, "KIT001ET-SAGE", method)
		})
		if err != nil {
			t.Fatal(err)
		}
		// Whoever had to ask again may have more in the cart than they think.
		quote, err := insist(ctx, func(ctx context.Context) (*orderv1.QuoteResponse, error) {
			return b.checkout.Quote(ctx, &orderv1.QuoteRequest{ShippingAddress: home(), CurrencyCode: "USD", DeliveryOptionId: req.GetDeliveryOptionId()})
		})
		if err != nil {
			t.Fatal(err)
		}
		req.ExpectedTotal = quote.GetTotals().GetTotal()
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
	if out, err := exec.Command(binary, "check", "--data-dir", dir).CombinedOutput(); err != nil {
		t.Errorf("souk check: %v\n%s", err, out)
	}
}
