// Package basketdb keeps carts in SQL.
package basketdb

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/cart/internal/basket"
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

// Store implements basket.Store.
type Store struct{ db *crdb.DB }

// New returns a store.
func New(db *crdb.DB) *Store { return &Store{db} }

const readCarts = `SELECT owner, currency, lines, body, version, touched_at FROM cart WHERE owner IN ($1, $2)`

// Carts implements basket.Store.
func (s *Store) Carts(ctx context.Context, owner, guest basket.Owner) (own, guests basket.Cart, err error) {
	own, guests = basket.Cart{Owner: owner}, basket.Cart{Owner: guest}
	rows, err := s.db.Query(ctx, readCarts, owner, guest)
	if err != nil {
		return own, guests, err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (basket.Cart, error) { return scan(row) })
	for _, c := range found {
		if c.Owner == owner {
			own = c
		} else {
			guests = c
		}
	}
	return own, guests, err
}

func scan(row pgx.Row) (c basket.Cart, err error) {
	var body []byte
	err = row.Scan(&c.Owner, &c.Currency, &c.Lines, &body, &c.Version, &c.Touched)
	if err == nil && body != nil {
		c.Lines, err = unpack(body)
	}
	c.Touched = c.Touched.UTC()
	return c, err
}

// done is what is kept of a change: the cart itself is there to be read.
type done struct{ Version int64 }

// Change implements basket.Store.
func (s *Store) Change(ctx context.Context, known basket.Cart, f func(*basket.Cart) error) (after basket.Cart, err error) {
	ran := false
	_, err = crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (done, error) {
		c, err := reread(ctx, tx, known)
		if err != nil {
			return done{}, err
		}
		before := c.Version
		if err := f(&c); err != nil {
			return done{}, err
		}
		if c.Version != before {
			err = write(ctx, tx, c)
		}
		after, ran = c, true
		return done{c.Version}, err
	})
	if err == nil && !ran {
		after, _, err = s.Carts(ctx, known.Owner, "")
	}
	return after, err
}

// Merge implements basket.Store. It is no answer to a call, so it is not kept as one.
func (s *Store) Merge(ctx context.Context, owner, guest basket.Owner, f func(own *basket.Cart, guests basket.Cart)) (own basket.Cart, err error) {
	err = crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		guests, err := take(ctx, tx, guest)
		if err != nil {
			return err
		}
		if own, err = read(ctx, tx, owner); err != nil || guests.Version == 0 {
			return err
		}
		before := own.Version
		f(&own, guests)
		if _, err := tx.Exec(ctx, noteMerged, guest, owner, own.Touched); err != nil || own.Version == before {
			return err
		}
		return write(ctx, tx, own)
	})
	return own, err
}

const (
	noteMerged = `INSERT INTO merged_cart (guest, owner, merged_at) VALUES ($1, $2, $3)
		ON CONFLICT (guest) DO UPDATE SET owner = excluded.owner, merged_at = excluded.merged_at`
	findMerged = `SELECT owner FROM merged_cart WHERE guest = $1`
)

// Bought implements basket.Store. It reads where the cart is and changes it in one
// transaction, so that no merge comes in between.
func (s *Store) Bought(ctx context.Context, owner basket.Owner, f func(*basket.Cart)) error {
	return crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		where := owner
		if err := tx.QueryRow(ctx, findMerged, owner).Scan(&where); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		c, err := read(ctx, tx, where)
		if err != nil {
			return err
		}
		before := c.Version
		if f(&c); c.Version == before {
			return nil
		}
		return write(ctx, tx, c)
	})
}

const (
	readCart  = `SELECT owner, currency, lines, body, version, touched_at FROM cart WHERE owner = $1 FOR UPDATE`
	lockCart  = `SELECT version FROM cart WHERE owner = $1 FOR UPDATE`
	takeCart  = `DELETE FROM cart WHERE owner = $1 RETURNING owner, currency, lines, body, version, touched_at`
	writeCart = `INSERT INTO cart (owner, currency, lines, body, version, touched_at) VALUES ($1, $2, '[]', $3, $4, $5)
		ON CONFLICT (owner) DO UPDATE SET currency = excluded.currency, lines = excluded.lines, body = excluded.body, version = excluded.version, touched_at = excluded.touched_at`
)

func read(ctx context.Context, tx crdb.Tx, owner basket.Owner) (basket.Cart, error) {
	return orNone(owner, tx.QueryRow(ctx, readCart, owner))
}

// reread locks a cart of which is known what it was a moment ago, and reads it
// when it is another by now: reading a cart of many lines costs more than asking.
func reread(ctx context.Context, tx crdb.Tx, known basket.Cart) (basket.Cart, error) {
	var version int64
	err := tx.QueryRow(ctx, lockCart, known.Owner).Scan(&version)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return basket.Cart{Owner: known.Owner}, nil
	case err != nil:
		return known, err
	case version == known.Version:
		known.Lines = slices.Clone(known.Lines)
		return known, nil
	}
	return read(ctx, tx, known.Owner)
}

// take removes a cart and returns it: of many who try, one has it.
func take(ctx context.Context, tx crdb.Tx, owner basket.Owner) (basket.Cart, error) {
	return orNone(owner, tx.QueryRow(ctx, takeCart, owner))
}

func orNone(owner basket.Owner, row pgx.Row) (basket.Cart, error) {
	c, err := scan(row)
	if errors.Is(err, pgx.ErrNoRows) {
		return basket.Cart{Owner: owner}, nil
	}
	return c, err
}

func write(ctx context.Context, tx crdb.Tx, c basket.Cart) error {
	body, err := pack(c.Lines)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, writeCart, c.Owner, c.Currency, body, c.Version, c.Touched)
	return err
}

const touchCart = `UPDATE cart SET touched_at = $2 WHERE owner = $1 AND touched_at < $2`

// Touch implements basket.Store.
func (s *Store) Touch(ctx context.Context, owner basket.Owner, now time.Time) error {
	return crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		_, err := tx.Exec(ctx, touchCart, owner, now)
		return err
	})
}

const (
	sweepCarts  = `DELETE FROM cart WHERE owner IN (SELECT owner FROM cart WHERE touched_at < $1 ORDER BY touched_at LIMIT $2)`
	sweepMerged = `DELETE FROM merged_cart WHERE guest IN (SELECT guest FROM merged_cart WHERE merged_at < $1 ORDER BY merged_at LIMIT $2)`
	sweepMost   = 500
)

// Sweep implements basket.Store. It goes in steps, so that nobody waits long.
func (s *Store) Sweep(ctx context.Context, since time.Time) error {
	return errors.Join(s.sweep(ctx, sweepCarts, since), s.sweep(ctx, sweepMerged, since))
}

func (s *Store) sweep(ctx context.Context, statement string, since time.Time) error {
	for {
		var gone int64
		err := crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
			swept, err := tx.Exec(ctx, statement, since, sweepMost)
			gone = swept.RowsAffected()
			return err
		})
		if err != nil || gone < sweepMost {
			return err
		}
	}
}
