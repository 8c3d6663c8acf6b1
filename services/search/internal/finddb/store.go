// Package finddb remembers what was told of products and stock, so that an
// index can be made from it at any time, by any instance.
package finddb

import (
	"context"
	"embed"
	"encoding/json"
	"io/fs"
	"time"

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
	changedDocuments = `SELECT id, version, body, changed_at FROM document WHERE changed_at >= $1 ORDER BY changed_at, id`
	changedStock     = `SELECT sku, version, in_stock, changed_at FROM stock WHERE changed_at >= $1 ORDER BY changed_at, sku`
	countDocuments   = `SELECT count(*) FROM document`
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

// Stock is what is known of one SKU.
type Stock struct {
	SKU     string
	Version int64
	InStock bool
}

// Changes is what was remembered since a time.
type Changes struct {
	Documents []find.Document
	Stock     []Stock
	// The time of the last of them; zero when there is none.
	Last time.Time
}

// Since returns what was remembered at or after a time.
func (s *Store) Since(ctx context.Context, from time.Time) (Changes, error) {
	var c Changes
	if err := s.documents(ctx, from, &c); err != nil {
		return c, err
	}
	return c, s.stock(ctx, from, &c)
}

func (s *Store) documents(ctx context.Context, from time.Time, c *Changes) error {
	rows, err := s.db.Query(ctx, changedDocuments, from)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var d find.Document
		var id string
		var version int64
		var body []byte
		var at time.Time
		if err := rows.Scan(&id, &version, &body, &at); err != nil {
			return err
		}
		if err := json.Unmarshal(body, &d); err != nil {
			return err
		}
		c.Documents = append(c.Documents, d)
		c.see(at)
	}
	return rows.Err()
}

func (s *Store) stock(ctx context.Context, from time.Time, c *Changes) error {
	rows, err := s.db.Query(ctx, changedStock, from)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var st Stock
		var at time.Time
		if err := rows.Scan(&st.SKU, &st.Version, &st.InStock, &at); err != nil {
			return err
		}
		c.Stock = append(c.Stock, st)
		c.see(at)
	}
	return rows.Err()
}

func (c *Changes) see(at time.Time) {
	if at.After(c.Last) {
		c.Last = at
	}
}
