package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/souk-commerce/souk/kit/crdb"
)

// shards spreads the outbox; the events of one key stay in one shard.
const shards = 16

const insertEvent = `INSERT INTO outbox (shard, id, topic, key, fact, created_at) VALUES ($1, $2, $3, $4, $5, now())`

// Put stores an event in the caller's transaction. Topic is "catalog.product_changed",
// key the aggregate's id, fact the heart's own event, kept as JSON.
func Put(ctx context.Context, tx crdb.Tx, topic, key string, fact any) error {
	raw, err := json.Marshal(fact)
	if err != nil {
		return fmt.Errorf("event %s: %w", topic, err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	h := fnv.New32a()
	h.Write([]byte(key))
	_, err = tx.Exec(ctx, insertEvent, int16(h.Sum32()%shards), id, topic, key, raw)
	return err
}

// Announcement is an event as it is told.
type Announcement struct {
	Message proto.Message
	// What caches must forget: "product/42".
	SurrogateKeys []string
}

// Announcer turns a stored fact into the message of the API.
type Announcer func(topic, key string, fact []byte) (Announcement, error)

// Relay publishes the outbox of one service.
type Relay struct {
	bus      *Bus
	db       *crdb.DB
	source   string
	announce Announcer
	wake     chan struct{}
	log      *slog.Logger
	failed   atomic.Int64
}

const (
	batch    = 256
	poll     = 250 * time.Millisecond
	keepRows = 30 * time.Second
	ackTime  = 10 * time.Second
)

// NewRelay returns a relay that runs when Run is called.
func NewRelay(b *Bus, db *crdb.DB, source string, announce Announcer) *Relay {
	r := &Relay{bus: b, db: db, source: source, announce: announce, wake: make(chan struct{}, 1), log: slog.Default()}
	db.OnCommit(func() {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	})
	return r
}

// Name implements run.Part.
func (r *Relay) Name() string { return r.source + " relay" }

// Failed is how many rows could not be turned into messages.
func (r *Relay) Failed() int64 { return r.failed.Load() }

const (
	// One relay at a time works on a service's outbox, whichever instance it runs
	// in, since the others wait for these locks: so the events of a key keep their
	// order.
	takeRows = `SELECT shard, id, topic, key, fact, created_at FROM outbox
		WHERE published_at IS NULL ORDER BY shard, id LIMIT $1 FOR UPDATE`
	markRows = `UPDATE outbox SET published_at = now() WHERE (shard, id) IN (SELECT s, i FROM unnest($1::INT2[], $2::UUID[]) AS u (s, i))`
	// What was published shortly before an end that nobody saw coming may not have
	// reached the disk on the other side.
	doubtRows = `UPDATE outbox SET published_at = NULL WHERE published_at > $1`
	clearRows = `DELETE FROM outbox WHERE published_at < $1`
)

// Run publishes until ctx ends.
func (r *Relay) Run(ctx context.Context) error {
	if _, err := r.db.Exec(ctx, doubtRows, time.Now().Add(-keepRows)); err != nil && ctx.Err() == nil {
		return fmt.Errorf("outbox: %w", err)
	}
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	var cleared time.Time
	for {
		n, err := r.publish(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			r.log.WarnContext(ctx, "events wait", "source", r.source, "error", err)
		}
		if n == batch && err == nil {
			continue
		}
		if now := time.Now(); now.Sub(cleared) > keepRows/3 {
			cleared = now
			if _, err := r.db.Exec(ctx, clearRows, now.Add(-keepRows)); err != nil && ctx.Err() == nil {
				r.log.WarnContext(ctx, "outbox not cleared", "source", r.source, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-ticker.C:
		}
	}
}

type row struct {
	shard   int16
	id      uuid.UUID
	topic   string
	key     string
	fact    []byte
	created time.Time
}

// publish tells one batch and marks it in the same transaction: when anything
// fails the rows stay, and are told again under the same ids.
func (r *Relay) publish(ctx context.Context) (int, error) {
	// Reading a snapshot of the outbox at SERIALIZABLE would make the transactions
	// that write to it conflict; the locks are all that is needed here.
	tx, err := r.db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return 0, err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	rows, err := take(ctx, tx)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if err := r.tell(ctx, rows); err != nil {
		return 0, err
	}
	if err := mark(ctx, tx, rows); err != nil {
		return 0, err
	}
	return len(rows), tx.Commit(ctx)
}

func take(ctx context.Context, tx crdb.Tx) ([]row, error) {
	found, err := tx.Query(ctx, takeRows, batch)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var rows []row
	for found.Next() {
		var o row
		if err := found.Scan(&o.shard, &o.id, &o.topic, &o.key, &o.fact, &o.created); err != nil {
			return nil, err
		}
		rows = append(rows, o)
	}
	return rows, found.Err()
}

func mark(ctx context.Context, tx crdb.Tx, rows []row) error {
	shardsOf, ids := make([]int16, len(rows)), make([]uuid.UUID, len(rows))
	for i, o := range rows {
		shardsOf[i], ids[i] = o.shard, o.id
	}
	_, err := tx.Exec(ctx, markRows, shardsOf, ids)
	return err
}

func (r *Relay) tell(ctx context.Context, rows []row) error {
	var futures []jetstream.PubAckFuture
	for _, o := range rows {
		msg, err := r.message(o)
		if err != nil {
			// A fact that our own code cannot read will not get better by waiting, and
			// everything behind it would wait too.
			r.failed.Add(1)
			r.log.ErrorContext(ctx, "event parked: it cannot be told", "source", r.source, "topic", o.topic, "key", o.key, "id", o.id, "error", err)
			msg = r.unreadable(o, err)
		}
		future, err := r.bus.js.PublishMsgAsync(msg, jetstream.WithMsgID(o.id.String()))
		if err != nil {
			return err
		}
		futures = append(futures, future)
	}
	timeout := time.NewTimer(ackTime)
	defer timeout.Stop()
	for _, f := range futures {
		select {
		case <-f.Ok():
		case err := <-f.Err():
			return err
		case <-timeout.C:
			return errors.New("no acknowledgement of the stream in time")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (r *Relay) message(o row) (*nats.Msg, error) {
	a, err := r.announce(o.topic, o.key, o.fact)
	if err != nil {
		return nil, err
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(a.Message)
	if err != nil {
		return nil, err
	}
	msg := nats.NewMsg("souk." + o.topic)
	msg.Data = data
	msg.Header.Set(headerID, o.id.String())
	msg.Header.Set(headerSource, r.source)
	msg.Header.Set(headerType, string(a.Message.ProtoReflect().Descriptor().FullName()))
	msg.Header.Set(headerTime, o.created.UTC().Format(time.RFC3339Nano))
	msg.Header.Set(headerSubject, o.key)
	msg.Header.Set(headerVersion, "1.0")
	msg.Header.Set(headerContent, "application/protobuf")
	if len(a.SurrogateKeys) > 0 {
		msg.Header.Set(headerTags, strings.Join(a.SurrogateKeys, " "))
	}
	return msg, nil
}

func (r *Relay) unreadable(o row, why error) *nats.Msg {
	msg := nats.NewMsg("dead.relay." + r.source)
	msg.Data = o.fact
	msg.Header.Set(headerID, o.id.String())
	msg.Header.Set(headerSource, r.source)
	msg.Header.Set(headerSubject, o.key)
	msg.Header.Set(headerFrom, "souk."+o.topic)
	msg.Header.Set(headerReason, oneLine(why))
	return msg
}

func oneLine(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) > 500 {
		text = text[:500]
	}
	return text
}
