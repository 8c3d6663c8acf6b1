// Package search finds published products: words with typos, filters, facets,
// sorts and suggestions. Its database remembers what catalog and inventory told;
// every instance makes its index from that, and follows it.
package search

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	"github.com/souk-commerce/souk/api/gen/souk/search/v1/searchv1connect"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/search/internal/find"
	"github.com/souk-commerce/souk/services/search/internal/findbleve"
	"github.com/souk-commerce/souk/services/search/internal/findbus"
	"github.com/souk-commerce/souk/services/search/internal/finddb"
	"github.com/souk-commerce/souk/services/search/internal/findrpc"
)

// Deps is what the service leans on.
type Deps struct {
	DB     *crdb.DB
	Bus    *bus.Bus
	RPC    rpc.Deps
	Dialer *rpc.Dialer
	Log    *slog.Logger
}

// Service is the running service.
type Service struct {
	db       *crdb.DB
	store    *finddb.Store
	engine   find.Engine
	index    *find.Index
	server   *findrpc.Server
	source   findbus.Source
	consumer *bus.Consumer
	rpc      rpc.Deps
	log      *slog.Logger
	wake     chan struct{}
	last     time.Time
}

// Migrations returns the service's SQL.
func Migrations() fs.FS { return finddb.Migrations() }

// Open makes the service ready and its index from what is known.
func Open(ctx context.Context, _ Config, d Deps) (*Service, error) {
	engine, err := findbleve.New()
	if err != nil {
		return nil, err
	}
	s := &Service{db: d.DB, store: finddb.New(d.DB), engine: engine, index: find.NewIndex(engine), rpc: d.RPC, log: d.Log, wake: make(chan struct{}, 1)}
	client, url := d.Dialer.Client("catalog")
	s.source.Products = catalogv1connect.NewProductAdminServiceClient(client, url, rpc.ClientOptions()...)
	s.source.Categories = catalogv1connect.NewCategoryServiceClient(client, url, rpc.ClientOptions()...)
	client, url = d.Dialer.Client("inventory")
	s.source.Stock = inventoryv1connect.NewStockServiceClient(client, url, rpc.ClientOptions()...)
	s.server = findrpc.New(engine, func(ctx context.Context) (int64, error) { return s.source.Rebuild(ctx, s.store) })
	s.consumer = bus.NewConsumer(d.Bus, "search", findbus.Handlers(s.store), bus.WithInbox(d.DB), bus.WithLanes(lanes))
	d.DB.OnCommit(func() {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	})
	if err := s.follow(ctx); err != nil {
		engine.Close()
		return nil, err
	}
	return s, nil
}

// Name implements run.Part.
func (s *Service) Name() string { return "search" }

// Handlers returns what the service answers.
func (s *Service) Handlers() []rpc.Mount {
	var mounts []rpc.Mount
	add := func(path string, h http.Handler) { mounts = append(mounts, rpc.Mount{Path: path, Handler: h}) }
	add(searchv1connect.NewSearchServiceHandler(s.server, rpc.Options(s.rpc)...))
	add(searchv1connect.NewSearchAdminServiceHandler(s.server, rpc.Options(s.rpc)...))
	return mounts
}
