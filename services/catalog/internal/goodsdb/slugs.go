package goodsdb

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
)

// Which of the slugs are taken already.
const (
	productSlugs    = `SELECT slug FROM products WHERE slug = ANY($1::text[])`
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
