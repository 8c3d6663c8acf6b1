package stock

import (
	"cmp"
	"context"
	"time"

	"github.com/souk-commerce/souk/kit/clock"
)

// Availability is what can be promised of one SKU.
type Availability struct {
	SKU       SKU
	Available int64
	Backorder bool
	// When backordered units are expected; zero when nobody knows.
	Expected time.Time
	// How many may be backordered yet; 0 where there is no limit.
	Left int64
	// Not more than its threshold.
	Low bool
}

// AvailabilityOf is what shoppers are told of an item that was written down.
func AvailabilityOf(sku SKU, available int64, backorder bool, limit, owed int64, expected time.Time) Availability {
	return Availability{SKU: sku, Available: available}.withBackorder(backorder, limit, owed, expected)
}

// Store keeps items, reservations and the ledger.
type Store interface {
	// Together makes a move in one transaction with the moves of others. It returns
	// when the move is durable, or why it was not made.
	Together(ctx context.Context, m Move) error
	// Alone makes a move in a transaction of its own.
	Alone(ctx context.Context, m Move) error
	// Make makes moves in one transaction and returns what came of each; with an
	// idempotency key in ctx, once.
	Make(ctx context.Context, moves ...Move) ([]error, error)
	// Overdue returns held reservations whose time is up.
	Overdue(ctx context.Context, now time.Time, most int) ([]string, error)
	Reservation(ctx context.Context, id string) (Reservation, error)
	// Availability leaves out SKUs that are not known.
	Availability(ctx context.Context, skus []SKU) (map[SKU]Availability, error)
	// Levels returns items with all their levels in SKU order, after a SKU.
	Levels(ctx context.Context, skus []SKU, after SKU, most int) ([]Item, error)
	// Places returns all locations, first those that are taken from first.
	Places(ctx context.Context) ([]Place, error)
	// SetPlace adds or replaces a location; when it opens or closes, it is unsettled.
	SetPlace(ctx context.Context, p Place) error
	// Unsettled returns locations that were opened or closed, where availability may
	// not follow yet; Settled notes that it does, as of so many changes.
	Unsettled(ctx context.Context) ([]Place, error)
	Settled(ctx context.Context, p Place) error
	// SKUsAt returns the SKUs with a level at a location in order, after a SKU.
	SKUsAt(ctx context.Context, where Location, after SKU, most int) ([]SKU, error)
	// SKUs returns the SKUs of items in order, after a SKU; Strays those that are on
	// levels or in the ledger and are no items.
	SKUs(ctx context.Context, after SKU, most int) ([]SKU, error)
	Strays(ctx context.Context, after SKU, most int) ([]SKU, error)
	// Ledger returns entries of a SKU, newest first, older than the cursor.
	Ledger(ctx context.Context, sku SKU, before *Entry, most int) ([]Entry, error)
}

// DefaultHold is how long units are held when the caller does not say.
const DefaultHold = 15 * time.Minute

// Desk is what callers can ask.
type Desk struct {
	store Store
	clock clock.Clock
}

// New returns a desk.
func New(store Store, c clock.Clock) *Desk { return &Desk{store, c} }

// Reserve sets all lines aside for a while, or none. The same id again returns
// the same reservation.
func (d *Desk) Reserve(ctx context.Context, id string, lines []Line, hold time.Duration) (Reservation, error) {
	if hold <= 0 {
		hold = DefaultHold
	}
	if err := checkNames("", skusOf(lines)...); err != nil {
		return Reservation{}, err
	}
	now := d.clock.Now()
	m := &Reserve{ID: id, Lines: Gather(lines), Now: now, Until: now.Add(hold)}
	err := d.store.Together(ctx, m)
	return m.Result, err
}

// Release gives the units back.
func (d *Desk) Release(ctx context.Context, id string) (Reservation, error) {
	m := &Release{ID: id, Now: d.clock.Now()}
	err := d.store.Together(ctx, m)
	return m.Result, err
}

// Commit makes a reservation a sale.
func (d *Desk) Commit(ctx context.Context, id, order, actor string) (Reservation, error) {
	m := &Commit{ID: id, Order: order, Actor: actor, Now: d.clock.Now()}
	err := d.store.Together(ctx, m)
	return m.Result, err
}

// Return takes sold units back, once for an id.
func (d *Desk) Return(ctx context.Context, m Return) error {
	if err := checkNames(m.Location); err != nil {
		return err
	}
	m.Lines, m.WriteOffs, m.Now = Gather(m.Lines), Gather(m.WriteOffs), d.clock.Now()
	return d.store.Together(ctx, &m)
}

// Reservation returns a reservation in any state.
func (d *Desk) Reservation(ctx context.Context, id string) (Reservation, error) {
	return d.store.Reservation(ctx, id)
}

// expireMost bounds how much one sweep takes on.
const expireMost = 200

// Expire gives back what was held too long, and tells how many that were.
func (d *Desk) Expire(ctx context.Context) (int, error) {
	now := d.clock.Now()
	ids, err := d.store.Overdue(ctx, now, expireMost)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	moves := make([]Move, len(ids))
	for n, id := range ids {
		moves[n] = &Release{ID: id, Now: now, Expire: true}
	}
	_, err = d.store.Make(ctx, moves...)
	return len(ids), err
}

