// Package edge is what faces the internet: one public origin for pages, calls
// and files. It knows routes, tokens and tags; it knows no products, prices or
// people.
package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"connectrpc.com/grpcreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	// The whole API, for its routes.
	_ "github.com/souk-commerce/souk/api/gen/souk/account/v1"
	_ "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	_ "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	_ "github.com/souk-commerce/souk/api/gen/souk/edge/v1"
	_ "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	_ "github.com/souk-commerce/souk/api/gen/souk/notification/v1"
	_ "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	_ "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	_ "github.com/souk-commerce/souk/api/gen/souk/search/v1"

	"github.com/souk-commerce/souk/edge/cache"
	"github.com/souk-commerce/souk/edge/internal/access"
	"github.com/souk-commerce/souk/edge/internal/front"
	"github.com/souk-commerce/souk/edge/internal/limit"
	"github.com/souk-commerce/souk/edge/internal/measure"
	"github.com/souk-commerce/souk/edge/internal/policy"
	"github.com/souk-commerce/souk/edge/internal/purge"
	"github.com/souk-commerce/souk/edge/internal/quick"
	"github.com/souk-commerce/souk/edge/internal/upstream"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/run"
	"github.com/souk-commerce/souk/kit/token"
)

// Deps is what the edge leans on.
type Deps struct {
	Bus      *bus.Bus
	Dialer   *rpc.Dialer
	Verifier *token.Verifier
	// Path prefixes of pages that are the same for everybody, and the cookies that
	// they are made from.
	PublicPaths, PublicCookies []string
	// Further path prefixes and the parts that answer them.
	Routes map[string]string
	// The parts without which nothing can be sold.
	Parts []string
	// Listener replaces the address of the settings.
	Listener net.Listener
	Clock    clock.Clock
	Log      *slog.Logger
}

// Edge is the running edge.
type Edge struct {
	store    *cache.Store
	purger   *purge.Purger
	dialer   *rpc.Dialer
	parts    []string
	clock    clock.Clock
	listener net.Listener
	server   *http.Server
	inward   upstream.Config
	ways     sync.Map // from the name of a part to its *upstream.Upstream

	mu      sync.Mutex
	checked time.Time
	state   error
}

// Open listens and makes everything ready; Run serves.
func Open(cfg Config, d Deps) (*Edge, error) {
	s, err := cache.NewStore(cfg.CacheMB << 20)
	if err != nil {
		return nil, err
	}
	listener := d.Listener
	if listener == nil {
		if listener, err = net.Listen("tcp", cfg.Listen); err != nil {
			s.Close()
			return nil, err
		}
	}
	e := &Edge{store: s, purger: purge.New(d.Bus, s, d.Log), dialer: d.Dialer, parts: d.Parts, clock: d.Clock}
	e.inward = upstream.Config{Connect: cfg.ConnectTime, FirstByte: cfg.AnswerTime, Hedge: cfg.Hedge}
	table := policy.New(protoregistry.GlobalFiles, d.Routes, d.PublicPaths)
	own := http.NewServeMux()
	own.Handle(e.purger.Handler(rpc.Options(rpc.Deps{Service: "edge", Verifier: d.Verifier, Log: d.Log})...))
	f := front.New(front.Deps{
		Own:   own,
		Table: table, Store: s, Limiter: limit.New(cfg.Rate, cfg.Burst), Verifier: d.Verifier, Upstream: e.upstream,
		Security: front.NewSecurity(cfg.Connect), Origins: cfg.Origins, Hosts: cfg.Hosts, Cookies: d.PublicCookies,
		TrustedProxies: cfg.TrustedProxies, Closed: front.WhileThereIs(cfg.Maintenance, d.Clock), Clock: d.Clock, Log: d.Log,
	})
	e.listener = quick.Listen(listener, f)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", e.readyz)
	reflector := grpcreflect.NewStaticReflector(table.Services()...)
	mux.Handle(grpcreflect.NewHandlerV1(reflector))
	mux.Handle(grpcreflect.NewHandlerV1Alpha(reflector))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// ServeMux would redirect paths that it finds unclean; the front refuses them.
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		f.ServeHTTP(w, r)
	})
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	e.server = &http.Server{
		Handler: access.Log{To: d.Log, Share: cfg.LogShare, Clock: d.Clock}.Handler(measure.Handler(handler, d.Clock)), Protocols: &protocols, MaxHeaderBytes: 32 << 10,
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(d.Log.Handler(), slog.LevelDebug),
	}
	return e, nil
}

// Memory is what a process that is nothing but an edge should take at the most: its
// cache, a fifth for garbage, and the rest of the program.
func (c Config) Memory() int64 { return c.CacheMB<<20*6/5 + 32<<20 }

// Name implements run.Part.
func (e *Edge) Name() string { return "edge" }

// Addr is where the edge listens.
func (e *Edge) Addr() string { return e.listener.Addr().String() }

func (e *Edge) upstream(name string) front.Upstream {
	transport, url := e.dialer.RoundTripper(name)
	way, known := e.ways.Load(name)
	if !known {
		way, _ = e.ways.LoadOrStore(name, upstream.New(name, transport, e.inward, e.clock))
	}
	return front.Upstream{URL: url, Transport: way.(*upstream.Upstream)}
}

// Run serves and follows changes until ctx ends; then it finishes what is open.
func (e *Edge) Run(ctx context.Context) error {
	defer e.store.Close()
	return run.Until(ctx,
		run.Func("purge", e.purger.Follow),
		run.Func("http", e.serve))
}

const drainTime = 15 * time.Second

func (e *Edge) serve(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- e.server.Serve(e.listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := e.server.Shutdown(drain); err != nil {
		e.server.Close()
	}
	<-ended
	return nil
}

// readyz answers 200 when every part that a sale needs is ready.
func (e *Edge) readyz(w http.ResponseWriter, r *http.Request) {
	if err := e.Ready(r.Context()); err != nil {
		w.Header().Set("Retry-After", "1")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("ready\n"))
}

const (
	readyFor  = 500 * time.Millisecond
	readyTime = 3 * time.Second
)

// Ready asks all parts, at most twice a second.
func (e *Edge) Ready(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now := e.clock.Now(); now.Sub(e.checked) > readyFor {
		e.state, e.checked = e.ask(ctx), now
	}
	return e.state
}

func (e *Edge) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTime)
	defer cancel()
	answers := make(chan error, len(e.parts))
	for _, name := range e.parts {
		go func() { answers <- e.askPart(ctx, name) }()
	}
	var errs []error
	for range e.parts {
		errs = append(errs, <-answers)
	}
	return errors.Join(errs...)
}

func (e *Edge) askPart(ctx context.Context, name string) error {
	transport, url := e.dialer.RoundTripper(name)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url.JoinPath("readyz").String(), nil)
	if err != nil {
		return err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("%s does not answer", name)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s is not ready", name)
	}
	return nil
}
