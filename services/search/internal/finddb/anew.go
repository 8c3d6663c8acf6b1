package finddb

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/search/internal/find"
)

// What is read anew stands against everything that was told before the reading
// began, whatever its version; what was told meanwhile is newer. What is the same
// is not touched.
const (
	databaseTime  = `SELECT now()`
	renewDocument = `INSERT INTO document (id, version, body, changed_at) VALUES ($1, $2, $3, now())
		ON CONFLICT (id) DO UPDATE SET version = excluded.version, body = excluded.body, changed_at = excluded.changed_at
		WHERE (document.changed_at < $4 OR document.version < excluded.version)
		AND (document.version <> excluded.version OR document.body <> excluded.body)`
	// The answer of inventory has no version: the one that is known stays.
	renewStock = `INSERT INTO stock (sku, version, in_stock, changed_at) VALUES ($1, 0, $2, now())
		ON CONFLICT (sku) DO UPDATE SET in_stock = excluded.in_stock, changed_at = excluded.changed_at
		WHERE stock.changed_at < $3 AND stock.in_stock <> excluded.in_stock`
	publishedIDs = `SELECT id FROM document WHERE body->>'Published' = 'true' AND changed_at < $1`
	hide         = `UPDATE document SET body = jsonb_set(body, '{Published}', 'false'), changed_at = now() WHERE id = $1`
)

// Now is the time by which it is remembered when something was told.
func (s *Store) Now(ctx context.Context) (t time.Time, err error) {
	err = s.db.QueryRow(ctx, databaseTime).Scan(&t)
	return t, err
}

// RenewDocument remembers a product that was read in a reading begun at a time.
func (s *Store) RenewDocument(ctx context.Context, d find.Document, begun time.Time) error {
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return s.exec(ctx, renewDocument, d.ID, d.Version, body, begun)
}

// RenewStock remembers what was read of a SKU.
func (s *Store) RenewStock(ctx context.Context, sku string, inStock bool, begun time.Time) error {
	return s.exec(ctx, renewStock, sku, inStock, begun)
}

// Published returns the ids of products that can be found, but for those told
// since a time.
func (s *Store) Published(ctx context.Context, before time.Time) ([]string, error) {
	rows, err := s.db.Query(ctx, publishedIDs, before)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Hide remembers that a product is not to be found.
func (s *Store) Hide(ctx context.Context, id string) error { return s.exec(ctx, hide, id) }

func (s *Store) exec(ctx context.Context, statement string, args ...any) error {
	return crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		_, err := tx.Exec(ctx, statement, args...)
		return err
	})
}
