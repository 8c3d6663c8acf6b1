package sale

import (
	"context"
	"slices"
	"time"

	"github.com/souk-commerce/souk/kit/clock"
)

// Filter narrows the admin's list of orders.
type Filter struct {
	Status Status
	// An order number or e-mail address.
	Query string
}

// Page is a page of orders, newest first, after the one that a cursor names.
type Page struct {
	Size  int
	After *Cursor
}

// Cursor is the last order of the page before.
type Cursor struct {
	Created time.Time
	ID      string
}

// Store keeps checkouts and orders.
type Store interface {
	// Begin adds a checkout as first leaves it, held by the lease unless it has
	// ended, or returns the one of this ID that is there. ErrDiffers when that was
	// begun with another wish. first may be nil.
	Begin(ctx context.Context, c Checkout, l Lease, first func(*Checkout)) (kept Checkout, begun bool, err error)
	// Claim takes the lease of a checkout that has not ended, unless somebody holds it.
	Claim(ctx context.Context, id string, l Lease, now time.Time) (c Checkout, held bool, err error)
	// Move stores what f leaves in the checkout, and does the effects with it, all
	// or nothing; it renews the lease, or gives it back when the checkout has ended.
	// f may run more than once. ErrLost when the lease is another's.
	Move(ctx context.Context, id string, l Lease, f func(*Checkout) Effects) (Checkout, error)
	// LetGo gives the lease back, if it is still the holder's.
	LetGo(ctx context.Context, id, holder string) error
	Checkout(ctx context.Context, id string) (Checkout, error)
	// Due returns checkouts that have something to do and nobody who does it.
	Due(ctx context.Context, now time.Time, most int) ([]string, error)
	// Wake makes a checkout that waits for its payment due.
	Wake(ctx context.Context, id string, now time.Time) error

	Order(ctx context.Context, id string) (Order, error)
	OrderByNumber(ctx context.Context, number string) (Order, error)
	OrdersOf(ctx context.Context, owners []string, p Page) ([]Order, error)
	Orders(ctx context.Context, f Filter, p Page) ([]Order, error)
	// ChangeOrder stores what f leaves in the order with its errands, once for a
	// caller's key, and tells of it. When the checkout is to give back what there
	// was, it is made due to undo.
	ChangeOrder(ctx context.Context, id string, now time.Time, f func(*Order) error) (Order, error)

	// ClaimErrands takes the lease of errands that are due and nobody holds.
	ClaimErrands(ctx context.Context, l Lease, now time.Time, most int) ([]Errand, error)
	// EndErrand stores what f leaves in the errand's order, and forgets the errand;
	// nothing when the lease is another's.
	EndErrand(ctx context.Context, e Errand, l Lease, f func(*Order) error) error
	// DelayErrand gives the lease back until the errand is due again.
	DelayErrand(ctx context.Context, e Errand, l Lease) error

	// Missed counts a wrong guess at an order's e-mail address and returns how many
	// there were since a time.
	Missed(ctx context.Context, number string, now, since time.Time) (int, error)
	// Misses is how many there were since a time.
	Misses(ctx context.Context, number string, since time.Time) (int, error)
	// Show lets somebody see an order for a while.
	Show(ctx context.Context, id, subject string, until time.Time) error
	// Shown tells whether one of them may see an order.
	Shown(ctx context.Context, id string, who []string, now time.Time) (bool, error)
}

// Deps is what a desk leans on.
type Deps struct {
	Store  Store
	Market Market
	Stock  Stock
	Till   Till
	Clock  clock.Clock
	// Later is told of steps that are tried again later, and why.
	Later func(ctx context.Context, c Checkout, why error)
	// The shop's own country, for quotes without an address.
	Home string
	// Where the shop is, for providers to send shoppers back to.
	Origin  string
	Printer Printer
}

// Desk is what callers can ask.
type Desk struct{ Deps }

// New returns a desk.
func New(d Deps) *Desk { return &Desk{d} }

// Owners are the subjects that a caller's things may belong to: their own, and
// the guest's that they were before signing in.
type Owners []string

// Place runs a checkout as far as it gets. The same id again returns where that
// checkout stands.
func (d *Desk) Place(ctx context.Context, id, owner string, w Wish, returnPath string) (Checkout, error) {
	if returnPath != "" {
		w.ReturnURL = d.Origin + returnPath
	}
	if err := taxable(w.Shipping); err != nil {
		return Checkout{}, err
	}
	now := d.Clock.Now()
	l := d.lease()
	c := Checkout{ID: id, Owner: owner, Wish: w, Step: StepPrice, Created: now, Due: now}
	// Asking for prices changes nothing, so it comes before the checkout is begun.
	priced, why := d.try(ctx, c)
	c, begun, err := d.Store.Begin(ctx, c, l, func(c *Checkout) {
		if why == nil {
			priced(c)
		}
	})
	switch {
	case err != nil:
		return c, err
	case begun && why != nil:
		return d.rest(context.WithoutCancel(ctx), c, l, nil, why)
	case begun:
		c.Fresh = true
		return d.advance(ctx, c, l)
	}
	if c.Owner != owner {
		return Checkout{}, ErrNoCheckout
	}
	return d.goOn(ctx, c)
}

