package check

import (
	"context"
	"maps"
	"slices"
	"time"
)

type waiting struct {
	Topic  string
	Count  int64
	Oldest time.Time
	Parked bool
}

const readOutbox = `SELECT topic, count(*), min(created_at), published_at IS NOT NULL FROM outbox
	WHERE published_at IS NULL AND created_at < $1 OR published_at > $2 GROUP BY topic, published_at IS NOT NULL ORDER BY topic`

// events says what was not told, or not heard.
func (l *look) events(ctx context.Context) error {
	const lateness = 30 * time.Second
	for _, service := range slices.Sorted(maps.Keys(l.Databases)) {
		if service == "sandbox" {
			continue // it has messages of its own
		}
		left, err := rows[waiting](ctx, l, service, readOutbox, l.late(lateness), l.now.AddDate(1000, 0, 0))
		if err != nil {
			return err
		}
		for _, w := range left {
			if w.Parked {
				l.say("event", "%d of %s cannot be told; the oldest is of %s", w.Count, w.Topic, w.Oldest.UTC().Format(time.RFC3339))
				continue
			}
			l.say("event", "%d of %s wait to be told since %s", w.Count, w.Topic, w.Oldest.UTC().Format(time.RFC3339))
		}
	}
	if l.Bus == nil {
		return nil
	}
	backlog, err := l.Bus.Backlog(ctx)
	if err != nil {
		return err
	}
	for _, b := range backlog {
		if l.Quiet && b.Waiting > 0 {
			l.say("event", "%s has not handled %d", b.Consumer, b.Waiting)
		}
		if b.Dead > 0 {
			l.say("event", "%s has given up on %d: they are dead letters", b.Consumer, b.Dead)
		}
	}
	return nil
}

type shelf struct {
	SKU     string
	InStock bool
}

type known struct {
	ID      string
	Version int64
}

const (
	readShelves   = `SELECT sku, available > 0 OR backorder FROM item ORDER BY sku`
	readFound     = `SELECT sku, in_stock FROM stock`
	readProducts  = `SELECT id::TEXT, version FROM products ORDER BY id`
	readDocuments = `SELECT id, version FROM document`
	readHeard     = `SELECT count(*) FROM inbox WHERE consumer = 'cart'`
	countOrders   = `SELECT count(*) FROM sale_order WHERE created_at > $1`
)

type number struct{ N int64 }

// heard compares what services know with what others told them.
func (l *look) heard(ctx context.Context) error {
	if l.has("inventory", "search") {
		found, err := rows[shelf](ctx, l, "search", readFound)
		if err != nil {
			return err
		}
		shelves, err := rows[shelf](ctx, l, "inventory", readShelves)
		if err != nil {
			return err
		}
		told := by(found, func(s shelf) string { return s.SKU })
		for _, s := range shelves {
			if t, ok := told[s.SKU]; !ok || t.InStock != s.InStock {
				l.say("event", "search has not heard that %s is %s", s.SKU, map[bool]string{true: "there", false: "sold out"}[s.InStock])
			}
		}
	}
	if l.has("catalog", "search") {
		found, err := rows[known](ctx, l, "search", readDocuments)
		if err != nil {
			return err
		}
		products, err := rows[known](ctx, l, "catalog", readProducts)
		if err != nil {
			return err
		}
		told := by(found, func(k known) string { return k.ID })
		for _, p := range products {
			if t := told[p.ID]; t.Version != p.Version {
				l.say("event", "search knows version %d of product %s, which is at %d", t.Version, p.ID, p.Version)
			}
		}
	}
	if !l.has("cart", "order") {
		return nil
	}
	// The inbox is kept for thirty days. What is older than that was heard long ago.
	orders, err := rows[number](ctx, l, "order", countOrders, l.now.AddDate(0, 0, -29))
	if err != nil {
		return err
	}
	heard, err := rows[number](ctx, l, "cart", readHeard)
	if err == nil && heard[0].N < orders[0].N {
		l.say("event", "%d orders were placed, and carts have heard of %d", orders[0].N, heard[0].N)
	}
	return err
}
