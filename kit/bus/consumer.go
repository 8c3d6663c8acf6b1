package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
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
	inbox    *crdb.DB
	attempts int
	backoff  []time.Duration
	log      *slog.Logger
}

// ConsumerOption changes how a consumer works.
type ConsumerOption func(*Consumer)

// WithInbox makes each effect happen once: the handler runs within a transaction
// of db that notes the event's id, and what it does through crdb.InTx or
// crdb.Once with its context joins that transaction.
func WithInbox(db *crdb.DB) ConsumerOption { return func(c *Consumer) { c.inbox = db } }

// WithBackoff sets the waits between tries; after the last the event is parked.
func WithBackoff(waits ...time.Duration) ConsumerOption {
	return func(c *Consumer) { c.backoff, c.attempts = waits, len(waits)+1 }
}

// NewConsumer returns a consumer that runs when Run is called. Handlers are named
// by subject: "souk.order.placed".
func NewConsumer(b *Bus, name string, handlers map[string]Handler, options ...ConsumerOption) *Consumer {
	c := &Consumer{bus: b, name: name, handlers: handlers, log: slog.Default()}
	WithBackoff(100*time.Millisecond, time.Second, 5*time.Second, 30*time.Second, time.Minute, 5*time.Minute, 15*time.Minute)(c)
	for _, o := range options {
		o(c)
	}
	return c
}

// Name implements run.Part.
func (c *Consumer) Name() string { return c.name + " consumer" }

const (
	handleTime = 8 * time.Second
	// After a crash, what it was busy with comes again this much later.
	ackWait   = 10 * time.Second
	fetchMost = 8
	fetchWait = 300 * time.Millisecond
	retryWait = 500 * time.Millisecond
)

// resent is where a parked event is sent again, to the one who could not handle it.
func resent(consumer string) string { return "souk.resent." + consumer }

// Run handles events, one at a time and in order, until ctx ends. An event that
// is being handled is finished first.
func (c *Consumer) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := c.consume(ctx); err != nil && ctx.Err() == nil {
			c.log.WarnContext(ctx, "events are not heard; trying again", "consumer", c.name, "error", err)
			wait(ctx, retryWait)
		}
	}
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
	subjects := append(slices.Sorted(maps.Keys(c.handlers)), resent(c.name))
	durable, err := c.bus.js.CreateOrUpdateConsumer(ctx, stream, jetstream.ConsumerConfig{
		Durable: c.name, FilterSubjects: subjects, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait,
		DeliverPolicy: jetstream.DeliverAllPolicy, MaxAckPending: 1000,
	})
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		// What was fetched is handled or given back before the next fetch, so that
		// nothing is left waiting for its acknowledgement when we stop.
		fetched, err := durable.Fetch(fetchMost, jetstream.FetchMaxWait(fetchWait))
		if err != nil {
			return err
		}
		for msg := range fetched.Messages() {
			if ctx.Err() != nil {
				msg.Nak()
				continue
			}
			c.handle(ctx, msg)
		}
		if err := fetched.Error(); err != nil && !errors.Is(err, nats.ErrTimeout) {
			return err
		}
	}
	return c.bus.conn.FlushTimeout(retryWait)
}

func (c *Consumer) handle(ctx context.Context, msg jetstream.Msg) {
	// Shutting down does not cut an effect in half.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handleTime)
	defer cancel()
	d := read(msg)
	subject := d.Subject
	if from := msg.Headers().Get(headerFrom); subject == resent(c.name) && from != "" {
		subject, d.Subject = from, from
	}
	err := c.effect(ctx, d, c.handlers[c.match(subject)])
	if err == nil {
		if err := msg.DoubleAck(ctx); err != nil {
			c.log.WarnContext(ctx, "event not acknowledged; it comes again", "consumer", c.name, "id", d.ID, "error", err)
		}
		return
	}
	var bad poison
	if errors.As(err, &bad) || d.Attempt >= c.attempts {
		c.park(ctx, msg, d, err)
		return
	}
	c.log.WarnContext(ctx, "event not handled; it comes again", "consumer", c.name, "subject", d.Subject, "id", d.ID, "attempt", d.Attempt, "error", err)
	msg.NakWithDelay(c.backoff[min(d.Attempt, len(c.backoff))-1])
}

// match returns the handlers' name for a subject: itself, or a pattern.
func (c *Consumer) match(subject string) string {
	if _, ok := c.handlers[subject]; ok {
		return subject
	}
	for pattern := range c.handlers {
		if prefix, ok := strings.CutSuffix(pattern, ">"); ok && strings.HasPrefix(subject, prefix) {
			return pattern
		}
	}
	return ""
}

const noteHandled = `INSERT INTO inbox (consumer, event_id, handled_at) VALUES ($1, $2, now()) ON CONFLICT (consumer, event_id) DO NOTHING`

