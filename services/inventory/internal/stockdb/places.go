package stockdb

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

const allPlaces = `SELECT id, name, country, priority, active, changes FROM location ORDER BY priority DESC, id`

// Places implements stock.Store.
func (s *Store) Places(ctx context.Context) ([]stock.Place, error) {
	rows, err := s.db.Query(ctx, allPlaces)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[stock.Place])
}

const setPlace = `INSERT INTO location (id, name, country, priority, active, changes, settled) VALUES ($1, $2, $3, $4, $5, 1, 0)
	ON CONFLICT (id) DO UPDATE SET name = excluded.name, country = excluded.country, priority = excluded.priority, active = excluded.active,
		changes = location.changes + CASE WHEN location.active = excluded.active THEN 0 ELSE 1 END`

// SetPlace implements stock.Store.
func (s *Store) SetPlace(ctx context.Context, p stock.Place) error {
	_, err := crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (struct{}, error) {
		_, err := tx.Exec(ctx, setPlace, p.ID, p.Name, p.Country, p.Priority, p.Active)
		return struct{}{}, err
	})
	return err
}

const unsettled = `SELECT id, name, country, priority, active, changes FROM location WHERE settled < changes ORDER BY id`

// Unsettled implements stock.Store.
func (s *Store) Unsettled(ctx context.Context) ([]stock.Place, error) {
	rows, err := s.db.Query(ctx, unsettled)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[stock.Place])
}

const settled = `UPDATE location SET settled = $2 WHERE id = $1 AND settled < $2`

// Settled implements stock.Store.
func (s *Store) Settled(ctx context.Context, p stock.Place) error {
	return crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		_, err := tx.Exec(ctx, settled, p.ID, p.Changes)
		return err
	})
}

const skusAt = `SELECT sku FROM level WHERE location = $1 AND sku > $2 ORDER BY sku LIMIT $3`

// SKUsAt implements stock.Store.
func (s *Store) SKUsAt(ctx context.Context, where stock.Location, after stock.SKU, most int) ([]stock.SKU, error) {
	rows, err := s.db.Query(ctx, skusAt, where, after, most)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[stock.SKU])
}

const placesNamed = `SELECT id, name, country, priority, active, changes FROM location WHERE id = ANY($1)`

func readPlaces(ctx context.Context, tx crdb.Tx, shelf *stock.Shelf, named []stock.Location) error {
	if len(named) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, placesNamed, named)
	if err != nil {
		return err
	}
	places, err := pgx.CollectRows(rows, pgx.RowToStructByPos[stock.Place])
	for _, p := range places {
		shelf.Places[p.ID] = p
	}
	return err
}

const addPlaces = `INSERT INTO location (id, name, country, priority, active, changes, settled)
	SELECT p.id, p.id, '', 0, true, 0, 0 FROM unnest($1::TEXT[]) AS p (id) ON CONFLICT (id) DO NOTHING`

// addUnlisted lists the locations that somebody put something at.
func addUnlisted(ctx context.Context, tx crdb.Tx, shelf *stock.Shelf) error {
	names := map[stock.Location]bool{}
	for sku := range shelf.ChangedItems {
		for _, l := range shelf.Items[sku].Levels {
			if l.Unlisted {
				names[l.Location] = true
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, addPlaces, sorted(names))
	return err
}
