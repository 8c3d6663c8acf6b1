// Package stockdb keeps stock in SQL.
package stockdb

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

//go:embed migrations
var migrations embed.FS

// Migrations returns the SQL that both databases run.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err)
	}
	return sub
}

// Store implements stock.Store.
type Store struct {
	db    *crdb.DB
	crowd *crdb.Crowd[stock.Move]
}

// New returns a store. Wait for it when nobody calls it any more.
func New(db *crdb.DB) *Store {
	s := &Store{db: db}
	s.crowd = crdb.NewCrowd(s.commit)
	return s
}

// Wait returns when no transaction of a crowd is under way.
func (s *Store) Wait() { s.crowd.Wait() }

const overdue = `SELECT id FROM reservation WHERE state = 'held' AND expires_at <= $1 ORDER BY expires_at LIMIT $2`

// Overdue implements stock.Store.
func (s *Store) Overdue(ctx context.Context, now time.Time, most int) ([]string, error) {
	rows, err := s.db.Query(ctx, overdue, now, most)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

const oneReservation = `SELECT id, state, lines, held, order_id, expires_at FROM reservation WHERE id = $1`

// Reservation implements stock.Store.
func (s *Store) Reservation(ctx context.Context, id string) (stock.Reservation, error) {
	r, err := scanReservation(s.db.QueryRow(ctx, oneReservation, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return r, stock.ErrNoReservation
	}
	return r, err
}

func scanReservation(row pgx.Row) (r stock.Reservation, err error) {
	err = row.Scan(&r.ID, &r.State, &r.Lines, &r.Held, &r.Order, &r.Expires)
	r.Expires = r.Expires.UTC()
	return r, err
}

const availability = `SELECT sku, available, backorder, backorder_limit, owed, expected_at FROM item WHERE sku = ANY($1)`

// Availability implements stock.Store.
func (s *Store) Availability(ctx context.Context, skus []stock.SKU) (map[stock.SKU]stock.Availability, error) {
	rows, err := s.db.Query(ctx, availability, skus)
	if err != nil {
		return nil, err
	}
	all := map[stock.SKU]stock.Availability{}
	var (
		sku                    stock.SKU
		available, limit, owed int64
		backorder              bool
		expected               *time.Time
	)
	_, err = pgx.ForEachRow(rows, []any{&sku, &available, &backorder, &limit, &owed, &expected}, func() error {
		all[sku] = stock.AvailabilityOf(sku, available, backorder, limit, owed, timeOf(expected))
		return nil
	})
	return all, err
}

const (
	itemsAfter = `SELECT sku, backorder, expected_at, backorder_limit, safety, low_at, available, version FROM item WHERE sku > $1 ORDER BY sku LIMIT $2`
	itemsNamed = `SELECT sku, backorder, expected_at, backorder_limit, safety, low_at, available, version FROM item WHERE sku > $1 AND sku = ANY($3) ORDER BY sku LIMIT $2`
	levelsOf   = `SELECT l.sku, l.location, l.on_hand, l.reserved, coalesce(p.priority, 0)::INT4, NOT coalesce(p.active, true), p.id IS NULL
		FROM level AS l LEFT JOIN location AS p ON p.id = l.location WHERE l.sku = ANY($1) ORDER BY l.sku, l.location`
)

// Levels implements stock.Store.
func (s *Store) Levels(ctx context.Context, skus []stock.SKU, after stock.SKU, most int) (items []stock.Item, err error) {
	err = crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		query, args := itemsAfter, []any{after, most}
		if len(skus) > 0 {
			query, args = itemsNamed, append(args, skus)
		}
		shelf := stock.NewShelf()
		order, err := readItems(ctx, tx, shelf, query, levelsOf, args...)
		items = nil
		for _, sku := range order {
			items = append(items, *shelf.Items[sku])
		}
		return err
	})
	return items, err
}

const (
	entriesNewest = `SELECT id::TEXT, sku, location, kind, units, reason, actor, created_at FROM ledger WHERE sku = $1 ORDER BY created_at DESC, id DESC LIMIT $2`
	entriesBefore = `SELECT id::TEXT, sku, location, kind, units, reason, actor, created_at FROM ledger WHERE sku = $1 AND (created_at, id) < ($3, $4::UUID) ORDER BY created_at DESC, id DESC LIMIT $2`
)

// Ledger implements stock.Store.
func (s *Store) Ledger(ctx context.Context, sku stock.SKU, before *stock.Entry, most int) ([]stock.Entry, error) {
	query, args := entriesNewest, []any{sku, most}
	if before != nil {
		query, args = entriesBefore, append(args, before.Time, before.ID)
	}
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (e stock.Entry, err error) {
		err = row.Scan(&e.ID, &e.SKU, &e.Location, &e.Kind, &e.Units, &e.Reason, &e.Actor, &e.Time)
		e.Time = e.Time.UTC()
		return e, err
	})
}

// timeOf is the zero time for NULL, and orNull the other way.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
