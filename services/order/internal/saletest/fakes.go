package saletest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/services/order/internal/sale"
)

func refusal(reason string) error { return fault.New(fault.Refused, reason, "") }

// market has two mugs and a pen in the cart.
type market struct{ w *World }

func (m market) Cart(context.Context, string, string) (wanted []sale.Wanted, currency string, err error) {
	err = m.w.call(func() error {
		wanted = []sale.Wanted{{SKU: "mug", Quantity: 2}, {SKU: "pen", Quantity: 1}}
		return nil
	}, func() error { return nil })
	return wanted, "USD", err
}

func (m market) Offers(_ context.Context, skus []string, currency string) (offers map[string]sale.Line, err error) {
	err = m.w.call(func() error {
		offers = map[string]sale.Line{}
		for _, sku := range skus {
			offers[sku] = sale.Line{SKU: sku, Title: "The " + sku, UnitPrice: money.Of(currency, 1999)}
		}
		return nil
	}, func() error { return nil })
	return offers, err
}

// till does as the payment service does, for one payment.
type till struct {
	w                  *World
	state              string
	amount             money.Amount
	captured, refunded int64
	refunds            map[string]int64
	charges            int
}

func (t *till) paid() sale.Paid {
	return sale.Paid{
		State: t.state, ActionURL: "https://bank.example", Summary: "Visa ending in 4242",
		Captured: money.Of(t.amount.Currency, t.captured), Refunded: money.Of(t.amount.Currency, t.refunded),
	}
}

func (t *till) Authorize(_ context.Context, _ string, amount money.Amount, w sale.Wish) (paid sale.Paid, err error) {
	err = t.w.call(func() error {
		switch {
		case t.state == "voided":
			return refusal("payment_voided")
		case t.amount != money.Amount{} && t.amount != amount:
			return refusal("payment_differs")
		case w.Method == "":
			return fault.New(fault.Invalid, "invalid_request", "")
		case t.state == "" || t.state == "pending":
			if t.amount, t.state = amount, "authorized"; t.w.Secure {
				t.state = "action"
			}
		}
		paid = t.paid()
		return nil
	}, func() error {
		switch t.state {
		case "": // the provider has not answered
			t.state, t.amount = "pending", amount
		case "pending":
			t.state = "declined"
		}
		paid = t.paid()
		return nil
	})
	return paid, err
}

// Sync has the provider answer at last.
func (t *till) Sync(context.Context, string) (paid sale.Paid, err error) {
	err = t.w.call(func() error {
		if t.state == "" {
			return fault.New(fault.NotFound, "payment_not_found", "")
		}
		paid = t.paid()
		return nil
	}, nil)
	return paid, err
}

func (t *till) Payment(ctx context.Context, id string) (sale.Paid, error) { return t.Sync(ctx, id) }

func (t *till) Capture(context.Context, string) (paid sale.Paid, err error) {
	err = t.w.call(func() error {
		switch t.state {
		case "authorized":
			t.state, t.captured = "captured", t.amount.Minor
			t.charges++
		case "captured", "refunded":
		default:
			return refusal("payment_not_authorized")
		}
		paid = t.paid()
		return nil
	}, func() error {
		if t.state == "authorized" {
			t.state = "voided" // the bank has changed its mind
		}
		paid = t.paid()
		return nil
	})
	return paid, err
}

func (t *till) Void(context.Context, string) error {
	return t.w.call(func() error {
		switch t.state {
		case "captured", "refunded":
			return refusal("payment_captured")
		case "declined":
		default:
			t.state = "voided"
		}
		return nil
	}, nil)
}

func (t *till) Refund(_ context.Context, _, refund string, amount money.Amount) error {
	return t.w.call(func() error { return t.refund(refund, amount.Minor) }, nil)
}

func (t *till) refund(id string, minor int64) error {
	if known, ok := t.refunds[id]; ok {
		if known != minor {
			return refusal("refund_differs")
		}
		return nil
	}
	if t.refunded+minor > t.captured || minor <= 0 {
		return refusal("refund_too_much")
	}
	t.refunds[id] = minor
	if t.refunded += minor; t.refunded == t.captured {
		t.state = "refunded"
	}
	return nil
}

// confirm is the shopper at the bank's page.
func (t *till) confirm() {
	if t.state == "action" {
		t.state = "authorized"
	}
}

// shelf does as the inventory does, for one reservation.
type shelf struct {
	w        *World
	state    string
	lines    []sale.Wanted
	until    time.Time
	returned map[string]bool
	sales    int
}

func (s *shelf) Reserve(_ context.Context, _ string, lines []sale.Wanted, hold time.Duration) error {
	return s.w.call(func() error {
		switch s.state {
		case "released":
			return refusal("reservation_released")
		case "", "expired":
			s.state, s.lines, s.until = "held", lines, s.w.Clock.Now().Add(hold)
		}
		if !slices.Equal(s.lines, lines) {
			return refusal("reservation_differs")
		}
		return nil
	}, func() error {
		if s.state == "" || s.state == "expired" {
			return fault.New(fault.Refused, "stock_short", "").About("skus", "mug\npen")
		}
		return nil
	})
}

func (s *shelf) Release(context.Context, string) error {
	return s.w.call(func() error {
		if s.state == "committed" {
			return refusal("reservation_committed")
		}
		s.state = "released"
		return nil
	}, nil)
}

func (s *shelf) Commit(context.Context, string, string) error {
	return s.w.call(func() error {
		switch s.state {
		case "":
			return fault.New(fault.NotFound, "reservation_not_found", "")
		case "released":
			return refusal("reservation_released")
		case "held", "expired":
			s.state = "committed"
			s.sales++
		}
		return nil
	}, func() error {
		switch s.state {
		case "held", "expired": // it has lapsed, and others bought the units
			s.state = "expired"
			return refusal("reservation_expired")
		case "released":
			return refusal("reservation_released")
		}
		return nil
	})
}

func (s *shelf) Return(_ context.Context, _, back string, lines, _ []sale.Wanted) error {
	return s.w.call(func() error {
		switch {
		case s.returned[back]:
			return nil
		case s.state != "committed":
			return refusal("reservation_not_committed")
		case len(s.returned) > 0 || !slices.Equal(lines, s.lines):
			return refusal("return_too_many")
		}
		s.returned[back] = true
		return nil
	}, nil)
}

// expire gives back what was held too long.
func (s *shelf) expire(now time.Time) {
	if s.state == "held" && now.After(s.until) {
		s.state = "expired"
	}
}

// balance tells what is wrong with money and stock when an order is kept, or not.
func (w *World) balance(kept bool) error {
	t, s := w.Till, w.Shelf
	if !kept {
		if t.state == "authorized" || t.state == "action" || t.state == "pending" || t.captured != t.refunded {
			return fmt.Errorf("the payment is %s, %d captured, %d given back; want nothing kept", t.state, t.captured, t.refunded)
		}
		if s.state == "held" || s.sales != len(s.returned) {
			return fmt.Errorf("the reservation is %s, sold %d times, taken back %d times; want nothing gone", s.state, s.sales, len(s.returned))
		}
		return nil
	}
	if t.charges != 1 || t.captured != t.amount.Minor || t.refunded != t.refunds["staff"] {
		return fmt.Errorf("the payment is %s, charged %d times, %d of %v captured, %d given back; want it captured once", t.state, t.charges, t.captured, t.amount, t.refunded)
	}
	if s.sales != 1 || s.state != "committed" || len(s.returned) != 0 {
		return fmt.Errorf("the reservation is %s, sold %d times, taken back %d times; want it sold once", s.state, s.sales, len(s.returned))
	}
	return nil
}
