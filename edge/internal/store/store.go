// Package store keeps answers in memory, and never gives one out that was made
// before something it depends on changed.
//
// The container, ristretto, is allowed to forget, to refuse and to be late: an
// entry is judged when it is read. It carries the sequence of the change feed
// as of which it was fetched, and the slots of its surrogate keys; a purge
// writes its own sequence into those slots. An entry is good only while every
// slot is at most its own sequence, so a fill that raced with a change is
// stored already invalid. Slots are a fixed array: two keys may share one, which
// forgets too much and never too little.
package store

import (
	"hash/maphash"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/ristretto/v2"
)

// Entry is one stored answer. It is never changed after Put.
type Entry struct {
	// The full key: the container keeps hashes only.
	Key    string
	Status int
	Header http.Header
	// Body by content coding: "" for identity, "br", "gzip".
	Bodies map[string][]byte
	// When the origin answered, and for how long that is fresh, may be served
	// while refreshing, and may be served when the origin fails (RFC 5861).
	Stored                 time.Time
	Fresh, Stale, IfFailed time.Duration

	asOf  uint64
	slots []uint32
}

const (
	slotBits = 20
	overhead = 1024
)

// Store is a bounded set of entries. It is safe for concurrent use.
type Store struct {
	cache   *ristretto.Cache[string, *Entry]
	marks   []atomic.Uint64
	applied atomic.Uint64
	// Nothing is kept before following, nor what was asked for as of less than from.
	following atomic.Bool
	from      atomic.Uint64
	seed      maphash.Seed
}

// New returns a store that keeps about the given number of bytes.
func New(bytes int64) (*Store, error) {
	cache, err := ristretto.NewCache(&ristretto.Config[string, *Entry]{
		NumCounters: max(bytes/2048, 1000) * 10, MaxCost: bytes, BufferItems: 64, IgnoreInternalCost: true,
	})
	if err != nil {
		return nil, err
	}
	return &Store{cache: cache, marks: make([]atomic.Uint64, 1<<slotBits), seed: maphash.MakeSeed()}, nil
}

// Close frees the store.
func (s *Store) Close() { s.cache.Close() }

func (s *Store) slot(tag string) uint32 {
	return uint32(maphash.String(s.seed, tag) >> (64 - slotBits))
}

// Applied is the sequence of the last change taken into account. A fill reads
// it before it asks the origin and gives it to Put.
func (s *Store) Applied() uint64 { return s.applied.Load() }

// Follow opens the store: every change behind a sequence will be told to Purge.
func (s *Store) Follow(sequence uint64) {
	s.from.Store(sequence)
	raise(&s.applied, sequence)
	s.following.Store(true)
}

// Put keeps an entry made from the things that tags name, as of a sequence.
func (s *Store) Put(e *Entry, tags []string, asOf uint64) {
	e.asOf = asOf
	for _, t := range tags {
		e.slots = append(e.slots, s.slot(t))
	}
	if !s.following.Load() || asOf < s.from.Load() {
		return // it may have changed unheard
	}
	cost := int64(overhead + len(e.Key))
	for _, b := range e.Bodies {
		cost += int64(len(b))
	}
	// An update does not evict in ristretto, and the second of two quick sets of a
	// new key is dropped; forgetting first avoids the former, judging at read time
	// makes the latter harmless.
	s.cache.Del(e.Key)
	s.cache.Set(e.Key, e, cost)
}

// Get returns the entry of a key, if there is one that no change has made wrong.
func (s *Store) Get(key string) (*Entry, bool) {
	e, ok := s.cache.Get(key)
	if !ok || e.Key != key {
		return nil, false
	}
	if !s.Good(e) {
		s.cache.Del(key)
		return nil, false
	}
	return e, true
}

// Good tells whether nothing that an entry was made from has changed since.
func (s *Store) Good(e *Entry) bool {
	for _, slot := range e.slots {
		if s.marks[slot].Load() > e.asOf {
			return false
		}
	}
	return true
}

// Purge forgets everything made from the things that tags name, including what
// is being fetched right now. Sequences only grow.
func (s *Store) Purge(tags []string, sequence uint64) {
	for _, t := range tags {
		raise(&s.marks[s.slot(t)], sequence)
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

// Wait returns when everything put so far has been taken or refused. For tests.
func (s *Store) Wait() { s.cache.Wait() }
