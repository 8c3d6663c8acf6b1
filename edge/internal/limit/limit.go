// Package limit keeps each client to a rate, by the generic cell rate algorithm
// (ITU-T I.371): one timestamp a client, no queue, no lock across clients.
package limit

import (
	"hash/maphash"
	"sync"
	"time"
)

const shards = 64

// Limiter allows each key a burst, and then a steady rate. It is safe for
// concurrent use and keeps only clients that are over nothing for a while.
type Limiter struct {
	interval, burst time.Duration
	most            int
	seed            maphash.Seed
	shards          [shards]shard
}

type shard struct {
	mu   sync.Mutex
	next map[string]time.Time
}

// New returns a limiter of perSecond calls a second after a burst.
func New(perSecond float64, burst int) *Limiter {
	interval := time.Duration(float64(time.Second) / perSecond)
	l := &Limiter{interval: interval, burst: interval * time.Duration(burst), most: 2048, seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i].next = map[string]time.Time{}
	}
	return l
}

// Take counts one call of key at now. When there were too many it says how long
// to wait.
func (l *Limiter) Take(key string, now time.Time) (wait time.Duration, ok bool) {
	s := &l.shards[maphash.String(l.seed, key)%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.next[key]
	if at.Before(now) {
		at = now
	}
	if over := at.Add(l.interval).Sub(now) - l.burst; over > 0 {
		return over, false
	}
	if len(s.next) >= l.most {
		for k, t := range s.next {
			if t.Before(now) {
				delete(s.next, k)
			}
		}
	}
	s.next[key] = at.Add(l.interval)
	return 0, true
}
