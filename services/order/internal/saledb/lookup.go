package saledb

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
)

const missed = `INSERT INTO lookup_miss (number, misses, since) VALUES ($1, 1, $2)
	ON CONFLICT (number) DO UPDATE SET misses = CASE WHEN lookup_miss.since < $3 THEN 1 ELSE lookup_miss.misses + 1 END,
		since = CASE WHEN lookup_miss.since < $3 THEN excluded.since ELSE lookup_miss.since END
	RETURNING misses`

// Missed implements sale.Store.
func (s *Store) Missed(ctx context.Context, number string, now, since time.Time) (n int, err error) {
	err = crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		return tx.QueryRow(ctx, missed, number, now, since).Scan(&n)
	})
	return n, err
}

const misses = `SELECT misses FROM lookup_miss WHERE number = $1 AND since >= $2`

// Misses implements sale.Store.
func (s *Store) Misses(ctx context.Context, number string, since time.Time) (n int, err error) {
	err = s.db.QueryRow(ctx, misses, number, since).Scan(&n)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return n, err
}

const (
	show  = `INSERT INTO viewer (order_id, subject, until) VALUES ($1, $2, $3) ON CONFLICT (order_id, subject) DO UPDATE SET until = excluded.until`
	shown = `SELECT count(*) FROM viewer WHERE order_id = $1 AND subject = ANY($2) AND until > $3`
)

// Show implements sale.Store.
func (s *Store) Show(ctx context.Context, id, subject string, until time.Time) error {
	_, err := s.db.Exec(ctx, show, id, subject, until)
	return err
}

// Shown implements sale.Store.
func (s *Store) Shown(ctx context.Context, id string, who []string, now time.Time) (bool, error) {
	var n int
	err := s.db.QueryRow(ctx, shown, id, who, now).Scan(&n)
	return n > 0, err
}
