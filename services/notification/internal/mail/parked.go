package mail

import (
	"context"
	"time"
)

// Parked is an event that some service could not handle, or could not tell.
type Parked struct {
	// Its place among the parked ones; grows.
	ID uint64
	// Who could not handle it, and why the last time; empty where it was not told.
	Consumer, Reason string
	Attempts         int
	Time             time.Time
	// The event itself. Content is for people to read.
	Event, Source, Type, Key, Content string
	// When it happened.
	Happened time.Time
}

// Shelf is where parked events lie.
type Shelf interface {
	// Parked returns events behind a place, the oldest first.
	Parked(ctx context.Context, after uint64, most int) ([]Parked, error)
	// Resend gives an event to the service that could not handle it, and takes it
	// from the shelf; Discard only takes it away. One that is gone is an error.
	Resend(ctx context.Context, id uint64) error
	Discard(ctx context.Context, id uint64) error
}

// Memory remembers what callers with a key asked for.
type Memory interface {
	// Once does what the key's first call asked for, and nothing the second time.
	Once(ctx context.Context, do func() error) error
}

// Keeper looks after the shelf.
type Keeper struct {
	Shelf  Shelf
	Memory Memory
}

// Resend has an event handled once more. A caller who asks again with the same
// key is told that it is done, not that the event is gone.
func (k Keeper) Resend(ctx context.Context, id uint64) error {
	return k.Memory.Once(ctx, func() error { return k.Shelf.Resend(ctx, id) })
}

// Discard takes an event away for good, unhandled.
func (k Keeper) Discard(ctx context.Context, id uint64) error {
	return k.Memory.Once(ctx, func() error { return k.Shelf.Discard(ctx, id) })
}
