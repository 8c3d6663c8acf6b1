package sale

import (
	"slices"
	"time"

	"github.com/souk-commerce/souk/api/money"
)

// RefundState is where a refund stands.
type RefundState string

// The states of a refund.
const (
	RefundPending RefundState = "pending"
	RefundDone    RefundState = "done"
	// The provider has refused it for good.
	RefundRefused RefundState = "refused"
)

// Refund is money that goes back.
type Refund struct {
	// The payment service's name for it, too.
	ID     string
	Amount money.Amount
	Reason string
	State  RefundState
	At     time.Time
}

// refunds adds up refunds in some states.
func (o *Order) refunds(states ...RefundState) money.Amount {
	sum := money.Of(o.Totals.Total.Currency, 0)
	for _, r := range o.Refunds {
		if slices.Contains(states, r.State) {
			sum.Minor += r.Amount.Minor // each is no more than was left
		}
	}
	return sum
}

// Refunded is what has gone back, or is on its way back.
func (o *Order) Refunded() money.Amount { return o.refunds(RefundPending, RefundDone) }

// Left is what can still go back of what was taken.
func (o *Order) Left() money.Amount {
	left := money.Of(o.Totals.Total.Currency, 0)
	if o.Captured {
		left.Minor = o.Totals.Total.Minor - o.Refunded().Minor
	}
	return left
}

// give sends money back, no more than is left, and tells how much.
func (o *Order) give(id string, amount money.Amount, reason string, at time.Time) money.Amount {
	if left := o.Left(); amount.Minor > left.Minor {
		amount = left
	}
	if amount.Minor <= 0 {
		return amount
	}
	o.Refunds = append(slices.Clone(o.Refunds), Refund{ID: id, Amount: amount, Reason: reason, State: RefundPending, At: at})
	o.note(Event{At: at, Actor: "system", Kind: "refund_begun", Text: amount.String() + " goes back to you."})
	o.send(Errand{ID: id, Kind: GiveBack, Amount: amount})
	return amount
}

// Refund gives money back, for a reason that is the shop's own. The same id with
// the same amount again is fine.
func (o *Order) Refund(id string, amount money.Amount, at time.Time, reason string) error {
	for _, r := range o.Refunds {
		if r.ID == id {
			if amount.Minor != 0 && amount != r.Amount {
				return ErrRefundDiffers
			}
			return nil
		}
	}
	left := o.Left()
	if amount == (money.Amount{}) {
		amount = left
	}
	switch {
	case !o.Captured:
		return ErrNotPaid
	case amount.Currency != left.Currency || amount.Minor <= 0 || amount.Minor > left.Minor:
		return ErrRefundTooMuch.Saying("Of order %s, %s can still be given back.", o.Number, left)
	}
	o.give(id, amount, reason, at)
	return nil
}

func (o *Order) refund(id string) *Refund {
	n := slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.ID == id })
	if n < 0 {
		return nil
	}
	o.Refunds = slices.Clone(o.Refunds)
	return &o.Refunds[n]
}

// RefundDone says that the provider has taken a refund.
func (o *Order) RefundDone(id string, at time.Time) {
	r := o.refund(id)
	if r == nil || r.State == RefundDone {
		return
	}
	r.State = RefundDone
	o.note(Event{At: at, Actor: "system", Kind: "refunded", Text: r.Amount.String() + " went back to you."})
	o.closeReturns(at)
}

// RefundRefused says that the provider refuses a refund for good.
func (o *Order) RefundRefused(id string, at time.Time) {
	r := o.refund(id)
	if r == nil || r.State != RefundPending {
		return
	}
	r.State = RefundRefused
	o.note(Event{At: at, Actor: "system", Kind: "refund_refused", Text: "The payment provider did not take the refund of " + r.Amount.String() + ". We look into it."})
	o.closeReturns(at)
}
