package goodsdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
)

const (
	allBrands   = `SELECT id, slug, name FROM brands ORDER BY name_key, id`
	brandByID   = `SELECT id, slug, name FROM brands WHERE id = $1`
	brandBySlug = `SELECT id, slug, name FROM brands WHERE slug = $1`
	brandsNamed = `SELECT id, slug, name FROM brands WHERE name_key = ANY($1::text[]) OR id = ANY($2::uuid[]) OR slug = ANY($3::text[])`
	putBrand    = `INSERT INTO brands (id, slug, name, name_key) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name, name_key = excluded.name_key`
)

func scanBrand(row pgx.CollectableRow) (goods.Brand, error) {
	var b goods.Brand
	var id uuid.UUID
	err := row.Scan(&id, &b.Slug, &b.Name)
	b.ID = goods.BrandID(id.String())
	return b, err
}

// Brands implements goods.Store.
func (s *Store) Brands(ctx context.Context) ([]goods.Brand, error) {
	rows, err := s.db.Query(ctx, allBrands)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanBrand)
}

// PutBrand implements goods.Store. A new name is told with the products that bear it.
func (s *Store) PutBrand(ctx context.Context, key goods.Key, decide func(*goods.Brand) (goods.Brand, error), now time.Time) (goods.Brand, error) {
	b, err := retryTaken(func() (goods.Brand, error) {
		return crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (goods.Brand, error) {
			old, err := find(ctx, tx, key, brandByID, brandBySlug, scanBrand)
			if err != nil {
				return goods.Brand{}, err
			}
			next, err := decide(old)
			if err != nil || old != nil && *old == next {
				return next, err
			}
			if next.Slug == "" {
				slugs, err := freeSlugs(ctx, tx, brandSlugs, []string{goods.Slug(next.Name, "brand")}, map[string]bool{})
				if err != nil {
					return next, err
				}
				next.Slug = slugs[0]
			}
			if err := storeBrand(ctx, tx, next); err != nil || old == nil {
				return next, err
			}
			tree, err := readTree(ctx, tx)
			if err != nil {
				return next, err
			}
			return next, touch(ctx, tx, tree, productsOfBrand, uuids([]goods.BrandID{next.ID}), now)
		})
	})
	return b, translate(err)
}

// find reads one thing by id, else by slug; nil when there is none.
func find[T any](ctx context.Context, tx crdb.Tx, key goods.Key, byID, bySlug string, scan pgx.RowToFunc[T]) (*T, error) {
	statement, arg := bySlug, any(key.Slug)
	if key.ID != "" {
		statement, arg = byID, orNil(key.ID)
	}
	rows, err := tx.Query(ctx, statement, arg)
	if err != nil {
		return nil, err
	}
	one, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return &one, err
}

// settleBrands finds the offers' brands by id, else by slug, else by name, and
// makes those that have a name only and that nobody has heard of.
func settleBrands(ctx context.Context, tx crdb.Tx, offers []goods.Offer, outcomes []goods.Outcome) error {
	var ids []goods.BrandID
	var slugs, keys []string
	for _, o := range offers {
		b := o.Product.Brand
		ids, slugs, keys = append(ids, b.ID), append(slugs, b.Slug), append(keys, goods.Fold(b.Name))
	}
	found, err := tx.Query(ctx, brandsNamed, keys, uuids(ids), slugs)
	if err != nil {
		return err
	}
	brands, err := pgx.CollectRows(found, scanBrand)
	if err != nil {
		return fmt.Errorf("read brands: %w", err)
	}
	known := map[string]goods.Brand{}
	note := func(b goods.Brand) {
		known["id "+string(b.ID)], known["slug "+b.Slug], known["name "+goods.Fold(b.Name)] = b, b, b
	}
	for _, b := range brands {
		note(b)
	}
	for i, o := range offers {
		wanted := o.Product.Brand
		if wanted == (goods.Brand{}) || outcomes[i].Err != nil {
			continue
		}
		b, ok := known["name "+goods.Fold(wanted.Name)]
		switch {
		case wanted.ID != "":
			b, ok = known["id "+string(wanted.ID)]
		case wanted.Slug != "":
			if bySlug, known := known["slug "+wanted.Slug]; known {
				b, ok = bySlug, true
			}
		}
		switch {
		case ok:
		case wanted.ID != "" || wanted.Name == "":
			outcomes[i].Err = fault.New(fault.Invalid, "product_invalid", "The product has mistakes.").On("brand", "There is no such brand.")
			continue
		default:
			if b, err = makeBrand(ctx, tx, wanted.Name); err != nil {
				return err
			}
			note(b)
		}
		offers[i].Product.Brand = b
	}
	return nil
}

func makeBrand(ctx context.Context, tx crdb.Tx, name string) (goods.Brand, error) {
	slugs, err := freeSlugs(ctx, tx, brandSlugs, []string{goods.Slug(name, "brand")}, map[string]bool{})
	if err != nil {
		return goods.Brand{}, err
	}
	b := goods.Brand{ID: goods.BrandID(uuid.NewString()), Slug: slugs[0], Name: name}
	return b, storeBrand(ctx, tx, b)
}

// storeBrand writes a brand and tells it.
func storeBrand(ctx context.Context, tx crdb.Tx, b goods.Brand) error {
	if _, err := tx.Exec(ctx, putBrand, orNil(b.ID), b.Slug, b.Name, goods.Fold(b.Name)); err != nil {
		return fmt.Errorf("store brand: %w", err)
	}
	return bus.Put(ctx, tx, goods.BrandChangedTopic, string(b.ID), goods.BrandChanged{Brand: b})
}