// Availability answers for SKUs in the order asked; what is not known is not available.
func (d *Desk) Availability(ctx context.Context, skus []SKU) ([]Availability, error) {
	known, err := d.store.Availability(ctx, skus)
	if err != nil {
		return nil, err
	}
	all := make([]Availability, len(skus))
	for n, sku := range skus {
		all[n] = known[sku]
		all[n].SKU = sku
	}
	return all, nil
}

// Every entry says why, also when nobody gave a reason.
const (
	byHand  = "by hand"
	counted = "counted"
)

// Adjust adds an entry to the ledger.
func (d *Desk) Adjust(ctx context.Context, m Adjust) (Item, Level, error) {
	if err := checkNames(m.Location, m.SKU); err != nil {
		return Item{}, Level{}, err
	}
	m.Location, m.Reason, m.Now = orMain(m.Location), cmp.Or(m.Reason, byHand), d.clock.Now()
	if err := first(d.store.Make(ctx, &m)); err != nil {
		return Item{}, Level{}, err
	}
	return d.levelNow(ctx, m.SKU, m.Location)
}

// Count sets a level to what was counted.
func (d *Desk) Count(ctx context.Context, m Count) (Item, Level, error) {
	if err := checkNames(m.Location, m.SKU); err != nil {
		return Item{}, Level{}, err
	}
	m.Location, m.Reason, m.Now = orMain(m.Location), cmp.Or(m.Reason, counted), d.clock.Now()
	if err := first(d.store.Make(ctx, &m)); err != nil {
		return Item{}, Level{}, err
	}
	return d.levelNow(ctx, m.SKU, m.Location)
}

// levelNow is read after the change: a call that was made before is answered
// with what is there now.
func (d *Desk) levelNow(ctx context.Context, sku SKU, where Location) (Item, Level, error) {
	items, err := d.store.Levels(ctx, []SKU{sku}, "", 1)
	if err != nil || len(items) == 0 {
		return Item{SKU: sku}, Level{Location: where}, err
	}
	return items[0], *items[0].At(where), nil
}

// CountMany sets levels; a bad one does not stop the others.
func (d *Desk) CountMany(ctx context.Context, counts []*Count) ([]error, error) {
	now := d.clock.Now()
	return makeMany(ctx, d.store, counts, func(c *Count) error {
		c.Location, c.Reason, c.Now = orMain(c.Location), cmp.Or(c.Reason, counted), now
		return checkWords(c.Reason, checkNames(c.Location, c.SKU))
	})
}

// AdjustMany adds entries to the ledger, each once for its key; a bad one does
// not stop the others.
func (d *Desk) AdjustMany(ctx context.Context, all []*Adjust) ([]error, error) {
	now := d.clock.Now()
	return makeMany(ctx, d.store, all, func(m *Adjust) error {
		m.Location, m.Reason, m.Now = orMain(m.Location), cmp.Or(m.Reason, byHand), now
		return checkWords(m.Reason, checkWords(m.Key, checkNames(m.Location, m.SKU)))
	})
}

// makeMany makes those moves that are good, in one transaction.
func makeMany[M Move](ctx context.Context, store Store, all []M, check func(M) error) ([]error, error) {
	results := make([]error, len(all))
	var moves []Move
	var at []int // where the results of moves belong
	for n, m := range all {
		if results[n] = check(m); results[n] == nil {
			moves, at = append(moves, m), append(at, n)
		}
	}
	if len(moves) == 0 {
		return results, nil
	}
	made, err := store.Make(ctx, moves...)
	for n, err := range made {
		results[at[n]] = err
	}
	if len(moves) == 1 && made[0] != nil {
		err = nil // it is the move's own
	}
	return results, err
}

// Backorder says whether a SKU may be sold below zero.
func (d *Desk) Backorder(ctx context.Context, m AllowBackorder) error {
	if err := checkNames("", m.SKU); err != nil {
		return err
	}
	return first(d.store.Make(ctx, &m))
}

// SetRules says how many are never promised, and when stock is low.
func (d *Desk) SetRules(ctx context.Context, m SetRules) error {
	if err := checkNames("", m.SKU); err != nil {
		return err
	}
	return first(d.store.Make(ctx, &m))
}

// Levels returns items with their levels.
func (d *Desk) Levels(ctx context.Context, skus []SKU, after SKU, most int) ([]Item, error) {
	return d.store.Levels(ctx, skus, after, most)
}

// Ledger returns entries of a SKU, newest first.
func (d *Desk) Ledger(ctx context.Context, sku SKU, before *Entry, most int) ([]Entry, error) {
	return d.store.Ledger(ctx, sku, before, most)
}

func orMain(l Location) Location {
	if l == "" {
		return Main
	}
	return l
}

func first(results []error, err error) error {
	if err == nil && len(results) > 0 {
		err = results[0]
	}
	return err
}
