package bus

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/souk-commerce/souk/kit/crdb"
)

// Handler does what an event means to the service. An error has the event come
// again later; one marked by Poison parks it at once.
type Handler func(ctx context.Context, d Delivery) error

// Consumer hears events for one service, durably.
type Consumer struct {
	bus      *Bus
	name     string
	handlers map[string]Handler
	patterns []string // of handlers, the finest first
	inbox    *crdb.DB
	lanes    int
	backoff  []time.Duration
	ackWait  time.Duration
	log      *slog.Logger

	tries                             tries
	handled, repeated, failed, parked atomic.Int64
}

// ConsumerOption changes how a consumer works.
type ConsumerOption func(*Consumer)

// WithInbox makes each effect happen once: the handler runs within a transaction
// of db that notes the event's id, and what it does through crdb.InTx or
// crdb.Once with its context joins that transaction. The transaction may run
// again, and the handler with it, so the handler does nothing but SQL. Events that
// wait share a transaction; one that fails is tried again alone.
func WithInbox(db *crdb.DB) ConsumerOption { return func(c *Consumer) { c.inbox = db } }

// WithBackoff sets the waits between tries; after the last the event is parked.
// When not given there are ten tries within about twenty minutes, most of them in
// the first: what was away is mostly back soon.
func WithBackoff(waits ...time.Duration) ConsumerOption {
	return func(c *Consumer) { c.backoff = waits }
}

// WithLanes handles up to n events at a time. Those of one key stay in one lane,
// so in order. When not given there is one lane.
func WithLanes(n int) ConsumerOption { return func(c *Consumer) { c.lanes = max(n, 1) } }

// NewConsumer returns a consumer that runs when Run is called. Name is the
// service's; instances of one name share the work. Handlers are named by subject:
// "souk.order.placed", "souk.stock.*", "souk.catalog.>"; the finest that fits is
// called.
func NewConsumer(b *Bus, name string, handlers map[string]Handler, options ...ConsumerOption) *Consumer {
	if !wordForm.MatchString(name) {
		panic("bus: a consumer's name is one word, not " + name)
	}
	c := &Consumer{
		bus: b, name: name, handlers: handlers, patterns: finest(slices.Collect(maps.Keys(handlers))), lanes: 1, ackWait: ackWait, log: slog.Default(),
		backoff: []time.Duration{
			100 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute,
		},
	}
	for _, o := range options {
		o(c)
	}
	return c
}

// Name implements run.Part.
func (c *Consumer) Name() string { return c.name + " consumer" }

// ConsumerStats counts what a consumer did since it was made.
type ConsumerStats struct {
	// Events whose effect is done; of those, heard before and passed over.
	Handled, Repeated int64
	// Tries that failed, and events given up.
	Failed, Parked int64
}

// Stats returns the consumer's counters.
func (c *Consumer) Stats() ConsumerStats {
	return ConsumerStats{c.handled.Load(), c.repeated.Load(), c.failed.Load(), c.parked.Load()}
}

const (
	// After a crash, what it was busy with comes again this much later.
	ackWait    = 10 * time.Second
	handleTime = 20 * time.Second
	fetchMost  = 64 // for each lane
	fetchWait  = 300 * time.Millisecond
	retryWait  = 500 * time.Millisecond
)

// Run handles events until ctx ends. Those that are being handled, in one
// transaction, are finished first; what else was fetched is given back.
func (c *Consumer) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := c.consume(ctx); err != nil && ctx.Err() == nil {
			c.log.WarnContext(ctx, "events are not heard; trying again", "consumer", c.name, "error", err)
			wait(ctx, retryWait)
		}
	}
	// Acknowledgements that are on their way should arrive. Where the stream is away
	// the events come again, and the inbox knows them.
	_ = c.bus.conn.FlushTimeout(retryWait)
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (c *Consumer) consume(ctx context.Context) error {
	durable, err := c.bus.js.CreateOrUpdateConsumer(ctx, stream, jetstream.ConsumerConfig{
		Durable: c.name, FilterSubjects: append(disjoint(c.patterns), resent(c.name)),
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: c.ackWait, DeliverPolicy: jetstream.DeliverAllPolicy, MaxAckPending: 1000,
	})
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		// What was fetched is handled or given back before the next fetch, so that
		// nothing is left waiting for its acknowledgement when we stop.
		fetched, err := durable.Fetch(fetchMost*c.lanes, jetstream.FetchMaxWait(fetchWait))
		if err != nil {
			return err
		}
		c.work(ctx, fetched.Messages())
		if err := fetched.Error(); err != nil && !errors.Is(err, nats.ErrTimeout) {
			return err
		}
	}
	return nil
}

// work spreads messages over the lanes and returns when all are handled.
func (c *Consumer) work(ctx context.Context, messages <-chan jetstream.Msg) {
	var busy sync.WaitGroup
	held := c.hold()
	defer held.release()
	lanes := make([]chan jetstream.Msg, c.lanes)
	for i := range lanes {
		lanes[i] = make(chan jetstream.Msg, fetchMost*c.lanes)
		busy.Go(func() {
			for all := gather(lanes[i]); len(all) > 0; all = gather(lanes[i]) {
				c.handleAll(ctx, all)
				for _, msg := range all {
					held.drop(msg)
				}
			}
		})
	}
	for msg := range messages {
		held.add(msg)
		lanes[hash(msg.Headers().Get(headerSubject))%uint32(c.lanes)] <- msg
	}
	for _, lane := range lanes {
		close(lane)
	}
	busy.Wait()
}

// held tells the stream every now and then that what was fetched is still being
// worked on, so that slow work does not make it come twice.
type held struct {
	mu       sync.Mutex
	messages map[jetstream.Msg]bool
	stop     chan struct{}
	stopped  sync.WaitGroup
}

func (c *Consumer) hold() *held {
	h := &held{messages: map[jetstream.Msg]bool{}, stop: make(chan struct{})}
	h.stopped.Go(func() {
		ticker := time.NewTicker(c.ackWait / 3)
		defer ticker.Stop()
		for {
			select {
			case <-h.stop:
				return
			case <-ticker.C:
				h.each(func(msg jetstream.Msg) { _ = msg.InProgress() }) // lost: it comes twice
			}
		}
	})
	return h
}

func (h *held) each(f func(jetstream.Msg)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for msg := range h.messages {
		f(msg)
	}
}

func (h *held) add(msg jetstream.Msg) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.messages[msg] = true
}

func (h *held) drop(msg jetstream.Msg) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.messages, msg)
}

func (h *held) release() {
	close(h.stop)
	h.stopped.Wait()
}
