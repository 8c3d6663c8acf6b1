// Package finddb remembers what was told of products and stock, so that an
// index can be made from it at any time, by any instance.
package finddb

import (
	"context"
	"embed"
	"encoding/json"
	"io/fs"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/search/internal/find"
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

// Store keeps documents and stock.
type Store struct{ db *crdb.DB }

// New returns a store.
func New(db *crdb.DB) *Store { return &Store{db} }

const (
	putDocument = `INSERT INTO document (id, version, body, changed_at) VALUES ($1, $2, $3, now())
		ON CONFLICT (id) DO UPDATE SET version = excluded.version, body = excluded.body, changed_at = excluded.changed_at
		WHERE document.version < excluded.version`
	putStock = `INSERT INTO stock (sku, version, in_stock, changed_at) VALUES ($1, $2, $3, now())
		ON CONFLICT (sku) DO UPDATE SET version = excluded.version, in_stock = excluded.in_stock, changed_at = excluded.changed_at
		WHERE stock.version < excluded.version`
	countDocuments = `SELECT count(*) FROM document`
)

// PutDocument remembers a product unless a newer version of it is known.
func (s *Store) PutDocument(ctx context.Context, d find.Document) error {
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		_, err := tx.Exec(ctx, putDocument, d.ID, d.Version, body)
		return err
	})
}

// PutStock remembers whether a SKU can be bought unless something newer is known.
func (s *Store) PutStock(ctx context.Context, sku string, version int64, inStock bool) error {
	return crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		_, err := tx.Exec(ctx, putStock, sku, version, inStock)
		return err
	})
}

// Count is how many products are known, found or not.
func (s *Store) Count(ctx context.Context) (n int, err error) {
	err = s.db.QueryRow(ctx, countDocuments).Scan(&n)
	return n, err
}
