package paydb

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

const (
	claimAudit = `UPDATE audit SET holder = $1, claimed_until = $3 WHERE claimed_until <= $2 AND due_at <= $2`
	keepAudit  = `UPDATE audit SET claimed_until = $2 WHERE holder = $1`
	doneAudit  = `UPDATE audit SET holder = '', claimed_until = $2, due_at = $3 WHERE holder = $1`
)

// Claim implements pay.AuditStore.
func (s *Store) Claim(ctx context.Context, holder string, now, until time.Time) (bool, error) {
	return s.one(ctx, claimAudit, holder, now, until)
}

// Keep implements pay.AuditStore.
func (s *Store) Keep(ctx context.Context, holder string, until time.Time) (bool, error) {
	return s.one(ctx, keepAudit, holder, until)
}

// Done implements pay.AuditStore.
func (s *Store) Done(ctx context.Context, holder string, now, due time.Time) error {
	_, err := s.one(ctx, doneAudit, holder, now, due)
	return err
}

func (s *Store) one(ctx context.Context, statement string, args ...any) (bool, error) {
	done, err := s.db.Exec(ctx, statement, args...)
	return done.RowsAffected() == 1, err
}

const paymentsBetween = `SELECT id, state, currency, amount, captured, refunded, provider, reference, method, return_url, action_url, decline, summary, settled, check_at, tries, created_at, country, customer, save_method
	FROM payment WHERE provider = $1 AND created_at >= $2 AND created_at < $3 AND (created_at, id) > ($4, $5) ORDER BY created_at, id LIMIT $6`

// Between implements pay.AuditStore.
func (s *Store) Between(ctx context.Context, provider string, from, to time.Time, after pay.Payment, most int) ([]pay.Payment, error) {
	rows, err := s.db.Query(ctx, paymentsBetween, provider, from, to, after.Created, after.ID, most)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (pay.Payment, error) { return scanPayment(row) })
}

const (
	lockDiscrepancy  = `SELECT repaired_at IS NULL AND ended_at IS NULL FROM discrepancy WHERE provider = $1 AND payment = $2 AND kind = $3 FOR UPDATE`
	writeDiscrepancy = `INSERT INTO discrepancy (provider, payment, kind, reference, ours, theirs, found_at, seen_at, repaired_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (provider, payment, kind) DO UPDATE SET reference = excluded.reference, ours = excluded.ours, theirs = excluded.theirs,
		found_at = excluded.found_at, seen_at = excluded.seen_at, repaired_at = excluded.repaired_at, ended_at = NULL`
	seeDiscrepancy = `UPDATE discrepancy SET ours = $4, theirs = $5, seen_at = $6, repaired_at = $7 WHERE provider = $1 AND payment = $2 AND kind = $3`
)

// Differ implements pay.AuditStore.
func (s *Store) Differ(ctx context.Context, d pay.Discrepancy, now time.Time) (isNew bool, err error) {
	var repaired *time.Time
	if !d.Repaired.IsZero() {
		repaired = &d.Repaired
	}
	err = crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		var open bool
		err := tx.QueryRow(ctx, lockDiscrepancy, d.Provider, d.Payment, d.Kind).Scan(&open)
		if isNew = errors.Is(err, pgx.ErrNoRows) || !open; isNew {
			_, err = tx.Exec(ctx, writeDiscrepancy, d.Provider, d.Payment, d.Kind, d.Reference, d.Ours, d.Theirs, d.Found, now, repaired)
			return err
		}
		if err == nil {
			_, err = tx.Exec(ctx, seeDiscrepancy, d.Provider, d.Payment, d.Kind, d.Ours, d.Theirs, now, repaired)
		}
		return err
	})
	return isNew, err
}

const (
	endDiscrepancies  = `UPDATE discrepancy SET ended_at = $4 WHERE provider = $1 AND payment = ANY($2) AND ended_at IS NULL AND seen_at < $3`
	openDiscrepancies = `SELECT count(*) FROM discrepancy WHERE repaired_at IS NULL AND ended_at IS NULL`
	listDiscrepancies = `SELECT provider, payment, reference, kind, ours, theirs, found_at, repaired_at, ended_at FROM discrepancy
		WHERE ($1 OR repaired_at IS NULL AND ended_at IS NULL) AND (found_at, provider, payment, kind) < ($2, $3, $4, $5)
		ORDER BY found_at DESC, provider DESC, payment DESC, kind DESC LIMIT $6`
)

// Agree implements pay.AuditStore.
func (s *Store) Agree(ctx context.Context, provider string, payments []string, since, now time.Time) error {
	_, err := s.db.Exec(ctx, endDiscrepancies, provider, payments, since, now)
	return err
}

// Open implements pay.AuditStore.
func (s *Store) Open(ctx context.Context) (n int, err error) {
	err = s.db.QueryRow(ctx, openDiscrepancies).Scan(&n)
	return n, err
}

// Discrepancies implements pay.AuditStore.
func (s *Store) Discrepancies(ctx context.Context, all bool, before pay.Discrepancy, most int) ([]pay.Discrepancy, error) {
	rows, err := s.db.Query(ctx, listDiscrepancies, all, before.Found, before.Provider, before.Payment, before.Kind, most)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (d pay.Discrepancy, err error) {
		var repaired, ended *time.Time
		err = row.Scan(&d.Provider, &d.Payment, &d.Reference, &d.Kind, &d.Ours, &d.Theirs, &d.Found, &repaired, &ended)
		d.Found = d.Found.UTC()
		if repaired != nil {
			d.Repaired = repaired.UTC()
		}
		if ended != nil {
			d.Ended = ended.UTC()
		}
		return d, err
	})
}
