package edge_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/souk-commerce/souk/edge"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
)

func TestMain(m *testing.M) { kittest.Main(m) }

// house is an edge with the parts behind it, over real sockets, and a stream of
// changes.
type house struct {
	t      testing.TB
	url    string
	clock  *clock.Fake
	db     *crdb.DB
	client *http.Client
}

// plan is what an edge is opened with.
type plan struct {
	config   edge.Config
	web      http.HandlerFunc
	services map[string][]rpc.Mount
	deps     edge.Deps
	bus      *bus.Bus // nil: one of its own
}

const (
	testPatience = 10 * time.Second
	// Older answers are not given while changes are not heard.
	blindTime = 6 * time.Second
)

func build(t testing.TB, p plan) *house {
	t.Helper()
	served := map[string]*kittest.Served{}
	if p.web != nil {
		served["web"] = kittest.Serve(t, []rpc.Mount{{Path: "/", Handler: p.web}})
	}
	for name, mounts := range p.services {
		served[name] = kittest.Serve(t, mounts)
	}
	h := &house{t: t, clock: clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), db: kittest.DB(t, fstest.MapFS(nil))}
	h.client = &http.Client{Transport: &http.Transport{DisableCompression: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(h.client.CloseIdleConnections)
	b := p.bus
	if b == nil {
		b = kittest.Bus(t)
	}
	config := p.config
	config.Listen, config.CacheMB = "127.0.0.1:0", 4
	if config.Rate == 0 {
		config.Rate, config.Burst = 1e6, 1e6
	}
	deps := p.deps
	deps.Bus, deps.Dialer, deps.Verifier, deps.Clock, deps.Log = b, kittest.Dialer(t, "edge", served), kittest.Verifier(), h.clock, kittest.Log(t)
	e, err := edge.Open(config, deps)
	if err != nil {
		t.Fatal(err)
	}
	h.url = "http://" + e.Addr()
	ctx, stop := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	relay := bus.NewRelay(b, h.db, "catalog", announce)
	parts.Go(func() {
		if err := e.Run(ctx); err != nil {
			t.Errorf("edge: %v", err)
		}
	})
	parts.Go(func() { relay.Run(ctx) }) //nolint:errcheck // ends with ctx
	t.Cleanup(func() { stop(); parts.Wait() })
	return h
}

func announce(_, _ string, fact []byte) (bus.Announcement, error) {
	var keys []string
	err := json.Unmarshal(fact, &keys)
	return bus.Announcement{Message: &emptypb.Empty{}, SurrogateKeys: keys}, err
}

// change tells that what the keys name has changed.
func (h *house) change(keys ...string) {
	h.t.Helper()
	err := crdb.InTx(h.t.Context(), h.db, func(ctx context.Context, tx crdb.Tx) error {
		return bus.Put(ctx, tx, "catalog.product_changed", keys[0], keys)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

// hit tells whether the answer came from memory.
func (a answer) hit() bool { return strings.HasPrefix(a.Header.Get("Cache-Status"), "souk; hit") }

func (h *house) ask(method, path string, header ...string) answer {
	h.t.Helper()
	return h.send(h.request(method, path, nil, header...))
}

func (h *house) request(method, path string, body io.Reader, header ...string) *http.Request {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	return req
}

func (h *house) send(req *http.Request) answer {
	h.t.Helper()
	resp, err := h.client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer{resp, string(body)}
}

// until asks for a path until the answer is as wanted. The container takes
// entries, and the stream tells changes, a moment later.
func (h *house) until(path string, want func(answer) bool) answer {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	for {
		a := h.ask("GET", path)
		if want(a) {
			return a
		}
		if ctx.Err() != nil {
			h.t.Fatalf("GET %s: never as wanted; the last answer is %d %q %v", path, a.StatusCode, a.body, a.Header)
		}
	}
}
