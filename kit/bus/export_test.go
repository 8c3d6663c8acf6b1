package bus

import (
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// AckWait shortens the time after which a crashed consumer's events come again.
func AckWait(d time.Duration) ConsumerOption { return func(c *Consumer) { c.ackWait = d } }

// Keep shortens the time for which published rows are kept.
func (r *Relay) Keep(d time.Duration) *Relay {
	r.keep = d
	return r
}

// Matches, Finest and Disjoint are the rules of subjects.
var (
	Matches  = matches
	Finest   = finest
	Disjoint = disjoint
)

// JetStream is what is beneath.
func (b *Bus) JetStream() jetstream.JetStream { return b.js }
