package maildb

import (
	"context"
	"time"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/notification/internal/mail"
)

const (
	anyDue = `SELECT EXISTS (SELECT 1 FROM delivery WHERE state = 'queued' AND due_at <= $1)`
	// Two workers that get the same rows all the same, as a lost lock may have it on
	// CockroachDB, conflict at the update.
	takeDue = `SELECT id::TEXT, recipient, template, subject, letter, state, attempts, last_error, created_at, sent_at, due_at FROM delivery
		WHERE state = 'queued' AND due_at <= $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED`
	leaseDue = `UPDATE delivery SET attempts = attempts + 1, due_at = $2 WHERE id = ANY($1::UUID[])`
)

// Claim implements mail.Outbox.
func (s *Store) Claim(ctx context.Context, now, lease time.Time, most int) ([]mail.Delivery, error) {
	// Mostly nothing is due. A plain question does not end in a commit, which would
	// wake whoever waits for commits, and so ourselves.
	var due bool
	if err := s.db.QueryRow(ctx, anyDue, now).Scan(&due); err != nil || !due {
		return nil, err
	}
	var claimed []mail.Delivery
	err := s.shared.InTx(ctx, func(ctx context.Context, tx crdb.Tx) (err error) {
		if claimed, err = scanAll(tx.Query(ctx, takeDue, now, most)); err != nil || len(claimed) == 0 {
			return err
		}
		var ids []string
		for i := range claimed {
			claimed[i].Attempts++
			claimed[i].Due = lease
			ids = append(ids, claimed[i].ID)
		}
		_, err = tx.Exec(ctx, leaseDue, ids, lease)
		return err
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// Attempts says whose try it is: when the lease ran out and somebody began
// another, the row has a higher number.
const settleDelivery = `UPDATE delivery SET state = $3, last_error = $4, sent_at = $5, due_at = $6 WHERE id = $1 AND attempts = $2 AND state = 'queued'`

// Settle implements mail.Outbox.
func (s *Store) Settle(ctx context.Context, d mail.Delivery) error {
	return s.shared.InTx(ctx, func(ctx context.Context, tx crdb.Tx) error {
		_, err := tx.Exec(ctx, settleDelivery, d.ID, d.Attempts, d.State, d.LastError, sentAt(d), d.Due)
		return err
	})
}
