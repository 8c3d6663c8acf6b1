// Package purge listens to what changed and tells the store to forget.
package purge

import (
	"context"
	"log/slog"
	"sync"

	"google.golang.org/protobuf/proto"

	edgev1 "github.com/souk-commerce/souk/api/gen/souk/edge/v1"
	"github.com/souk-commerce/souk/edge/cache"
	"github.com/souk-commerce/souk/kit/bus"
)

// topic is where administrators' purges are told.
const topic = "edge.purge_requested"

// PathKey is the surrogate key of what is kept of a path.
func PathKey(path string) string { return "path:" + path }

// Purger lets a store follow changes. It implements bus.Watcher.
type Purger struct {
	bus   *bus.Bus
	store *cache.Store
	log   *slog.Logger

	mu    sync.Mutex
	begun bool
	// Sequences of the store only grow: those of a new beginning are all beyond those
	// before, by base.
	base, heard uint64
	more        chan struct{} // closed when more was heard
}

// New returns a purger.
func New(b *bus.Bus, s *cache.Store, log *slog.Logger) *Purger {
	return &Purger{bus: b, store: s, log: log, more: make(chan struct{})}
}

// Follow purges what events name until ctx ends. The store keeps nothing before
// changes are heard, and gives nothing that is older than a moment while they are not.
func (p *Purger) Follow(ctx context.Context) error { return p.bus.Watch(ctx, p) }

// Began implements bus.Watcher.
func (p *Purger) Began(sequence uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun {
		p.base = p.store.Applied() + 1
	}
	p.begun = true
	p.store.Follow(p.base + sequence)
	p.reached(sequence)
}

// Heard implements bus.Watcher.
func (p *Purger) Heard(d bus.Delivery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.base + d.Sequence
	if d.Subject == "souk."+topic {
		var asked edgev1.PurgeRequested
		if err := proto.Unmarshal(d.Data, &asked); err != nil {
			p.log.Warn("a purge cannot be read", "id", d.ID, "error", err)
		}
		keys := asked.GetSurrogateKeys()
		for _, path := range asked.GetPaths() {
			keys = append(keys, PathKey(path))
		}
		if asked.GetSoft() {
			p.store.Soften(keys, at)
		} else {
			p.store.Purge(keys, at)
		}
	}
	p.store.Purge(d.SurrogateKeys, at)
	p.reached(d.Sequence)
}

// Lost implements bus.Watcher.
func (p *Purger) Lost() { p.store.Lose() }

// Back implements bus.Watcher.
func (p *Purger) Back() { p.store.Hear() }

// reached tells those who wait. The caller holds the lock.
func (p *Purger) reached(sequence uint64) {
	p.heard = sequence
	close(p.more)
	p.more = make(chan struct{})
}

// Until returns when everything up to a sequence was heard, or ctx ends.
func (p *Purger) Until(ctx context.Context, sequence uint64) error {
	for {
		p.mu.Lock()
		heard, more := p.heard, p.more
		p.mu.Unlock()
		if heard >= sequence {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
