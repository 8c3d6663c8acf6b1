package saledb

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/order/internal/sale"
)

const addErrands = `INSERT INTO errand (id, order_id, body, holder, lease_until, due_at)
	SELECT e.id, e.order_id, e.body::JSONB, '', $4, $5 FROM unnest($1::TEXT[], $2::UUID[], $3::TEXT[]) AS e (id, order_id, body)`

// send keeps the errands of a change with it.
func send(ctx context.Context, tx crdb.Tx, errands []sale.Errand, now time.Time) error {
	if len(errands) == 0 {
		return nil
	}
	var ids, orders, bodies []string
	for _, e := range errands {
		e.Due = now
		body, err := json.Marshal(e)
		if err != nil {
			return err
		}
		ids, orders, bodies = append(ids, e.ID), append(orders, e.Order), append(bodies, string(body))
	}
	_, err := tx.Exec(ctx, addErrands, ids, orders, bodies, longAgo, now)
	return err
}

const claimErrands = `UPDATE errand SET holder = $2, lease_until = $3
	WHERE id = ANY(SELECT e.id FROM errand AS e WHERE e.due_at <= $1 AND e.lease_until <= $1 ORDER BY e.due_at LIMIT $4 FOR UPDATE SKIP LOCKED) RETURNING body`

// ClaimErrands implements sale.Store.
func (s *Store) ClaimErrands(ctx context.Context, l sale.Lease, now time.Time, most int) (due []sale.Errand, err error) {
	err = crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		rows, err := tx.Query(ctx, claimErrands, now, l.Holder, l.Until, most)
		if err != nil {
			return err
		}
		due, err = pgx.CollectRows(rows, pgx.RowTo[sale.Errand])
		return err
	})
	return due, err
}

const endErrand = `DELETE FROM errand WHERE id = $1 AND holder = $2`

// EndErrand implements sale.Store.
func (s *Store) EndErrand(ctx context.Context, e sale.Errand, l sale.Lease, f func(*sale.Order) error) error {
	return crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		ended, err := tx.Exec(ctx, endErrand, e.ID, l.Holder)
		if err != nil || ended.RowsAffected() == 0 {
			return err
		}
		_, err = change(ctx, tx, e.Order, e.Due, f)
		return err
	})
}

const delayErrand = `UPDATE errand SET body = $3, due_at = $4, holder = '', lease_until = $5 WHERE id = $1 AND holder = $2`

// DelayErrand implements sale.Store.
func (s *Store) DelayErrand(ctx context.Context, e sale.Errand, l sale.Lease) error {
	_, err := s.db.Exec(ctx, delayErrand, e.ID, l.Holder, e, e.Due, longAgo)
	return err
}

// topicOf is what a change is told as; nothing when only the money was taken, as
// that is part of placing.
func topicOf(o *sale.Order, before sale.Status, captured bool) string {
	switch {
	case o.Status != before:
		return topics[o.Status]
	case o.Captured != captured:
		return ""
	}
	return sale.TopicChanged
}

func tell(ctx context.Context, tx crdb.Tx, topic string, o sale.Order) error {
	if topic == "" {
		return nil
	}
	return bus.Put(ctx, tx, topic, o.ID, o)
}
