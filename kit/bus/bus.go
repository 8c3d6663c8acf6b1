// Package bus tells what happened and hears it, so that an event is never lost
// and its effect happens once.
//
// A change and its event commit together: Put writes the event into the outbox
// in the caller's transaction. A Relay publishes outbox rows to JetStream with
// the row's id as message id, so that publishing again is harmless. JetStream
// acknowledges before its file is synced, so a row is kept until the stream was
// seen alive, with the row in it, well after the sync interval; until then it is
// in doubt and published again when either side was away. A Consumer notes the
// ids that it has handled in the transaction of their effect, and so passes over
// what comes twice. What cannot be handled is parked in a stream of dead letters,
// from which it can be sent again to the one that could not handle it.
//
// Order: the events of one key enter the stream in the order of their ids, which
// is the order of the transactions when these change a row of that key. A
// consumer sees them in that order while nothing fails and one instance of it
// runs; after a failure an event may come behind a younger one, so consumers
// look at versions or read the present state.
package bus

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/souk-commerce/souk/kit/chaos"
)

// Bus is a connection to JetStream.
type Bus struct {
	conn *nats.Conn
	js   jetstream.JetStream
	// How often the connection was lost and found again. The server may have been
	// restarted in between, and have forgotten what it had not synced.
	lives atomic.Int64
	storm *chaos.Storm
}

// Disturb lets a storm over what is told and heard. To be called before anything is.
func (b *Bus) Disturb(s *chaos.Storm) { b.storm = s }

// Dial connects to a cluster and makes the streams where they are missing. Set
// sync_interval to one second in the cluster's configuration; its default of two
// minutes is longer than rows are kept.
func Dial(ctx context.Context, url string) (*Bus, error) { return dial(ctx, url) }

const (
	reconnectWait = 200 * time.Millisecond
	publishTime   = 10 * time.Second
)

func dial(ctx context.Context, url string, options ...nats.Option) (*Bus, error) {
	b := &Bus{}
	options = append(options, nats.Name("souk"), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait),
		// What is published while the connection is away fails at once: sent late, from
		// a buffer, it could overtake what is told again.
		nats.ReconnectBufSize(-1),
		nats.ReconnectHandler(func(*nats.Conn) { b.lives.Add(1) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				slog.Warn("events: connection lost; trying again", "error", err)
			}
		}),
	)
	conn, err := nats.Connect(url, options...)
	if err != nil {
		return nil, fmt.Errorf("events: connect: %w", err)
	}
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncTimeout(publishTime))
	if err != nil {
		conn.Close()
		return nil, err
	}
	b.conn, b.js = conn, js
	if err := b.makeStreams(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("events: streams: %w", err)
	}
	return b, nil
}

// Close ends the connection.
func (b *Bus) Close() { b.conn.Close() }

// Ready tells whether the stream answers.
func (b *Bus) Ready(ctx context.Context) error {
	_, err := b.js.Stream(ctx, stream)
	return err
}
