package cache

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/tag"
)

// Config is what a cache is made of. Origin and Store are needed.
type Config struct {
	Origin http.RoundTripper
	Store  *Store
	Clock  clock.Clock
	Log    *slog.Logger
	// Name is who we are in Cache-Status; "souk" when empty.
	Name string
	// Key names what a request asks for; false: it is passed on. When nil, it is
	// the address.
	Key func(r *http.Request) (key string, ok bool)
	// WholeKey says that keys name everything that answers are chosen by: Vary
	// chooses nothing more, except that "*" is not kept.
	WholeKey bool
	// Prepare makes the request that the origin gets of one that asks with GET or HEAD;
	// when nil, it is a copy.
	Prepare func(r *http.Request) *http.Request
	// Tags are further surrogate keys of what a request asks for; nil is none.
	Tags func(r *http.Request) []string
	// Storable has the last word on what may be kept; nil is yes.
	Storable func(resp *http.Response) bool
	// Outbound changes the header that everybody gets, when it comes from the origin.
	Outbound func(h http.Header)
	// Failed answers when the origin did not, and nothing else can be given; when
	// nil, it is 502, or 504 after a time limit.
	Failed func(w http.ResponseWriter, r *http.Request, err error)
	// Compress keeps bodies in codings that make them smaller, too.
	Compress bool
	// Heuristics keeps answers for which the origin says nothing (RFC 9111 §4.2.2).
	Heuristics bool
	// StaleIfDown is for how long answers that say nothing of it are given while the
	// origin does not answer.
	StaleIfDown time.Duration
	// MaxBody is the largest body that is kept; 4 MiB when 0.
	MaxBody int64
	// FillTime bounds a fill; 15 s when 0.
	FillTime time.Duration
}

// Cache is an http.Handler. It is safe for concurrent use.
type Cache struct {
	origin      http.RoundTripper
	store       *Store
	clock       clock.Clock
	log         *slog.Logger
	name        string
	key         func(*http.Request) (string, bool)
	wholeKey    bool
	prepare     func(*http.Request) *http.Request
	prepared    bool
	tags        func(*http.Request) []string
	storable    func(*http.Response) bool
	outbound    func(http.Header)
	failed      func(http.ResponseWriter, *http.Request, error)
	compress    bool
	heuristics  bool
	staleIfDown time.Duration
	maxBody     int64
	fillTime    time.Duration

	mu      sync.Mutex
	flights map[string]*flight
	passing passing
}

const (
	usualBody = 4 << 20
	usualFill = 15 * time.Second
)

// New returns a cache.
func New(cfg Config) *Cache {
	c := &Cache{
		origin: cfg.Origin, store: cfg.Store, clock: cfg.Clock, log: cfg.Log, name: cmp.Or(cfg.Name, "souk"), key: cfg.Key, wholeKey: cfg.WholeKey, prepare: cfg.Prepare, prepared: cfg.Prepare != nil,
		tags: cfg.Tags, storable: cfg.Storable, outbound: cfg.Outbound, failed: cfg.Failed, compress: cfg.Compress, heuristics: cfg.Heuristics,
		staleIfDown: cfg.StaleIfDown, maxBody: cmp.Or(cfg.MaxBody, usualBody), fillTime: cmp.Or(cfg.FillTime, usualFill),
		flights: map[string]*flight{},
	}
	if c.clock == nil {
		c.clock = clock.System
	}
	if c.log == nil {
		c.log = slog.Default()
	}
	if c.key == nil {
		c.key = address
	}
	if c.prepare == nil {
		c.prepare = plain
	}
	if c.tags == nil {
		c.tags = func(*http.Request) []string { return nil }
	}
	if c.storable == nil {
		c.storable = func(*http.Response) bool { return true }
	}
	if c.outbound == nil {
		c.outbound = func(http.Header) {}
	}
	if c.failed == nil {
		c.failed = fail
	}
	return c
}

// address is the key of a request where nobody knows better.
func address(r *http.Request) (string, bool) {
	return strings.ToLower(r.Host) + r.URL.RequestURI(), true
}

