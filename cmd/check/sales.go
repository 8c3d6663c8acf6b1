package check

import (
	"context"
	"maps"
	"slices"
	"time"
)

type checkout struct {
	ID, Step     string
	Due, Lease   time.Time
	Created      time.Time
	Tries        int64
	HoldsNothing bool // it was refused before anything was asked for
}

type order struct {
	ID, Number, Checkout, Status string
	Currency                     string
	Total                        int64
	Refunded                     int64 // as far as the order knows
	UnderWay                     bool  // something is still being done about it
}

type errand struct {
	ID, Order  string
	Due, Lease time.Time
}

type payment struct {
	ID, State, Currency        string
	Amount, Captured, Refunded int64
	Provider                   string
	Settled                    bool
}

type refund struct {
	Payment, ID string
	Amount      int64
	Done        bool
	Due         time.Time
}

type reservation struct {
	ID, State, Order      string
	Expires               time.Time
	Units, Held, Returned int64
}

const (
	readCheckouts = `SELECT id::TEXT, step, due_at, lease_until, created_at, coalesce((body->>'Tries')::INT8, 0), coalesce((body->>'Moneyless')::BOOL, false) FROM checkout`
	readOrders    = `SELECT o.id::TEXT, o.number, o.checkout::TEXT, o.status, o.body->'Totals'->'Total'->>'currency', (o.body->'Totals'->'Total'->>'minor')::INT8,
		coalesce((SELECT sum((r->'Amount'->>'minor')::INT8) FROM jsonb_array_elements(CASE jsonb_typeof(o.body->'Refunds') WHEN 'array' THEN o.body->'Refunds' ELSE '[]'::JSONB END) AS r
			WHERE r->>'State' = 'done'), 0)::INT8,
		EXISTS (SELECT 1 FROM errand AS e WHERE e.order_id = o.id)
		FROM sale_order AS o`
	readErrands  = `SELECT id, order_id::TEXT, due_at, lease_until FROM errand`
	readPayments = `SELECT id, state, currency, amount, captured, refunded, provider, settled FROM payment`
	readRefunds  = `SELECT payment, id, amount, done, due_at FROM refund`
	readHeld     = `SELECT r.id, r.state, r.order_id, r.expires_at,
		coalesce((SELECT sum((e->>'Units')::INT8) FROM jsonb_array_elements(r.lines) AS e), 0)::INT8,
		coalesce((SELECT sum((e->>'Units')::INT8) FROM jsonb_array_elements(r.held) AS e), 0)::INT8,
		coalesce((SELECT sum(coalesce((e->>'Returned')::INT8, 0)) FROM jsonb_array_elements(r.held) AS e), 0)::INT8
		FROM reservation AS r`
)

// books are what one sale is in each service, by the checkout's id.
type books struct {
	checkouts    map[string]checkout
	orders       map[string]order
	payments     map[string]payment
	reservations map[string]reservation
	given        map[string]int64 // back, by payment
	known        map[string]bool  // orders by their own ids
}

// sales compares checkouts, orders, payments and reservations.
func (l *look) sales(ctx context.Context) error {
	if !l.has("order", "payment", "inventory") {
		return nil
	}
	// Payments and stock first: a checkout that has ended since is judged by what
	// was there before it ended only when it is looked at again.
	held, err := rows[reservation](ctx, l, "inventory", readHeld)
	if err != nil {
		return err
	}
	payments, err := rows[payment](ctx, l, "payment", readPayments)
	if err != nil {
		return err
	}
	refunds, err := rows[refund](ctx, l, "payment", readRefunds)
	if err != nil {
		return err
	}
	checkouts, err := rows[checkout](ctx, l, "order", readCheckouts)
	if err != nil {
		return err
	}
	orders, err := rows[order](ctx, l, "order", readOrders)
	if err != nil {
		return err
	}
	errands, err := rows[errand](ctx, l, "order", readErrands)
	if err != nil {
		return err
	}
	b := books{
		checkouts: by(checkouts, func(c checkout) string { return c.ID }), orders: by(orders, func(o order) string { return o.Checkout }),
		payments: by(payments, func(p payment) string { return p.ID }), reservations: by(held, func(r reservation) string { return r.ID }),
		given: map[string]int64{}, known: map[string]bool{},
	}
	for _, o := range orders {
		b.known[o.ID] = true
	}
	for _, e := range errands {
		l.errand(e)
	}
	for _, r := range refunds {
		l.refund(r, b)
	}
	for _, c := range checkouts {
		l.checkout(c)
	}
	for _, id := range slices.Sorted(maps.Keys(b.payments)) {
		l.payment(b.payments[id], b)
	}
	for _, o := range orders {
		l.order(o, b)
	}
	for _, r := range held {
		l.reservation(r, b)
	}
	return l.provider(ctx, b)
}

func (l *look) checkout(c checkout) {
	const lateness = 30 * time.Second
	switch {
	case c.Step == "ended":
	case c.Due.Before(l.now.Add(-lateness)) && c.Lease.Before(l.now):
		l.say("checkout", "%s should have gone on from %s at %s, and nobody has taken it up", c.ID, c.Step, c.Due.UTC().Format(time.RFC3339))
	case c.Step != "action" && c.Created.Before(l.late(patience)):
		l.say("checkout", "%s is still at %s after %d tries, begun at %s", c.ID, c.Step, c.Tries, c.Created.UTC().Format(time.RFC3339))
	}
}

func (l *look) errand(e errand) {
	if e.Due.Before(l.late(patience)) && (l.Quiet || e.Lease.Before(l.now)) {
		l.say("checkout", "errand %s of order %s is waiting since %s", e.ID, e.Order, e.Due.UTC().Format(time.RFC3339))
	}
}

