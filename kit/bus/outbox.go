package bus

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
)

type row struct {
	shard   int16
	id      uuid.UUID
	topic   string
	key     string
	fact    []byte
	trace   string
	created time.Time
}

// perShard bounds how much of a shard one round tells.
const perShard = 64

// forever is in published_at of parked rows, which are not cleared away.
var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	// A relay owns the shards whose oldest waiting row it has locked; others pass
	// over these shards, not over single rows, so that no row overtakes an older one.
	// (A lock that is lost, as CockroachDB may, makes two relays tell the same rows
	// in the same order, which the stream sees through.)
	lockHeads = `SELECT o.shard FROM unnest($1::INT2[]) AS s (shard)
		CROSS JOIN LATERAL (SELECT w.shard, w.id FROM outbox AS w WHERE w.shard = s.shard AND w.published_at IS NULL ORDER BY w.id LIMIT 1) AS head
		JOIN outbox AS o ON o.shard = head.shard AND o.id = head.id
		WHERE o.published_at IS NULL FOR UPDATE OF o SKIP LOCKED`
	takeRows = `SELECT r.shard, r.id, r.topic, r.key, r.fact, r.trace, r.created_at FROM unnest($1::INT2[]) AS s (shard)
		CROSS JOIN LATERAL (SELECT w.shard, w.id, w.topic, w.key, w.fact, w.trace, w.created_at FROM outbox AS w
			WHERE w.shard = s.shard AND w.published_at IS NULL ORDER BY w.id LIMIT $2) AS r
		ORDER BY r.shard, r.id`
	markRows = `UPDATE outbox SET published_at = clock_timestamp() WHERE (shard, id) IN (SELECT u.s, u.i FROM unnest($1::INT2[], $2::UUID[]) AS u (s, i))`
	parkRows = `UPDATE outbox SET published_at = $3 WHERE (shard, id) IN (SELECT u.s, u.i FROM unnest($1::INT2[], $2::UUID[]) AS u (s, i))`
	// Parked rows go first, so that their dead letters can be taken away once they
	// are told.
	findParked = `SELECT id FROM outbox WHERE published_at >= $1`
	unmarkRows = `UPDATE outbox SET published_at = NULL WHERE published_at IS NOT NULL`
	clearRows  = `DELETE FROM outbox WHERE (shard, id) IN (SELECT o.shard, o.id FROM outbox AS o WHERE o.published_at < now() - $1::INTERVAL LIMIT $2)`
	clearMost  = 1000
)

var allShards = func() (all []int16) {
	for s := range int16(shards) {
		all = append(all, s)
	}
	return all
}()

// locked runs f in a transaction at READ COMMITTED. At SERIALIZABLE, reading the
// outbox would make the transactions that write to it conflict; here the locks
// are all that is needed.
func (r *Relay) locked(ctx context.Context, f func(tx crdb.Tx) error) error {
	tx, err := r.db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // it is committed, or it has failed
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// take returns the oldest waiting rows of shards that no other relay works on,
// and whether there are more.
func take(ctx context.Context, tx crdb.Tx) (rows []row, full bool, err error) {
	heads, err := tx.Query(ctx, lockHeads, allShards)
	if err != nil {
		return nil, false, err
	}
	owned, err := pgx.CollectRows(heads, pgx.RowTo[int16])
	if err != nil || len(owned) == 0 {
		return nil, false, err
	}
	found, err := tx.Query(ctx, takeRows, owned, perShard)
	if err != nil {
		return nil, false, err
	}
	rows, err = pgx.CollectRows(found, func(r pgx.CollectableRow) (o row, err error) {
		err = r.Scan(&o.shard, &o.id, &o.topic, &o.key, &o.fact, &o.trace, &o.created)
		return o, err
	})
	counts := [shards]int{}
	for _, o := range rows {
		counts[o.shard]++
		full = full || counts[o.shard] == perShard
	}
	return rows, full, err
}

func mark(ctx context.Context, tx crdb.Tx, told outcome) error {
	if len(told.published) > 0 {
		shards, ids := keysOf(told.published)
		if _, err := tx.Exec(ctx, markRows, shards, ids); err != nil {
			return err
		}
	}
	if len(told.parked) > 0 {
		shards, ids := keysOf(told.parked)
		if _, err := tx.Exec(ctx, parkRows, shards, ids, forever); err != nil {
			return err
		}
	}
	return nil
}

func keysOf(rows []row) (shards []int16, ids []uuid.UUID) {
	for _, o := range rows {
		shards, ids = append(shards, o.shard), append(ids, o.id)
	}
	return shards, ids
}

func unmark(ctx context.Context, r *Relay) (parked []uuid.UUID, err error) {
	err = r.locked(ctx, func(tx crdb.Tx) error {
		found, err := tx.Query(ctx, findParked, forever)
		if err != nil {
			return err
		}
		if parked, err = pgx.CollectRows(found, pgx.RowTo[uuid.UUID]); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, unmarkRows)
		return err
	})
	return parked, err
}

// sweep deletes what was published long enough ago, a bit at a time.
func sweep(ctx context.Context, r *Relay) error {
	for {
		var gone int64
		err := r.locked(ctx, func(tx crdb.Tx) error {
			tag, err := tx.Exec(ctx, clearRows, r.keep, clearMost)
			gone = tag.RowsAffected()
			return err
		})
		if err != nil || gone < clearMost {
			return err
		}
	}
}
