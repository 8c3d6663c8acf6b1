// Package saletest is a shop for one checkout in which calls get lost, at times
// that a test chooses, and a store to run it on without a database.
package saletest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/services/order/internal/sale"
)

// Fate is what becomes of a call to another service or to the database, or what
// happens just before it.
type Fate string

// The fates of calls.
const (
	Well       Fate = "well"
	Dropped    Fate = "dropped"    // it does not get there
	Unanswered Fate = "unanswered" // it is done, and nobody hears
	Late       Fate = "late"       // it is done at the time of the next call, and nobody hears
	No         Fate = "no"         // it is refused, where it can be
)

// What happens just before a call that goes well.
const (
	Cancels  Fate = "cancels"  // the shopper gives the order up
	Ships    Fate = "ships"    // staff send it
	Refunds  Fate = "refunds"  // staff give a cent back
	Confirms Fate = "confirms" // the shopper confirms the payment
	Overtake Fate = "overtake" // the lease ends, and another instance works on
	Waits    Fate = "waits"    // for longer than units are held
)

// script draws what happens. It begins well for a while, so that trouble comes
// to every step.
func script(t *rapid.T) []Fate {
	well := slices.Repeat([]Fate{Well}, rapid.IntRange(0, 16).Draw(t, "well"))
	fates := []Fate{Well, Well, Dropped, Unanswered, Late, No, Cancels, Ships, Refunds, Confirms, Overtake, Waits}
	return append(well, rapid.SliceOfN(rapid.SampledFrom(fates), 0, 30).Draw(t, "then")...)
}

var errDown = errors.New("nobody answers")

// World is the shop. After its script, everything goes well.
type World struct {
	Clock *clock.Fake
	Desk  *sale.Desk
	Till  *till
	Shelf *shelf
	// Payments ask for the shopper's confirmation; it comes after a while.
	Secure, Confirmed bool

	ID      string
	Owner   string
	script  []Fate
	late    []func()
	deep    int
	shipped bool
	// What the shopper was told last.
	told   sale.State
	broken error
}

// New returns a shop with one cart.
func New(store sale.Store, script ...Fate) *World {
	w := &World{
		script: script,
		Clock:  clock.NewFake(time.Date(2026, 3, 29, 0, 59, 30, 1234, time.UTC)), ID: uuid.NewString(), Owner: uuid.NewString(),
	}
	w.Till = &till{w: w, refunds: map[string]int64{}}
	w.Shelf = &shelf{w: w, returned: map[string]bool{}}
	w.Desk = sale.New(sale.Deps{
		Store: flaky{store, w}, Market: market{w}, Stock: w.Shelf, Till: w.Till, Clock: w.Clock,
		Later: func(context.Context, sale.Checkout, error) {}, Home: "US", Origin: "https://shop.example",
	})
	return w
}

// fate takes the next one from the script.
func (w *World) fate() Fate {
	if len(w.script) == 0 {
		return Well
	}
	next := w.script[0]
	w.script = w.script[1:]
	return next
}

// call is one call: do is what it does, no how it is refused, if it can be.
func (w *World) call(do, no func() error) error {
	for _, f := range w.late {
		f()
	}
	w.late = nil
	w.Shelf.expire(w.Clock.Now())
	switch f := w.fate(); f {
	case Dropped:
		return errDown
	case Unanswered:
		_ = do()
		return errDown
	case Late:
		w.late = append(w.late, func() { _ = do() })
		return errDown
	case No:
		if no != nil {
			return no()
		}
	default:
		w.meanwhile(f)
	}
	return do()
}

func (w *World) meanwhile(f Fate) {
	ctx := context.Background()
	switch f {
	case Cancels:
		w.onOrder(func(id string) { _, _ = w.Desk.Cancel(ctx, id, "changed my mind", sale.Owners{w.Owner}) })
	case Ships:
		w.onOrder(func(id string) {
			_, err := w.Desk.Ship(ctx, id, "", sale.Tracking{Carrier: "DHL"})
			w.shipped = w.shipped || err == nil
		})
	case Refunds:
		_ = w.Till.refund("staff", 1)
	case Confirms:
		w.Till.confirm()
	case Overtake:
		w.Clock.Advance(time.Minute)
		if w.deep < 3 {
			w.deep++
			w.goOn()
			w.deep--
		}
	case Waits:
		w.Clock.Advance(31 * time.Minute)
		w.Shelf.expire(w.Clock.Now())
	}
}

func (w *World) onOrder(f func(id string)) {
	if c, err := w.Desk.Store.Checkout(context.Background(), w.ID); err == nil && c.OrderID != "" {
		f(c.OrderID)
	}
}

func (w *World) goOn() { _, _ = w.Desk.GoOn(context.Background()) }

// Wish is what the shopper asks for.
func Wish() sale.Wish {
	home := sale.Address{Name: "Ada", Line1: "1 Main St", City: "Portland", Region: "Oregon", PostalCode: "97201", Country: "US"}
	return sale.Wish{Email: "ada@example.com", Shipping: home, Billing: home, Delivery: "standard", Currency: "USD", Method: "tok_1", Expected: money.Of("USD", 3*1999)}
}

