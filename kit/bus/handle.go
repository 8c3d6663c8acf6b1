package bus

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/kit/crdb"
)

func (c *Consumer) handle(ctx context.Context, msg jetstream.Msg) {
	if ctx.Err() != nil {
		// Later than our own fetch lives, or it would come straight back to us.
		_ = msg.NakWithDelay(retryWait)
		return
	}
	// Shutting down does not cut an effect in half.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handleTime)
	defer cancel()
	d := read(msg)
	if from := msg.Headers().Get(headerFrom); d.Subject == resent(c.name) {
		d.Subject = from
	}
	ctx, end := span(ctx, msg.Headers().Get(headerTrace), c.name, d)
	err := c.bus.storm.Pass(ctx, c.hears(d), "before", chaos.Die, chaos.Lose, chaos.Delay)
	if err == nil {
		err = c.attempt(c.bus.storm.Enter(ctx, c.hears(d)), d)
	}
	end(err)
	if err == nil {
		c.done(ctx, msg, d)
		return
	}
	c.failed.Add(1)
	c.count(ctx, d.Subject, "failed")
	failures := c.tries.more(d.ID)
	var bad poison
	if errors.As(err, &bad) || failures > len(c.backoff) {
		c.tries.forget(d.ID)
		c.park(ctx, msg, d, err)
		return
	}
	delay := c.backoff[failures-1]
	c.log.WarnContext(ctx, "event not handled; it comes again", "consumer", c.name, "subject", d.Subject, "id", d.ID, "attempt", d.Attempt, "in", delay, "error", err)
	_ = msg.NakWithDelay(delay) // lost: it comes again when the acknowledgement is missed
}

// done takes an event off the stream.
func (c *Consumer) done(ctx context.Context, msg jetstream.Msg, d Delivery) {
	c.handled.Add(1)
	c.tries.forget(d.ID)
	c.count(ctx, d.Subject, "done")
	if again, err := c.bus.storm.At(ctx, c.hears(d), "after", chaos.Twice, chaos.Die, chaos.Lose); again || err != nil {
		_ = msg.NakWithDelay(retryWait) // not acknowledged: it comes twice
		return
	}
	if err := msg.Ack(); err != nil {
		c.log.WarnContext(ctx, "event not acknowledged; it comes again", "consumer", c.name, "id", d.ID, "error", err)
	}
}

// hears names what a consumer does with an event, for those who make it fail.
func (c *Consumer) hears(d Delivery) string {
	return c.name + "/hears/" + strings.TrimPrefix(d.Subject, "souk.")
}

// tries counts how often this process has failed with events. How often they were
// delivered is another number: those that were with one that ended a process, or came
// while it closed, have not failed.
type tries struct {
	mu     sync.Mutex
	failed map[string]int
}

// mostTries bounds what is counted; then it is begun anew.
const mostTries = 10_000

func (t *tries) more(event string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed == nil || len(t.failed) >= mostTries {
		t.failed = map[string]int{}
	}
	t.failed[event]++
	return t.failed[event]
}

func (t *tries) forget(event string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.failed, event)
}

// attempt handles an event unless it seems to kill whoever handles it: one that
// was begun so often without an end, even a bad one, is not begun again.
func (c *Consumer) attempt(ctx context.Context, d Delivery) error {
	if tries := len(c.backoff) + 1; d.Attempt > 2*tries {
		return Poison(fmt.Errorf("begun %d times and never finished", d.Attempt-1))
	}
	handler := c.handler(d.Subject)
	if handler == nil {
		return Poison(fmt.Errorf("nobody handles %q", d.Subject))
	}
	return c.effect(ctx, d, handler)
}

func (c *Consumer) handler(subject string) Handler {
	for _, p := range c.patterns {
		if matches(p, subject) {
			return c.handlers[p]
		}
	}
	return nil
}

const noteHandled = `INSERT INTO inbox (consumer, event_id, handled_at) VALUES ($1, $2, now()) ON CONFLICT (consumer, event_id) DO NOTHING`

func (c *Consumer) effect(ctx context.Context, d Delivery, handler Handler) error {
	if c.inbox == nil {
		return c.guarded(ctx, d, handler)
	}
	again := false
	err := crdb.InTx(ctx, c.inbox, func(ctx context.Context, tx crdb.Tx) error {
		noted, err := tx.Exec(ctx, noteHandled, c.name, d.ID)
		if again = err == nil && noted.RowsAffected() == 0; err != nil || again {
			return err
		}
		return c.guarded(ctx, d, handler)
	})
	if again {
		c.repeated.Add(1)
		c.count(ctx, d.Subject, "repeated")
	}
	return err
}

// guarded makes a handler's panic an error.
func (c *Consumer) guarded(ctx context.Context, d Delivery, handler Handler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.log.ErrorContext(ctx, "handler panicked", "consumer", c.name, "subject", d.Subject, "id", d.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("the handler panicked: %v", p)
		}
	}()
	return handler(ctx, d)
}

// park moves an event to the dead letters. It is acknowledged only when it is there.
func (c *Consumer) park(ctx context.Context, msg jetstream.Msg, d Delivery, why error) {
	// The time of the handler may be up; parking has its own.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTime)
	defer cancel()
	dead := nats.NewMsg(deadConsumer(c.name, d.ID))
	dead.Data = msg.Data()
	for name, values := range msg.Headers() {
		if name != nats.MsgIdHdr && name != nats.ExpectedStreamHdr {
			dead.Header[name] = values
		}
	}
	dead.Header.Set(headerID, d.ID)
	dead.Header.Set(headerBy, c.name)
	dead.Header.Set(headerFrom, d.Subject)
	dead.Header.Set(headerReason, oneLine(why))
	dead.Header.Set(headerAttempts, strconv.Itoa(d.Attempt))
	if _, err := c.bus.js.PublishMsg(ctx, dead, jetstream.WithExpectStream(deadStream)); err != nil {
		c.log.ErrorContext(ctx, "event cannot be parked; it comes again", "consumer", c.name, "id", d.ID, "error", err)
		_ = msg.NakWithDelay(retryWait)
		return
	}
	c.parked.Add(1)
	c.count(ctx, d.Subject, "parked")
	c.log.ErrorContext(ctx, "event parked", "consumer", c.name, "subject", d.Subject, "id", d.ID, "attempts", d.Attempt, "error", why)
	_ = msg.Ack() // lost: it is parked again, in the same place
}
