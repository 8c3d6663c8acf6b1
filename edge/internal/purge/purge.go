// Package purge listens to what changed and tells the store to forget.
package purge

import (
	"context"

	"github.com/souk-commerce/souk/edge/internal/store"
	"github.com/souk-commerce/souk/kit/bus"
)

// Follow purges the surrogate keys of every event until ctx ends. The store keeps
// nothing before changes are heard.
func Follow(ctx context.Context, b *bus.Bus, s *store.Store) error {
	return b.Tail(ctx, "souk.>", func(d bus.Delivery) { s.Purge(d.SurrogateKeys, d.Sequence) }, s.Follow)
}
