package saledb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/order/internal/sale"
)

// turn is what one caller does to one checkout: it begins it, or moves it on.
// Many turns share a transaction.
type turn struct {
	id    string
	lease sale.Lease
	// Begins it as first leaves it, when it is not there.
	begin *sale.Checkout
	hash  []byte
	first func(*sale.Checkout)
	key   *crdb.Key
	// Moves it on.
	move  func(*sale.Checkout) sale.Effects
	trace string

	// What came of it.
	kept  sale.Checkout
	begun bool
	named string // the checkout that the key stands for
}

// name is what the turn does, for those who make it fail.
func (t *turn) name() string {
	if t.kept.Step == "" {
		return "order/again"
	}
	return "order/" + string(t.kept.Step)
}

// began is what is kept for an idempotency key: not the wish, which has an address.
type began struct{ ID, Holder string }

// Begin implements sale.Store.
func (s *Store) Begin(ctx context.Context, c sale.Checkout, l sale.Lease, first func(*sale.Checkout)) (sale.Checkout, bool, error) {
	wish, err := json.Marshal(c.Wish)
	if err != nil {
		return sale.Checkout{}, false, err
	}
	hash := sha256.Sum256(wish)
	t := &turn{id: strings.ToLower(c.ID), lease: l, begin: &c, hash: hash[:], first: first}
	if key, ok := crdb.KeyFrom(ctx); ok {
		t.key = &key
	}
	if err := s.take(ctx, t); err != nil {
		return sale.Checkout{}, false, err
	}
	if t.kept.ID == "" {
		t.kept, err = s.Checkout(ctx, t.named)
	}
	return t.kept, t.begun, err
}

// Move implements sale.Store.
func (s *Store) Move(ctx context.Context, id string, l sale.Lease, f func(*sale.Checkout) sale.Effects) (sale.Checkout, error) {
	t := &turn{id: strings.ToLower(id), lease: l, move: f}
	err := s.take(ctx, t)
	return t.kept, err
}

func (s *Store) take(ctx context.Context, t *turn) error {
	t.trace = bus.TraceOf(ctx)
	return s.crowd.Do(ctx, t)
}

// together takes turns in one transaction.
func (s *Store) together(ctx context.Context, turns []*turn) (results []error, err error) {
	err = crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		b, err := open(ctx, tx, turns)
		if err != nil {
			return err
		}
		results = make([]error, len(turns))
		for n, t := range turns {
			results[n] = b.take(t)
		}
		chaos.Here(ctx, turns[0].name())
		return b.write(ctx, tx)
	})
	return results, err
}

// book is what a transaction has read, and what it has to write.
type book struct {
	pages   map[string]*page
	orders  map[string]*sale.Order
	answers *crdb.Answers

	placed  []sale.Order
	changed map[string]bool // of orders that were there
	events  []bus.Event
}

// page is a checkout's row.
type page struct {
	checkout     sale.Checkout
	owner        string
	hash         []byte
	holder       string
	until        time.Time
	new, changed bool
}

const (
	lockCheckouts = `SELECT id::TEXT, owner, hash, holder, lease_until, body FROM checkout WHERE id = ANY($1::UUID[]) ORDER BY id FOR UPDATE`
	addCheckouts  = `INSERT INTO checkout (id, owner, step, hash, body, holder, lease_until, due_at, created_at)
		SELECT c.id, c.owner, c.step, c.hash, c.body::JSONB, c.holder, c.lease_until, c.due_at, c.created_at
		FROM unnest($1::UUID[], $2::TEXT[], $3::TEXT[], $4::BYTEA[], $5::TEXT[], $6::TEXT[], $7::TIMESTAMPTZ[], $8::TIMESTAMPTZ[], $9::TIMESTAMPTZ[])
		AS c (id, owner, step, hash, body, holder, lease_until, due_at, created_at)`
	writeCheckouts = `UPDATE checkout AS k SET step = c.step, body = c.body::JSONB, holder = c.holder, lease_until = c.lease_until, due_at = c.due_at
		FROM unnest($1::UUID[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::TIMESTAMPTZ[], $6::TIMESTAMPTZ[]) AS c (id, step, body, holder, lease_until, due_at) WHERE k.id = c.id`
)

