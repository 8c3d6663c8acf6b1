package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
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
	var n int64
	err := json.Unmarshal(fact, &n)
	return bus.Announcement{Message: wrapperspb.Int64(n), SurrogateKeys: []string{"thing/" + key}}, err
}

// background runs f until the test ends, or until stop is called.
func background(t *testing.T, f func(context.Context) error) (stop func()) {
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

func put(t *testing.T, db *crdb.DB, topic, key string, n int64) {
	t.Helper()
	if err := crdb.InTx(t.Context(), db, func(ctx context.Context, tx crdb.Tx) error {
		return bus.Put(ctx, tx, topic, key, n)
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

// record writes each event into the effect table, within the inbox transaction.
func record(db *crdb.DB) bus.Handler {
	return func(ctx context.Context, d bus.Delivery) error {
		var m wrapperspb.Int64Value
		if err := bus.Decode(d, &m); err != nil {
			return err
		}
		return crdb.InTx(ctx, db, func(ctx context.Context, tx crdb.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO effect (n, key, at) VALUES ($1, $2, (SELECT count(*) FROM effect))`, m.GetValue(), d.Key)
			return err
		})
	}
}

func count(t *testing.T, db *crdb.DB, query string) int {
	t.Helper()
	var n int
	if err := db.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Relays and consumers are stopped at odd moments, and the stream is restarted
// on its files: every event has its effect, once.
func TestEventsHaveTheirEffectOnceThroughCrashes(t *testing.T) {
	db := kittest.DB(t, effects)
	dir := t.TempDir()
	const events = 300
	put1 := func(from, to int64) {
		for n := from; n < to; n++ {
			put(t, db, "test.happened", fmt.Sprint("key", n%5), n)
		}
	}
	// The relay forgets within a while what it published; here everything is in doubt.
	server, err := bus.Embedded(dir)
	if err != nil {
		t.Fatal(err)
	}
	life := func(until int) {
		b, err := server.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		stopRelay := background(t, bus.NewRelay(b, db, "test", announce).Run)
		stopConsumer := background(t, bus.NewConsumer(b, "recorder", map[string]bus.Handler{"souk.test.>": record(db)}, bus.WithInbox(db)).Run)
		eventually(t, fmt.Sprintf("%d effects", until), func() bool { return count(t, db, `SELECT count(*) FROM effect`) >= until })
		stopRelay()
		stopConsumer()
	}
	put1(0, 100)
	life(1)
	life(50)
	put1(100, 200)
	life(120)
	server.Close()
	if server, err = bus.Embedded(dir); err != nil {
		t.Fatal(err)
	}
	defer func() { server.Close() }()
	put1(200, events)
	life(events)
	if n := count(t, db, `SELECT count(DISTINCT n) FROM effect`); n != events || count(t, db, `SELECT count(*) FROM effect`) != events {
		t.Errorf("%d different effects of %d in all; want %d and as many", n, count(t, db, `SELECT count(*) FROM effect`), events)
	}
}

// While nothing fails, the events of one key come in the order in which they
// happened. After a crash they may not: consumers look at versions.
func TestEventsOfOneKeyComeInOrder(t *testing.T) {
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	background(t, bus.NewConsumer(b, "recorder", map[string]bus.Handler{"souk.test.>": record(db)}, bus.WithInbox(db)).Run)
	for n := range int64(100) {
		put(t, db, "test.happened", fmt.Sprint("key", n%3), n)
	}
	eventually(t, "100 effects", func() bool { return count(t, db, `SELECT count(*) FROM effect`) == 100 })
	if n := count(t, db, `SELECT count(*) FROM effect a JOIN effect b ON a.key = b.key AND a.n < b.n AND a.at > b.at`); n != 0 {
		t.Errorf("%d pairs of events of one key were handled in the wrong order", n)
	}
}

func TestRolledBackChangesTellNothing(t *testing.T) {
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	background(t, bus.NewConsumer(b, "recorder", map[string]bus.Handler{"souk.test.happened": record(db)}, bus.WithInbox(db)).Run)
	refused := errors.New("refused")
	err := crdb.InTx(t.Context(), db, func(ctx context.Context, tx crdb.Tx) error {
		if err := bus.Put(ctx, tx, "test.happened", "k", 1); err != nil {
			return err
		}
		return refused
	})
	if !errors.Is(err, refused) {
		t.Fatal(err)
	}
	put(t, db, "test.happened", "k", 2)
	eventually(t, "the second event", func() bool { return count(t, db, `SELECT count(*) FROM effect WHERE n = 2`) == 1 })
	if n := count(t, db, `SELECT count(*) FROM effect`); n != 1 {
		t.Errorf("%d effects; want 1", n)
	}
}

func TestPoisonIsParkedAndSentAgain(t *testing.T) {
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	var mu sync.Mutex
	broken := true
	handler := func(ctx context.Context, d bus.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		if broken && d.Key == "bad" {
			return errors.New("not yet")
		}
		return record(db)(ctx, d)
	}
	background(t, bus.NewConsumer(b, "recorder", map[string]bus.Handler{"souk.test.happened": handler}, bus.WithInbox(db), bus.WithBackoff(time.Millisecond, time.Millisecond)).Run)
	put(t, db, "test.happened", "bad", 1)
	put(t, db, "test.happened", "good", 2)
	var dead []bus.DeadLetter
	eventually(t, "a dead letter", func() bool {
		var err error
		if dead, err = b.DeadLetters(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
		return len(dead) == 1
	})
	if d := dead[0]; d.Consumer != "recorder" || d.Reason != "not yet" || d.Delivery.Key != "bad" || d.Delivery.Subject != "souk.test.happened" {
		t.Errorf("dead letter = %+v", d)
	}
	eventually(t, "the good one", func() bool { return count(t, db, `SELECT count(*) FROM effect WHERE n = 2`) == 1 })
	mu.Lock()
	broken = false
	mu.Unlock()
	if err := b.Resend(t.Context(), dead[0].Sequence); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the bad one after all", func() bool { return count(t, db, `SELECT count(*) FROM effect WHERE n = 1`) == 1 })
	if left, err := b.DeadLetters(t.Context(), 10); err != nil || len(left) != 0 {
		t.Errorf("dead letters left: %v, %v", left, err)
	}
}

func TestFactsThatCannotBeToldHoldNothingUp(t *testing.T) {
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	relay := bus.NewRelay(b, db, "test", announce)
	put(t, db, "test.broken", "k", 1)
	put(t, db, "test.happened", "k", 2)
	background(t, relay.Run)
	background(t, bus.NewConsumer(b, "recorder", map[string]bus.Handler{"souk.test.happened": record(db)}, bus.WithInbox(db)).Run)
	eventually(t, "the readable one", func() bool { return count(t, db, `SELECT count(*) FROM effect WHERE n = 2`) == 1 })
	dead, err := b.DeadLetters(t.Context(), 10)
	if err != nil || len(dead) != 1 || dead[0].Delivery.Subject != "souk.test.broken" {
		t.Errorf("dead letters = %+v, %v; want the broken one", dead, err)
	}
}

func TestUndecodableIsPoison(t *testing.T) {
	var m structpb.Struct
	err := bus.Decode(bus.Delivery{Data: []byte{0xff, 0xff}}, &m)
	if err == nil {
		t.Fatal("rubbish was decoded")
	}
}

func TestTailHearsTags(t *testing.T) {
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	heard := make(chan bus.Delivery, 10)
	background(t, func(ctx context.Context) error {
		return b.Tail(ctx, "souk.>", func(d bus.Delivery) { heard <- d })
	})
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	n := int64(0)
	// The tail begins with what is told after it listens: tell until it hears.
	var first bus.Delivery
	eventually(t, "a delivery", func() bool {
		n++
		put(t, db, "test.happened", "k", n)
		select {
		case first = <-heard:
			return true
		default:
			return false
		}
	})
	if len(first.SurrogateKeys) != 1 || first.SurrogateKeys[0] != "thing/k" || first.Source != "test" || first.Sequence == 0 {
		t.Errorf("heard %+v", first)
	}
}
