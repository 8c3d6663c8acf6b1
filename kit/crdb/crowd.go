package crdb

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Crowd makes the changes of many callers in one transaction: while one is under
// way, those who come meanwhile gather for the next. Rows that everybody wants
// are then written by one writer of this process, which does not fight itself,
// and a hundred callers cost one commit.
type Crowd[T any] struct {
	together func(ctx context.Context, all []T) ([]error, error)

	mu      sync.Mutex
	waiting []one[T]
	busy    bool
	// Closed when as many wait as are waited for.
	enough  chan struct{}
	wanted  int
	running sync.WaitGroup
}

type one[T any] struct {
	ctx    context.Context
	change T
	answer chan error
}

const (
	crowdMost = 64
	crowdTime = 10 * time.Second
	// A crowd comes back at about the same time: so long is waited for most of one
	// of at least so many, since a transaction of few costs as much as one of many.
	gatherTime = time.Millisecond
	gatherFrom = 8
)

// NewCrowd returns a crowd. Together makes changes in the order they came, in one
// transaction, and returns what came of each. It returns an error when none was
// made; when the database refused what one of them brings, each is made alone.
func NewCrowd[T any](together func(ctx context.Context, all []T) ([]error, error)) *Crowd[T] {
	return &Crowd[T]{together: together}
}

// Do returns when the change is made and durable, or why it was not made; or when
// ctx ends: then it may be made yet, and whoever wants to know asks again. It panics
// when the change does.
func (c *Crowd[T]) Do(ctx context.Context, change T) error {
	own := one[T]{ctx, change, make(chan error, 1)}
	c.mu.Lock()
	c.waiting = append(c.waiting, own)
	if c.enough != nil && len(c.waiting) >= c.wanted {
		close(c.enough)
		c.enough = nil
	}
	if !c.busy {
		c.busy = true
		c.running.Go(c.work)
	}
	c.mu.Unlock()
	select {
	case err := <-own.answer:
		var p panicked
		if errors.As(err, &p) {
			panic(p.Error())
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Wait returns when nothing is under way. Nobody may call Do any more.
func (c *Crowd[T]) Wait() { c.running.Wait() }

func (c *Crowd[T]) work() {
	last := 0
	for {
		c.gather(last * 3 / 4)
		batch := c.next()
		last = len(batch)
		if len(batch) == 0 {
			return
		}
		c.serve(batch)
	}
}

// gather waits a moment until n wait.
func (c *Crowd[T]) gather(n int) {
	if n < gatherFrom*3/4 {
		return
	}
	c.mu.Lock()
	if len(c.waiting) >= n {
		c.mu.Unlock()
		return
	}
	enough := make(chan struct{})
	c.enough, c.wanted = enough, n
	c.mu.Unlock()
	timer := time.NewTimer(gatherTime)
	defer timer.Stop()
	select {
	case <-enough:
	case <-timer.C:
		c.mu.Lock()
		c.enough = nil
		c.mu.Unlock()
	}
}

func (c *Crowd[T]) next() []one[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.waiting), crowdMost)
	batch := c.waiting[:n:n]
	c.waiting = c.waiting[n:]
	c.busy = n > 0
	return batch
}

func (c *Crowd[T]) serve(batch []one[T]) {
	// Whoever gave up meanwhile is passed over; one who goes does not stop the rest.
	var live []one[T]
	var changes []T
	for _, b := range batch {
		if b.ctx.Err() != nil {
			b.answer <- b.ctx.Err()
			continue
		}
		live, changes = append(live, b), append(changes, b.change)
	}
	if len(live) == 0 {
		return
	}
	results, err := c.commit(live[0].ctx, changes)
	var p panicked
	if len(live) > 1 && (Malformed(err) || errors.As(err, &p)) {
		// One of them cannot be written: the others do not pay for it.
		for _, l := range live {
			c.serve([]one[T]{l})
		}
		return
	}
	for n, l := range live {
		if err != nil {
			l.answer <- err
			continue
		}
		l.answer <- results[n]
	}
}

func (c *Crowd[T]) commit(ctx context.Context, changes []T) (_ []error, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), crowdTime)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = panicked{fmt.Sprintf("%v\n%s", p, debug.Stack())}
		}
	}()
	return c.together(ctx, changes)
}

// panicked is the panic of a change, which is its caller's: Do panics with it.
type panicked struct{ what string }

func (p panicked) Error() string { return p.what }
