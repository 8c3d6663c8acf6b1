package paydb

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
)

const (
	heardEvent = `SELECT true FROM webhook_event WHERE provider = $1 AND id = $2`
	hearEvent  = `INSERT INTO webhook_event (provider, id, heard_at) VALUES ($1, $2, $3) ON CONFLICT (provider, id) DO NOTHING`
	dropEvents = `DELETE FROM webhook_event WHERE heard_at < $1`
)

// Heard implements pay.Store.
func (s *Store) Heard(ctx context.Context, provider, event string) (heard bool, err error) {
	err = s.db.QueryRow(ctx, heardEvent, provider, event).Scan(&heard)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return heard, err
}

// Hear implements pay.Store.
func (s *Store) Hear(ctx context.Context, provider, event string, now time.Time) error {
	return s.shared.InTx(ctx, func(ctx context.Context, tx crdb.Tx) error {
		_, err := tx.Exec(ctx, hearEvent, provider, event, now)
		return err
	})
}

// eventAge is how long messages are remembered: longer than any provider sends
// one again.
const eventAge = 30 * 24 * time.Hour

// Sweep forgets messages that nobody sends again.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	_, err := s.db.Exec(ctx, dropEvents, now.Add(-eventAge))
	return err
}
