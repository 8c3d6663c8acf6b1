package upstream

import (
	"slices"
	"sync"
	"time"
)

const (
	// The last so many reads say when one is late.
	remembered = 128
	// No read is late sooner.
	soonest = 20 * time.Millisecond
)

// late knows how long all but a few reads take: the moving 95th percentile.
type late struct {
	mu   sync.Mutex
	took [remembered]time.Duration
	n    int
	p95  time.Duration
}

func (l *late) learn(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took[l.n%remembered] = took
	l.n++
	if l.n >= remembered && l.n%(remembered/4) == 0 {
		sorted := l.took
		slices.Sort(sorted[:])
		l.p95 = max(sorted[remembered*95/100], soonest)
	}
}

// after is when a read is late; false as long as too few were seen.
func (l *late) after() (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.p95, l.p95 > 0
}
