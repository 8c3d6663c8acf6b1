package upstream

import (
	"sync"
	"time"
)

const (
	// Each call allows a tenth of a second try, and each second a few.
	perCall   = 0.1
	perSecond = 3
	mostSaved = 20
)

// budget bounds second tries, so that a part in trouble is not asked twice as much.
type budget struct {
	mu    sync.Mutex
	saved float64
	at    time.Time
}

// call counts a first try.
func (b *budget) call(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill(now)
	b.saved = min(b.saved+perCall, mostSaved)
}

// spend tells whether there may be one more try.
func (b *budget) spend(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill(now)
	if b.saved < 1 {
		return false
	}
	b.saved--
	return true
}

func (b *budget) refill(now time.Time) {
	if past := now.Sub(b.at); past > 0 {
		b.saved, b.at = min(b.saved+perSecond*past.Seconds(), mostSaved), now
	}
}
