package bus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
)

func TestFailuresAreTriedAgainThenParkedAndSentAgain(t *testing.T) {
	t.Parallel()
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	var broken atomic.Bool
	broken.Store(true)
	handler := func(ctx context.Context, d bus.Delivery) error {
		if broken.Load() && d.Key == "bad" {
			return errors.New("not yet")
		}
		return record(db)(ctx, d)
	}
	background(t, bus.NewConsumer(b, "recorder", map[string]bus.Handler{"souk.test.happened": handler}, bus.WithInbox(db), bus.WithBackoff(time.Millisecond, time.Millisecond)).Run)
	// Others hear everything, but not what is sent to the recorder again.
	var heard atomic.Int64
	background(t, bus.NewConsumer(b, "other", map[string]bus.Handler{"souk.>": func(context.Context, bus.Delivery) error {
		heard.Add(1)
		return nil
	}}).Run)
	put(t, db, "test.happened", "bad", 1)
	put(t, db, "test.happened", "good", 2)
	dead := letters(t, b, 1)
	if d := dead[0]; d.Consumer != "recorder" || d.Reason != "not yet" || d.Attempts != 3 || d.Delivery.Key != "bad" || d.Delivery.Subject != "souk.test.happened" || d.Delivery.Time.IsZero() {
		t.Errorf("dead letter = %+v", d)
	}
	eventually(t, "the good one", func() bool { return count(t, db, `SELECT count(*) FROM effect WHERE n = 2`) == 1 })
	// Sent again too early, it is parked again, as one letter.
	if err := b.Resend(t.Context(), dead[0].Sequence); err != nil {
		t.Fatal(err)
	}
	again := dead
	eventually(t, "another dead letter", func() bool {
		again = letters(t, b, 1)
		return again[0].Sequence != dead[0].Sequence
	})
	if again[0].Delivery.Subject != "souk.test.happened" || again[0].Delivery.ID != dead[0].Delivery.ID {
		t.Errorf("second dead letter = %+v", again[0])
	}
	broken.Store(false)
	if err := b.Resend(t.Context(), again[0].Sequence); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the bad one after all", func() bool { return count(t, db, `SELECT count(*) FROM effect WHERE n = 1`) == 1 })
	letters(t, b, 0)
	once(t, db, 2)
	if err := b.Resend(t.Context(), again[0].Sequence); err == nil {
		t.Error("a dead letter was sent again twice")
	}
	eventually(t, "the other one has heard both", func() bool { return heard.Load() >= 2 })
	if n := heard.Load(); n != 2 {
		t.Errorf("the other consumer heard %d events; want 2", n)
	}
}

func TestPoisonAndStrangersAreParkedAtOnce(t *testing.T) {
	t.Parallel()
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	var calls atomic.Int64
	background(t, bus.NewConsumer(b, "reader", map[string]bus.Handler{"souk.test.happened": func(_ context.Context, d bus.Delivery) error {
		calls.Add(1)
		return bus.Decode(bus.Delivery{Data: []byte{0xff, 0xff}}, &structpb.Struct{})
	}}).Run)
	put(t, db, "test.happened", "k", 1)
	dead := letters(t, b, 1)
	if calls.Load() != 1 || dead[0].Attempts != 1 {
		t.Errorf("%d calls, %+v; want one", calls.Load(), dead[0])
	}
	if err := b.Discard(t.Context(), dead[0].Sequence); err != nil {
		t.Fatal(err)
	}
	letters(t, b, 0)
}

func TestPanickingHandlersDoNotEndTheConsumer(t *testing.T) {
	t.Parallel()
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	background(t, bus.NewConsumer(b, "recorder", map[string]bus.Handler{"souk.test.happened": func(ctx context.Context, d bus.Delivery) error {
		if d.Key == "bad" {
			panic("oops")
		}
		return record(db)(ctx, d)
	}}, bus.WithInbox(db), bus.WithBackoff()).Run)
	put(t, db, "test.happened", "bad", 1)
	put(t, db, "test.happened", "good", 2)
	eventually(t, "the good one", func() bool { return countEffects(t, db) == 1 })
	if d := letters(t, b, 1)[0]; d.Reason != "the handler panicked: oops" {
		t.Errorf("dead letter = %+v", d)
	}
}

