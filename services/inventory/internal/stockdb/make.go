package stockdb

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

// Together implements stock.Store.
func (s *Store) Together(ctx context.Context, m stock.Move) error { return s.crowd.Do(ctx, m) }

// commit makes moves in a transaction of their own.
func (s *Store) commit(ctx context.Context, moves []stock.Move) (results []error, err error) {
	err = crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		results, err = makeMoves(ctx, tx, moves)
		return err
	})
	return results, err
}

// Make implements stock.Store. A single move that is refused keeps no answer, so
// that it can be tried again with the same key.
func (s *Store) Make(ctx context.Context, moves ...stock.Move) ([]error, error) {
	results := make([]error, len(moves))
	_, err := crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (struct{}, error) {
		made, err := makeMoves(ctx, tx, moves)
		copy(results, made)
		if err == nil && len(moves) == 1 {
			err = made[0]
		}
		return struct{}{}, err
	})
	return results, err
}

// makeMoves reads what the moves need, lets the heart make them, and writes down
// what has changed: a handful of statements, however many moves there are.
func makeMoves(ctx context.Context, tx crdb.Tx, moves []stock.Move) ([]error, error) {
	shelf := stock.NewShelf()
	needs := stock.NeedsOf(moves)
	if err := readReservations(ctx, tx, shelf, needs.Reservations); err != nil {
		return nil, err
	}
	if err := readReturns(ctx, tx, shelf, needs.Returns); err != nil {
		return nil, err
	}
	if err := readPlaces(ctx, tx, shelf, needs.Locations); err != nil {
		return nil, err
	}
	skus := needs.SKUs
	for _, r := range shelf.Reservations {
		for _, l := range r.Lines {
			skus = append(skus, l.SKU)
		}
	}
	slices.Sort(skus)
	if _, err := readItems(ctx, tx, shelf, lockItems, levelsOf, slices.Compact(skus)); err != nil {
		return nil, err
	}
	if err := readKeys(ctx, tx, shelf, needs.Keys); err != nil {
		return nil, err
	}
	if err := readBooks(ctx, tx, shelf, needs.Books); err != nil {
		return nil, err
	}
	before := map[stock.SKU]stock.Availability{}
	for sku, i := range shelf.Items {
		before[sku] = i.Was()
	}
	results := shelf.Make(moves)
	return results, write(ctx, tx, shelf, before)
}

const (
	lockReservations = `SELECT id, state, lines, held, order_id, expires_at FROM reservation WHERE id = ANY($1) ORDER BY id FOR UPDATE`
	findReturns      = `SELECT id FROM returned WHERE id = ANY($1)`
	// Whoever holds the item's row holds its levels.
	lockItems = `SELECT sku, backorder, expected_at, backorder_limit, safety, low_at, available, version FROM item WHERE sku = ANY($1) ORDER BY sku FOR UPDATE`
)

func readReservations(ctx context.Context, tx crdb.Tx, shelf *stock.Shelf, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, lockReservations, ids)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanReservation(rows)
		if err != nil {
			return err
		}
		shelf.Reservations[r.ID] = &r
	}
	return rows.Err()
}

func readReturns(ctx context.Context, tx crdb.Tx, shelf *stock.Shelf, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, findReturns, ids)
	if err != nil {
		return err
	}
	var id string
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error {
		shelf.Returns[id] = true
		return nil
	})
	return err
}

func readItems(ctx context.Context, tx crdb.Tx, shelf *stock.Shelf, items, levels string, args ...any) (order []stock.SKU, err error) {
	rows, err := tx.Query(ctx, items, args...)
	if err != nil {
		return nil, err
	}
	var i stock.Item
	var expected *time.Time
	_, err = pgx.ForEachRow(rows, []any{&i.SKU, &i.Backorder, &expected, &i.Limit, &i.Safety, &i.LowAt, &i.Told, &i.Version}, func() error {
		own := i
		own.Expected = timeOf(expected)
		shelf.Items[i.SKU] = &own
		order = append(order, i.SKU)
		return nil
	})
	if err != nil || len(order) == 0 {
		return order, err
	}
	return order, readLevels(ctx, tx, shelf, levels, order)
}

