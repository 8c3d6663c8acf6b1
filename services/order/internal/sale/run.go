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
func (d *Desk) advance(ctx context.Context, c Checkout, l Lease) (Checkout, error) {
	ctx = context.WithoutCancel(ctx)
	for c.Step != StepEnded {
		next, err := d.try(ctx, c)
		if err != nil {
			return d.rest(ctx, c, l, err)
		}
		l.Until = d.Clock.Now().Add(leaseTime)
		before := c.Step
		c, err = d.Store.Move(ctx, c.ID, l, func(c *Checkout) Effects {
			c.Tries, c.Due = 0, d.Clock.Now()
			effects := next(c)
			c.heed()
			return effects
		})
		if err != nil {
			return c, fmt.Errorf("move checkout on from %s: %w", before, err)
		}
		if c.Step == StepAction {
			break
		}
	}
	return d.letGo(ctx, c, l)
}

func (d *Desk) try(ctx context.Context, c Checkout) (move, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	return d.step(ctx, c)
}

// rest leaves a step that nobody knows the outcome of for later.
func (d *Desk) rest(ctx context.Context, c Checkout, l Lease, why error) (Checkout, error) {
	if !errors.Is(why, errWait) {
		d.Later(ctx, c, why)
	}
	c, err := d.Store.Move(ctx, c.ID, l, func(c *Checkout) Effects {
		c.backOff(d.Clock.Now())
		return Effects{}
	})
	if err != nil {
		return c, err
	}
	return d.letGo(ctx, c, l)
}

func (d *Desk) letGo(ctx context.Context, c Checkout, l Lease) (Checkout, error) {
	err := d.Store.LetGo(ctx, c.ID, l.Holder)
	return c, err
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
		if err := <-errs; err != nil && !errors.Is(err, ErrLost) {
			all = append(all, err)
		}
	}
	return len(ids), errors.Join(all...)
}

// resume takes a checkout's lease and moves it on; when somebody else holds it,
// it returns the checkout as it is.
func (d *Desk) resume(ctx context.Context, id string) (Checkout, error) {
	l := d.lease()
	c, held, err := d.Store.Claim(ctx, id, l, d.Clock.Now())
	if err != nil || !held {
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
