// Package purge listens to what changed and tells the store to forget.
package purge

import (
	"context"

	"github.com/souk-commerce/souk/edge/cache"
	"github.com/souk-commerce/souk/kit/bus"
)

// Follow purges the surrogate keys of every event until ctx ends. The store keeps
// nothing before changes are heard, and gives nothing that is older than a moment
// while they are not.
func Follow(ctx context.Context, b *bus.Bus, s *cache.Store) error {
	return b.Watch(ctx, &follower{store: s})
}

// follower implements bus.Watcher. Sequences of the store only grow: those of a new
// beginning are all beyond those before.
type follower struct {
	store *cache.Store
	begun bool
	base  uint64
}

func (f *follower) Began(sequence uint64) {
	if f.begun {
		f.base = f.store.Applied() + 1
	}
	f.begun = true
	f.store.Follow(f.base + sequence)
}

func (f *follower) Heard(d bus.Delivery) { f.store.Purge(d.SurrogateKeys, f.base+d.Sequence) }

func (f *follower) Lost() { f.store.Lose() }

func (f *follower) Back() { f.store.Hear() }