// open reads the rows of all turns, and the orders that they may change.
func open(ctx context.Context, tx crdb.Tx, turns []*turn) (*book, error) {
	b := &book{pages: map[string]*page{}, orders: map[string]*sale.Order{}, changed: map[string]bool{}}
	var ids []string
	var keys []crdb.Key
	for _, t := range turns {
		if t.kept, t.begun = (sale.Checkout{}), false; t.key != nil {
			keys = append(keys, *t.key)
		}
		ids = append(ids, t.id)
	}
	var err error
	if b.answers, err = crdb.AnswersTo(ctx, tx, keys); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, lockCheckouts, ids)
	if err != nil {
		return nil, err
	}
	var id string
	var p page
	var orders []string
	_, err = pgx.ForEachRow(rows, []any{&id, &p.owner, &p.hash, &p.holder, &p.until, &p.checkout}, func() error {
		own := p
		b.pages[id] = &own
		if own.checkout.OrderID != "" {
			orders = append(orders, own.checkout.OrderID)
		}
		p = page{}
		return nil
	})
	if err != nil || len(orders) == 0 {
		return b, err
	}
	if rows, err = tx.Query(ctx, lockOrders, orders); err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[sale.Order])
	for _, o := range found {
		b.orders[o.ID] = &o
	}
	return b, err
}

func (b *book) take(t *turn) error {
	if t.begin != nil {
		return b.begin(t)
	}
	p, ok := b.pages[t.id]
	if !ok || p.holder != t.lease.Holder {
		return sale.ErrLost
	}
	next := p.checkout
	effects := t.move(&next)
	if err := b.do(next, effects, t.trace); err != nil {
		return err
	}
	p.checkout, p.changed, t.kept = next, true, next
	t.kept.Order = b.orders[next.OrderID]
	p.hold(t.lease)
	return nil
}

// hold gives the page to a lease, or to nobody when the checkout has ended.
func (p *page) hold(l sale.Lease) {
	if p.holder, p.until = l.Holder, l.Until; p.checkout.Step == sale.StepEnded {
		p.holder, p.until = "", longAgo
	}
}

func (b *book) begin(t *turn) error {
	var by began
	if t.key != nil {
		if known, err := b.answers.To(*t.key, &by); err != nil {
			return err
		} else if known {
			t.named, t.begun = by.ID, by.Holder == t.lease.Holder
			if p, ok := b.pages[by.ID]; ok {
				t.kept = p.checkout
			}
			return nil
		}
	}
	if p, ok := b.pages[t.id]; ok {
		t.kept = p.checkout
		// Another wish of the same owner is refused. Another owner is told nothing.
		if p.owner == t.begin.Owner && !bytes.Equal(p.hash, t.hash) {
			return sale.ErrDiffers
		}
		by = began{ID: t.id}
	} else {
		p := &page{checkout: *t.begin, owner: t.begin.Owner, hash: t.hash, new: true}
		if t.first != nil {
			t.first(&p.checkout)
		}
		p.hold(t.lease)
		b.pages[t.id] = p
		t.kept, t.begun = p.checkout, true
		by = began{t.id, t.lease.Holder}
	}
	if t.key == nil {
		return nil
	}
	return b.answers.Give(*t.key, by)
}

// do does to the order what goes with a move.
func (b *book) do(c sale.Checkout, e sale.Effects, trace string) error {
	switch {
	case e.Place != nil:
		o := *e.Place
		o.Version = 1
		b.placed, b.orders[o.ID] = append(b.placed, o), &o
		b.tell(sale.TopicPlaced, o, trace)
	case e.Complete:
		return b.change(c.OrderID, trace, func(o *sale.Order) error { o.Complete(c.Due); return nil })
	case e.Cancel != "":
		return b.change(c.OrderID, trace, func(o *sale.Order) error { return o.Cancel(c.Due, "system", e.Cancel) })
	case e.Undone:
		return b.change(c.OrderID, trace, func(o *sale.Order) error { o.Undone(c.Due); return nil })
	}
	return nil
}

