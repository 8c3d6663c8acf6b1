package goodsdb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/services/catalog/internal/goods"
)

// A list begins with what it is narrowed to. Each has statements of its own: of
// one that says "no category, or one of these" a database reads all products.
// Parameters: $1 categories, $2 brand, $3 collection, $4 currency, $5 and $6
// prices, $7 and $8 names and values of facts. NULL and 0 are open.
const (
	fromProducts = `SELECT ` + columns + ` FROM products AS p LEFT JOIN brands AS b ON b.id = p.brand_id`
	fromPriced   = `SELECT ` + columns + ` FROM products AS p JOIN lowest_prices AS l ON l.product_id = p.id AND l.currency = $4::text LEFT JOIN brands AS b ON b.id = p.brand_id`

	everywhere   = ` WHERE $1::uuid[] IS NULL AND $3::uuid IS NULL`
	inCategory   = ` WHERE p.id IN (SELECT pc.product_id FROM product_categories AS pc WHERE pc.category_id = ANY($1::uuid[])) AND ($3::uuid IS NULL OR EXISTS (SELECT 1 FROM product_collections AS pl WHERE pl.product_id = p.id AND pl.collection_id = $3::uuid))`
	inCollection = ` WHERE p.id IN (SELECT pl.product_id FROM product_collections AS pl WHERE pl.collection_id = $3::uuid) AND $1::uuid[] IS NULL`

	filters = ` AND p.status = 'published'
	AND ($2::uuid IS NULL OR p.brand_id = $2::uuid)
	AND (($5::int8 = 0 AND $6::int8 = 0) OR EXISTS (SELECT 1 FROM prices AS pr WHERE pr.product_id = p.id AND pr.currency = $4::text AND pr.minor_units >= $5::int8 AND ($6::int8 = 0 OR pr.minor_units <= $6::int8)))
	AND NOT EXISTS (SELECT 1 FROM unnest($7::text[], $8::text[]) AS w (name, value) WHERE NOT EXISTS (SELECT 1 FROM product_facts AS f WHERE f.product_id = p.id AND f.name = w.name AND f.value = w.value))`
)

// Orders: $9 is the cursor's id, NULL at the beginning, $10 its key, $11 how many.
const (
	newest   = filters + ` AND ($9::uuid IS NULL OR (p.created_at, p.id) < ($10::timestamptz, $9::uuid)) ORDER BY p.created_at DESC, p.id DESC LIMIT $11`
	byTitle  = filters + ` AND ($9::uuid IS NULL OR (p.title_key, p.id) > ($10::text, $9::uuid)) ORDER BY p.title_key, p.id LIMIT $11`
	cheapest = filters + ` AND ($9::uuid IS NULL OR (l.minor_units, l.product_id) > ($10::int8, $9::uuid)) ORDER BY l.minor_units, l.product_id LIMIT $11`
	dearest  = filters + ` AND ($9::uuid IS NULL OR (l.minor_units, l.product_id) < ($10::int8, $9::uuid)) ORDER BY l.minor_units DESC, l.product_id DESC LIMIT $11`
)

const (
	newestEverywhere   = fromProducts + everywhere + newest
	newestInCategory   = fromProducts + inCategory + newest
	newestInCollection = fromProducts + inCollection + newest

	byTitleEverywhere   = fromProducts + everywhere + byTitle
	byTitleInCategory   = fromProducts + inCategory + byTitle
	byTitleInCollection = fromProducts + inCollection + byTitle

	cheapestEverywhere   = fromPriced + everywhere + cheapest
	cheapestInCategory   = fromPriced + inCategory + cheapest
	cheapestInCollection = fromPriced + inCollection + cheapest

	dearestEverywhere   = fromPriced + everywhere + dearest
	dearestInCategory   = fromPriced + inCategory + dearest
	dearestInCollection = fromPriced + inCollection + dearest
)

// lists are the statements of each order.
var lists = map[goods.Sort]struct{ everywhere, inCategory, inCollection string }{
	goods.Newest:   {newestEverywhere, newestInCategory, newestInCollection},
	goods.ByTitle:  {byTitleEverywhere, byTitleInCategory, byTitleInCollection},
	goods.Cheapest: {cheapestEverywhere, cheapestInCategory, cheapestInCollection},
	goods.Dearest:  {dearestEverywhere, dearestInCategory, dearestInCollection},
}

