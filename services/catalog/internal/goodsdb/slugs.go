package goodsdb

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
)

// Which of the slugs are taken already.
const (
	productSlugs    = `SELECT slug FROM products WHERE slug = ANY($1::text[]) UNION SELECT slug FROM former_slugs WHERE slug = ANY($1::text[])`
	categorySlugs   = `SELECT slug FROM categories WHERE slug = ANY($1::text[])`
	collectionSlugs = `SELECT slug FROM collections WHERE slug = ANY($1::text[])`
	brandSlugs      = `SELECT slug FROM brands WHERE slug = ANY($1::text[])`
)

// freeSlugs finds a free slug for each wish: itself, else with the first free
// number behind it, else, among very many, with a random one. Taken are those
// that the transaction is about to use.
func freeSlugs(ctx context.Context, tx crdb.Tx, statement string, wishes []string, taken map[string]bool) ([]string, error) {
	out := make([]string, len(wishes))
	left := make([]int, len(wishes))
	for i := range left {
		left[i] = i
	}
	for round := 0; len(left) > 0; round++ {
		var ask []string
		options := map[int][]string{}
		for _, i := range left {
			options[i] = variations(wishes[i], round)
			ask = append(ask, options[i]...)
		}
		rows, err := tx.Query(ctx, statement, ask)
		if err != nil {
			return nil, err
		}
		used, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, fmt.Errorf("look for free slugs: %w", err)
		}
		for _, slug := range used {
			taken[slug] = true
		}
		var still []int
		for _, i := range left {
			if out[i] = firstFree(options[i], taken); out[i] == "" {
				still = append(still, i)
				continue
			}
			taken[out[i]] = true
		}
		left = still
	}
	return out, nil
}

// variations are the slugs to try in a round: the wish with 2 to 9 behind it,
// then 10 to 39, then random numbers.
func variations(wish string, round int) []string {
	switch round {
	case 0:
		return append([]string{wish}, numbered(wish, 2, 9)...)
	case 1:
		return numbered(wish, 10, 39)
	}
	return []string{fmt.Sprintf("%s-%08x", wish, rand.Uint32())}
}

func numbered(wish string, from, to int) []string {
	var all []string
	for n := from; n <= to; n++ {
		all = append(all, fmt.Sprintf("%s-%d", wish, n))
	}
	return all
}

func firstFree(options []string, taken map[string]bool) string {
	for _, o := range options {
		if !taken[o] {
			return o
		}
	}
	return ""
}

const (
	forgetFormer = `DELETE FROM former_slugs WHERE slug = ANY($1::text[])`
	putFormer    = `INSERT INTO former_slugs (slug, product_id) SELECT n.slug, n.product_id FROM unnest($1::text[], $2::uuid[]) AS n (slug, product_id)
	ON CONFLICT (slug) DO UPDATE SET product_id = excluded.product_id`
)

// keepFormer remembers the slugs that products had, so that old links find them,
// until another product takes one.
func keepFormer(ctx context.Context, tx crdb.Tx, matches []*goods.Product, outcomes []goods.Outcome, changed []int) error {
	var taken, left []string
	var ids []goods.ProductID
	for _, i := range changed {
		next := outcomes[i].Product
		if matches[i] != nil && matches[i].Slug == next.Slug {
			continue
		}
		taken = append(taken, next.Slug)
		if matches[i] != nil {
			left, ids = append(left, matches[i].Slug), append(ids, next.ID)
		}
	}
	if len(taken) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, forgetFormer, taken); err != nil || len(left) == 0 {
		return err
	}
	_, err := tx.Exec(ctx, putFormer, left, uuids(ids))
	return err
}
