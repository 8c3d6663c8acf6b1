package saledb

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/order/internal/sale"
)

// topics are told when an order comes to a status; nobody waits for the others.
var topics = map[sale.Status]string{
	sale.Placed: sale.TopicPlaced, sale.Shipped: sale.TopicShipped, sale.Delivered: sale.TopicDelivered, sale.Cancelled: sale.TopicCancelled,
}

const insertOrders = `INSERT INTO sale_order (id, number, owner, checkout, status, email, body, version, created_at)
	SELECT o.id, o.number, o.owner, o.checkout, o.status, o.email, o.body::JSONB, 1, o.created_at
	FROM unnest($1::UUID[], $2::TEXT[], $3::TEXT[], $4::UUID[], $5::TEXT[], $6::TEXT[], $7::TEXT[], $8::TIMESTAMPTZ[]) AS o (id, number, owner, checkout, status, email, body, created_at)`

// place adds orders, which are told of by whoever calls it.
func place(ctx context.Context, tx crdb.Tx, orders []sale.Order) error {
	if len(orders) == 0 {
		return nil
	}
	var ids, numbers, owners, checkouts, statuses, emails, bodies []string
	var created []time.Time
	for _, o := range orders {
		body, err := json.Marshal(o)
		if err != nil {
			return err
		}
		ids, numbers, owners, checkouts = append(ids, o.ID), append(numbers, o.Number), append(owners, o.Owner), append(checkouts, o.Checkout)
		statuses, emails, bodies, created = append(statuses, string(o.Status)), append(emails, strings.ToLower(o.Email)), append(bodies, string(body)), append(created, o.Created)
	}
	_, err := tx.Exec(ctx, insertOrders, ids, numbers, owners, checkouts, statuses, emails, bodies, created)
	return err
}

const (
	oneOrder   = `SELECT body FROM sale_order WHERE id = $1`
	lockOrder  = `SELECT body FROM sale_order WHERE id = $1 FOR UPDATE`
	byNumber   = `SELECT body FROM sale_order WHERE number = $1`
	writeOrder = `UPDATE sale_order SET status = $2, body = $3, version = $4 WHERE id = $1`

	lockOrders  = `SELECT body FROM sale_order WHERE id = ANY($1::UUID[]) ORDER BY id FOR UPDATE`
	writeOrders = `UPDATE sale_order AS s SET status = o.status, body = o.body::JSONB, version = o.version
		FROM unnest($1::UUID[], $2::TEXT[], $3::TEXT[], $4::INT8[]) AS o (id, status, body, version) WHERE s.id = o.id`
)

func scanOrder(row pgx.Row) (o sale.Order, err error) {
	err = row.Scan(&o)
	if errors.Is(err, pgx.ErrNoRows) || malformed(err) {
		err = sale.ErrNoOrder
	}
	return o, err
}

// change is one change of an order, with its errands and its event.
func change(ctx context.Context, tx crdb.Tx, id string, now time.Time, f func(*sale.Order) error) (sale.Order, error) {
	o, err := scanOrder(tx.QueryRow(ctx, lockOrder, id))
	if err != nil {
		return o, err
	}
	before := o.Status
	changed, topic, err := alter(&o, f)
	if err != nil || !changed {
		return o, err
	}
	if _, err := tx.Exec(ctx, writeOrder, id, o.Status, o, o.Version); err != nil {
		return o, err
	}
	if err := send(ctx, tx, o.Errands, now); err != nil {
		return o, err
	}
	if o.Status == sale.Cancelled && before != sale.Cancelled && o.ByCheckout {
		if err := undoFor(ctx, tx, o.Checkout, now); err != nil {
			return o, err
		}
	}
	return o, tell(ctx, tx, topic, o)
}

// alter tells whether f has changed anything, and what is to be told of it. All
// that happens to an order stands in its timeline.
func alter(o *sale.Order, f func(*sale.Order) error) (changed bool, topic string, err error) {
	before, captured, length := o.Status, o.Captured, len(o.Timeline)
	if err := f(o); err != nil || len(o.Timeline) == length {
		return false, "", err // it was so already
	}
	o.Version++
	return true, topicOf(o, before, captured), nil
}

// ChangeOrder implements sale.Store.
func (s *Store) ChangeOrder(ctx context.Context, id string, now time.Time, f func(*sale.Order) error) (sale.Order, error) {
	return crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (sale.Order, error) { return change(ctx, tx, id, now, f) })
}

// Order implements sale.Store.
func (s *Store) Order(ctx context.Context, id string) (sale.Order, error) {
	return scanOrder(s.db.QueryRow(ctx, oneOrder, id))
}

// OrderByNumber implements sale.Store.
func (s *Store) OrderByNumber(ctx context.Context, number string) (sale.Order, error) {
	return scanOrder(s.db.QueryRow(ctx, byNumber, strings.ToUpper(number)))
}

const (
	ordersOf = `SELECT body FROM sale_order WHERE owner = ANY($1) AND (created_at, id) < ($2, $3::UUID) ORDER BY created_at DESC, id DESC LIMIT $4`
	orders   = `SELECT body FROM sale_order WHERE (created_at, id) < ($1, $2::UUID) AND ($3 = '' OR status = $3) AND ($4 = '' OR number = upper($4) OR email = lower($4))
		ORDER BY created_at DESC, id DESC LIMIT $5`
)

// end is after every order.
var end = sale.Cursor{Created: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ID: "ffffffff-ffff-ffff-ffff-ffffffffffff"}

func after(p sale.Page) sale.Cursor {
	if p.After != nil {
		return *p.After
	}
	return end
}

func list(rows pgx.Rows, err error) ([]sale.Order, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[sale.Order])
}

// OrdersOf implements sale.Store.
func (s *Store) OrdersOf(ctx context.Context, owners []string, p sale.Page) ([]sale.Order, error) {
	from := after(p)
	return list(s.db.Query(ctx, ordersOf, owners, from.Created, from.ID, p.Size))
}

// Orders implements sale.Store.
func (s *Store) Orders(ctx context.Context, f sale.Filter, p sale.Page) ([]sale.Order, error) {
	from := after(p)
	return list(s.db.Query(ctx, orders, from.Created, from.ID, string(f.Status), f.Query, p.Size))
}
