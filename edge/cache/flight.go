package cache

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"time"
)

// flight is a question to the origin that many may wait for.
type flight struct {
	done chan struct{}
	// What the origin says before its answer (1xx), for the one who asked.
	early chan interim
	// Set before done is closed.
	got fetched
	err error

	mu      sync.Mutex
	waiting int
	left    bool // the one who asked does not wait any more
}

type interim struct {
	status int
	header http.Header
}

// fetched is an answer: one that may be shared, or one for the one who asked.
type fetched struct {
	entry *Entry
	kept  bool
	resp  *http.Response
}

const (
	// So many wait for one answer, and no longer than this.
	mostWaiting = 10_000
	waitTime    = 10 * time.Second
)

// errWaiting is given to those who would wait with too many, or too long.
var errWaiting error = waitedTooLong{}

type waitedTooLong struct{}

func (waitedTooLong) Error() string { return "cache: the origin takes too long" }
func (waitedTooLong) Timeout() bool { return true }

// flightOf is the name of the flight for what a request asks for.
func (c *Cache) flightOf(key string, request http.Header) string {
	name := key
	for _, field := range c.store.names(key) {
		name += "\x00" + chosenBy(field, request)
	}
	return name
}

// landed returns what a flight has brought that cannot be found in the store yet.
func (c *Cache) landed(key string, request http.Header) (*Entry, bool) {
	name := c.flightOf(key, request)
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := c.flights[name]
	if !ok || !f.landed() || f.got.entry == nil || !f.got.entry.fits(request) || !c.store.good(f.got.entry) {
		return nil, false
	}
	return f.got.entry, true
}

// join finds the flight for a request, or begins one that is mine.
func (c *Cache) join(key string, r *http.Request, e *Entry) (f *flight, mine bool) {
	name := c.flightOf(key, r.Header)
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.flights[name]; ok && c.boards(f, r) {
		return f, false
	}
	f = &flight{done: make(chan struct{}), early: make(chan interim, 4)}
	c.flights[name] = f
	go c.fly(f, name, key, r, e)
	return f, true
}

// boards tells whether a flight is still under way, or has landed with what can be
// given now.
func (c *Cache) boards(f *flight, r *http.Request) bool {
	if !f.landed() {
		return true
	}
	e := f.got.entry
	return e != nil && e.fits(r.Header) && c.store.good(e) && c.use(e, c.clock.Now()) == fresh
}

func (f *flight) landed() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

func (c *Cache) fly(f *flight, name, key string, r *http.Request, e *Entry) {
	defer func() {
		// Who comes now gets what has just landed, until it can be found.
		if f.got.kept {
			c.store.Wait()
		}
		c.mu.Lock()
		if c.flights[name] == f {
			delete(c.flights, name)
		}
		c.mu.Unlock()
	}()
	f.got, f.err = c.fill(f, key, r, e)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left && f.got.resp != nil {
		f.got.resp.Body.Close()
		f.got.resp, f.err = nil, context.Canceled
	}
	close(f.done)
}

// wait returns what the flight brings. The one who asked gets, on w, what comes before.
func (f *flight) wait(ctx context.Context, w http.ResponseWriter, mine bool) (fetched, error) {
	var early chan interim
	var late <-chan time.Time
	if mine {
		early = f.early
	} else {
		f.mu.Lock()
		f.waiting++
		full := f.waiting > mostWaiting
		f.mu.Unlock()
		if full {
			return fetched{}, errWaiting
		}
		timer := time.NewTimer(waitTime)
		defer timer.Stop()
		late = timer.C
	}
	for {
		select {
		case say := <-early:
			if w != nil {
				tell(w, say)
			}
		case <-f.done:
			for mine && w != nil && len(early) > 0 {
				tell(w, <-early)
			}
			if !mine {
				return fetched{entry: f.got.entry, kept: f.got.kept}, f.err
			}
			return f.got, f.err
		case <-late:
			return fetched{}, errWaiting
		case <-ctx.Done():
			return fetched{}, ctx.Err()
		}
	}
}

func tell(w http.ResponseWriter, say interim) {
	h := w.Header()
	before := maps.Clone(h)
	maps.Copy(h, say.header)
	w.WriteHeader(say.status)
	clear(h)
	maps.Copy(h, before)
}

