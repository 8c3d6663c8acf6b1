// Package inventory is how much there is of what is sold, and for whom it is
// set aside.
package inventory

import (
	"cmp"
	"context"
	"io/fs"
	"log/slog"
	"time"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/run"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
	"github.com/souk-commerce/souk/services/inventory/internal/stockbus"
	"github.com/souk-commerce/souk/services/inventory/internal/stockdb"
	"github.com/souk-commerce/souk/services/inventory/internal/stockrpc"
)

// Deps is what the service leans on.
type Deps struct {
	DB    *crdb.DB
	Bus   *bus.Bus
	RPC   rpc.Deps
	Clock clock.Clock
	Log   *slog.Logger
}

// Service is the running service.
type Service struct {
	desk   *stock.Desk
	store  *stockdb.Store
	mounts []rpc.Mount
	relay  *bus.Relay
	every  time.Duration
	deps   Deps
}

// Migrations returns the service's SQL.
func Migrations() fs.FS { return stockdb.Migrations() }

// Open makes the service ready; Run starts its workers.
func Open(_ context.Context, cfg Config, d Deps) (*Service, error) {
	store := stockdb.New(d.DB)
	desk := stock.New(store, d.Clock)
	return &Service{
		desk: desk, store: store, mounts: stockrpc.Mounts(desk, rpc.Options(d.RPC)...),
		relay: bus.NewRelay(d.Bus, d.DB, "inventory", stockbus.Announce), every: cmp.Or(cfg.ExpireEvery, 5*time.Second), deps: d,
	}, nil
}

// Name implements run.Part.
func (s *Service) Name() string { return "inventory" }

// Handlers returns what the service answers.
func (s *Service) Handlers() []rpc.Mount { return s.mounts }

// Run tells events, gives overdue reservations back and forgets old answers,
// until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	defer s.store.Wait()
	return run.Until(ctx, s.relay, run.Func("inventory expiry", s.expire), run.Func("inventory sweeper", s.sweep), run.Func("inventory settler", s.settle))
}

func (s *Service) expire(ctx context.Context) error {
	return every(ctx, s.every, func() {
		for {
			n, err := s.desk.Expire(ctx)
			if err != nil && ctx.Err() == nil {
				s.deps.Log.WarnContext(ctx, "overdue reservations not given back; trying again", "error", err)
			}
			if n == 0 || err != nil {
				return
			}
		}
	})
}

// settle finishes what an instance that died had begun.
func (s *Service) settle(ctx context.Context) error {
	return every(ctx, settleEvery, func() {
		if err := s.desk.Settle(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "availability does not follow a location; trying again", "error", err)
		}
	})
}

const settleEvery = time.Minute

const sweepEvery = time.Hour

func (s *Service) sweep(ctx context.Context) error {
	return every(ctx, sweepEvery, func() {
		if err := crdb.Sweep(ctx, s.deps.DB, s.deps.Clock.Now()); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "old answers not removed", "error", err)
		}
	})
}

func every(ctx context.Context, d time.Duration, f func()) error {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		f()
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
