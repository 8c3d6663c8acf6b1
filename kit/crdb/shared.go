package crdb

import (
	"context"
	"time"
)

// Shared runs what many callers do to a database one after the other in
// transactions that they share, as a Crowd does.
type Shared struct {
	db    *DB
	crowd *Crowd[part]
}

type part struct {
	ctx context.Context
	fn  func(ctx context.Context, tx Tx) error
}

// NewShared returns shared transactions of db.
func NewShared(db *DB) *Shared {
	s := &Shared{db: db}
	s.crowd = NewCrowd(s.together)
	return s
}

// InTx is like the function InTx, in a transaction that others share: so fn
// returns an error of its own only as long as it has written nothing. An error of
// the database has the others run without it.
func (s *Shared) InTx(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error {
	if outer, ok := ctx.Value(txKey{s.db}).(Tx); ok {
		return fn(ctx, outer)
	}
	return s.crowd.Do(ctx, part{ctx, fn})
}

// Wait returns when nothing is under way. Nobody may call InTx any more.
func (s *Shared) Wait() { s.crowd.Wait() }

func (s *Shared) together(ctx context.Context, parts []part) ([]error, error) {
	results := make([]error, len(parts))
	err := InTx(ctx, s.db, func(ctx context.Context, tx Tx) error {
		until, ok := ctx.Deadline()
		if !ok {
			until = time.Now().Add(crowdTime)
		}
		for n, p := range parts {
			// Its own trace, and the transaction's time.
			own, cancel := context.WithDeadline(context.WithValue(context.WithoutCancel(p.ctx), txKey{s.db}, tx), until)
			results[n] = p.fn(own, tx)
			cancel()
			if refused(results[n]) {
				return results[n]
			}
		}
		return nil
	})
	return results, err
}
