// Package paydb keeps payments in SQL.
package paydb

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/payment/internal/pay"
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

// Store implements pay.Store.
type Store struct {
	db     *crdb.DB
	crowd  *crdb.Crowd[*turn]
	shared *crdb.Shared
}

// New returns a store. Wait for it when nobody calls it any more.
func New(db *crdb.DB) *Store {
	s := &Store{db: db, shared: crdb.NewShared(db)}
	s.crowd = crdb.NewCrowd(s.together)
	return s
}

// Wait returns when no transaction is under way.
func (s *Store) Wait() {
	s.crowd.Wait()
	s.shared.Wait()
}

const (
	insertPayment = `INSERT INTO payment (id, state, currency, amount, captured, refunded, provider, reference, method, return_url, action_url, decline, summary, settled, check_at, tries, created_at, country, customer, save_method)
		VALUES ($1, $2, $3, $4, 0, 0, $5, '', $6, $7, '', '', '', $8, $9, 0, $10, $11, $12, $13) ON CONFLICT (id) DO NOTHING`
	onePayment  = `SELECT id, state, currency, amount, captured, refunded, provider, reference, method, return_url, action_url, decline, summary, settled, check_at, tries, created_at, country, customer, save_method FROM payment WHERE id = $1`
	lockPayment = `SELECT id, state, currency, amount, captured, refunded, provider, reference, method, return_url, action_url, decline, summary, settled, check_at, tries, created_at, country, customer, save_method FROM payment WHERE id = $1 FOR UPDATE`
	writePay    = `UPDATE payment SET state = $2, captured = $3, refunded = $4, reference = $5, action_url = $6, decline = $7, summary = $8, settled = $9, check_at = $10, tries = $11 WHERE id = $1`
)

func scanPayment(row pgx.Row) (p pay.Payment, err error) {
	err = row.Scan(&p.ID, &p.State, &p.Amount.Currency, &p.Amount.Minor, &p.Captured, &p.Refunded, &p.Provider, &p.Reference, &p.Method, &p.ReturnURL,
		&p.ActionURL, &p.Decline, &p.Summary, &p.Settled, &p.CheckAt, &p.Tries, &p.Created,
		&p.Country, &p.Customer, &p.Save)
	if errors.Is(err, pgx.ErrNoRows) {
		err = pay.ErrNoPayment
	}
	p.CheckAt, p.Created = p.CheckAt.UTC(), p.Created.UTC()
	return p, err
}

// Payment implements pay.Store.
func (s *Store) Payment(ctx context.Context, id string) (pay.Payment, error) {
	return scanPayment(s.db.QueryRow(ctx, onePayment, id))
}

const findPayment = `SELECT id, state, currency, amount, captured, refunded, provider, reference, method, return_url, action_url, decline, summary, settled, check_at, tries, created_at, country, customer, save_method FROM payment WHERE provider = $1 AND reference = $2 AND reference <> '' LIMIT 1`

// Find implements pay.Store.
func (s *Store) Find(ctx context.Context, provider, reference string) (pay.Payment, error) {
	return scanPayment(s.db.QueryRow(ctx, findPayment, provider, reference))
}

const (
	refundsOf    = `SELECT id, amount, done FROM refund WHERE payment = $1`
	insertRefund = `INSERT INTO refund (payment, id, amount, done, created_at, due_at) VALUES ($1, $2, $3, false, now(), $4)`
	delayRefund  = `UPDATE refund SET tries = tries + 1, due_at = $3 WHERE payment = $1 AND id = $2`
	dropRefund   = `DELETE FROM refund WHERE payment = $1 AND id = $2 AND NOT done`
	refundDone   = `UPDATE refund SET done = true WHERE payment = $1 AND id = $2`
)

// BeginRefund implements pay.Store.
func (s *Store) BeginRefund(ctx context.Context, id string, r pay.Refund, due time.Time) (p pay.Payment, kept pay.Refund, err error) {
	err = crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		if p, err = scanPayment(tx.QueryRow(ctx, lockPayment, id)); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, refundsOf, id)
		if err != nil {
			return err
		}
		others, err := pgx.CollectRows(rows, pgx.RowToStructByPos[pay.Refund])
		if err != nil {
			return err
		}
		var begun int64
		for _, o := range others {
			if o.ID == r.ID {
				if kept = o; o.Amount != r.Amount {
					return pay.ErrRefundDiffers
				}
				return nil
			}
			begun += o.Amount
		}
		// The provider may have given back more than we asked for.
		if max(begun, p.Refunded)+r.Amount > p.Captured {
			return pay.ErrRefund
		}
		kept = r
		_, err = tx.Exec(ctx, insertRefund, id, r.ID, r.Amount, due)
		return err
	})
	return p, kept, err
}

// DelayRefund implements pay.Store.
func (s *Store) DelayRefund(ctx context.Context, id, refund string, due time.Time) error {
	_, err := s.db.Exec(ctx, delayRefund, id, refund, due)
	return err
}

// DropRefund implements pay.Store.
func (s *Store) DropRefund(ctx context.Context, id, refund string) error {
	_, err := s.db.Exec(ctx, dropRefund, id, refund)
	return err
}

// RefundDone implements pay.Store.
func (s *Store) RefundDone(ctx context.Context, id, refund string) error {
	_, err := s.db.Exec(ctx, refundDone, id, refund)
	return err
}

const (
	duePayments = `SELECT id FROM payment WHERE NOT settled AND check_at <= $1 ORDER BY check_at LIMIT $2`
	dueRefunds  = `SELECT payment, id, amount, done, tries FROM refund WHERE NOT done AND due_at <= $1 ORDER BY due_at LIMIT $2`
)

// Due implements pay.Store.
func (s *Store) Due(ctx context.Context, now time.Time, most int) (payments []string, refunds []pay.Owed, err error) {
	rows, err := s.db.Query(ctx, duePayments, now, most)
	if err != nil {
		return nil, nil, err
	}
	if payments, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return nil, nil, err
	}
	if rows, err = s.db.Query(ctx, dueRefunds, now, most); err != nil {
		return nil, nil, err
	}
	refunds, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (o pay.Owed, err error) {
		err = row.Scan(&o.Payment, &o.Refund.ID, &o.Refund.Amount, &o.Refund.Done, &o.Tries)
		return o, err
	})
	return payments, refunds, err
}