// Slow work on many events does not make them come again meanwhile.
func TestSlowWorkIsNotGivenToOthers(t *testing.T) {
	t.Parallel()
	db, s := kittest.DB(t, effects), listening(t, t.TempDir(), -1)
	b := dial(t, s)
	const events = 5
	putMany(t, db, 0, events)
	relay := bus.NewRelay(b, db, "test", announce)
	background(t, relay.Run)
	eventually(t, "all told", func() bool { return relay.Stats().Published == events })
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The consumer says a third of the stream's patience apart that it is at work.
	said := make(chan struct{}, 1000)
	if _, err := conn.Subscribe("$JS.ACK.>", func(msg *nats.Msg) {
		if string(msg.Data) == "+WPI" {
			said <- struct{}{}
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	consumer := bus.NewConsumer(b, "slow", map[string]bus.Handler{"souk.test.*": func(context.Context, bus.Delivery) error {
		if calls.Add(1) == 1 {
			for range 6 * events {
				<-said
			}
		}
		return nil
	}}, bus.AckWait(300*time.Millisecond))
	background(t, consumer.Run)
	eventually(t, "all", func() bool { return consumer.Stats().Handled >= events })
	if n := calls.Load(); n != events {
		t.Errorf("%d calls; want %d", n, events)
	}
}

func TestLanesWorkAtOnceAndKeepTheOrderOfAKey(t *testing.T) {
	t.Parallel()
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	var events []bus.Event
	for n := range 200 {
		events = append(events, bus.Event{Topic: "test.happened", Key: fmt.Sprint("key", n%7), Fact: n})
	}
	if err := crdb.InTx(t.Context(), db, func(ctx context.Context, tx crdb.Tx) error { return bus.PutAll(ctx, tx, events...) }); err != nil {
		t.Fatal(err)
	}
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	var mu sync.Mutex
	heard := map[string][]int64{}
	both := make(chan struct{}) // closed when two handlers are at work at once
	working := 0
	consumer := bus.NewConsumer(b, "lanes", map[string]bus.Handler{"souk.test.happened": func(ctx context.Context, d bus.Delivery) error {
		n, err := number(d)
		mu.Lock()
		heard[d.Key] = append(heard[d.Key], n)
		if working++; working == 2 {
			close(both)
		}
		mu.Unlock()
		select {
		case <-both:
		case <-ctx.Done():
			return ctx.Err()
		}
		return err
	}}, bus.WithLanes(4))
	background(t, consumer.Run)
	eventually(t, "all", func() bool { return consumer.Stats().Handled == 200 })
	for key, numbers := range heard {
		if !slices.IsSorted(numbers) {
			t.Errorf("%s: heard %v", key, numbers)
		}
	}
}

// Going to sleep, a consumer finishes the transaction that it is in and gives the
// rest back.
func TestConsumersFinishWhatTheyAreDoing(t *testing.T) {
	t.Parallel()
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	putMany(t, db, 0, 20)
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	begun, goOn := make(chan struct{}), make(chan struct{})
	var first sync.Once
	ctx, cancel := context.WithCancel(t.Context())
	consumer := bus.NewConsumer(b, "recorder", map[string]bus.Handler{"souk.test.happened": func(ctx context.Context, d bus.Delivery) error {
		first.Do(func() { close(begun); <-goOn })
		if err := ctx.Err(); err != nil {
			t.Errorf("cut in half: %v", err)
		}
		return record(db)(ctx, d)
	}}, bus.WithInbox(db))
	done := make(chan error, 1)
	go func() { done <- consumer.Run(ctx) }()
	<-begun
	cancel()
	close(goOn)
	if err := <-done; err != nil {
		t.Error(err)
	}
	finished := countEffects(t, db)
	if finished == 0 {
		t.Error("what was begun was given up")
	}
	once(t, db, finished)
	background(t, recorder(b, db).Run)
	eventually(t, "the rest", func() bool { return countEffects(t, db) == 20 })
	once(t, db, 20)
}

func TestHandlersWorkInTheTraceOfTheChange(t *testing.T) {
	t.Parallel()
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	heard := make(chan trace.TraceID, 1)
	background(t, bus.NewConsumer(b, "reader", map[string]bus.Handler{"souk.test.happened": func(ctx context.Context, _ bus.Delivery) error {
		heard <- trace.SpanContextFromContext(ctx).TraceID()
		return nil
	}}).Run)
	want := trace.TraceID{1, 2, 3}
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: want, SpanID: trace.SpanID{4}, TraceFlags: trace.FlagsSampled}))
	if err := crdb.InTx(ctx, db, func(ctx context.Context, tx crdb.Tx) error { return bus.Put(ctx, tx, "test.happened", "k", 1) }); err != nil {
		t.Fatal(err)
	}
	if got := <-heard; got != want {
		t.Errorf("trace %s; want %s", got, want)
	}
}

