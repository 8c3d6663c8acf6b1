package bus

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/souk-commerce/souk/kit/crdb"
)

// togetherMost bounds how many events share a transaction.
const togetherMost = 64

// gather returns a message and those that come soon after it; none when the lane
// has ended.
func gather(lane <-chan jetstream.Msg) (all []jetstream.Msg) {
	first, ok := <-lane
	if !ok {
		return nil
	}
	all = append(all, first)
	soon := time.NewTimer(gatherTime)
	defer soon.Stop()
	for len(all) < togetherMost {
		select {
		case next, ok := <-lane:
			if !ok {
				return all
			}
			all = append(all, next)
		case <-soon.C:
			return all
		}
	}
	return all
}

// handleAll handles messages in one transaction when nothing is wrong with any of
// them, else one by one.
func (c *Consumer) handleAll(ctx context.Context, all []jetstream.Msg) {
	if len(all) > 1 && c.inbox != nil && ctx.Err() == nil && c.together(ctx, all) {
		return
	}
	for _, msg := range all {
		c.handle(ctx, msg)
	}
}

const forgetAll = `DELETE FROM inbox WHERE consumer = $1 AND event_id = ANY($2)`

const noteAll = `INSERT INTO inbox (consumer, event_id, handled_at) SELECT $1, e.id, now() FROM unnest($2::TEXT[]) AS e (id)
	ON CONFLICT (consumer, event_id) DO NOTHING RETURNING event_id`

// together tells whether all messages have had their effects, in their order. What
// came before, and so may be what went wrong, is for one transaction alone.
func (c *Consumer) together(ctx context.Context, all []jetstream.Msg) bool {
	var deliveries []Delivery
	var ids []string
	for _, msg := range all {
		d := read(msg)
		if d.Attempt > 1 || d.Subject == resent(c.name) || c.handler(d.Subject) == nil {
			return false
		}
		deliveries, ids = append(deliveries, d), append(ids, d.ID)
	}
	// Shutting down does not cut an effect in half; those that come after it are
	// given back.
	stop := ctx
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handleTime)
	defer cancel()
	repeated, done := make([]bool, len(all)), 0
	ctx = c.bus.storm.Enter(ctx, c.hears(deliveries[0]))
	err := crdb.InTx(ctx, c.inbox, func(ctx context.Context, tx crdb.Tx) error {
		noted, err := tx.Query(ctx, noteAll, c.name, ids)
		if err != nil {
			return err
		}
		fresh := map[string]bool{}
		var id string
		if _, err := pgx.ForEachRow(noted, []any{&id}, func() error { fresh[id] = true; return nil }); err != nil {
			return err
		}
		for n, d := range deliveries {
			if n > 0 && stop.Err() != nil {
				_, err := tx.Exec(ctx, forgetAll, c.name, slices.Collect(maps.Keys(fresh)))
				return err
			}
			done = n + 1
			if repeated[n] = !fresh[d.ID]; repeated[n] {
				continue
			}
			delete(fresh, d.ID) // should it be here twice
			ctx, end := span(ctx, all[n].Headers().Get(headerTrace), c.name, d)
			err := c.guarded(ctx, d, c.handler(d.Subject))
			if end(err); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false
	}
	for n, d := range deliveries[:done] {
		if repeated[n] {
			c.repeated.Add(1)
			c.count(ctx, d.Subject, "repeated")
		}
		c.done(ctx, all[n], d)
	}
	for _, msg := range all[done:] {
		c.handle(stop, msg)
	}
	return true
}