func readLevels(ctx context.Context, tx crdb.Tx, shelf *stock.Shelf, levels string, of []stock.SKU) error {
	if len(of) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, levels, of)
	if err != nil {
		return err
	}
	var sku stock.SKU
	var l stock.Level
	_, err = pgx.ForEachRow(rows, []any{&sku, &l.Location, &l.OnHand, &l.Reserved, &l.Priority, &l.Closed, &l.Unlisted}, func() error {
		shelf.Items[sku].Levels = append(shelf.Items[sku].Levels, l)
		return nil
	})
	return err
}

const (
	writeItems = `INSERT INTO item (sku, backorder, available, version, expected_at, backorder_limit, safety, low_at, owed)
		SELECT i.sku, i.backorder, i.available, i.version, i.expected_at, i.backorder_limit, i.safety, i.low_at, i.owed
		FROM unnest($1::TEXT[], $2::BOOL[], $3::INT8[], $4::INT8[], $5::TIMESTAMPTZ[], $6::INT8[], $7::INT8[], $8::INT8[], $9::INT8[])
			AS i (sku, backorder, available, version, expected_at, backorder_limit, safety, low_at, owed)
		ON CONFLICT (sku) DO UPDATE SET backorder = excluded.backorder, available = excluded.available, version = excluded.version, expected_at = excluded.expected_at,
			backorder_limit = excluded.backorder_limit, safety = excluded.safety, low_at = excluded.low_at, owed = excluded.owed`
	writeLevels = `INSERT INTO level (sku, location, on_hand, reserved, backorder)
		SELECT l.sku, l.location, l.on_hand, l.reserved, l.backorder FROM unnest($1::TEXT[], $2::TEXT[], $3::INT8[], $4::INT8[], $5::BOOL[]) AS l (sku, location, on_hand, reserved, backorder)
		ON CONFLICT (sku, location) DO UPDATE SET on_hand = excluded.on_hand, reserved = excluded.reserved, backorder = excluded.backorder`
	writeEntries = `INSERT INTO ledger (id, sku, location, kind, units, reason, actor, created_at)
		SELECT e.id, e.sku, e.location, e.kind, e.units, e.reason, e.actor, e.created_at
		FROM unnest($1::UUID[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::INT8[], $6::TEXT[], $7::TEXT[], $8::TIMESTAMPTZ[]) AS e (id, sku, location, kind, units, reason, actor, created_at)`
	writeReservations = `INSERT INTO reservation (id, state, lines, held, order_id, expires_at)
		SELECT r.id, r.state, r.lines::JSONB, r.held::JSONB, r.order_id, r.expires_at
		FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TIMESTAMPTZ[]) AS r (id, state, lines, held, order_id, expires_at)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, lines = excluded.lines, held = excluded.held, order_id = excluded.order_id, expires_at = excluded.expires_at`
	writeReturns = `INSERT INTO returned (id, created_at) SELECT r.id, now() FROM unnest($1::TEXT[]) AS r (id)`
)

// write sends all statements at once.
func write(ctx context.Context, tx crdb.Tx, shelf *stock.Shelf, before map[stock.SKU]stock.Availability) error {
	w := &crdb.Writes{Tx: tx}
	if err := writeAll(ctx, w, shelf, before); err != nil {
		return err
	}
	return w.Send(ctx)
}

func writeAll(ctx context.Context, tx crdb.Tx, shelf *stock.Shelf, before map[stock.SKU]stock.Availability) error {
	if err := writeShelf(ctx, tx, shelf, before); err != nil {
		return err
	}
	if err := writeLedger(ctx, tx, shelf.Entries); err != nil {
		return err
	}
	if err := noteKeys(ctx, tx, shelf); err != nil {
		return err
	}
	if len(shelf.ChangedReservations) > 0 {
		if err := writeHeld(ctx, tx, shelf); err != nil {
			return err
		}
	}
	if len(shelf.NewReturns) > 0 {
		_, err := tx.Exec(ctx, writeReturns, shelf.NewReturns)
		return err
	}
	return nil
}

