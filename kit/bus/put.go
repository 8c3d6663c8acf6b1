package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"regexp"

	"github.com/google/uuid"

	"github.com/souk-commerce/souk/kit/crdb"
)

// shards spreads the outbox; the events of one key stay in one shard.
const shards = 16

// Event is something that happened, before it is told.
type Event struct {
	// "catalog.product_changed": told under this name behind "souk."
	Topic string
	// The aggregate's id.
	Key string
	// The heart's own event, kept as JSON until the announcer reads it.
	Fact any
	// The request in which it happened, as TraceOf says; empty: that of the
	// transaction.
	Trace string
}

// Put stores an event in the caller's transaction; it is told if that commits.
func Put(ctx context.Context, tx crdb.Tx, topic, key string, fact any) error {
	return PutAll(ctx, tx, Event{Topic: topic, Key: key, Fact: fact})
}

const insertEvents = `INSERT INTO outbox (shard, id, topic, key, fact, trace, created_at)
	SELECT e.shard, e.id, e.topic, e.key, e.fact::JSONB, e.trace, now()
	FROM unnest($1::INT2[], $2::UUID[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TEXT[]) AS e (shard, id, topic, key, fact, trace)`

// PutAll stores many events in one statement, in their order.
func PutAll(ctx context.Context, tx crdb.Tx, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	var shards []int16
	var ids []uuid.UUID
	var topics, keys, facts, traces []string
	own := TraceOf(ctx)
	for _, e := range events {
		if !topicForm.MatchString(e.Topic) {
			return fmt.Errorf("event topic %q: want service.happened, in lower case", e.Topic)
		}
		fact, err := json.Marshal(e.Fact)
		if err != nil {
			return fmt.Errorf("event %s: %w", e.Topic, err)
		}
		id, err := uuid.NewV7() // grows within the process, also within a millisecond
		if err != nil {
			return err
		}
		shards, ids = append(shards, shard(e.Key)), append(ids, id)
		topics, keys, facts = append(topics, e.Topic), append(keys, e.Key), append(facts, string(fact))
		traces = append(traces, cmp.Or(e.Trace, own))
	}
	_, err := tx.Exec(ctx, insertEvents, shards, ids, topics, keys, facts, traces)
	return err
}

var topicForm = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)+$`)

func shard(key string) int16 { return int16(hash(key) % shards) }

func hash(key string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(key))
	return h.Sum32()
}
