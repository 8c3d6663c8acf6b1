package cache

import (
	"hash/maphash"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/ristretto/v2"
)

const (
	slotBits = 20
	// How many answers to one address are kept, that differ by fields of requests.
	mostVariants = 8
)

// Store is a bounded set of entries, and the marks of what has changed. It is safe
// for concurrent use.
type Store struct {
	cache *ristretto.Cache[string, *variants]
	// By slot, the sequence of the last purge.
	hard, soft []atomic.Uint64
	applied    atomic.Uint64
	// Nothing is given that was asked for as of less, and nothing before following.
	from      atomic.Uint64
	following atomic.Bool
	seed      maphash.Seed
	// Writers of one key take turns.
	turns [64]sync.Mutex
	// Held by those who write into the container: closed, it does not take it.
	writing sync.RWMutex
	closed  bool
}

// variants are the entries of one address, the newest first.
type variants struct {
	key     string
	entries []*Entry
}

// NewStore returns a store that keeps about the given number of bytes. It keeps
// nothing before Follow is called.
func NewStore(bytes int64) (*Store, error) {
	cache, err := ristretto.NewCache(&ristretto.Config[string, *variants]{
		NumCounters: max(bytes/2048, 1000) * 10, MaxCost: bytes, BufferItems: 64, IgnoreInternalCost: true,
	})
	if err != nil {
		return nil, err
	}
	return &Store{cache: cache, hard: make([]atomic.Uint64, 1<<slotBits), soft: make([]atomic.Uint64, 1<<slotBits), seed: maphash.MakeSeed()}, nil
}

// Close frees the store. It keeps nothing from then on.
func (s *Store) Close() {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.closed = true
	s.cache.Close()
}

func (s *Store) slot(tag string) uint32 {
	return uint32(maphash.String(s.seed, tag) >> (64 - slotBits))
}

// Applied is the sequence of the last change that was taken into account.
func (s *Store) Applied() uint64 { return s.applied.Load() }

// Follow opens the store: every change behind a sequence will be told. Called again,
// it forgets what was asked for as of less: changes in between were not heard.
func (s *Store) Follow(sequence uint64) {
	raise(&s.from, sequence)
	raise(&s.applied, sequence)
	s.following.Store(true)
}

// Lose closes the store: changes are not heard. What is kept is given again after
// Hear, once all that was told meanwhile is applied; or after Follow, never.
func (s *Store) Lose() { s.following.Store(false) }

// Hear opens a store again that has heard all changes.
func (s *Store) Hear() { s.following.Store(true) }

// Hears tells whether changes are heard.
func (s *Store) Hears() bool { return s.following.Load() }

// addressTag is the surrogate key that an address has.
func addressTag(key string) string { return "\x00address\x00" + key }

// put keeps an entry made from the things that tags name, and tells whether it may
// be found. The container may still refuse it.
func (s *Store) put(e *Entry, tags []string) bool {
	if len(e.slots) == 0 {
		e.slots = append(e.slots, s.slot(addressTag(e.key)))
	}
	for _, t := range tags {
		e.slots = append(e.slots, s.slot(t))
	}
	if !s.following.Load() || e.asOf < s.from.Load() {
		return false // it may have changed unheard
	}
	e.grew = func() { s.weigh(e.key) }
	return s.change(e.key, func(old []*Entry) []*Entry {
		next := []*Entry{e}
		for _, o := range old {
			if len(next) < mostVariants && !same(o, e) && s.good(o) {
				next = append(next, o)
			}
		}
		return next
	})
}

// weigh counts again what an address takes.
func (s *Store) weigh(key string) {
	s.change(key, func(old []*Entry) []*Entry { return old })
}

// change replaces the entries of an address.
func (s *Store) change(key string, f func(old []*Entry) []*Entry) bool {
	s.writing.RLock()
	defer s.writing.RUnlock()
	if s.closed {
		return false
	}
	turn := &s.turns[maphash.String(s.seed, key)%uint64(len(s.turns))]
	turn.Lock()
	defer turn.Unlock()
	var before []*Entry
	if old, ok := s.cache.Get(key); ok && old.key == key {
		before = old.entries
	}
	next := &variants{key: key, entries: f(before)}
	if len(next.entries) == 0 {
		return false
	}
	cost := int64(0)
	for _, e := range next.entries {
		cost += e.cost()
	}
	// An update does not evict in ristretto, and the second of two quick sets of a
	// new key is dropped; forgetting first avoids the former, judging at read time
	// makes the latter harmless.
	s.cache.Del(key)
	return s.cache.Set(key, next, cost)
}

// drop forgets an address.
func (s *Store) drop(key string) {
	s.writing.RLock()
	defer s.writing.RUnlock()
	if !s.closed {
		s.cache.Del(key)
	}
}

// same tells whether two entries are chosen by the same requests.
func same(a, b *Entry) bool {
	if len(a.vary) != len(b.vary) {
		return false
	}
	for n := range a.vary {
		if a.vary[n] != b.vary[n] || a.chosen[n] != b.chosen[n] {
			return false
		}
	}
	return true
}

// get returns the entry that a request chooses, if there is one that no change has
// made wrong.
func (s *Store) get(key string, request http.Header) (*Entry, bool) {
	found, ok := s.cache.Get(key)
	if !ok || found.key != key {
		return nil, false
	}
	for _, e := range found.entries {
		if e.fits(request) && s.good(e) {
			return e, true
		}
	}
	return nil, false
}

// names returns what the answers of an address are chosen by.
func (s *Store) names(key string) []string {
	if found, ok := s.cache.Get(key); ok && found.key == key {
		return found.entries[0].vary
	}
	return nil
}

// good tells whether nothing that an entry was made from has changed since.
func (s *Store) good(e *Entry) bool {
	if e.asOf < s.from.Load() {
		return false
	}
	for _, slot := range e.slots {
		if s.hard[slot].Load() > e.asOf {
			return false
		}
	}
	return true
}

// stale tells whether it should be asked again because of a soft purge.
func (s *Store) stale(e *Entry) bool {
	for _, slot := range e.slots {
		if s.soft[slot].Load() > e.asOf {
			return true
		}
	}
	return false
}

// Purge forgets everything made from the things that tags name, including what
// is being fetched right now. Sequences only grow.
func (s *Store) Purge(tags []string, sequence uint64) { s.mark(s.hard, tags, sequence) }

// Soften makes stale what Purge would forget: it is given as stale answers are.
func (s *Store) Soften(tags []string, sequence uint64) { s.mark(s.soft, tags, sequence) }

func (s *Store) mark(marks []atomic.Uint64, tags []string, sequence uint64) {
	for _, t := range tags {
		raise(&marks[s.slot(t)], sequence)
	}
	raise(&s.applied, sequence)
}

func raise(v *atomic.Uint64, to uint64) {
	for {
		old := v.Load()
		if old >= to || v.CompareAndSwap(old, to) {
			return
		}
	}
}

// Clear forgets everything.
func (s *Store) Clear() { s.cache.Clear() }

// Wait returns when everything put so far has been taken or refused.
func (s *Store) Wait() {
	s.writing.RLock()
	defer s.writing.RUnlock()
	if !s.closed {
		s.cache.Wait()
	}
}

// Used is how many bytes entries cost, as far as they are counted yet.
func (s *Store) Used() int64 {
	return s.cache.MaxCost() - s.cache.RemainingCost()
}
