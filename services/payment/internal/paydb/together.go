package paydb

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

// turn is what one caller does to one payment: it begins it, or changes it. Many
// turns share a transaction.
type turn struct {
	id     string
	begin  *pay.Payment
	change func(*pay.Payment) (told bool, err error)
	trace  string
	// What came of it.
	kept pay.Payment
}

// Begin implements pay.Store.
func (s *Store) Begin(ctx context.Context, p pay.Payment) (pay.Payment, error) {
	t := &turn{id: p.ID, begin: &p, trace: bus.TraceOf(ctx)}
	err := s.crowd.Do(ctx, t)
	return t.kept, err
}

// Change implements pay.Store.
func (s *Store) Change(ctx context.Context, id string, f func(*pay.Payment) (bool, error)) (pay.Payment, error) {
	t := &turn{id: id, change: f, trace: bus.TraceOf(ctx)}
	err := s.crowd.Do(ctx, t)
	return t.kept, err
}

const lockPayments = `SELECT id, state, currency, amount, captured, refunded, provider, reference, method, return_url, action_url, decline, summary, settled, check_at, tries, created_at, country, customer, save_method FROM payment WHERE id = ANY($1) ORDER BY id FOR UPDATE`

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
		return b.write(ctx, tx)
	})
	return results, err
}

// book is what a transaction has read, and what it has to write.
type book struct {
	payments     map[string]pay.Payment
	new, changed map[string]bool
	events       []bus.Event
}

func open(ctx context.Context, tx crdb.Tx, turns []*turn) (*book, error) {
	b := &book{payments: map[string]pay.Payment{}, new: map[string]bool{}, changed: map[string]bool{}}
	var ids []string
	for _, t := range turns {
		ids = append(ids, t.id)
	}
	rows, err := tx.Query(ctx, lockPayments, ids)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (pay.Payment, error) { return scanPayment(row) })
	for _, p := range found {
		b.payments[p.ID] = p
	}
	return b, err
}

func (b *book) take(t *turn) error {
	p, known := b.payments[t.id]
	switch {
	case t.begin != nil && !known:
		t.kept = *t.begin
		b.payments[t.id], b.new[t.id] = t.kept, true
		return nil
	case t.begin != nil:
		t.kept = p
		return nil
	case !known:
		t.kept = pay.Payment{}
		return pay.ErrNoPayment
	}
	before := p
	told, err := t.change(&p)
	if t.kept = p; err != nil || p == before {
		return err // as it was: a message that came twice, mostly
	}
	b.payments[t.id], b.changed[t.id] = p, true
	if told {
		b.events = append(b.events, bus.Event{Topic: pay.TopicChanged, Key: t.id, Fact: p, Trace: t.trace})
	}
	return nil
}

// write sends all statements at once.
func (b *book) write(ctx context.Context, tx crdb.Tx) error {
	w := &crdb.Writes{Tx: tx}
	for _, id := range sorted(b.new) {
		p := b.payments[id]
		if _, err := w.Exec(ctx, insertPayment, p.ID, p.State, p.Amount.Currency, p.Amount.Minor, p.Provider, p.Method, p.ReturnURL, p.Settled, p.CheckAt, p.Created, p.Country, p.Customer, p.Save); err != nil {
			return err
		}
	}
	for _, id := range sorted(b.changed) {
		p := b.payments[id]
		if _, err := w.Exec(ctx, writePay, id, p.State, p.Captured, p.Refunded, p.Reference, p.ActionURL, p.Decline, p.Summary, p.Settled, p.CheckAt, p.Tries); err != nil {
			return err
		}
	}
	if err := bus.PutAll(ctx, w, b.events...); err != nil {
		return err
	}
	return w.Send(ctx)
}

func sorted(set map[string]bool) (ids []string) {
	for id := range set {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