// plain is a request without what is between us and who asks.
func plain(r *http.Request) *http.Request {
	out := r.Clone(r.Context())
	dropHops(out.Header)
	for _, name := range []string{"If-None-Match", "If-Modified-Since", "If-Range", "Range"} {
		out.Header.Del(name)
	}
	return out
}

func fail(w http.ResponseWriter, _ *http.Request, err error) {
	status := http.StatusBadGateway
	var late interface{ Timeout() bool }
	if errors.As(err, &late) && late.Timeout() {
		status = http.StatusGatewayTimeout
	}
	http.Error(w, http.StatusText(status), status)
}

// ServeHTTP implements http.Handler.
func (c *Cache) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		c.change(w, r)
		return
	}
	key, ok := c.key(r)
	if !ok || r.ContentLength != 0 || r.Header.Get("Upgrade") != "" {
		c.pass(w, r, "fwd=bypass")
		return
	}
	now := c.clock.Now()
	e, found := c.store.get(key, r.Header)
	if !found {
		e, found = c.landed(key, r.Header)
	}
	if found {
		switch c.use(e, now) {
		case fresh:
			c.answer(w, r, e, now, "hit")
			return
		case stale:
			go c.refresh(key, r, e)
			c.answer(w, r, e, now, "hit; detail=stale")
			return
		}
	}
	if r.Header.Get("Range") != "" && !found || c.passing.is(key, now) {
		c.pass(w, r, "fwd=uri-miss")
		return
	}
	c.ask(w, r, key, e)
}

// Fresh returns an entry that may be given to anybody who asks for a key, as it is.
// It finds none where answers are chosen by more than the key.
func (c *Cache) Fresh(key string, now time.Time) (*Entry, bool) {
	e, ok := c.store.get(key, nil)
	if !ok || len(e.vary) > 0 || c.use(e, now) != fresh {
		return nil, false
	}
	return e, true
}

// use is what may be done with an entry.
type use int

const (
	// It is to be confirmed or asked for first.
	old use = iota
	// It may be given while it is asked for again.
	stale
	fresh
)

// blind is how old answers may be while changes are not heard.
const blind = 5 * time.Second

func (c *Cache) use(e *Entry, now time.Time) use {
	age := e.age(now)
	switch {
	case e.life.noCache:
		return old
	case !c.store.Hears():
		if age < min(e.life.fresh, blind) {
			return fresh
		}
		return old
	case age < e.life.fresh && !c.store.stale(e):
		return fresh
	case age < e.life.fresh+e.life.whileAsking:
		return stale
	}
	return old
}

// helps tells whether an entry may be given because the origin failed.
func (c *Cache) helps(e *Entry, now time.Time) bool {
	return e != nil && !e.life.noCache && e.age(now) < e.life.fresh+e.life.ifFailed
}

// ask gets an answer from the origin, together with all who want the same; e, if any,
// is confirmed with it.
func (c *Cache) ask(w http.ResponseWriter, r *http.Request, key string, e *Entry) {
	detail := "fwd=uri-miss"
	if e != nil {
		detail = "fwd=stale"
	}
	for range joins {
		f, mine := c.join(key, r, e)
		landed := f.landed()
		got, err := f.wait(r.Context(), w, mine)
		now := c.clock.Now()
		switch {
		case r.Context().Err() != nil:
			f.leave(mine)
			return
		case err == nil && got.entry != nil && (mine || got.entry.fits(r.Header) && c.store.good(got.entry)):
			if got.entry.status >= http.StatusInternalServerError && c.helps(e, now) {
				c.answer(w, r, e, now, "hit; detail=origin-down")
				return
			}
			switch {
			case mine && got.kept:
				detail += "; stored"
			case landed:
				detail = "hit"
			case !mine:
				detail += "; collapsed"
			}
			c.answer(w, r, got.entry, now, detail)
			return
		case err == nil && mine:
			c.hand(w, r, e, got, detail)
			return
		case err == nil && got.entry == nil:
			c.pass(w, r, detail) // not for everybody, as it turned out
			return
		case err != nil && c.helps(e, now):
			c.answer(w, r, e, now, "hit; detail=origin-down")
			return
		case err != nil:
			c.failed(w, r, err)
			return
		}
	}
	c.pass(w, r, detail)
}

