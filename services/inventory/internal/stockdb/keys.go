package stockdb

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

const findKeys = `SELECT key, sku, location, kind, units FROM adjustment WHERE key = ANY($1)`

func readKeys(ctx context.Context, tx crdb.Tx, shelf *stock.Shelf, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, findKeys, keys)
	if err != nil {
		return err
	}
	var key string
	var k stock.Keyed
	_, err = pgx.ForEachRow(rows, []any{&key, &k.SKU, &k.Location, &k.Kind, &k.Units}, func() error {
		shelf.Keyed[key] = k
		return nil
	})
	return err
}

const writeKeys = `INSERT INTO adjustment (key, sku, location, kind, units, created_at)
	SELECT k.key, k.sku, k.location, k.kind, k.units, now()
	FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::INT8[]) AS k (key, sku, location, kind, units)`

func noteKeys(ctx context.Context, tx crdb.Tx, shelf *stock.Shelf) error {
	if len(shelf.NewKeys) == 0 {
		return nil
	}
	var (
		skus      []stock.SKU
		locations []stock.Location
		kinds     []stock.Kind
		units     []int64
	)
	for _, key := range shelf.NewKeys {
		k := shelf.Keyed[key]
		skus, locations, kinds, units = append(skus, k.SKU), append(locations, k.Location), append(kinds, k.Kind), append(units, k.Units)
	}
	_, err := tx.Exec(ctx, writeKeys, shelf.NewKeys, skus, locations, kinds, units)
	return err
}
