package saledb

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/order/internal/sale"
)

const oneCheckout = `SELECT body FROM checkout WHERE id = $1`

func scanCheckout(row pgx.Row) (c sale.Checkout, err error) {
	err = row.Scan(&c)
	if errors.Is(err, pgx.ErrNoRows) {
		err = sale.ErrNoCheckout
	}
	return c, err
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

// longAgo is when a lease ended that nobody holds: anybody may claim the checkout.
var longAgo = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

const letGo = `UPDATE checkout SET holder = '', lease_until = $3 WHERE id = $1 AND holder = $2`

// LetGo implements sale.Store.
func (s *Store) LetGo(ctx context.Context, id, holder string) error {
	_, err := s.db.Exec(ctx, letGo, id, holder, longAgo)
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