func TestTailHearsTags(t *testing.T) {
	t.Parallel()
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	heard, listening := make(chan bus.Delivery, 10), make(chan uint64, 1)
	background(t, func(ctx context.Context) error {
		return b.Tail(ctx, "souk.>", func(d bus.Delivery) { heard <- d }, func(sequence uint64) { listening <- sequence })
	})
	// What is told once it listens is heard.
	from := <-listening
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	put(t, db, "test.happened", "k 100%", int64(1))
	first := <-heard
	if first.Sequence != from+1 {
		t.Errorf("listening behind %d, heard %d first", from, first.Sequence)
	}
	if len(first.SurrogateKeys) != 1 || first.SurrogateKeys[0] != "thing/k 100%" || first.Source != "test" || first.Sequence == 0 || first.Key != "k 100%" || first.Time.IsZero() {
		t.Errorf("heard %+v", first)
	}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, subject string
		want             bool
	}{
		{"souk.a.b", "souk.a.b", true},
		{"souk.a.b", "souk.a.bc", false},
		{"souk.a", "souk.a.b", false},
		{"souk.a.b", "souk.a", false},
		{"souk.*.b", "souk.a.b", true},
		{"souk.*", "souk.a.b", false},
		{"souk.>", "souk.a.b", true},
		{"souk.a.>", "souk.a", false},
		{"souk.a.>", "souk.ab.c", false},
		{">", "souk.a", true},
	} {
		if got := bus.Matches(c.pattern, c.subject); got != c.want {
			t.Errorf("Matches(%q, %q) = %v; want %v", c.pattern, c.subject, got, c.want)
		}
	}
	patterns := []string{"souk.>", "souk.a.*", "souk.a.b", "souk.b.c"}
	if diff := cmp.Diff([]string{"souk.a.b", "souk.b.c", "souk.a.*", "souk.>"}, bus.Finest(patterns)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"souk.>"}, bus.Disjoint(patterns)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"souk.a.*", "souk.b.c"}, bus.Disjoint(patterns[1:])); diff != "" {
		t.Error(diff)
	}
}

// What waits is done in a few transactions; an event that fails among them fails
// alone, and no effect comes twice.
func TestEventsThatWaitShareATransaction(t *testing.T) {
	t.Parallel()
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	const many = 300
	for n := range many {
		put(t, db, "test.happened", fmt.Sprint("k", n), n)
	}
	eventually(t, "all to be told", func() bool { return count(t, db, `SELECT count(*) FROM outbox WHERE published_at IS NULL`) == 0 })
	var mu sync.Mutex
	transactions := map[crdb.Tx]bool{}
	var bad atomic.Int64
	background(t, bus.NewConsumer(b, "recorder", map[string]bus.Handler{"souk.test.happened": func(ctx context.Context, d bus.Delivery) error {
		if d.Key == "k77" && bad.Add(1) <= 2 {
			return errors.New("not yet")
		}
		return crdb.InTx(ctx, db, func(ctx context.Context, tx crdb.Tx) error {
			mu.Lock()
			transactions[tx] = true
			mu.Unlock()
			return record(db)(ctx, d)
		})
	}}, bus.WithInbox(db), bus.WithBackoff(time.Millisecond, time.Millisecond, time.Millisecond)).Run)
	eventually(t, "all effects", func() bool { return countEffects(t, db) == many })
	once(t, db, many)
	mu.Lock()
	defer mu.Unlock()
	if len(transactions) > many/2 {
		t.Errorf("%d transactions for %d events", len(transactions), many)
	}
	if bad.Load() < 3 {
		t.Errorf("the bad one was tried %d times", bad.Load())
	}
}

// An event that was delivered often because processes closed before they came to it
// has not failed: when it does, it is tried again as soon as any other.
func TestBeingGivenBackIsNoFailure(t *testing.T) {
	t.Parallel()
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	var busy atomic.Bool
	var tried, deliveries atomic.Int64
	busy.Store(true)
	begun, goOn := make(chan struct{}), make(chan struct{})
	run := func() func() {
		return background(t, bus.NewConsumer(b, "worker", map[string]bus.Handler{"souk.test.happened": func(_ context.Context, d bus.Delivery) error {
			switch {
			case d.Key == "first" && busy.Load():
				begun <- struct{}{}
				<-goOn
				return errors.New("not now")
			case d.Key == "second":
				deliveries.Store(int64(d.Attempt))
				if tried.Add(1) == 1 {
					return errors.New("not now")
				}
			}
			return nil
		}}, bus.WithBackoff(time.Millisecond, time.Millisecond, time.Millisecond, time.Hour, time.Hour, time.Hour, time.Hour)).Run)
	}
	put(t, db, "test.happened", "first", int64(1))
	put(t, db, "test.happened", "second", int64(1))
	for range 4 {
		stop := run()
		<-begun
		closed := make(chan struct{})
		go func() { stop(); close(closed) }()
		goOn <- struct{}{}
		<-closed
	}
	busy.Store(false)
	run()
	eventually(t, "the second try", func() bool { return tried.Load() >= 2 })
	if deliveries.Load() < 2 {
		t.Errorf("it was delivered %d times: the test shows nothing", deliveries.Load())
	}
}
