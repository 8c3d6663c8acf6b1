// Package limit keeps each client to a rate, by the generic cell rate algorithm
// (ITU-T I.371): one number a client, no queue and no lock.
package limit

import (
	"sync"
	"sync/atomic"
	"time"
)

// Limiter allows each key a burst, and then a steady rate. It is safe for
// concurrent use and keeps only clients that were there a while ago.
type Limiter struct {
	interval, burst time.Duration
	most            int64
	// By key, *atomic.Int64: when the client has paid for all it got, in nanoseconds.
	paid     sync.Map
	clients  atomic.Int64
	sweeping atomic.Bool
}

// mostClients bounds who is remembered. Who owes nothing is forgotten first, which
// changes nothing.
const mostClients = 1 << 17

// New returns a limiter of perSecond calls a second after a burst.
func New(perSecond float64, burst int) *Limiter {
	interval := time.Duration(float64(time.Second) / perSecond)
	return &Limiter{interval: interval, burst: interval * time.Duration(burst), most: mostClients}
}

// Left is what a client has left of its limit.
type Left struct {
	// How many calls it has at once.
	Calls int
	// Until it has its whole burst again.
	Full time.Duration
	// Until it has a call again, when it has none.
	Wait time.Duration
}

// Burst is how many calls a client has at once, and within which time it gets them
// all again.
func (l *Limiter) Burst() (calls int, within time.Duration) {
	return int(l.burst / max(l.interval, 1)), l.burst
}

// Take counts one call of key at now; false when there were too many.
func (l *Limiter) Take(key string, now time.Time) (left Left, ok bool) {
	cell := l.cell(key, now)
	for {
		was := cell.Load()
		next := max(was, now.UnixNano()) + int64(l.interval)
		owed := time.Duration(next - now.UnixNano())
		if owed > l.burst {
			return Left{Full: owed - l.interval, Wait: owed - l.burst}, false
		}
		if cell.CompareAndSwap(was, next) {
			return Left{Calls: int((l.burst - owed) / max(l.interval, 1)), Full: owed}, true
		}
	}
}

func (l *Limiter) cell(key string, now time.Time) *atomic.Int64 {
	if found, ok := l.paid.Load(key); ok {
		return found.(*atomic.Int64)
	}
	if l.clients.Load() >= l.most {
		l.sweep(now)
	}
	found, known := l.paid.LoadOrStore(key, new(atomic.Int64))
	if !known {
		l.clients.Add(1)
	}
	return found.(*atomic.Int64)
}

// sweep forgets who owes little; when that is not enough, everybody: a crowd of that
// size is not held back by counting it.
func (l *Limiter) sweep(now time.Time) {
	if !l.sweeping.CompareAndSwap(false, true) {
		return
	}
	defer l.sweeping.Store(false)
	for _, owed := range []time.Duration{0, l.burst / 2, l.burst} {
		until := now.Add(owed).UnixNano()
		l.paid.Range(func(key, cell any) bool {
			if owed == l.burst || cell.(*atomic.Int64).Load() <= until {
				if _, was := l.paid.LoadAndDelete(key); was {
					l.clients.Add(-1)
				}
			}
			return true
		})
		if l.clients.Load() < l.most {
			return
		}
	}
}

// Clients is how many are remembered.
func (l *Limiter) Clients() int { return int(l.clients.Load()) }
