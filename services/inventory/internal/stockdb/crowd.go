package stockdb

import (
	"context"
	"sync"
	"time"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

// crowd makes the moves of many callers in one transaction: while one is under
// way, those who come meanwhile gather for the next. A hot SKU is then written
// by one writer of this process, and a hundred shoppers cost one commit.
type crowd struct {
	make func(ctx context.Context, moves []stock.Move) ([]error, error)

	mu      sync.Mutex
	waiting []caller
	busy    bool
	running sync.WaitGroup
}

type caller struct {
	ctx    context.Context
	move   stock.Move
	answer chan error
}

const (
	crowdMost = 64
	crowdTime = 10 * time.Second
)

// do returns when the move is made, or when ctx ends: then it may be made yet,
// and the caller asks again with the same id.
func (c *crowd) do(ctx context.Context, m stock.Move) error {
	own := caller{ctx, m, make(chan error, 1)}
	c.mu.Lock()
	c.waiting = append(c.waiting, own)
	if !c.busy {
		c.busy = true
		c.running.Go(c.work)
	}
	c.mu.Unlock()
	select {
	case err := <-own.answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *crowd) wait() { c.running.Wait() }

func (c *crowd) work() {
	for {
		batch := c.next()
		if len(batch) == 0 {
			return
		}
		c.serve(batch)
	}
}

// next takes those who wait, but not two with the same reservation's first move
// apart: they are made in the order they came.
func (c *crowd) next() []caller {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.waiting), crowdMost)
	batch := c.waiting[:n:n]
	c.waiting = c.waiting[n:]
	c.busy = n > 0
	return batch
}

func (c *crowd) serve(batch []caller) {
	// Whoever gave up meanwhile is passed over; one who goes does not stop the rest.
	var live []caller
	var moves []stock.Move
	for _, b := range batch {
		if b.ctx.Err() != nil {
			b.answer <- b.ctx.Err()
			continue
		}
		live, moves = append(live, b), append(moves, b.move)
	}
	if len(live) == 0 {
		return
	}
	results, err := c.together(live[0].ctx, moves)
	if len(live) > 1 && crdb.Malformed(err) {
		// One of them cannot be written: the others do not pay for it.
		for _, l := range live {
			c.serve([]caller{l})
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

func (c *crowd) together(ctx context.Context, moves []stock.Move) ([]error, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), crowdTime)
	defer cancel()
	return c.make(ctx, moves)
}