// Place is the shopper pressing the button until there is an answer.
func (w *World) Place() {
	for range 100 {
		c, err := w.Desk.Place(context.Background(), w.ID, w.Owner, Wish(), "/back")
		if err == nil {
			w.tell(c)
			return
		}
	}
	w.broken = errors.New("a checkout cannot be begun")
}

// tell remembers what the shopper was told; an outcome is never taken back.
func (w *World) tell(c sale.Checkout) {
	now := c.State()
	if w.told != now && (w.told == sale.StatePlaced || w.told == sale.StateRefused) {
		w.broken = errors.Join(w.broken, fmt.Errorf("the shopper was told %s, and then %s", w.told, now))
	}
	w.told = now
}

// Settle has time go by until the checkout has ended.
func (w *World) Settle() {
	ctx := context.Background()
	for round := range 300 {
		w.goOn()
		if round%3 == 0 {
			if c, err := w.Desk.Resume(ctx, w.ID, sale.Owners{w.Owner}); err == nil {
				w.tell(c)
			}
		}
		c, err := w.Desk.Store.Checkout(ctx, w.ID)
		if ended := err == nil && c.Step == sale.StepEnded; ended && len(w.script) == 0 {
			break
		} else if ended {
			w.meanwhile(w.fate())
		}
		if w.Confirmed && round > 2 {
			w.Till.confirm()
		}
		w.Clock.Advance(31 * time.Second)
	}
	_ = w.call(func() error { return nil }, nil) // for what is late
}

// Check tells what is wrong when all has settled.
func (w *World) Check() error {
	ctx := context.Background()
	c, err := w.Desk.Store.Checkout(ctx, w.ID)
	if err != nil {
		return err
	}
	orders, err := w.Desk.Store.OrdersOf(ctx, []string{w.Owner}, sale.Page{Size: 10})
	switch {
	case err != nil || w.broken != nil:
		return errors.Join(w.broken, err)
	case c.Step != sale.StepEnded:
		return fmt.Errorf("the checkout stands at %s after hours, tries %d", c.Step, c.Tries)
	case c.State() == sale.StatePlaced && (len(orders) != 1 || orders[0].ID != c.OrderID):
		return fmt.Errorf("the checkout has order %s, the shopper has %d orders", c.OrderID, len(orders))
	case c.State() == sale.StateRefused && len(orders) != 0:
		return fmt.Errorf("refused as %s, and there is an order", c.Reason)
	case c.State() == sale.StateRefused:
		return w.balance(false)
	case c.State() != sale.StatePlaced:
		return fmt.Errorf("the checkout has ended as %s", c.State())
	}
	o := orders[0]
	kept := o.Status != sale.Cancelled
	switch {
	case kept && !o.Captured:
		return errors.New("the order can never be shipped")
	case w.shipped && o.Status != sale.Shipped:
		return fmt.Errorf("the order was shipped, and is %s", o.Status)
	}
	if err := w.balance(kept); err != nil {
		return fmt.Errorf("order %s: %w", o.Status, err)
	}
	return nil
}

// Order is the shopper's order; it has no ID when there is none.
func (w *World) Order() (o sale.Order) {
	if all, err := w.Desk.Store.OrdersOf(context.Background(), []string{w.Owner}, sale.Page{Size: 1}); err == nil && len(all) == 1 {
		o = all[0]
	}
	return o
}

// Promises tries a checkout that troubles come over.
func Promises(t *rapid.T, store sale.Store) {
	w := New(store, script(t)...)
	w.Secure, w.Confirmed = rapid.Bool().Draw(t, "secure"), rapid.Bool().Draw(t, "confirmed")
	w.Place()
	w.Settle()
	if err := w.Check(); err != nil {
		t.Fatal(err)
	}
}

// flaky is a store whose answers get lost. A call that changes nothing needs no fate.
type flaky struct {
	sale.Store
	w *World
}

func (f flaky) Begin(ctx context.Context, c sale.Checkout, l sale.Lease, first func(*sale.Checkout)) (kept sale.Checkout, begun bool, err error) {
	err = f.w.call(func() (err error) { kept, begun, err = f.Store.Begin(ctx, c, l, first); return err }, nil)
	return kept, begun, err
}

func (f flaky) Claim(ctx context.Context, id string, l sale.Lease, now time.Time) (c sale.Checkout, held bool, err error) {
	err = f.w.call(func() (err error) { c, held, err = f.Store.Claim(ctx, id, l, now); return err }, nil)
	return c, held, err
}

func (f flaky) Move(ctx context.Context, id string, l sale.Lease, g func(*sale.Checkout) sale.Effects) (c sale.Checkout, err error) {
	err = f.w.call(func() (err error) { c, err = f.Store.Move(ctx, id, l, g); return err }, nil)
	return c, err
}

func (f flaky) LetGo(ctx context.Context, id, holder string) error {
	return f.w.call(func() error { return f.Store.LetGo(ctx, id, holder) }, nil)
}
