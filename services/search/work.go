package search

import (
	"context"
	"time"

	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/run"
)

const (
	// How soon this instance sees what another one heard.
	poll = 250 * time.Millisecond
	// While much is told, news is taken in together.
	pause = 25 * time.Millisecond
	// Transactions may commit in another order than their times say.
	overlap = 5 * time.Second
	// How often a catalog that does not answer is asked again.
	patience = 2 * time.Second

	// News that is remembered at a time; of one product, in order.
	lanes = 4

	sweepEvery = time.Hour
)

// Run hears news and follows it until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	defer s.engine.Close()
	return run.Until(ctx, run.Func("search index", s.followAll), run.Func("search beginning", s.begin), run.Func("search sweeper", s.sweep), s.consumer)
}

func (s *Service) followAll(ctx context.Context) error {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		if err := s.follow(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "index not followed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
			wait(ctx, pause)
		case <-ticker.C:
		}
	}
}

// wait returns false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// follow takes in what was remembered since the last time.
func (s *Service) follow(ctx context.Context) error {
	from := s.last
	if !from.IsZero() {
		from = from.Add(-overlap)
	}
	changes, err := s.store.Since(ctx, from, s.index.NewDocument)
	if err != nil {
		return err
	}
	if err := s.index.Apply(ctx, changes.Documents, changes.Stock); err != nil {
		return err
	}
	if changes.Last.After(s.last) {
		s.last = changes.Last
	}
	return nil
}

// begin reads the catalog when nothing is remembered: the database is new, or was
// lost, and events older than those that are kept do not come again.
func (s *Service) begin(ctx context.Context) error {
	for {
		known, err := s.store.Count(ctx)
		if err == nil && known == 0 {
			_, err = s.source.Rebuild(ctx, s.store)
		}
		if err == nil {
			<-ctx.Done()
			return nil
		}
		if !wait(ctx, patience) {
			return nil
		}
		s.log.WarnContext(ctx, "the catalog is not read yet; trying again", "error", err)
	}
}

// sweep forgets which events were handled when they cannot come again.
func (s *Service) sweep(ctx context.Context) error {
	for {
		if err := crdb.Sweep(ctx, s.db, clock.System.Now()); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "handled events not forgotten", "error", err)
		}
		if !wait(ctx, sweepEvery) {
			return nil
		}
	}
}
