package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
)

func TestMain(m *testing.M) { kittest.Main(m) }

var effects = fstest.MapFS{"0001_effect.sql": {Data: []byte(`
CREATE TABLE IF NOT EXISTS effect (n INT8 NOT NULL, key TEXT NOT NULL, at INT8 NOT NULL);
`)}}

func announce(topic, key string, fact []byte) (bus.Announcement, error) {
	if topic == "test.broken" {
		return bus.Announcement{}, errors.New("cannot read it")
	}
	if topic == "test.panicking" {
		panic("cannot read it")
	}
	return announceAll(topic, key, fact)
}

func announceAll(_, key string, fact []byte) (bus.Announcement, error) {
	var n int64
	err := json.Unmarshal(fact, &n)
	return bus.Announcement{Message: wrapperspb.Int64(n), SurrogateKeys: []string{"thing/" + key}}, err
}

// background runs f until the test ends, or until stop is called.
func background(t testing.TB, f func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func put(t *testing.T, db *crdb.DB, topic, key string, fact any) {
	t.Helper()
	if err := crdb.InTx(t.Context(), db, func(ctx context.Context, tx crdb.Tx) error {
		return bus.Put(ctx, tx, topic, key, fact)
	}); err != nil {
		t.Fatal(err)
	}
}

// eventually waits until f says yes.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 20 seconds: %s", what)
		}
	}
}

func number(d bus.Delivery) (int64, error) {
	var m wrapperspb.Int64Value
	err := bus.Decode(d, &m)
	return m.GetValue(), err
}

// record writes each event into the effect table, within the inbox transaction.
func record(db *crdb.DB) bus.Handler {
	return func(ctx context.Context, d bus.Delivery) error {
		n, err := number(d)
		if err != nil {
			return err
		}
		return crdb.InTx(ctx, db, func(ctx context.Context, tx crdb.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO effect (n, key, at) VALUES ($1, $2, (SELECT count(*) FROM effect))`, n, d.Key)
			return err
		})
	}
}

// recorder is a consumer that records everything.
func recorder(b *bus.Bus, db *crdb.DB) *bus.Consumer {
	return bus.NewConsumer(b, "recorder", map[string]bus.Handler{"souk.test.>": record(db)}, bus.WithInbox(db), bus.AckWait(300*time.Millisecond))
}

func count(t *testing.T, db *crdb.DB, query string) int {
	t.Helper()
	var n int
	if err := db.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func countEffects(t *testing.T, db *crdb.DB) int {
	t.Helper()
	return count(t, db, `SELECT count(*) FROM effect`)
}

// once fails the test unless there are exactly n effects, all different.
func once(t *testing.T, db *crdb.DB, n int) {
	t.Helper()
	if all, different := countEffects(t, db), count(t, db, `SELECT count(DISTINCT n) FROM effect`); all != n || different != n {
		t.Errorf("%d effects of %d different events; want %d of as many", all, different, n)
	}
}

// listening starts a server that is reached by TCP; port -1 is any.
func listening(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		ServerName: "test", Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true, SyncInterval: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server did not start")
	}
	t.Cleanup(func() { stop(s) })
	return s
}

func stop(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

func dial(t *testing.T, s *server.Server) *bus.Bus {
	t.Helper()
	b, err := bus.Dial(t.Context(), s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// letters waits for n dead letters and returns them.
func letters(t *testing.T, b *bus.Bus, n int) (dead []bus.DeadLetter) {
	t.Helper()
	eventually(t, "dead letters", func() bool {
		var err error
		if dead, err = b.DeadLetters(t.Context(), 0, 10); err != nil {
			t.Fatal(err)
		}
		return len(dead) == n
	})
	return dead
}

// What a consumer has not handled, and what it has given up on, can be asked for.
func TestBacklog(t *testing.T) {
	t.Parallel()
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	putMany(t, db, 0, 3)
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	consumer := bus.NewConsumer(b, "giver", map[string]bus.Handler{"souk.test.happened": func(context.Context, bus.Delivery) error {
		return bus.Poison(errors.New("never"))
	}}, bus.WithInbox(db))
	background(t, consumer.Run)
	eventually(t, "three dead letters", func() bool {
		all, err := b.Backlog(t.Context())
		return err == nil && len(all) == 1 && all[0] == bus.Backlog{Consumer: "giver", Waiting: 0, Dead: 3}
	})
}
