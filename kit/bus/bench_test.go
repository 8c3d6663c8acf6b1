package bus_test

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/kittest/ratio"
)

// many events are told at once by eight callers: it is throughput that is measured.
const (
	many    = 512
	tellers = 8
)

// An event's whole way: put with its change, relayed, heard, and noted with its
// effect. Beside it: the messages alone, published and heard without a database;
// and the two transactions alone, without a stream.
func BenchmarkEvents(b *testing.B) {
	db, stream := kittest.DB(b, effects), kittest.Bus(b)
	ours := throughBus(b, db, stream)
	ratio.Of(b, "JetStream alone", ours, throughJetStream(b, stream.JetStream()))
	ratio.Of(b, "its transactions alone", ours, throughDatabase(b, db))
}

func throughBus(b *testing.B, db *crdb.DB, stream *bus.Bus) ratio.Side {
	background(b, bus.NewRelay(stream, db, "test", announce).Run)
	heard := make(chan struct{}, many)
	var known sync.Map // a handler may run again
	background(b, bus.NewConsumer(stream, "bench", map[string]bus.Handler{"souk.test.>": func(ctx context.Context, d bus.Delivery) error {
		if _, err := number(d); err != nil {
			return err
		}
		if _, again := known.LoadOrStore(d.ID, true); !again {
			heard <- struct{}{}
		}
		return nil
	}}, bus.WithInbox(db), bus.WithLanes(tellers)).Run)
	tell := each(func(n int) error {
		return crdb.InTx(b.Context(), db, func(ctx context.Context, tx crdb.Tx) error {
			return bus.Put(ctx, tx, "test.happened", strconv.Itoa(n), n)
		})
	})
	return func(n int) {
		for range n {
			if err := tell(); err != nil {
				b.Fatal(err)
			}
			for range many {
				<-heard
			}
		}
	}
}

// each does something for each number below many, from as many goroutines as
// there are tellers.
func each(f func(n int) error) func() error {
	return func() error {
		failed := make(chan error, tellers)
		for t := range tellers {
			go func() {
				for n := t; n < many; n += tellers {
					if err := f(n); err != nil {
						failed <- err
						return
					}
				}
				failed <- nil
			}()
		}
		for range tellers {
			if err := <-failed; err != nil {
				return err
			}
		}
		return nil
	}
}

func throughJetStream(b *testing.B, js jetstream.JetStream) ratio.Side {
	if _, err := js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "RAW", Subjects: []string{"raw.>"}, Storage: jetstream.FileStorage}); err != nil {
		b.Fatal(err)
	}
	consumer, err := js.CreateConsumer(b.Context(), "RAW", jetstream.ConsumerConfig{Durable: "raw", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		b.Fatal(err)
	}
	heard := make(chan struct{}, many)
	hearing, err := consumer.Consume(func(msg jetstream.Msg) {
		var m wrapperspb.Int64Value
		if proto.Unmarshal(msg.Data(), &m) == nil && msg.Ack() == nil {
			heard <- struct{}{}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(hearing.Stop)
	return func(n int) {
		for range n {
			for i := range many {
				data, err := proto.Marshal(wrapperspb.Int64(int64(i)))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := js.PublishMsgAsync(&nats.Msg{Subject: "raw.happened", Data: data}, jetstream.WithMsgID(uuid.NewString())); err != nil {
					b.Fatal(err)
				}
			}
			<-js.PublishAsyncComplete()
			for range many {
				<-heard
			}
		}
	}
}

func throughDatabase(b *testing.B, db *crdb.DB) ratio.Side {
	tell := each(func(n int) error {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		fact, err := json.Marshal(n)
		if err != nil {
			return err
		}
		// Marked as told, so that our relay passes over it.
		return crdb.InTx(b.Context(), db, func(ctx context.Context, tx crdb.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO outbox (shard, id, topic, key, fact, created_at, published_at) VALUES (0, $1, 'test.happened', $2, $3, now(), now())`, id, strconv.Itoa(n), fact)
			return err
		})
	})
	hear := each(func(int) error {
		return crdb.InTx(b.Context(), db, func(ctx context.Context, tx crdb.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO inbox (consumer, event_id, handled_at) VALUES ('bench', $1, now()) ON CONFLICT (consumer, event_id) DO NOTHING`, uuid.NewString())
			return err
		})
	})
	return func(n int) {
		for range n {
			if err := tell(); err != nil {
				b.Fatal(err)
			}
			if err := hear(); err != nil {
				b.Fatal(err)
			}
		}
	}
}
