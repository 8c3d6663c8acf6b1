package stockdb

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

// Alone implements stock.Store.
func (s *Store) Alone(ctx context.Context, m stock.Move) error {
	results, err := s.commit(ctx, []stock.Move{m})
	if err != nil {
		return err
	}
	return results[0]
}

const (
	itemSKUs  = `SELECT sku FROM item WHERE sku > $1 ORDER BY sku LIMIT $2`
	straySKUs = `SELECT s.sku FROM (SELECT sku FROM ledger WHERE sku > $1 UNION SELECT sku FROM level WHERE sku > $1) AS s
		WHERE NOT EXISTS (SELECT 1 FROM item AS i WHERE i.sku = s.sku) ORDER BY s.sku LIMIT $2`
)

// SKUs implements stock.Store.
func (s *Store) SKUs(ctx context.Context, after stock.SKU, most int) ([]stock.SKU, error) {
	return s.skus(ctx, itemSKUs, after, most)
}

// Strays implements stock.Store.
func (s *Store) Strays(ctx context.Context, after stock.SKU, most int) ([]stock.SKU, error) {
	return s.skus(ctx, straySKUs, after, most)
}

func (s *Store) skus(ctx context.Context, query string, args ...any) ([]stock.SKU, error) {
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[stock.SKU])
}

const (
	bookedOf = `SELECT sku, location, sum(units)::INT8 FROM ledger WHERE sku = ANY($1) GROUP BY sku, location`
	heldOf   = `SELECT h.sku, h.location, sum(h.units)::INT8 FROM (
			SELECT e->>'SKU' AS sku, e->>'Location' AS location, (e->>'Units')::INT8 AS units
			FROM reservation AS r CROSS JOIN LATERAL jsonb_array_elements(r.held) AS e WHERE r.state = 'held') AS h
		WHERE h.sku = ANY($1) GROUP BY h.sku, h.location`
)

// readBooks puts the books of SKUs on the shelf, with the levels of those that
// are no items, and the locations that they name.
func readBooks(ctx context.Context, tx crdb.Tx, shelf *stock.Shelf, skus []stock.SKU) error {
	if len(skus) == 0 {
		return nil
	}
	places := map[stock.Location]bool{}
	var stray []stock.SKU
	for _, sku := range skus {
		shelf.Books[sku] = stock.Books{Booked: map[stock.Location]int64{}, Held: map[stock.Location]int64{}}
		if _, known := shelf.Items[sku]; !known {
			shelf.Items[sku] = &stock.Item{SKU: sku}
			stray = append(stray, sku)
		}
	}
	if err := readLevels(ctx, tx, shelf, levelsOf, stray); err != nil {
		return err
	}
	for query, side := range map[string]func(stock.SKU) map[stock.Location]int64{
		bookedOf: func(sku stock.SKU) map[stock.Location]int64 { return shelf.Books[sku].Booked },
		heldOf:   func(sku stock.SKU) map[stock.Location]int64 { return shelf.Books[sku].Held },
	} {
		rows, err := tx.Query(ctx, query, skus)
		if err != nil {
			return err
		}
		var sku stock.SKU
		var where stock.Location
		var units int64
		_, err = pgx.ForEachRow(rows, []any{&sku, &where, &units}, func() error {
			side(sku)[where] = units
			places[where] = true
			return nil
		})
		if err != nil {
			return err
		}
	}
	return readPlaces(ctx, tx, shelf, slices.Sorted(maps.Keys(places)))
}
