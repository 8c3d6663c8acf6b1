// Package goodsdb keeps the catalog in SQL.
//
// A product is one row with its document; the tables around it are indexes that
// are written with it. Everything that is written goes through write.go, in one
// transaction with what is told about it.
package goodsdb

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the service's own, in order.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("goodsdb: " + err.Error())
	}
	return sub
}

// Store is a goods.Store.
type Store struct{ db *crdb.DB }

// New returns a store on a migrated database.
func New(db *crdb.DB) *Store { return &Store{db} }

var _ goods.Store = (*Store)(nil)

// reader is what reads need: the pool, or a transaction.
type reader interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// columns are what scan reads, of products p and brands b.
const columns = `p.id, p.slug, p.external_id, p.status, p.version, p.created_at, p.updated_at, p.document, COALESCE(b.slug, ''), COALESCE(b.name, '')`

func scan(row pgx.CollectableRow) (goods.Product, error) {
	var p goods.Product
	var id uuid.UUID
	var slug, external, status, brandSlug, brandName string
	var document []byte
	var read goods.Product
	if err := row.Scan(&id, &slug, &external, &status, &read.Version, &read.Created, &read.Updated, &document, &brandSlug, &brandName); err != nil {
		return p, err
	}
	if err := json.Unmarshal(document, &p); err != nil {
		return p, fmt.Errorf("document of product %s: %w", id, err)
	}
	// The columns are the truth: a rename of a category counts versions in SQL.
	p.ID, p.Slug, p.ExternalID, p.Status = goods.ProductID(id.String()), slug, external, goods.Status(status)
	p.Version, p.Created, p.Updated = read.Version, read.Created.UTC(), read.Updated.UTC()
	p.Brand.Slug, p.Brand.Name = brandSlug, brandName
	return p, nil
}

const (
	productByID     = `SELECT ` + columns + ` FROM products AS p LEFT JOIN brands AS b ON b.id = p.brand_id WHERE p.id = $1`
	productBySlug   = `SELECT ` + columns + ` FROM products AS p LEFT JOIN brands AS b ON b.id = p.brand_id WHERE p.slug = $1`
	productByFormer = `SELECT ` + columns + ` FROM products AS p LEFT JOIN brands AS b ON b.id = p.brand_id WHERE p.id = (SELECT f.product_id FROM former_slugs AS f WHERE f.slug = $1)`
)

// Product implements goods.Store.
func (s *Store) Product(ctx context.Context, key goods.Key) (goods.Product, error) {
	if key.ID == "" {
		p, err := s.one(ctx, productBySlug, key.Slug)
		if errors.Is(err, goods.ErrNoProduct) {
			return s.one(ctx, productByFormer, key.Slug)
		}
		return p, err
	}
	id, err := uuid.Parse(key.ID)
	if err != nil {
		return goods.Product{}, goods.ErrNoProduct
	}
	return s.one(ctx, productByID, id)
}

func (s *Store) one(ctx context.Context, statement string, key any) (goods.Product, error) {
	rows, err := s.db.Query(ctx, statement, key)
	if err != nil {
		return goods.Product{}, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return goods.Product{}, goods.ErrNoProduct
	}
	if err != nil {
		return goods.Product{}, fmt.Errorf("read product: %w", err)
	}
	all := []goods.Product{p}
	err = breadcrumbs(ctx, s.db, all)
	return all[0], err
}

const productsByID = `SELECT ` + columns + ` FROM products AS p LEFT JOIN brands AS b ON b.id = p.brand_id WHERE p.id = ANY($1::uuid[]) AND p.status = 'published'`

// Products implements goods.Store.
func (s *Store) Products(ctx context.Context, ids []goods.ProductID) ([]goods.Product, error) {
	return s.collect(ctx, productsByID, uuids(ids))
}

const productsBySKU = `SELECT ` + columns + ` FROM products AS p LEFT JOIN brands AS b ON b.id = p.brand_id WHERE p.status = 'published' AND p.id IN (SELECT v.product_id FROM variants AS v WHERE v.sku = ANY($1::text[]))`

// Selling implements goods.Store.
func (s *Store) Selling(ctx context.Context, skus []goods.SKU) ([]goods.Product, error) {
	rows, err := s.db.Query(ctx, productsBySKU, words(skus))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// collect reads products with their breadcrumbs.
func (s *Store) collect(ctx context.Context, statement string, args ...any) ([]goods.Product, error) {
	rows, err := s.db.Query(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	return all, breadcrumbs(ctx, s.db, all)
}

// waysUp walks from the categories asked to their roots. wayUp walks from one, and
// takes a third of the time: PostgreSQL plans it once, and the other for each list.
const (
	wayUp = `WITH RECURSIVE up (id, parent_id, slug, name, steps) AS (
	SELECT c.id, c.parent_id, c.slug, c.name, 0::int8 FROM categories AS c WHERE c.id = $1
	UNION ALL
	SELECT c.id, c.parent_id, c.slug, c.name, u.steps + 1 FROM up AS u JOIN categories AS c ON c.id = u.parent_id WHERE u.steps < 16
) SELECT $1::uuid, id, slug, name FROM up ORDER BY steps DESC`
	waysUp = `WITH RECURSIVE up (start, id, parent_id, slug, name, steps) AS (
	SELECT c.id, c.id, c.parent_id, c.slug, c.name, 0::int8 FROM categories AS c WHERE c.id = ANY($1::uuid[])
	UNION ALL
	SELECT u.start, c.id, c.parent_id, c.slug, c.name, u.steps + 1 FROM up AS u JOIN categories AS c ON c.id = u.parent_id WHERE u.steps < 16
) SELECT start, id, slug, name FROM up ORDER BY start, steps DESC`
)

// breadcrumbs fills in the way to each product's first category.
func breadcrumbs(ctx context.Context, r reader, products []goods.Product) error {
	var first []goods.CategoryID
	for _, p := range products {
		if len(p.Categories) > 0 {
			first = append(first, p.Categories[0])
		}
	}
	ids := uuids(first)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	if len(ids) == 0 {
		return nil
	}
	statement, from := waysUp, any(ids)
	if len(ids) == 1 {
		statement, from = wayUp, ids[0]
	}
	rows, err := r.Query(ctx, statement, from)
	if err != nil {
		return err
	}
	ways := map[goods.CategoryID]goods.Path{}
	var start, id uuid.UUID
	var ref goods.Ref
	_, err = pgx.ForEachRow(rows, []any{&start, &id, &ref.Slug, &ref.Name}, func() error {
		ref.ID = goods.CategoryID(id.String())
		key := goods.CategoryID(start.String())
		ways[key] = append(ways[key], ref)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read breadcrumbs: %w", err)
	}
	for i, p := range products {
		if len(p.Categories) > 0 {
			products[i].Breadcrumb = ways[p.Categories[0]]
		}
	}
	return nil
}

// uuids parses ids and leaves out what is none: it names nothing.
func uuids[T ~string](ids []T) []uuid.UUID {
	out := make([]uuid.UUID, 0, len(ids))
	for _, id := range ids {
		if u, err := uuid.Parse(string(id)); err == nil {
			out = append(out, u)
		}
	}
	return out
}

func words[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, w := range all {
		out[i] = string(w)
	}
	return out
}

// orNil turns an id into a column that may be NULL.
func orNil[T ~string](id T) *uuid.UUID {
	u, err := uuid.Parse(string(id))
	if err != nil {
		return nil
	}
	return &u
}