func (l *look) refund(r refund, b books) {
	if r.Done {
		b.given[r.Payment] += r.Amount
		return
	}
	if r.Due.Before(l.late(patience)) {
		l.say("money", "refund %s of payment %s is waiting since %s", r.ID, r.Payment, r.Due.UTC().Format(time.RFC3339))
	}
}

// payment says whose money is held or taken for nothing.
func (l *look) payment(p payment, b books) {
	if given := b.given[p.ID]; p.Refunded < given {
		l.say("money", "payment %s: refunds of %d %s are done, and it says %d", p.ID, given, p.Currency, p.Refunded)
	}
	if _, ok := b.orders[p.ID]; ok {
		return // the order is compared with it
	}
	c, known := b.checkouts[p.ID]
	if known && c.Step != "ended" {
		return
	}
	switch {
	case p.Captured > p.Refunded:
		l.say("money", "payment %s: %d %s were taken and there is no order", p.ID, p.Captured-p.Refunded, p.Currency)
	case p.State == "authorized" || p.State == "pending" || p.State == "action":
		l.say("money", "payment %s is %s and its checkout has ended", p.ID, p.State)
	}
}

// order says which orders are not paid, or have no goods.
func (l *look) order(o order, b books) {
	c, known := b.checkouts[o.Checkout]
	if !known {
		l.say("checkout", "order %s has none", o.Number)
		return
	}
	if c.Step != "ended" || o.UnderWay {
		return // that is what is late, if it is
	}
	p, paid := b.payments[o.Checkout]
	r, held := b.reservations[o.Checkout]
	if o.Status == "cancelled" {
		switch {
		case paid && p.Captured != p.Refunded:
			l.say("money", "order %s is cancelled, and %d of %d %s came back", o.Number, p.Refunded, p.Captured, p.Currency)
		case paid && p.State == "authorized":
			l.say("money", "order %s is cancelled, and its money is still held", o.Number)
		case held && r.State == "committed" && r.Returned != r.Held:
			l.say("stock", "order %s is cancelled, and %d of its %d units came back", o.Number, r.Returned, r.Held)
		}
		return
	}
	switch {
	case !paid:
		l.say("money", "order %s over %d %s was never paid", o.Number, o.Total, o.Currency)
	case p.Captured != o.Total || p.Currency != o.Currency:
		l.say("money", "order %s is over %d %s, and %d %s were taken", o.Number, o.Total, o.Currency, p.Captured, p.Currency)
	}
	if paid && p.Refunded < o.Refunded {
		l.say("money", "order %s says that %d %s went back, and %d did", o.Number, o.Refunded, o.Currency, p.Refunded)
	}
	if !held || r.State != "committed" {
		l.say("stock", "order %s is complete, and its units were never sold", o.Number)
	}
}

// reservation says which units are set aside for nobody, or sold without an order.
func (l *look) reservation(r reservation, b books) {
	c, known := b.checkouts[r.ID]
	o, ordered := b.orders[r.ID]
	switch {
	case r.State == "held" && !known && r.Expires.Before(l.late(patience)):
		l.say("reservation", "%s holds %d units, and no checkout has its name", r.ID, r.Held)
	case r.State == "held" && known && c.Step == "ended":
		l.say("reservation", "%s holds %d units, and its checkout has ended", r.ID, r.Held)
	case r.State == "held" && r.Expires.Before(l.now.Add(-patience)):
		l.say("reservation", "%s should have expired at %s", r.ID, r.Expires.UTC().Format(time.RFC3339))
	case r.State == "committed" && r.Held != r.Units:
		l.say("reservation", "%s is of %d units, and %d were sold", r.ID, r.Units, r.Held)
	case r.State == "committed" && known && !ordered && r.Returned != r.Held:
		l.say("stock", "reservation %s was sold without an order", r.ID)
	case r.State == "committed" && !known && !b.known[r.Order]: // of an exchange
		l.say("stock", "reservation %s was sold to order %s, which is not there", r.ID, r.Order)
	case r.State == "committed" && ordered && r.Order != o.ID:
		l.say("stock", "reservation %s was sold to order %s, and its checkout became %s", r.ID, r.Order, o.ID)
	}
}

type provided struct {
	Reference, Status, Currency string
	Amount, Captured, Refunded  int64
}

const readProvided = `SELECT reference, status, currency, amount, captured, refunded FROM sandbox_payment`

// provider compares our payments with the sandbox's books.
func (l *look) provider(ctx context.Context, b books) error {
	if !l.has("sandbox") {
		return nil
	}
	theirs, err := rows[provided](ctx, l, "sandbox", readProvided)
	if err != nil {
		return err
	}
	known := by(theirs, func(p provided) string { return p.Reference })
	for _, t := range theirs {
		p, ok := b.payments[t.Reference]
		switch {
		case !ok && t.Status == "declined":
		case !ok:
			l.say("money", "the provider has payment %s over %d %s, and we do not", t.Reference, t.Amount, t.Currency)
		case p.Captured != t.Captured || p.Refunded != t.Refunded || p.Amount != t.Amount || p.Currency != t.Currency:
			l.say("money", "payment %s: we took %d and gave back %d of %d %s; the provider says %d and %d of %d %s",
				p.ID, p.Captured, p.Refunded, p.Amount, p.Currency, t.Captured, t.Refunded, t.Amount, t.Currency)
		case (p.State == "authorized") != (t.Status == "authorized"):
			l.say("money", "payment %s is %s here and %s at the provider", p.ID, p.State, t.Status)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.payments)) {
		p := b.payments[id]
		if _, ok := known[id]; !ok && p.Provider == "sandbox" && (p.Captured > 0 || p.State == "authorized") {
			l.say("money", "payment %s is %s here, and the provider does not know it", id, p.State)
		}
	}
	return nil
}