// goOn moves a checkout on that the shopper asks about.
func (d *Desk) goOn(ctx context.Context, c Checkout) (Checkout, error) {
	if c.Step == StepEnded || c.State() == StatePlaced || c.State() == StateRefused {
		return c, nil
	}
	return d.resume(ctx, c.ID)
}

// Resume goes on after the shopper's action, or after a lost answer.
func (d *Desk) Resume(ctx context.Context, id string, who Owners) (Checkout, error) {
	c, err := d.Checkout(ctx, id, who)
	if err != nil {
		return c, err
	}
	return d.goOn(ctx, c)
}

// Checkout returns where a checkout of the caller stands.
func (d *Desk) Checkout(ctx context.Context, id string, who Owners) (Checkout, error) {
	c, err := d.Store.Checkout(ctx, id)
	if err == nil && !slices.Contains(who, c.Owner) {
		return Checkout{}, ErrNoCheckout
	}
	return c, err
}

// Order returns one of the caller's orders, by id or by number.
func (d *Desk) Order(ctx context.Context, id, number string, who Owners) (o Order, err error) {
	switch {
	case (id == "") == (number == ""):
		return o, ErrWhich
	case id != "":
		o, err = d.Store.Order(ctx, id)
	default:
		o, err = d.Store.OrderByNumber(ctx, number)
	}
	if err != nil {
		return o, err
	}
	return o, d.mine(ctx, o, who)
}

// mine is nil when an order is one of theirs, or they have shown that they know it.
func (d *Desk) mine(ctx context.Context, o Order, who Owners) error {
	if slices.Contains(who, o.Owner) {
		return nil
	}
	shown, err := d.Store.Shown(ctx, o.ID, who, d.Clock.Now())
	if err == nil && !shown {
		err = ErrNoOrder
	}
	return err
}

// Orders returns the caller's orders, newest first.
func (d *Desk) Orders(ctx context.Context, who Owners, p Page) ([]Order, error) {
	return d.Store.OrdersOf(ctx, who, p)
}

// own applies a shopper's change to one of their orders.
func (d *Desk) own(ctx context.Context, id string, who Owners, f func(o *Order, now time.Time) error) (Order, error) {
	o, err := d.Store.Order(ctx, id)
	if err == nil {
		err = d.mine(ctx, o, who)
	}
	if err != nil {
		return Order{}, err
	}
	return d.change(ctx, id, "", f)
}

// Cancel gives an order of the caller up: the money and the stock go back.
func (d *Desk) Cancel(ctx context.Context, id, reason string, who Owners) (Order, error) {
	return d.own(ctx, id, who, func(o *Order, now time.Time) error { return o.Cancel(now, "shopper", reason) })
}

// AnyOrder returns an order for the desk.
func (d *Desk) AnyOrder(ctx context.Context, id string) (Order, error) { return d.Store.Order(ctx, id) }

// AllOrders returns orders for the desk, newest first.
func (d *Desk) AllOrders(ctx context.Context, f Filter, p Page) ([]Order, error) {
	return d.Store.Orders(ctx, f, p)
}

// change applies an admin's change to the order that they have read.
func (d *Desk) change(ctx context.Context, id, etag string, f func(o *Order, now time.Time) error) (Order, error) {
	now := d.Clock.Now()
	return d.Store.ChangeOrder(ctx, id, now, func(o *Order) error {
		if etag != "" && etag != o.ETag() {
			return ErrChanged
		}
		return f(o, now)
	})
}

// Process says that somebody is packing the order.
func (d *Desk) Process(ctx context.Context, id, etag string) (Order, error) {
	return d.change(ctx, id, etag, func(o *Order, now time.Time) error { return o.Process(now, "admin") })
}

// Ship says that the order is on its way.
func (d *Desk) Ship(ctx context.Context, id, etag string, t Tracking) (Order, error) {
	return d.change(ctx, id, etag, func(o *Order, now time.Time) error { return o.Ship(t, now, "admin") })
}

// Deliver says that the order has arrived.
func (d *Desk) Deliver(ctx context.Context, id, etag string) (Order, error) {
	return d.change(ctx, id, etag, func(o *Order, now time.Time) error { return o.Deliver(now, "admin") })
}