func (c *Consumer) effect(ctx context.Context, d Delivery, handler Handler) error {
	if handler == nil {
		return Poison(fmt.Errorf("nobody handles %s", d.Subject))
	}
	if c.inbox == nil {
		return handler(ctx, d)
	}
	return crdb.InTx(ctx, c.inbox, func(ctx context.Context, tx crdb.Tx) error {
		noted, err := tx.Exec(ctx, noteHandled, c.name, d.ID)
		if err != nil || noted.RowsAffected() == 0 {
			return err
		}
		return handler(ctx, d)
	})
}

func read(msg jetstream.Msg) Delivery {
	h := msg.Headers()
	d := Delivery{
		ID: h.Get(headerID), Subject: msg.Subject(), Key: h.Get(headerSubject), Source: h.Get(headerSource),
		Data: msg.Data(), SurrogateKeys: strings.Fields(h.Get(headerTags)),
	}
	d.Time, _ = time.Parse(time.RFC3339Nano, h.Get(headerTime))
	if meta, err := msg.Metadata(); err == nil {
		d.Sequence, d.Attempt = meta.Sequence.Stream, int(meta.NumDelivered)
	}
	return d
}

// park moves an event to the dead letters. It is acknowledged only when it is there.
func (c *Consumer) park(ctx context.Context, msg jetstream.Msg, d Delivery, why error) {
	c.log.ErrorContext(ctx, "event parked", "consumer", c.name, "subject", d.Subject, "id", d.ID, "attempts", d.Attempt, "error", why)
	dead := nats.NewMsg("dead." + c.name)
	dead.Data = msg.Data()
	for name, values := range msg.Headers() {
		if name != nats.MsgIdHdr {
			dead.Header[name] = values
		}
	}
	dead.Header.Set(headerBy, c.name)
	dead.Header.Set(headerFrom, d.Subject)
	dead.Header.Set(headerReason, oneLine(why))
	if _, err := c.bus.js.PublishMsg(ctx, dead); err != nil {
		msg.NakWithDelay(retryWait)
		return
	}
	msg.Ack()
}

// Tail hears events from now on until ctx ends, in order, without a durable name.
func (b *Bus) Tail(ctx context.Context, subject string, f func(Delivery)) error {
	ordered, err := b.js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{subject}, DeliverPolicy: jetstream.DeliverNewPolicy,
	})
	if err != nil {
		return err
	}
	hearing, err := ordered.Consume(func(msg jetstream.Msg) { f(read(msg)) })
	if err != nil {
		return err
	}
	defer hearing.Stop()
	<-ctx.Done()
	return nil
}

// DeadLetter is an event that somebody could not handle.
type DeadLetter struct {
	// Its place among the dead letters, by which it is sent again.
	Sequence uint64
	Consumer string
	Reason   string
	Delivery Delivery
}

// DeadLetters returns up to limit parked events, the oldest first.
func (b *Bus) DeadLetters(ctx context.Context, limit int) ([]DeadLetter, error) {
	s, err := b.js.Stream(ctx, deadStream)
	if err != nil {
		return nil, err
	}
	info, err := s.Info(ctx)
	if err != nil {
		return nil, err
	}
	var all []DeadLetter
	for seq := max(info.State.FirstSeq, 1); seq <= info.State.LastSeq && len(all) < limit; seq++ {
		raw, err := s.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		h := raw.Header
		all = append(all, DeadLetter{Sequence: seq, Consumer: h.Get(headerBy), Reason: h.Get(headerReason), Delivery: Delivery{
			ID: h.Get(headerID), Subject: h.Get(headerFrom), Key: h.Get(headerSubject), Source: h.Get(headerSource), Data: raw.Data, Time: raw.Time,
		}})
	}
	return all, nil
}

// Resend gives a parked event to its consumer once more and takes it from the
// dead letters.
func (b *Bus) Resend(ctx context.Context, sequence uint64) error {
	s, err := b.js.Stream(ctx, deadStream)
	if err != nil {
		return err
	}
	raw, err := s.GetMsg(ctx, sequence)
	if err != nil {
		return fmt.Errorf("dead letter %d: %w", sequence, err)
	}
	by := raw.Header.Get(headerBy)
	if by == "" {
		return errors.New("this event was never told: the service that wrote it has to be mended first")
	}
	again := nats.NewMsg(resent(by))
	again.Data = raw.Data
	for name, values := range raw.Header {
		if name != headerReason && name != headerBy && name != nats.MsgIdHdr {
			again.Header[name] = values
		}
	}
	if _, err := b.js.PublishMsg(ctx, again); err != nil {
		return fmt.Errorf("send again: %w", err)
	}
	if err := s.DeleteMsg(ctx, sequence); err != nil {
		return fmt.Errorf("take dead letter %d away: %w", sequence, err)
	}
	return nil
}