func writeShelf(ctx context.Context, tx crdb.Tx, shelf *stock.Shelf, before map[stock.SKU]stock.Availability) error {
	if len(shelf.ChangedItems) == 0 {
		return nil
	}
	var (
		skus, levelSKUs     []stock.SKU
		locations           []stock.Location
		backorders, ofLevel []bool
		available, versions []int64
		onHand, reserved    []int64
		expected            []*time.Time
		limits, safeties    []int64
		lows, owed          []int64
		events              []bus.Event
	)
	for _, sku := range sorted(shelf.ChangedItems) {
		i := shelf.Items[sku]
		skus, backorders = append(skus, sku), append(backorders, i.Backorder)
		available, versions = append(available, i.Available()), append(versions, i.Version)
		expected, limits, safeties = append(expected, orNull(i.Expected)), append(limits, i.Limit), append(safeties, i.Safety)
		lows, owed = append(lows, i.LowAt), append(owed, i.Owed())
		for _, l := range i.Levels {
			levelSKUs, locations = append(levelSKUs, sku), append(locations, l.Location)
			onHand, reserved, ofLevel = append(onHand, l.OnHand), append(reserved, l.Reserved), append(ofLevel, i.Backorder)
		}
		now := i.Promise()
		if was, known := before[sku]; known && !now.News(was) {
			continue
		}
		events = append(events, bus.Event{Topic: stock.TopicAvailability, Key: string(sku), Fact: stock.AvailabilityChanged{SKU: sku, Available: now.Available, Backorder: now.Backorder, Version: i.Version}})
		if now.Low && !before[sku].Low {
			events = append(events, bus.Event{Topic: stock.TopicLow, Key: string(sku), Fact: stock.StockLow{SKU: sku, Available: now.Available, Threshold: i.LowAt, Version: i.Version}})
		}
	}
	if _, err := tx.Exec(ctx, writeItems, skus, backorders, available, versions, expected, limits, safeties, lows, owed); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, writeLevels, levelSKUs, locations, onHand, reserved, ofLevel); err != nil {
		return err
	}
	if err := addUnlisted(ctx, tx, shelf); err != nil {
		return err
	}
	return bus.PutAll(ctx, tx, events...)
}

func writeLedger(ctx context.Context, tx crdb.Tx, entries []stock.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	var (
		ids             []uuid.UUID
		skus            []stock.SKU
		locations       []stock.Location
		kinds           []stock.Kind
		units           []int64
		reasons, actors []string
		times           []time.Time
	)
	for _, e := range entries {
		ids, skus, locations, kinds = append(ids, uuid.New()), append(skus, e.SKU), append(locations, e.Location), append(kinds, e.Kind)
		units, reasons, actors, times = append(units, e.Units), append(reasons, e.Reason), append(actors, e.Actor), append(times, e.Time)
	}
	_, err := tx.Exec(ctx, writeEntries, ids, skus, locations, kinds, units, reasons, actors, times)
	return err
}

func writeHeld(ctx context.Context, tx crdb.Tx, shelf *stock.Shelf) error {
	var (
		ids, lines, helds, orders []string
		states                    []stock.State
		expires                   []time.Time
	)
	for _, id := range sorted(shelf.ChangedReservations) {
		r := shelf.Reservations[id]
		l, err := list(r.Lines)
		if err != nil {
			return err
		}
		h, err := list(r.Held)
		if err != nil {
			return err
		}
		ids, lines, helds, orders = append(ids, id), append(lines, l), append(helds, h), append(orders, r.Order)
		states, expires = append(states, r.State), append(expires, r.Expires)
	}
	_, err := tx.Exec(ctx, writeReservations, ids, states, lines, helds, orders, expires)
	return err
}

// list is JSON of a list, an empty one for none.
func list[T any](all []T) (string, error) {
	if all == nil {
		all = []T{}
	}
	text, err := json.Marshal(all)
	return string(text), err
}

func sorted[K ~string](set map[K]bool) []K {
	keys := make([]K, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
