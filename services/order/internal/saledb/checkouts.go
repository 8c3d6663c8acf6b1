package saledb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/order/internal/sale"
)

const (
	insertCheckout = `INSERT INTO checkout (id, owner, step, hash, body, holder, lease_until, due_at, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`
	oneCheckout   = `SELECT body FROM checkout WHERE id = $1`
	beganCheckout = `SELECT owner, hash FROM checkout WHERE id = $1`
)

func scanCheckout(row pgx.Row) (c sale.Checkout, err error) {
	err = row.Scan(&c)
	if errors.Is(err, pgx.ErrNoRows) {
		err = sale.ErrNoCheckout
	}
	return c, err
}

// began is what is kept for an idempotency key: not the wish, which has an address.
type began struct{ ID, Holder string }

// Begin implements sale.Store.
func (s *Store) Begin(ctx context.Context, c sale.Checkout, l sale.Lease) (kept sale.Checkout, begun bool, err error) {
	wish, err := json.Marshal(c.Wish)
	if err != nil {
		return kept, false, err
	}
	hash := sha256.Sum256(wish)
	by, err := crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (began, error) {
		made, err := tx.Exec(ctx, insertCheckout, c.ID, c.Owner, c.Step, hash[:], c, l.Holder, l.Until, c.Due, c.Created)
		if err != nil || made.RowsAffected() == 1 {
			return began{c.ID, l.Holder}, err
		}
		return began{ID: c.ID}, sameWish(ctx, tx, c, hash[:])
	})
	switch {
	case err != nil:
		return kept, false, err
	case by.Holder == l.Holder:
		return c, true, nil
	}
	kept, err = s.Checkout(ctx, by.ID)
	return kept, false, err
}

// sameWish refuses another wish of the same owner. Another owner is told nothing.
func sameWish(ctx context.Context, tx crdb.Tx, c sale.Checkout, hash []byte) error {
	var owner string
	var known []byte
	if err := tx.QueryRow(ctx, beganCheckout, c.ID).Scan(&owner, &known); err != nil {
		return err
	}
	if owner == c.Owner && !bytes.Equal(known, hash) {
		return sale.ErrDiffers
	}
	return nil
}

const claim = `UPDATE checkout SET holder = $2, lease_until = $3 WHERE id = $1 AND step <> 'ended' AND lease_until <= $4`

// Claim implements sale.Store.
func (s *Store) Claim(ctx context.Context, id string, l sale.Lease, now time.Time) (c sale.Checkout, held bool, err error) {
	err = crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		taken, err := tx.Exec(ctx, claim, id, l.Holder, l.Until, now)
		if err != nil {
			return err
		}
		held = taken.RowsAffected() == 1
		c, err = scanCheckout(tx.QueryRow(ctx, oneCheckout, id))
		return err
	})
	return c, held, err
}

const (
	lockHeld      = `SELECT body FROM checkout WHERE id = $1 AND holder = $2 FOR UPDATE`
	writeCheckout = `UPDATE checkout SET step = $3, body = $4, lease_until = $5, due_at = $6 WHERE id = $1 AND holder = $2`
)

// Move implements sale.Store.
func (s *Store) Move(ctx context.Context, id string, l sale.Lease, f func(*sale.Checkout) sale.Effects) (c sale.Checkout, err error) {
	err = crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		if c, err = scanCheckout(tx.QueryRow(ctx, lockHeld, id, l.Holder)); errors.Is(err, sale.ErrNoCheckout) {
			return sale.ErrLost
		} else if err != nil {
			return err
		}
		effects := f(&c)
		if _, err := tx.Exec(ctx, writeCheckout, id, l.Holder, c.Step, c, l.Until, c.Due); err != nil {
			return err
		}
		return s.do(ctx, tx, c, effects)
	})
	return c, err
}

// do does to the order what goes with a move.
func (s *Store) do(ctx context.Context, tx crdb.Tx, c sale.Checkout, e sale.Effects) error {
	switch {
	case e.Place != nil:
		return place(ctx, tx, *e.Place)
	case e.Complete:
		_, err := change(ctx, tx, c.OrderID, func(o *sale.Order) error { o.Captured = true; return nil })
		return err
	case e.Cancel != "":
		_, err := change(ctx, tx, c.OrderID, func(o *sale.Order) error { return o.Cancel(c.Due, "system", e.Cancel) })
		return err
	}
	return nil
}

// letGo is long ago, so that anybody may claim the checkout.
const letGo = `UPDATE checkout SET holder = '', lease_until = '2000-01-01T00:00:00Z' WHERE id = $1 AND holder = $2`

// LetGo implements sale.Store.
func (s *Store) LetGo(ctx context.Context, id, holder string) error {
	_, err := s.db.Exec(ctx, letGo, id, holder)
	return err
}

// Checkout implements sale.Store.
func (s *Store) Checkout(ctx context.Context, id string) (sale.Checkout, error) {
	return scanCheckout(s.db.QueryRow(ctx, oneCheckout, id))
}

const dueCheckouts = `SELECT id::TEXT FROM checkout WHERE step <> 'ended' AND due_at <= $1 AND lease_until <= $1 ORDER BY due_at LIMIT $2`

// Due implements sale.Store.
func (s *Store) Due(ctx context.Context, now time.Time, most int) ([]string, error) {
	rows, err := s.db.Query(ctx, dueCheckouts, now, most)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

const wake = `UPDATE checkout SET due_at = $2 WHERE id = $1 AND step IN ('authorize', 'action') AND due_at > $2`

// Wake implements sale.Store. Within a transaction that ctx carries, it joins it.
func (s *Store) Wake(ctx context.Context, id string, now time.Time) error {
	return crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		_, err := tx.Exec(ctx, wake, id, now)
		return err
	})
}

const lockCheckout = `SELECT body FROM checkout WHERE id = $1 FOR UPDATE`

const writeCancelled = `UPDATE checkout SET step = $2, body = $3, due_at = $4 WHERE id = $1`

// undoFor has the checkout of a cancelled order undone.
func undoFor(ctx context.Context, tx crdb.Tx, id string, now time.Time) error {
	c, err := scanCheckout(tx.QueryRow(ctx, lockCheckout, id))
	if err != nil {
		return err
	}
	c.CancelOrder(now)
	_, err = tx.Exec(ctx, writeCancelled, id, c.Step, c, c.Due)
	return err
}