// joins is how often one waits for what others asked for.
const joins = 3

// hand gives the one who asked what is not kept, as it comes.
func (c *Cache) hand(w http.ResponseWriter, r *http.Request, e *Entry, got fetched, detail string) {
	defer got.resp.Body.Close()
	if got.resp.StatusCode >= http.StatusInternalServerError {
		if now := c.clock.Now(); c.helps(e, now) {
			c.answer(w, r, e, now, "hit; detail=origin-down")
			return
		}
	}
	c.copy(w, r, got.resp, detail)
}

// pass asks for one alone, and keeps nothing.
func (c *Cache) pass(w http.ResponseWriter, r *http.Request, detail string) {
	out := r
	if c.prepared {
		out = c.prepare(r)
	}
	resp, err := c.origin.RoundTrip(c.forward(out, w))
	if err != nil {
		if r.Context().Err() == nil {
			c.failed(w, r, err)
		}
		return
	}
	defer resp.Body.Close()
	c.copy(w, r, resp, detail)
}

// copy passes an answer on.
func (c *Cache) copy(w http.ResponseWriter, r *http.Request, resp *http.Response, detail string) {
	h := w.Header()
	dropHops(resp.Header)
	c.outbound(resp.Header)
	for name, values := range resp.Header {
		h[name] = append(h[name], values...)
	}
	h.Set("Cache-Status", c.name+"; "+detail)
	w.WriteHeader(resp.StatusCode)
	if r.Method != http.MethodHead {
		flushing := http.NewResponseController(w)
		buffer := buffers.Get().(*[]byte)
		defer buffers.Put(buffer)
		for {
			n, err := resp.Body.Read(*buffer)
			if n > 0 {
				if _, failed := w.Write((*buffer)[:n]); failed != nil {
					return
				}
				if resp.ContentLength < 0 {
					_ = flushing.Flush()
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				panic(http.ErrAbortHandler) // the client must not take it for whole
			}
		}
	}
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// change passes on what is no question, and forgets what it may have changed
// (RFC 9111 §4.4).
func (c *Cache) change(w http.ResponseWriter, r *http.Request) {
	resp, err := c.origin.RoundTrip(c.forward(r, w))
	if err != nil {
		if r.Context().Err() == nil {
			c.failed(w, r, err)
		}
		return
	}
	defer resp.Body.Close()
	if safe := r.Method == http.MethodOptions || r.Method == http.MethodTrace; !safe && resp.StatusCode < http.StatusBadRequest {
		c.forget(r, r.URL.RequestURI())
		for _, name := range []string{"Location", "Content-Location"} {
			if to, err := r.URL.Parse(resp.Header.Get(name)); err == nil && resp.Header.Get(name) != "" && (to.Host == "" || strings.EqualFold(to.Host, r.Host)) {
				c.forget(r, to.RequestURI())
			}
		}
	}
	c.copy(w, r, resp, "fwd=method")
}

// forget drops what was kept of an address of the same host.
func (c *Cache) forget(r *http.Request, uri string) {
	to, err := url.ParseRequestURI(uri)
	if err != nil {
		return
	}
	asked := r.Clone(r.Context())
	asked.Method, asked.URL = http.MethodGet, to
	if key, ok := c.key(asked); ok {
		c.store.drop(key)
	}
}

// refresh asks again for what is stale, once however many get it meanwhile.
func (c *Cache) refresh(key string, r *http.Request, e *Entry) {
	f, mine := c.join(key, r.WithContext(context.WithoutCancel(r.Context())), e)
	if !mine {
		return
	}
	got, err := f.wait(context.Background(), nil, true)
	if err == nil && got.resp != nil {
		got.resp.Body.Close()
	}
}

// tagsOf are the surrogate keys of an answer: ours, and those of RFC 9875.
func tagsOf(h http.Header) []string {
	return append(tag.Split(h["Surrogate-Key"]...), groups(h)...)
}