func (b *book) tell(topic string, o sale.Order, trace string) {
	b.events = append(b.events, bus.Event{Topic: topic, Key: o.ID, Fact: o, Trace: trace})
}

func (b *book) change(id, trace string, f func(*sale.Order) error) error {
	o, ok := b.orders[id]
	if !ok {
		return sale.ErrNoOrder
	}
	next := *o
	changed, topic, err := alter(&next, f)
	if err != nil || !changed {
		return err
	}
	b.orders[id], b.changed[id] = &next, true
	if topic != "" {
		b.tell(topic, next, trace)
	}
	return nil
}

// write keeps everything: a handful of statements in one go, however many turns
// there were.
func (b *book) write(ctx context.Context, tx crdb.Tx) error {
	w := &crdb.Writes{Tx: tx}
	if err := b.writeAll(ctx, w); err != nil {
		return err
	}
	return w.Send(ctx)
}

func (b *book) writeAll(ctx context.Context, tx crdb.Tx) error {
	for _, f := range []func(context.Context, crdb.Tx) error{b.addPages, b.writePages, b.writeOrders, b.answers.Keep} {
		if err := f(ctx, tx); err != nil {
			return err
		}
	}
	if err := place(ctx, tx, b.placed); err != nil {
		return err
	}
	return bus.PutAll(ctx, tx, b.events...)
}

// rows are columns of checkouts.
type rows struct {
	ids, owners, steps, bodies, holders []string
	hashes                              [][]byte
	untils, dues, created               []time.Time
}

// of gathers pages, in the order of their ids.
func (b *book) of(those func(*page) bool) (r rows, err error) {
	var ids []string
	for id, p := range b.pages {
		if those(p) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		p := b.pages[id]
		body, err := json.Marshal(p.checkout)
		if err != nil {
			return r, err
		}
		r.ids, r.owners, r.steps, r.bodies, r.holders = append(r.ids, id), append(r.owners, p.owner), append(r.steps, string(p.checkout.Step)), append(r.bodies, string(body)), append(r.holders, p.holder)
		r.hashes, r.untils, r.dues, r.created = append(r.hashes, p.hash), append(r.untils, p.until), append(r.dues, p.checkout.Due), append(r.created, p.checkout.Created)
	}
	return r, nil
}

func (b *book) addPages(ctx context.Context, tx crdb.Tx) error {
	r, err := b.of(func(p *page) bool { return p.new })
	if err != nil || len(r.ids) == 0 {
		return err
	}
	_, err = tx.Exec(ctx, addCheckouts, r.ids, r.owners, r.steps, r.hashes, r.bodies, r.holders, r.untils, r.dues, r.created)
	return err
}

func (b *book) writePages(ctx context.Context, tx crdb.Tx) error {
	r, err := b.of(func(p *page) bool { return p.changed && !p.new })
	if err != nil || len(r.ids) == 0 {
		return err
	}
	_, err = tx.Exec(ctx, writeCheckouts, r.ids, r.steps, r.bodies, r.holders, r.untils, r.dues)
	return err
}

func (b *book) writeOrders(ctx context.Context, tx crdb.Tx) error {
	var ids, statuses, bodies []string
	var versions []int64
	for id := range b.changed {
		ids = append(ids, id)
	}
	if slices.Sort(ids); len(ids) == 0 {
		return nil
	}
	for _, id := range ids {
		o := b.orders[id]
		body, err := json.Marshal(o)
		if err != nil {
			return err
		}
		statuses, bodies, versions = append(statuses, string(o.Status)), append(bodies, string(body)), append(versions, o.Version)
	}
	_, err := tx.Exec(ctx, writeOrders, ids, statuses, bodies, versions)
	return err
}
