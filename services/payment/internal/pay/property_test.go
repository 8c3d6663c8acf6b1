package pay

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/api/money"
)

var began = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// history is what a provider says of a payment over its life, in order.
func history(t *rapid.T) []Report {
	amount := int64(1000)
	r := Report{Reference: "ref", State: Pending}
	all := []Report{r}
	say := func(change func()) { change(); all = append(all, r) }
	if rapid.Bool().Draw(t, "action") {
		say(func() { r.State, r.ActionURL = Action, "https://bank.example" })
	}
	switch rapid.SampledFrom([]string{"declined", "voided", "captured", "at once"}).Draw(t, "end") {
	case "declined":
		say(func() { r.State, r.Decline = Declined, "card_declined" })
		return all
	case "voided":
		say(func() { r.State, r.Summary = Authorized, "Visa" })
		say(func() { r.State = Voided })
		return all
	case "captured":
		say(func() { r.State, r.Summary = Authorized, "Visa" })
	}
	say(func() { r.State, r.Captured, r.Summary = Captured, amount, "Visa" })
	for left := amount; left > 0 && rapid.Bool().Draw(t, "refund"); {
		back := rapid.Int64Range(1, left).Draw(t, "back")
		left -= back
		say(func() {
			if r.Refunded += back; left == 0 {
				r.State = Refunded
			}
		})
	}
	return all
}

func begun() Payment {
	return Payment{ID: "p", State: Pending, Amount: money.Of("USD", 1000), Created: began}
}

// What a provider says may come twice, late, and in any order: what is known in
// the end is what it said last.
func TestReportsInAnyOrderComeToTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := history(t)
		straight, mixed := begun(), begun()
		for _, r := range all {
			straight.Learn(r, began)
		}
		order := rapid.Permutation(all).Draw(t, "order")
		again := rapid.SliceOf(rapid.SampledFrom(all)).Draw(t, "again")
		for _, r := range append(order, again...) {
			mixed.Learn(r, began)
		}
		last := all[len(all)-1]
		if !mixed.Settled { // it is asked for again
			mixed.Learn(last, began)
		}
		// The page to visit is of no use once there is more to know.
		mixed.ActionURL, straight.ActionURL = "", ""
		mixed.CheckAt, straight.CheckAt = time.Time{}, time.Time{}
		if mixed != straight {
			t.Fatalf("in order: %+v\nmixed:    %+v", straight, mixed)
		}
		if mixed.State != last.State || mixed.Captured != last.Captured || mixed.Refunded != last.Refunded {
			t.Fatalf("knows %+v, the provider says %+v", mixed, last)
		}
		if before := mixed; mixed.Learn(last, began.Add(time.Hour)) && mixed.Settled {
			t.Fatalf("the same again changed %+v into %+v", before, mixed)
		}
	})
}

// A payment that was given up stays so, is settled only when nothing is held, and
// says what was taken all the same.
func TestGivenUpStaysGivenUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := begun()
		all := history(t)
		n := rapid.IntRange(0, len(all)).Draw(t, "known")
		for _, r := range all[:n] {
			p.Learn(r, began)
		}
		err := p.GiveUp(began)
		if taken := p.State == Captured || p.State == Refunded; taken != (err == ErrCaptured) {
			t.Fatalf("giving up %s: %v", p.State, err)
		}
		if p.State != Voided {
			return
		}
		for _, r := range all[n:] {
			p.Learn(r, began)
			ended := r.State == Voided || r.State == Declined
			if p.State != Voided || p.Captured != r.Captured || p.Settled != ended {
				t.Fatalf("after %+v: %+v", r, p)
			}
		}
	})
}

// However many tries there were, the next comes, and not too late.
func TestItIsAskedAgain(t *testing.T) {
	p := begun()
	for range 100 {
		p.Unknown(began)
		if wait := p.CheckAt.Sub(began); wait <= 0 || wait > 5*time.Minute {
			t.Fatalf("after %d tries the next is in %v", p.Tries, wait)
		}
	}
	if p.State != Pending {
		t.Errorf("a payment that may still arrive is %s", p.State)
	}
	if p.Unknown(began.Add(time.Hour)); p.State != Voided || !p.Settled {
		t.Errorf("a payment that nobody has heard of for an hour: %+v", p)
	}
}
