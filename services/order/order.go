// Package order turns carts into orders and looks after them until they have
// arrived.
package order

import (
	"cmp"
	"context"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/run"
	"github.com/souk-commerce/souk/services/order/internal/sale"
	"github.com/souk-commerce/souk/services/order/internal/salebus"
	"github.com/souk-commerce/souk/services/order/internal/salecall"
	"github.com/souk-commerce/souk/services/order/internal/saledb"
	"github.com/souk-commerce/souk/services/order/internal/salepaper"
	"github.com/souk-commerce/souk/services/order/internal/salerpc"
)

// Deps is what the service leans on.
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
	desk     *sale.Desk
	store    *saledb.Store
	mounts   []rpc.Mount
	relay    *bus.Relay
	payments *bus.Consumer
	deps     Deps
}

// Migrations returns the service's SQL.
func Migrations() fs.FS { return saledb.Migrations() }

// Open makes the service ready; Run starts its workers.
func Open(_ context.Context, cfg Config, d Deps) (*Service, error) {
	store := saledb.New(d.DB)
	desk := sale.New(sale.Deps{
		Store: store, Market: salecall.NewMarket(d.Dialer), Stock: salecall.NewStock(d.Dialer), Till: salecall.NewTill(d.Dialer),
		Clock: d.Clock, Later: later(d.Log), Home: cmp.Or(cfg.Home, "US"), Origin: strings.TrimSuffix(cfg.Origin, "/"), Printer: salepaper.New(cmp.Or(cfg.Seller, "Souk")),
	})
	return &Service{
		desk: desk, store: store, mounts: salerpc.Mounts(desk, rpc.Options(d.RPC)...),
		relay: bus.NewRelay(d.Bus, d.DB, "order", salebus.Announce), payments: salebus.NewPayments(d.Bus, d.DB, store, d.Clock), deps: d,
	}, nil
}

// Name implements run.Part.
func (s *Service) Name() string { return "order" }

// Handlers returns what the service answers.
func (s *Service) Handlers() []rpc.Mount { return s.mounts }

const (
	goOnEvery  = 250 * time.Millisecond
	sweepEvery = time.Hour
)

// Run tells events, hears of payments, moves checkouts on that nobody waits for,
// and forgets old answers, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	defer s.store.Wait() // by now nobody calls
	return run.Until(ctx, s.relay, s.payments, run.Func("checkout worker", s.goOn), run.Func("errand worker", s.errands), run.Func("order sweeper", s.sweep))
}

func (s *Service) goOn(ctx context.Context) error {
	return every(ctx, goOnEvery, func() {
		if _, err := s.desk.GoOn(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "checkouts go on later", "error", err)
		}
	})
}

func (s *Service) errands(ctx context.Context) error {
	return every(ctx, goOnEvery, func() {
		if _, err := s.desk.RunErrands(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "errands are run again", "error", err)
		}
	})
}

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

// later logs what a checkout waits for.
func later(log *slog.Logger) func(context.Context, sale.Checkout, error) {
	return func(ctx context.Context, c sale.Checkout, why error) {
		log.WarnContext(ctx, "checkout goes on later", "checkout", c.ID, "step", string(c.Step), "tries", c.Tries, "error", why)
	}
}
