package goodsdb

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
)

const (
	allCollections   = `SELECT id, slug, name, description, position, image FROM collections ORDER BY position, name, id`
	collectionByID   = `SELECT id, slug, name, description, position, image FROM collections WHERE id = $1`
	collectionBySlug = `SELECT id, slug, name, description, position, image FROM collections WHERE slug = $1`
	collectionsKnown = `SELECT id FROM collections WHERE id = ANY($1::uuid[])`
	putCollection    = `INSERT INTO collections (id, slug, name, description, position, image) VALUES ($1, $2, $3, $4, $5, $6::jsonb)
	ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name, description = excluded.description, position = excluded.position, image = excluded.image`
)

func scanCollection(row pgx.CollectableRow) (goods.Collection, error) {
	var c goods.Collection
	var id uuid.UUID
	var image []byte
	if err := row.Scan(&id, &c.Slug, &c.Name, &c.Description, &c.Position, &image); err != nil {
		return c, err
	}
	c.ID = goods.CollectionID(id.String())
	return c, pictureFrom(image, &c.Image)
}

// Collections implements goods.Store.
func (s *Store) Collections(ctx context.Context) ([]goods.Collection, error) {
	rows, err := s.db.Query(ctx, allCollections)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanCollection)
}

// PutCollection implements goods.Store.
func (s *Store) PutCollection(ctx context.Context, key goods.Key, decide func(*goods.Collection) (goods.Collection, error)) (goods.Collection, error) {
	c, err := retryTaken(func() (goods.Collection, error) {
		return crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (goods.Collection, error) {
			old, err := find(ctx, tx, key, collectionByID, collectionBySlug, scanCollection)
			if err != nil {
				return goods.Collection{}, err
			}
			next, err := decide(old)
			if err != nil || old != nil && sameCollection(*old, next) {
				return next, err
			}
			if next.Slug == "" {
				slugs, err := freeSlugs(ctx, tx, collectionSlugs, []string{goods.Slug(next.Name, "collection")}, map[string]bool{})
				if err != nil {
					return next, err
				}
				next.Slug = slugs[0]
			}
			image, err := picture(next.Image)
			if err != nil {
				return next, err
			}
			if _, err := tx.Exec(ctx, putCollection, orNil(next.ID), next.Slug, next.Name, next.Description, next.Position, image); err != nil {
				return next, err
			}
			return next, bus.Put(ctx, tx, goods.CollectionChangedTopic, string(next.ID), goods.CollectionChanged{Collection: next})
		})
	})
	return c, translate(err)
}

func sameCollection(a, b goods.Collection) bool {
	if a.Image != nil && b.Image != nil && *a.Image == *b.Image {
		a.Image, b.Image = nil, nil
	}
	return a == b
}

// settleCollections refuses offers that name a collection that is not there.
func settleCollections(ctx context.Context, tx crdb.Tx, offers []goods.Offer, outcomes []goods.Outcome) error {
	var asked []goods.CollectionID
	for _, o := range offers {
		asked = append(asked, o.Product.Collections...)
	}
	if len(asked) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, collectionsKnown, uuids(asked))
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("read collections: %w", err)
	}
	known := map[goods.CollectionID]bool{}
	for _, id := range ids {
		known[goods.CollectionID(id.String())] = true
	}
	for i, o := range offers {
		for n, id := range o.Product.Collections {
			if !known[id] && outcomes[i].Err == nil {
				outcomes[i].Err = invalid("collection_ids", n, "There is no such collection.")
			}
		}
	}
	return nil
}
