package sale

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	// A checkout whose holder has died is taken over after this time. It is longer
	// than any one step may take.
	leaseTime = 20 * time.Second
	stepTime  = 13 * time.Second
)

// Lease is the right to move a checkout on.
type Lease struct {
	Holder string
	Until  time.Time
}

func (d *Desk) lease() Lease {
	return Lease{uuid.NewString(), d.Clock.Now().Add(leaseTime)}
}

// advance moves a checkout that the caller holds the lease of as far as it gets,
// and gives the lease back. It does not end with ctx: money may be moving.
//
// Steps that only ask, and may ask again, are written with the next that is more:
// a crash then has them asked again. Before anything is undone it is written that
// it will be, so that nobody undoes what another instance has taken over.
func (d *Desk) advance(ctx context.Context, c Checkout, l Lease) (Checkout, error) {
	ctx = context.WithoutCancel(ctx)
	var known []move // what is not written yet
	for c.Step != StepEnded {
		next, err := d.try(ctx, c)
		if err != nil {
			return d.rest(ctx, c, l, known, err)
		}
		known = append(known, next)
		if ahead := c; next(&ahead) == (Effects{}) && c.Step.asks() && ahead.Step.asks() && l.Until.Sub(d.Clock.Now()) > stepTime {
			c = ahead
			continue
		}
		l.Until = d.Clock.Now().Add(leaseTime)
		id := c.ID
		c, err = d.Store.Move(ctx, id, l, func(c *Checkout) Effects {
			c.Tries, c.Due = 0, d.Clock.Now()
			effects := all(known)(c)
			c.heed()
			return effects
		})
		if err != nil {
			return d.lost(ctx, id, err)
		}
		if c.Step == StepAction {
			return d.letGo(ctx, c, l)
		}
		known = nil
	}
	return c, nil
}

// asks tells whether a step does nothing that has to be known before it is done:
// whoever comes to it anew, from the step that was written last, may ask again,
// and gives back what they find when it is too late.
func (s Step) asks() bool {
	switch s {
	case StepReserve, StepAuthorize, StepPlace, StepCapture, StepCommit:
		return true
	}
	return false
}

// all makes moves one after the other; the effects are the last one's.
func all(moves []move) move {
	return func(c *Checkout) (effects Effects) {
		for _, m := range moves {
			effects = m(c)
		}
		return effects
	}
}

// try does what the step does, unless it is too late to begin with it, or to
// wait for it any longer.
func (d *Desk) try(ctx context.Context, c Checkout) (move, error) {
	switch c.Step {
	case StepPrice, StepReserve, StepAuthorize:
		if d.late(c) {
			return refuse(c, "checkout_expired"), nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	next, err := d.step(ctx, c)
	if err != nil && c.Step == StepAction && d.late(c) {
		return refuse(c, "payment_abandoned"), nil
	}
	return next, err
}

// late tells whether nobody waits for an order any more.
func (d *Desk) late(c Checkout) bool { return d.Clock.Now().Sub(c.Created) > patience }

// rest leaves a step that nobody knows the outcome of for later, and writes what is
// known before it.
func (d *Desk) rest(ctx context.Context, c Checkout, l Lease, known []move, why error) (Checkout, error) {
	if !errors.Is(why, errWait) {
		d.Later(ctx, c, why)
	}
	rested, err := d.Store.Move(ctx, c.ID, l, func(c *Checkout) Effects {
		if len(known) > 0 {
			c.Tries = 0
		}
		effects := all(known)(c)
		c.heed()
		c.backOff(d.Clock.Now())
		return effects
	})
	if err != nil {
		return d.lost(ctx, c.ID, err)
	}
	return d.letGo(ctx, rested, l)
}

// lost returns a checkout that somebody else has taken over as it stands.
func (d *Desk) lost(ctx context.Context, id string, err error) (Checkout, error) {
	if errors.Is(err, ErrLost) {
		return d.Store.Checkout(ctx, id)
	}
	return Checkout{}, fmt.Errorf("move checkout %s on: %w", id, err)
}

// letGo need not succeed: a lease ends by itself.
func (d *Desk) letGo(ctx context.Context, c Checkout, l Lease) (Checkout, error) {
	if err := d.Store.LetGo(ctx, c.ID, l.Holder); err != nil {
		d.Later(ctx, c, err)
	}
	return c, nil
}

// dueMost bounds how many checkouts one round takes on.
const dueMost = 32

// GoOn moves on whatever is due and not held by anybody, and returns how many
// checkouts that were.
func (d *Desk) GoOn(ctx context.Context) (int, error) {
	ids, err := d.Store.Due(ctx, d.Clock.Now(), dueMost)
	if err != nil {
		return 0, err
	}
	slots := make(chan struct{}, 4)
	errs := make(chan error, len(ids))
	for _, id := range ids {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			_, err := d.resume(ctx, id)
			errs <- err
		}()
	}
	var all []error
	for range ids {
		all = append(all, <-errs)
	}
	return len(ids), errors.Join(all...)
}

// resume takes a checkout's lease and moves it on; when somebody else holds it,
// it returns the checkout as it is.
func (d *Desk) resume(ctx context.Context, id string) (Checkout, error) {
	l := d.lease()
	c, held, err := d.Store.Claim(ctx, id, l, d.Clock.Now())
	if err != nil || !held {
		if c.Step == StepAction {
			c.Step = StepAuthorize // whoever holds it asks whether the shopper has acted
		}
		return c, err
	}
	return d.advance(ctx, c, l)
}

func splitList(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}
