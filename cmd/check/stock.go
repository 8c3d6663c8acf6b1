package check

import (
	"context"
	"maps"
	"slices"
)

type level struct {
	SKU, Location            string
	OnHand, Reserved         int64
	Booked, Held             int64
	Sold, Returned           int64 // by the ledger
	SoldHere, ReturnedByHeld int64 // by reservations
}

// Every unit of a level is in the ledger, and every unit reserved is in a
// reservation. Levels that only one side knows are found, too.
const readLevels = `WITH part AS (
		SELECT h.sku, h.location, h.state, sum(h.units)::INT8 AS units, sum(h.returned)::INT8 AS returned FROM (
			SELECT e->>'SKU' AS sku, e->>'Location' AS location, r.state, (e->>'Units')::INT8 AS units, coalesce((e->>'Returned')::INT8, 0) AS returned
			FROM reservation AS r CROSS JOIN LATERAL jsonb_array_elements(r.held) AS e WHERE r.state IN ('held', 'committed')) AS h
		GROUP BY h.sku, h.location, h.state),
	place AS (SELECT sku, location FROM level UNION SELECT sku, location FROM ledger UNION SELECT sku, location FROM part),
	booked AS (SELECT sku, location, sum(units)::INT8 AS units, coalesce(-sum(units) FILTER (WHERE kind = 'sold'), 0)::INT8 AS sold,
		coalesce(sum(units) FILTER (WHERE kind = 'returned'), 0)::INT8 AS returned FROM ledger GROUP BY sku, location)
	SELECT p.sku, p.location, coalesce(l.on_hand, 0), coalesce(l.reserved, 0), coalesce(b.units, 0), coalesce(h.units, 0),
		coalesce(b.sold, 0), coalesce(b.returned, 0), coalesce(c.units, 0), coalesce(c.returned, 0)
	FROM place AS p
	LEFT JOIN level AS l ON l.sku = p.sku AND l.location = p.location
	LEFT JOIN booked AS b ON b.sku = p.sku AND b.location = p.location
	LEFT JOIN part AS h ON h.sku = p.sku AND h.location = p.location AND h.state = 'held'
	LEFT JOIN part AS c ON c.sku = p.sku AND c.location = p.location AND c.state = 'committed'
	ORDER BY p.sku, p.location`

type item struct {
	SKU             string
	Available, Free int64
}

const readItems = `SELECT i.sku, i.available, coalesce((SELECT sum(CASE WHEN p.active THEN l.on_hand - l.reserved WHEN l.on_hand < l.reserved THEN l.on_hand - l.reserved ELSE 0 END) FROM level AS l JOIN location AS p ON p.id = l.location WHERE l.sku = i.sku), 0)::INT8 - i.safety FROM item AS i ORDER BY i.sku`

// stock compares levels with the ledger and with reservations:
// sold + reserved + available = received.
func (l *look) stock(ctx context.Context) error {
	if !l.has("inventory") {
		return nil
	}
	levels, err := rows[level](ctx, l, "inventory", readLevels)
	if err != nil {
		return err
	}
	came := map[string]int64{} // back by the ledger, less by reservations
	for _, v := range levels {
		if v.OnHand != v.Booked {
			l.say("stock", "%s at %s: %d on hand, and the ledger says %d", v.SKU, v.Location, v.OnHand, v.Booked)
		}
		if v.Reserved != v.Held {
			l.say("stock", "%s at %s: %d reserved, and reservations hold %d", v.SKU, v.Location, v.Reserved, v.Held)
		}
		if v.Sold != v.SoldHere {
			l.say("stock", "%s at %s: the ledger has %d sold, and reservations %d", v.SKU, v.Location, v.Sold, v.SoldHere)
		}
		came[v.SKU] += v.Returned - v.ReturnedByHeld
	}
	// Units may come back to another location than they were sold from, and some
	// are booked by hand.
	for _, sku := range slices.Sorted(maps.Keys(came)) {
		if came[sku] < 0 {
			l.say("stock", "%s: reservations have %d more returned than the ledger", sku, -came[sku])
		}
	}
	items, err := rows[item](ctx, l, "inventory", readItems)
	for _, i := range items {
		if i.Available != max(0, i.Free) {
			l.say("stock", "%s: %d said to be available, and %d are", i.SKU, i.Available, max(0, i.Free))
		}
	}
	return err
}