// leave says that one who asked has gone.
func (f *flight) leave(mine bool) {
	if !mine {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = true
	select {
	case <-f.done:
		if f.got.resp != nil {
			f.got.resp.Body.Close()
		}
	default:
	}
}

// fill asks the origin, and keeps what may be kept. It goes on when the one who
// asked has gone.
func (c *Cache) fill(f *flight, key string, r *http.Request, e *Entry) (fetched, error) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	limit := time.AfterFunc(c.fillTime, func() { cancel(errWaiting) })
	// Read before the origin is asked: a change from now on makes the answer old.
	asOf := c.store.Applied()
	req := c.prepare(r).WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
		select {
		case f.early <- interim{status, http.Header(h)}:
		default:
		}
		return nil
	}}))
	req.Method = http.MethodGet
	if e != nil {
		confirm(req.Header, e)
	}
	asked := c.clock.Now()
	resp, err := c.origin.RoundTrip(req)
	if err != nil {
		limit.Stop()
		if because := context.Cause(ctx); because != nil {
			err = because
		}
		cancel(nil)
		return fetched{}, err
	}
	hand := func() (fetched, error) {
		limit.Stop()
		resp.Body = closer{resp.Body, func() { cancel(nil) }}
		return fetched{resp: resp}, nil
	}
	answered := c.clock.Now()
	if resp.StatusCode == http.StatusNotModified && e != nil {
		resp.Body.Close()
		limit.Stop()
		cancel(nil)
		return c.confirmed(e, r, resp.Header, asOf, asked, answered), nil
	}
	life, ok := c.lifeOf(resp.StatusCode, resp.Header, req.Header.Get("Authorization") != "", answered)
	if !ok || resp.ContentLength > c.maxBody || !c.storable(resp) {
		c.passing.add(key, answered)
		return hand()
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.maxBody+1))
	if err == nil && int64(len(body)) > c.maxBody {
		c.passing.add(key, answered)
		rest := resp.Body
		resp.Body = closer{io.NopCloser(io.MultiReader(bytes.NewReader(body), rest)), func() { rest.Close() }}
		return hand()
	}
	resp.Body.Close()
	limit.Stop()
	cancel(nil)
	if err != nil {
		return fetched{}, errors.Join(errors.New("cache: the answer of the origin broke off"), err)
	}
	made := &Entry{
		key: key, status: resp.StatusCode, plain: bytes.Clone(body), life: life,
		made: made(resp.Header, asked, answered), targeted: resp.Header["Cdn-Cache-Control"], asOf: asOf,
	}
	return c.keep(made, resp.Header, r.Header, answered, append(tagsOf(resp.Header), c.tags(r)...)), nil
}

// closer does something more when a body is closed.
type closer struct {
	io.ReadCloser
	also func()
}

// Close implements io.Closer.
func (c closer) Close() error {
	err := c.ReadCloser.Close()
	c.also()
	return err
}

// keep makes an entry whole and stores it.
func (c *Cache) keep(e *Entry, h, request http.Header, now time.Time, tags []string) fetched {
	c.dress(e, h, now)
	if len(e.vary) == 0 && !c.wholeKey {
		e.choose(h["Vary"], request)
	}
	return fetched{entry: e, kept: c.store.put(e, tags)}
}

// dress gives an entry the header that everybody gets.
func (c *Cache) dress(e *Entry, h http.Header, now time.Time) {
	e.tag, e.modified = h.Get("ETag"), h.Get("Last-Modified")
	h = h.Clone()
	dropHops(h)
	drop(h, control(h)["no-cache"])
	for _, name := range []string{"Age", "Content-Length"} {
		h.Del(name)
	}
	if h.Get("Date") == "" {
		h.Set("Date", now.UTC().Format(http.TimeFormat))
	}
	if e.codable = c.compress && worthCoding(h, e.plain); e.codable {
		h.Add("Vary", "Accept-Encoding")
		if e.tag != "" && !strings.HasPrefix(e.tag, "W/") {
			h.Set("ETag", "W/"+e.tag) // one tag stands for all codings, so it can only be weak
		}
	}
	c.outbound(h)
	e.head = writeHead(h)
}

func control(h http.Header) directives { return parseControl(h["Cache-Control"]) }

// drop removes the fields that a directive lists.
func drop(h http.Header, list string) {
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			h.Del(name)
		}
	}
}

// confirm asks whether an entry is still what the origin has.
func confirm(h http.Header, e *Entry) {
	if e.tag != "" {
		h.Set("If-None-Match", e.tag)
	}
	if e.modified != "" {
		h.Set("If-Modified-Since", e.modified)
	}
}

// confirmed is an entry that is what the origin has, with what it says of it now
// (RFC 9111 §3.2 and §4.3.4).
func (c *Cache) confirmed(e *Entry, r *http.Request, h http.Header, asOf uint64, asked, answered time.Time) fetched {
	next := &Entry{key: e.key, status: e.status, plain: e.plain, vary: e.vary, chosen: e.chosen, targeted: e.targeted, asOf: asOf}
	for n := range e.coded {
		next.coded[n].Store(e.coded[n].Load())
	}
	whole := e.header()
	if e.codable { // as the origin said it
		vary := whole["Vary"]
		whole["Vary"] = vary[:len(vary)-1]
		if e.tag != "" {
			whole.Set("ETag", e.tag)
		}
	}
	for name, values := range h {
		switch name {
		case "Content-Length", "Content-Encoding", "Content-Range", "Content-Type", "Transfer-Encoding", "Etag":
		default:
			whole[name] = values
		}
	}
	if lines := h["Cdn-Cache-Control"]; len(lines) > 0 {
		next.targeted = lines
	}
	full := whole.Clone()
	if len(next.targeted) > 0 {
		full["Cdn-Cache-Control"] = next.targeted
	}
	life, ok := c.lifeOf(next.status, full, false, answered)
	next.life, next.made = life, made(full, asked, answered)
	if !ok {
		c.dress(next, whole, answered)
		return fetched{entry: next}
	}
	tags := tagsOf(h)
	if len(tags) == 0 {
		next.slots = e.slots
	} else {
		tags = append(tags, c.tags(r)...)
	}
	return c.keep(next, whole, r.Header, answered, tags)
}

// passing are addresses whose answers are not to be kept, so that those who ask for
// them do not wait for each other.
type passing struct {
	mu    sync.Mutex
	until map[string]time.Time
}

const (
	passTime = time.Minute
	passMost = 4096
)

func (p *passing) add(key string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until == nil || len(p.until) >= passMost {
		p.until = map[string]time.Time{}
	}
	p.until[key] = now.Add(passTime)
}

func (p *passing) is(key string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Before(p.until[key])
}
