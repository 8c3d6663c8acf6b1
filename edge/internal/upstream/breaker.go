package upstream

import (
	"errors"
	"sync"
	"time"
)

// ErrOpen says that the part failed so often that it is left alone for a moment.
var ErrOpen = errors.New("failed too often just now and is left alone")

const (
	// That many failures in a row open the breaker,
	failuresInARow = 5
	// and so does half of all calls in a window, when there were enough of them.
	window      = 10 * time.Second
	enoughCalls = 20
	// While open, one call is let through after each pause; each that fails doubles it.
	firstPause = time.Second
	lastPause  = 15 * time.Second
)

type outcome int

const (
	// neither tells nothing about the part: the caller went away, or sent too much.
	neither outcome = iota
	good
	bad
)

// breaker stops calls to a part that fails. It is closed (calls pass) or open
// (calls fail at once, but one probe after each pause). A probe that succeeds
// closes it.
type breaker struct {
	changed func(open bool)

	mu         sync.Mutex
	open       bool
	turns      int // how often it opened or closed: what began before is not heard
	run        int
	calls, bad int
	ends       time.Time // of the window
	pause      time.Duration
	next       time.Time // probe
}

// pass is a call that was let through.
type pass struct {
	turn int
	// A probe has as long as the pause before it, so that nobody waits long for a
	// part that hangs, and one that is only slow comes back in the end. Zero: as
	// long as any call.
	limit time.Duration
}

func (b *breaker) enter(now time.Time) (pass, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return pass{turn: b.turns}, nil
	}
	if now.Before(b.next) {
		return pass{}, ErrOpen
	}
	b.next = now.Add(b.pause)
	return pass{b.turns, b.pause}, nil
}

// closedOrDue tells whether a call that is not counted may pass.
func (b *breaker) closedOrDue(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.open || !now.Before(b.next)
}

func (b *breaker) leave(p pass, o outcome, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o == neither || p.turn != b.turns {
		return
	}
	if b.open {
		if o == good {
			b.turn(false)
			return
		}
		b.pause = min(2*b.pause, lastPause)
		b.next = now.Add(b.pause)
		return
	}
	if !now.Before(b.ends) {
		b.calls, b.bad, b.ends = 0, 0, now.Add(window)
	}
	b.calls++
	if o == good {
		b.run = 0
		return
	}
	b.run++
	b.bad++
	if b.run >= failuresInARow || b.calls >= enoughCalls && 2*b.bad >= b.calls {
		b.turn(true)
		b.pause, b.next = firstPause, now.Add(firstPause)
	}
}

func (b *breaker) turn(open bool) {
	b.open, b.run, b.calls, b.bad = open, 0, 0, 0
	b.turns++
	b.changed(open)
}