// List implements goods.Store.
func (s *Store) List(ctx context.Context, q goods.Query, after *goods.Cursor) ([]goods.Product, goods.Shelf, error) {
	shelf, below, err := s.narrow(ctx, q)
	if err != nil {
		return nil, shelf, err
	}
	names, values := make([]string, len(q.Attributes)), make([]string, len(q.Attributes))
	for i, a := range q.Attributes {
		names[i], values[i] = a.Name, a.Value
	}
	var from *uuid.UUID
	cursor := goods.Cursor{}
	if after != nil {
		from, cursor = orNil(after.ID), *after
	}
	list, statement := lists[q.Sort], ""
	switch {
	case shelf.Category != "":
		statement = list.inCategory
	case shelf.Collection != "":
		statement = list.inCollection
	default:
		statement = list.everywhere
	}
	var key any
	switch q.Sort {
	case goods.ByTitle:
		key = cursor.Text
	case goods.Cheapest, goods.Dearest:
		key = cursor.Number
	default:
		key = cursor.Time()
	}
	all, err := s.collect(ctx, statement, below, orNil(shelf.Brand), orNil(shelf.Collection), q.Currency, q.Min, q.Max, names, values, from, key, q.Size+1)
	return all, shelf, err
}

const (
	categoryIDBySlug   = `SELECT id FROM categories WHERE slug = $1 OR id = $2`
	brandIDBySlug      = `SELECT id FROM brands WHERE slug = $1 OR id = $2`
	collectionIDBySlug = `SELECT id FROM collections WHERE slug = $1 OR id = $2`
	categoriesBelow    = `WITH RECURSIVE down (id, steps) AS (
	SELECT c.id, 0::int8 FROM categories AS c WHERE c.id = $1
	UNION ALL
	SELECT c.id, d.steps + 1 FROM down AS d JOIN categories AS c ON c.parent_id = d.id WHERE d.steps < 16
) SELECT id FROM down`
)

// narrow finds what the query names, and all categories below its category.
func (s *Store) narrow(ctx context.Context, q goods.Query) (shelf goods.Shelf, below []uuid.UUID, err error) {
	find := func(statement, name string, missing error) (string, error) {
		if name == "" {
			return "", nil
		}
		var id uuid.UUID
		err := s.db.QueryRow(ctx, statement, name, orNil(name)).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return "", missing
		}
		return id.String(), err
	}
	id, err := find(categoryIDBySlug, q.Category, goods.ErrNoCategory)
	if err != nil {
		return shelf, nil, err
	}
	shelf.Category = goods.CategoryID(id)
	if id, err = find(brandIDBySlug, q.Brand, goods.ErrNoBrand); err != nil {
		return shelf, nil, err
	}
	shelf.Brand = goods.BrandID(id)
	if id, err = find(collectionIDBySlug, q.Collection, goods.ErrNoCollection); err != nil {
		return shelf, nil, err
	}
	shelf.Collection = goods.CollectionID(id)
	if shelf.Category == "" {
		return shelf, nil, nil
	}
	rows, err := s.db.Query(ctx, categoriesBelow, orNil(shelf.Category))
	if err != nil {
		return shelf, nil, err
	}
	below, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return shelf, nil, fmt.Errorf("read categories below %s: %w", shelf.Category, err)
	}
	return shelf, below, nil
}

// listAny: $1 status or empty, $2 words, $3 a SKU, $4 cursor's id, $5 its time, $6 how many.
const listAny = `SELECT ` + columns + ` FROM products AS p LEFT JOIN brands AS b ON b.id = p.brand_id
	WHERE ($1::text = '' OR p.status = $1::text)
	AND (NOT EXISTS (SELECT 1 FROM unnest($2::text[]) AS w (word) WHERE strpos(p.title_key, w.word) = 0) OR EXISTS (SELECT 1 FROM variants AS v WHERE v.product_id = p.id AND v.sku = $3::text))
	AND ($4::uuid IS NULL OR (p.updated_at, p.id) < ($5::timestamptz, $4::uuid)) ORDER BY p.updated_at DESC, p.id DESC LIMIT $6`

// ListAny implements goods.Store.
func (s *Store) ListAny(ctx context.Context, q goods.AdminQuery, after *goods.Cursor) ([]goods.Product, error) {
	var from *uuid.UUID
	cursor := goods.Cursor{}
	if after != nil {
		from, cursor = orNil(after.ID), *after
	}
	return s.collect(ctx, listAny, string(q.Status), strings.Fields(goods.Fold(q.Words)), q.Words, from, cursor.Time(), q.Size+1)
}
