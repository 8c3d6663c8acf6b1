package pay

import (
	"time"

	"github.com/souk-commerce/souk/api/money"
)

// State is where a payment stands.
type State string

// The states.
const (
	Pending    State = "pending" // asked of the provider, no answer yet
	Action     State = "action"  // the shopper must visit ActionURL
	Authorized State = "authorized"
	Captured   State = "captured"
	Voided     State = "voided"
	Declined   State = "declined"
	Refunded   State = "refunded" // all of it
)

// rank orders states: what is known moves to a higher rank, never back.
var rank = map[State]int{Pending: 0, Action: 1, Authorized: 2, Declined: 3, Voided: 3, Captured: 4, Refunded: 5}

// Payment is what we know of one payment.
type Payment struct {
	ID     string
	State  State
	Amount money.Amount
	// Of the amount's currency.
	Captured, Refunded int64
	Provider           string
	// The provider's own id.
	Reference string
	// The provider's token for what is paid with.
	Method    string
	ReturnURL string
	// Where the shopper pays from, and who they are, when that is known.
	Country, Customer string
	// Keep the method for the customer's next payments.
	Save      bool
	ActionURL string
	// Why it was declined, or could not be captured, for programs: "card_declined".
	Decline string
	// What it was paid with, for people: "Visa ending in 4242".
	Summary string
	// False while the provider has to be asked again by ourselves.
	Settled bool
	CheckAt time.Time
	Tries   int
	Created time.Time
}

// Report is what a provider says about a payment.
type Report struct {
	Reference          string
	State              State
	Captured, Refunded int64
	ActionURL, Decline string
	Summary            string
}

// Learn takes in what the provider says and tells whether anything changed. A
// payment given up stays so, whatever was taken and given back; unsettled says
// that the provider still holds money for it.
func (p *Payment) Learn(r Report, now time.Time) (changed bool) {
	if r.Reference != "" && p.Reference == "" {
		p.Reference, changed = r.Reference, true
	}
	if p.State == Voided {
		if settled := r.State == Voided || r.State == Declined; settled != p.Settled {
			p.Settled, changed = settled, true
		}
		// Money that was taken all the same, by a call that was on its way, and went
		// back is in the books, too.
		if r.Captured > p.Captured && r.Captured <= p.Amount.Minor {
			p.Captured, changed = r.Captured, true
		}
		if r.Refunded > p.Refunded && r.Refunded <= p.Captured {
			p.Refunded, changed = r.Refunded, true
		}
		p.recheck(now)
		return changed
	}
	if rank[r.State] > rank[p.State] {
		p.State, changed = r.State, true
		p.ActionURL, p.Tries = r.ActionURL, 0
	}
	if r.Captured > p.Captured && r.Captured <= p.Amount.Minor {
		p.Captured, changed = r.Captured, true
	}
	if r.Refunded > p.Refunded && r.Refunded <= p.Captured {
		p.Refunded, changed = r.Refunded, true
	}
	if r.Summary != "" && p.Summary == "" {
		p.Summary, changed = r.Summary, true
	}
	if p.State == Declined && p.Decline == "" {
		p.Decline = orDefault(r.Decline, "card_declined")
	}
	p.Settled = p.State != Pending && p.State != Action
	p.recheck(now)
	return changed
}

// GiveUp voids what has not been captured. It is settled when nothing was ever
// asked of the provider, or the provider says so.
func (p *Payment) GiveUp(now time.Time) error {
	switch p.State {
	case Captured, Refunded:
		return ErrCaptured
	case Declined, Voided:
		return nil
	}
	p.State, p.Settled, p.Tries = Voided, false, 0
	p.check(now)
	return nil
}

// How often a payment that is not settled is asked for, and how long a provider
// that has never heard of it may still get to hear.
const (
	soonest    = 2 * time.Second
	latest     = 5 * time.Minute
	stragglers = 15 * time.Minute
	// How long a refund is left to the call that began it.
	refundPatience = 30 * time.Second
)

// wait is how long to wait after so many tries.
func wait(tries int) time.Duration {
	if tries < 8 {
		return min(soonest<<tries, latest)
	}
	return latest
}

// check sets when the provider is asked next.
func (p *Payment) check(now time.Time) { p.CheckAt = now.Add(wait(p.Tries)) }

// recheck leaves a payment as it is when nobody will be asked about it.
func (p *Payment) recheck(now time.Time) {
	if !p.Settled {
		p.check(now)
	}
}

// Unknown takes in that the provider has never heard of the payment.
func (p *Payment) Unknown(now time.Time) (changed bool) {
	p.Tries++
	p.check(now)
	if now.Sub(p.Created) < stragglers {
		return false
	}
	p.Settled = true
	if p.State == Pending {
		p.State = Voided
		return true
	}
	return false
}

func orDefault(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// Refund is money given back.
type Refund struct {
	// The caller's, unique within the payment.
	ID     string
	Amount int64
	// The provider has taken it.
	Done bool
}
