package bus_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
)

func putMany(t *testing.T, db *crdb.DB, from, to int64) {
	t.Helper()
	for n := from; n < to; n++ {
		put(t, db, "test.happened", fmt.Sprint("key", n%5), n)
	}
}

// Relays and consumers are stopped at odd moments, and the stream is restarted
// on its files: every event has its effect, once.
func TestEventsHaveTheirEffectOnceThroughCrashes(t *testing.T) {
	t.Parallel()
	db, dir := kittest.DB(t, effects), t.TempDir()
	life := func(until int) {
		server, err := bus.Embedded(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		b, err := server.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		stopRelay := background(t, bus.NewRelay(b, db, "test", announce).Run)
		stopConsumer := background(t, recorder(b, db).Run)
		eventually(t, fmt.Sprintf("%d effects", until), func() bool { return countEffects(t, db) >= until })
		stopRelay()
		b.Close() // the consumer's last acknowledgements are lost
		stopConsumer()
	}
	putMany(t, db, 0, 100)
	life(1)
	life(50)
	putMany(t, db, 100, 200)
	life(120)
	putMany(t, db, 200, 300)
	life(300)
	once(t, db, 300)
}

// The stream's computer loses power: what was acknowledged but not yet on its
// disk is gone when it comes back. The relay and its outbox lived on.
func TestNothingIsLostWhenTheStreamForgets(t *testing.T) {
	t.Parallel()
	db, dir, backup := kittest.DB(t, effects), t.TempDir()+"/js", t.TempDir()+"/backup"
	s := listening(t, dir, -1)
	port := s.Addr().(*net.TCPAddr).Port
	b := dial(t, s)
	relay := bus.NewRelay(b, db, "test", announce)
	background(t, relay.Run)
	waiting := func() int { return count(t, db, `SELECT count(*) FROM outbox WHERE published_at IS NULL`) }

	putMany(t, db, 0, 50)
	eventually(t, "50 events told", func() bool { return waiting() == 0 })
	stop(s)
	if err := os.CopyFS(backup, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	putMany(t, db, 50, 60) // while the stream is away
	s = listening(t, dir, port)
	putMany(t, db, 60, 100)
	eventually(t, "100 events told", func() bool { return waiting() == 0 })
	stop(s)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(backup, dir); err != nil {
		t.Fatal(err)
	}
	listening(t, dir, port)
	background(t, recorder(b, db).Run)
	eventually(t, "100 effects", func() bool { return countEffects(t, db) >= 100 })
	once(t, db, 100)
	if s := relay.Stats(); s.Doubts < 3 {
		t.Errorf("the relay was in doubt %d times; want at the start and after each absence", s.Doubts)
	}
}

// The effect is committed, then the process dies before it says so.
func TestEffectIsNotRepeatedAfterACrashBeforeTheAcknowledgement(t *testing.T) {
	t.Parallel()
	db, s := kittest.DB(t, effects), listening(t, t.TempDir(), -1)
	background(t, bus.NewRelay(dial(t, s), db, "test", announce).Run)
	dying := dial(t, s)
	committed := make(chan struct{})
	handler := func(ctx context.Context, d bus.Delivery) error {
		defer close(committed)
		dying.Close()
		return record(db)(ctx, d)
	}
	stopFirst := background(t, bus.NewConsumer(dying, "recorder", map[string]bus.Handler{"souk.test.>": handler}, bus.WithInbox(db), bus.AckWait(300*time.Millisecond)).Run)
	put(t, db, "test.happened", "k", 1)
	<-committed
	stopFirst()
	second := recorder(dial(t, s), db)
	background(t, second.Run)
	eventually(t, "the event again", func() bool { return second.Stats().Repeated == 1 })
	once(t, db, 1)
}

// Somebody tells an event twice, later than the stream remembers ids.
func TestDuplicatesInTheStreamHaveOneEffect(t *testing.T) {
	t.Parallel()
	db, s := kittest.DB(t, effects), listening(t, t.TempDir(), -1)
	consumer := recorder(dial(t, s), db)
	background(t, consumer.Run)
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	data, err := proto.Marshal(wrapperspb.Int64(1))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		msg := &nats.Msg{Subject: "souk.test.happened", Data: data, Header: nats.Header{"ce-id": {"one"}}}
		if err := conn.PublishMsg(msg); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all three", func() bool { return consumer.Stats().Handled == 3 })
	once(t, db, 1)
}

// Three relays on one outbox come and go while four writers each change their
// own thing: in the stream the events of each thing stand in their order.
func TestEventsOfOneKeyAreToldInOrder(t *testing.T) {
	t.Parallel()
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	const writers, each = 4, 60
	over := make(chan struct{})
	var relays, writing sync.WaitGroup
	for range 3 {
		relays.Go(func() {
			for {
				ctx, cancel := context.WithTimeout(context.Background(), rand.N(80*time.Millisecond))
				if err := bus.NewRelay(b, db, "test", announce).Run(ctx); err != nil {
					t.Error(err)
				}
				cancel()
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	for w := range writers {
		writing.Go(func() {
			for n := range int64(each) {
				if err := crdb.InTx(t.Context(), db, func(ctx context.Context, tx crdb.Tx) error {
					return bus.Put(ctx, tx, "test.happened", fmt.Sprint("key", w), n)
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	var mu sync.Mutex
	next := map[string]int64{}
	background(t, bus.NewConsumer(b, "reader", map[string]bus.Handler{"souk.test.happened": func(_ context.Context, d bus.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		n, err := number(d)
		if n > next[d.Key] {
			t.Errorf("%s: heard %d before %d", d.Key, n, next[d.Key])
		}
		next[d.Key] = max(next[d.Key], n+1)
		return err
	}}).Run)
	eventually(t, "all events", func() bool {
		mu.Lock()
		defer mu.Unlock()
		sum := int64(0)
		for _, n := range next {
			sum += n
		}
		return sum == writers*each
	})
	close(over)
	relays.Wait()
}
