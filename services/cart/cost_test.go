package cart_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	cartv1 "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/cart"
)

// A cart's cost hardly grows with its lines: one of 200 lines takes at most three
// times as long as one of 10, to look at and to change.
func TestACartsCostHardlyGrowsWithItsLines(t *testing.T) {
	s := open(t, func(c *cart.Config) { c.MaxLines = 201 })
	s.market.now(func(m *market) {
		for n := range 200 {
			sku := fmt.Sprint("sku-", n)
			m.prices[sku], m.stock[sku] = map[string]int64{"USD": 1}, 1_000_000
		}
	})
	few, many := rpc.Principal{Subject: "few", Role: rpc.Shopper}, rpc.Principal{Subject: "many", Role: rpc.Shopper}
	for n := range 200 {
		s.add(t, many, fmt.Sprint("sku-", n), 1)
		if n < 10 {
			s.add(t, few, fmt.Sprint("sku-", n), 1)
		}
	}
	if lines := len(s.get(t, many).GetLines()); lines != 200 {
		t.Fatalf("the large cart has %d lines", lines)
	}
	for what, do := range map[string]func(p rpc.Principal) error{
		"looking at it": func(p rpc.Principal) error {
			_, err := s.as(t, p).GetCart(t.Context(), &cartv1.GetCartRequest{})
			return err
		},
		"adding to it": func(p rpc.Principal) error {
			_, err := s.as(t, p).AddLine(t.Context(), &cartv1.AddLineRequest{Sku: "sku-0", Quantity: 1})
			return err
		},
	} {
		// In turns, so that what else the machine does is in both.
		var small, large []time.Duration
		for range 41 {
			for _, one := range []struct {
				who  rpc.Principal
				into *[]time.Duration
			}{{few, &small}, {many, &large}} {
				began := time.Now()
				if err := do(one.who); err != nil {
					t.Fatal(err)
				}
				*one.into = append(*one.into, time.Since(began))
			}
		}
		// The quicker quarter is what else the machine does least in.
		slices.Sort(small)
		slices.Sort(large)
		ratio := float64(large[len(large)/4]) / float64(small[len(small)/4])
		t.Logf("%s takes %v with 10 lines, %v with 200: %.1f times", what, small[len(small)/4], large[len(large)/4], ratio)
		if ratio > 3 {
			t.Errorf("%s takes %.1f times as long with 200 lines as with 10, want at most 3", what, ratio)
		}
	}
}
