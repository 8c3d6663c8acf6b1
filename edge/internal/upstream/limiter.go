package upstream

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"
)

// ErrBusy says that the part has as many calls as it can take.
var ErrBusy = errors.New("has too many calls at once")

const (
	firstLimit, leastLimit, mostLimit = 256, 16, 4096
	// So many calls wait for a place, each so long: a crowd that comes at once is let in
	// one after the other, and not sent away.
	mostWaiting = 2048
	longestWait = 2 * time.Second
	// The limit is thought over after so many samples.
	samples = 20
	// Calls may take so many times as long as when the part was quickest before it
	// counts as overloaded; below the floor no difference is one.
	tolerance = 2
	floor     = 10 * time.Millisecond
	// The quickest of longer ago is forgotten: the part may have changed.
	memory = time.Minute
)

// limiter bounds the calls in flight to what the part answers quickly: a
// gradient on the mean latency of a few calls against the least such mean of the
// last minute or two. Means and not single calls, as parts have quick and slow
// calls and the quickest says nothing about the others.
type limiter struct {
	moved  func(limit int)
	flying func(more int)

	mu      sync.Mutex
	limit   float64
	flight  int
	most    int // in flight since the limit was last thought over
	queue   []chan struct{}
	count   int
	sum     time.Duration
	least   [2]time.Duration // mean of this minute and of the one before; zero: none
	forgets time.Time
}

// enter waits shortly for a place.
func (l *limiter) enter(ctx context.Context) error {
	l.mu.Lock()
	if len(l.queue) == 0 && l.flight < int(l.limit) {
		l.take()
		l.mu.Unlock()
		return nil
	}
	if len(l.queue) >= mostWaiting {
		l.mu.Unlock()
		return ErrBusy
	}
	place := make(chan struct{})
	l.queue = append(l.queue, place)
	l.mu.Unlock()
	timer := time.NewTimer(longestWait)
	defer timer.Stop()
	err := ErrBusy
	select {
	case <-place:
		return nil
	case <-timer.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.Index(l.queue, place)
	if at < 0 {
		return nil // it came at the last moment
	}
	l.queue = slices.Delete(l.queue, at, at+1)
	return err
}

func (l *limiter) take() {
	l.flight++
	l.most = max(l.most, l.flight)
	l.flying(1)
}

// leave gives the place back. Took is how long the answer took; negative: that
// tells nothing.
func (l *limiter) leave(took time.Duration, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flight--
	l.flying(-1)
	if took >= 0 {
		l.learn(took, now)
	}
	for len(l.queue) > 0 && l.flight < int(l.limit) {
		close(l.queue[0])
		l.queue = l.queue[1:]
		l.take()
	}
}

func (l *limiter) learn(took time.Duration, now time.Time) {
	l.count++
	l.sum += took
	if l.count < samples {
		return
	}
	mean := max(l.sum/time.Duration(l.count), 1)
	most := l.most
	l.count, l.sum, l.most = 0, 0, l.flight
	if !now.Before(l.forgets) {
		l.least, l.forgets = [2]time.Duration{0, l.least[0]}, now.Add(memory)
	}
	if l.least[0] == 0 || mean < l.least[0] {
		l.least[0] = mean
	}
	least := l.least[0]
	if l.least[1] > 0 {
		least = min(least, l.least[1])
	}
	gradient := float64(tolerance*max(least, floor)) / float64(mean)
	was := int(l.limit)
	switch {
	case gradient < 1:
		l.limit *= max(gradient, 0.5)
	case 2*most >= was: // a limit that nobody comes near says nothing when it grows
		l.limit += math.Sqrt(l.limit)
	}
	l.limit = min(max(l.limit, leastLimit), mostLimit)
	if int(l.limit) != was {
		l.moved(int(l.limit))
	}
}
