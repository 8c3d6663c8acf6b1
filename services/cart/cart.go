// Package cart is what shoppers mean to buy, at today's prices.
package cart

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/souk-commerce/souk/api/gen/souk/cart/v1/cartv1connect"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/run"
	"github.com/souk-commerce/souk/services/cart/internal/basket"
	"github.com/souk-commerce/souk/services/cart/internal/basketbus"
	"github.com/souk-commerce/souk/services/cart/internal/basketcall"
	"github.com/souk-commerce/souk/services/cart/internal/basketdb"
	"github.com/souk-commerce/souk/services/cart/internal/basketrpc"
)

// Deps is what the service leans on. The dialer finds "catalog" and "inventory".
type Deps struct {
	DB     *crdb.DB
	Bus    *bus.Bus
	RPC    rpc.Deps
	Dialer *rpc.Dialer
	Clock  clock.Clock
	Log    *slog.Logger
}

// Service is the running service.
type Service struct {
	desk     *basket.Desk
	server   *basketrpc.Server
	consumer *bus.Consumer
	deps     Deps
}

// Migrations returns the service's SQL.
func Migrations() fs.FS { return basketdb.Migrations() }

// Open makes the service ready; Run starts its workers.
func Open(_ context.Context, cfg Config, d Deps) (*Service, error) {
	lines := cmp.Or(cfg.MaxLines, defaultLines)
	if lines < 1 || lines > mostLines {
		return nil, fmt.Errorf("cart: %d lines in a cart: want 1 to %d", lines, mostLines)
	}
	market := basketcall.New(d.Dialer)
	desk := basket.New(basket.Deps{
		Store: basketdb.New(d.DB), Catalog: market, Inventory: market, Clock: d.Clock, Lines: lines, Keep: cmp.Or(cfg.Keep, defaultKeep),
		Degraded: func(ctx context.Context, err error) {
			d.Log.WarnContext(ctx, "cart without the market", "error", err)
		},
	})
	return &Service{
		desk: desk, server: basketrpc.New(desk), deps: d,
		consumer: bus.NewConsumer(d.Bus, "cart", basketbus.Handlers(desk), bus.WithInbox(d.DB)),
	}, nil
}

// Name implements run.Part.
func (s *Service) Name() string { return "cart" }

// Handlers returns what the service answers.
func (s *Service) Handlers() []rpc.Mount {
	path, handler := cartv1connect.NewCartServiceHandler(s.server, rpc.Options(s.deps.RPC)...)
	return []rpc.Mount{{Path: path, Handler: handler}}
}

const sweepEvery = time.Hour

// Run hears what was bought and forgets what nobody uses, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	return run.Until(ctx, s.consumer, run.Func("cart sweeper", s.sweep))
}

func (s *Service) sweep(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if err := s.desk.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "unused carts not removed", "error", err)
		}
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
