package sale

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/souk-commerce/souk/api/money"
)

// ErrandKind is what an errand does.
type ErrandKind string

// The errands.
const (
	// GiveBack sends money back.
	GiveBack ErrandKind = "give_back"
	// Restock returns units to the inventory.
	Restock ErrandKind = "restock"
	// Exchange sets a return's replacement aside and sells it.
	Exchange ErrandKind = "exchange"
)

// Errand is what a change of an order has to be done about it elsewhere. It is
// kept with the change, in one transaction, and run until it has an answer, by
// whichever instance holds its lease. Its ID is its name at the other service,
// too, so it may be run again.
type Errand struct {
	ID       string
	Kind     ErrandKind
	Order    string
	Checkout string
	// Of GiveBack; what an Exchange's goods are worth.
	Amount money.Amount
	// Of Restock: under which name the units were sold.
	Reservation      string
	Lines, WriteOffs []Wanted
	// Of Exchange.
	Return string

	Due   time.Time
	Tries int
}

func (o *Order) send(e Errand) {
	e.Order, e.Checkout = o.ID, o.Checkout
	o.Errands = append(o.Errands, e)
}

// errandTime bounds one try; it is shorter than the lease.
const errandTime = 13 * time.Second

// RunErrands runs errands that are due and not held by anybody, and returns how
// many there were.
func (d *Desk) RunErrands(ctx context.Context) (int, error) {
	now := d.Clock.Now()
	l := d.lease()
	due, err := d.Store.ClaimErrands(ctx, l, now, dueMost)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, e := range due {
		if err := d.runErrand(ctx, e, l); err != nil {
			errs = append(errs, fmt.Errorf("errand %s of order %s: %w", e.ID, e.Order, err))
		}
	}
	return len(due), errors.Join(errs...)
}

// runErrand does not end with ctx: money may be moving.
func (d *Desk) runErrand(ctx context.Context, e Errand, l Lease) error {
	ctx = context.WithoutCancel(ctx)
	try, cancel := context.WithTimeout(ctx, errandTime)
	defer cancel()
	done, err := d.errand(try, e)
	if err != nil {
		e.Tries++
		e.Due = d.Clock.Now().Add(min(time.Second<<min(e.Tries, 6), time.Minute))
		return errors.Join(err, d.Store.DelayErrand(ctx, e, l))
	}
	return d.Store.EndErrand(ctx, e, l, done)
}

// errand does it and returns what came of it for the order. An error means that
// nobody knows.
func (d *Desk) errand(ctx context.Context, e Errand) (func(*Order) error, error) {
	now := d.Clock.Now()
	switch e.Kind {
	case GiveBack:
		err := d.Till.Refund(ctx, e.Checkout, e.ID, e.Amount)
		if refused(err) {
			return func(o *Order) error { o.RefundRefused(e.ID, now); return nil }, nil
		}
		return func(o *Order) error { o.RefundDone(e.ID, now); return nil }, err
	case Restock:
		err := d.Stock.Return(ctx, e.Reservation, e.ID, e.Lines, e.WriteOffs)
		if refused(err) {
			return func(o *Order) error {
				o.note(Event{At: now, Actor: "system", Kind: "restock_refused", Text: "The inventory did not take the units back: count them by hand.", Internal: true})
				return nil
			}, nil
		}
		return func(*Order) error { return nil }, err
	case Exchange:
		err := d.Stock.Reserve(ctx, e.ID, e.Lines, holdTime)
		if err == nil {
			err = d.Stock.Commit(ctx, e.ID, e.Order)
		}
		if refused(err) {
			return func(o *Order) error { o.ExchangeFailed(e.Return, e.Amount, now); return nil }, nil
		}
		return func(o *Order) error { return o.Exchanged(e.Return, e.Amount, now) }, err
	}
	return nil, fmt.Errorf("unknown errand %q", e.Kind)
}
