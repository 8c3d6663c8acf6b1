// Package catalog is the service of what the shop offers: products, their
// variants and prices, categories, collections and brands.
package catalog

import (
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
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
	"github.com/souk-commerce/souk/services/catalog/internal/goodsbus"
	"github.com/souk-commerce/souk/services/catalog/internal/goodsdb"
	"github.com/souk-commerce/souk/services/catalog/internal/goodsrpc"
)

// Deps is what the service is given.
type Deps struct {
	DB     *crdb.DB
	Bus    *bus.Bus
	RPC    rpc.Deps
	Dialer *rpc.Dialer
	Clock  clock.Clock
	Log    *slog.Logger
}

// Service is the running catalog.
type Service struct {
	mounts []rpc.Mount
	relay  *bus.Relay
	deps   Deps
}

// Migrations are the service's tables.
func Migrations() fs.FS { return goodsdb.Migrations() }

// Open wires the service together. It migrates nothing and starts nothing.
func Open(_ context.Context, _ Config, deps Deps) (*Service, error) {
	if deps.DB == nil || deps.Bus == nil {
		return nil, errors.New("catalog: a database and a bus are needed")
	}
	if deps.Clock == nil {
		deps.Clock = clock.System
	}
	if deps.Log == nil {
		deps.Log = slog.Default()
	}
	desk := goods.New(goodsdb.New(deps.DB), deps.Clock)
	return &Service{
		mounts: goodsrpc.Mounts(desk, rpc.Options(deps.RPC)...),
		relay:  bus.NewRelay(deps.Bus, deps.DB, "catalog", goodsbus.Announce),
		deps:   deps,
	}, nil
}

// Name names the service.
func (s *Service) Name() string { return "catalog" }

// Handlers are what the service answers.
func (s *Service) Handlers() []rpc.Mount { return s.mounts }

const sweepEvery = time.Hour

// Run tells what happens and forgets old answers, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	return run.Until(ctx, s.relay, run.Func("catalog sweeper", s.sweep))
}

func (s *Service) sweep(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if err := crdb.Sweep(ctx, s.deps.DB, s.deps.Clock.Now()); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "old answers not removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
