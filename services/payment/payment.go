// Package payment moves money through providers: authorized when an order is
// placed, captured after it, given up or given back when it does not come to it.
package payment

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/run"
	"github.com/souk-commerce/souk/services/payment/internal/pay"
	"github.com/souk-commerce/souk/services/payment/internal/paybus"
	"github.com/souk-commerce/souk/services/payment/internal/paydb"
	"github.com/souk-commerce/souk/services/payment/internal/payrpc"
)

// WebhookPath is where providers send their messages, followed by their name.
const WebhookPath = payrpc.WebhookPath

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
	desk   *pay.Desk
	store  *paydb.Store
	mounts []rpc.Mount
	relay  *bus.Relay
	cfg    Config
	deps   Deps
}

// Migrations returns the service's SQL.
func Migrations() fs.FS { return paydb.Migrations() }

// Open makes the service ready; Run starts its workers.
func Open(_ context.Context, cfg Config, d Deps) (*Service, error) {
	store := paydb.New(d.DB)
	providers, limits, err := open(cfg, store, d)
	if err != nil {
		return nil, err
	}
	desk := pay.New(pay.Deps{Store: store, Providers: providers, Limits: limits, Clock: d.Clock, Patience: cmp.Or(cfg.Patience, 8*time.Second)})
	return &Service{
		desk: desk, store: store, mounts: payrpc.Mounts(desk, store, d.Log, rpc.Options(d.RPC)...),
		relay: bus.NewRelay(d.Bus, d.DB, "payment", paybus.Announce), cfg: cfg, deps: d,
	}, nil
}

// Name implements run.Part.
func (s *Service) Name() string { return "payment" }

// Handlers returns what the service answers.
func (s *Service) Handlers() []rpc.Mount { return s.mounts }

const (
	chaseEvery = time.Second
	sweepEvery = time.Hour
)

// Run tells events, asks providers for what they have not answered, and forgets
// old answers, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	defer s.store.Wait() // by now nobody calls
	return run.Until(ctx, s.relay, run.Func("payment chaser", s.chase), run.Func("payment sweeper", s.sweep), run.Func("payment auditor", s.audit))
}

func (s *Service) chase(ctx context.Context) error {
	return every(ctx, chaseEvery, func() {
		if _, err := s.desk.Chase(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "payments without an answer are asked for again", "error", err)
		}
	})
}

func (s *Service) sweep(ctx context.Context) error {
	return every(ctx, sweepEvery, func() {
		now := s.deps.Clock.Now()
		if err := errors.Join(crdb.Sweep(ctx, s.deps.DB, now), s.store.Sweep(ctx, now)); err != nil && ctx.Err() == nil {
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
