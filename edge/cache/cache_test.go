package cache_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/souk-commerce/souk/edge/cache"
	"github.com/souk-commerce/souk/kit/clock"
)

// origin answers what its function says.
type origin func(*http.Request) (*http.Response, error)

func (o origin) RoundTrip(r *http.Request) (*http.Response, error) { return o(r) }

func say(status int, body string, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
	for n := 0; n < len(header); n += 2 {
		resp.Header.Add(header[n], header[n+1])
	}
	return resp
}

type house struct {
	t     testing.TB
	clock *clock.Fake
	store *cache.Store
	cache *cache.Cache
	asked atomic.Int64
}

func build(t testing.TB, o origin, change ...func(*cache.Config)) *house {
	t.Helper()
	store, err := cache.NewStore(8 << 20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	store.Follow(0)
	h := &house{t: t, clock: clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), store: store}
	cfg := cache.Config{Store: store, Clock: h.clock, Origin: origin(func(r *http.Request) (*http.Response, error) {
		h.asked.Add(1)
		return o(r)
	})}
	for _, f := range change {
		f(&cfg)
	}
	h.cache = cache.New(cfg)
	return h
}

// get asks for a path, and waits until what it kept can be found.
func (h *house) get(path string, header ...string) *httptest.ResponseRecorder {
	return h.do(http.MethodGet, path, header...)
}

func (h *house) do(method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://shop.example"+path, nil)
	for n := 0; n < len(header); n += 2 {
		r.Header.Add(header[n], header[n+1])
	}
	w := httptest.NewRecorder()
	h.cache.ServeHTTP(w, r)
	h.store.Wait()
	return w
}

func hit(w *httptest.ResponseRecorder) bool {
	return strings.HasPrefix(w.Header().Get("Cache-Status"), "souk; hit")
}

func TestWhatIsKept(t *testing.T) {
	const minute = "public, max-age=60"
	for name, c := range map[string]struct {
		status  int
		header  []string
		request []string
		kept    bool
	}{
		"what says for how long":                  {200, []string{"Cache-Control", minute}, nil, true},
		"what says it for shared caches":          {200, []string{"Cache-Control", "max-age=0, s-maxage=60"}, nil, true},
		"what says it for us":                     {200, []string{"Cdn-Cache-Control", "max-age=60", "Cache-Control", "no-store"}, nil, true},
		"what says when it ends":                  {200, []string{"Expires", "Sun, 01 Mar 2026 12:01:00 GMT", "Date", "Sun, 01 Mar 2026 12:00:00 GMT"}, nil, true},
		"a redirect":                              {301, []string{"Cache-Control", minute, "Location", "/"}, nil, true},
		"that there is nothing":                   {404, []string{"Cache-Control", minute}, nil, true},
		"not what says nothing":                   {200, nil, nil, false},
		"not what is private":                     {200, []string{"Cache-Control", "private, max-age=60"}, nil, false},
		"not what is private in capitals":         {200, []string{"Cache-Control", "PRIVATE, max-age=60"}, nil, false},
		"not what must not be":                    {200, []string{"Cache-Control", minute, "Cache-Control", "no-store"}, nil, false},
		"not what we must not":                    {200, []string{"Cache-Control", minute, "Cdn-Cache-Control", "no-store"}, nil, false},
		"not what brings a cookie":                {200, []string{"Cache-Control", minute, "Set-Cookie", "a=b"}, nil, false},
		"not what is chosen by anything":          {200, []string{"Cache-Control", minute, "Vary", "Foo, *"}, nil, false},
		"not a part":                              {206, []string{"Cache-Control", minute, "Content-Range", "bytes 0-1/2"}, nil, false},
		"not what is too old":                     {200, []string{"Cache-Control", minute, "Age", "61"}, nil, false},
		"not what somebody with a token got":      {200, []string{"Cache-Control", "max-age=60"}, []string{"Authorization", "Bearer x"}, false},
		"what is public, whoever got it":          {200, []string{"Cache-Control", minute}, []string{"Authorization", "Bearer x"}, true},
		"not what ended already":                  {200, []string{"Expires", "0"}, nil, false},
		"not what a strange status says in doubt": {299, []string{"Cache-Control", "must-understand, max-age=60"}, nil, false},
	} {
		h := build(t, func(*http.Request) (*http.Response, error) { return say(c.status, "x", c.header...), nil })
		h.get("/", c.request...)
		if w := h.get("/"); hit(w) != c.kept {
			t.Errorf("%s: %v, asked %d times", name, w.Header(), h.asked.Load())
		}
	}
}

func TestVariantsAreKeptApart(t *testing.T) {
	h := build(t, func(r *http.Request) (*http.Response, error) {
		return say(200, r.Header.Get("X-Kind"), "Cache-Control", "max-age=60", "Vary", "X-Kind"), nil
	})
	for range 2 {
		for _, kind := range []string{"a", "b", ""} {
			header := []string{"X-Kind", kind}
			if kind == "" {
				header = nil
			}
			if w := h.get("/", header...); w.Body.String() != kind {
				t.Errorf("who wants %q gets %q", kind, w.Body)
			}
		}
	}
	if h.asked.Load() != 3 {
		t.Errorf("the origin was asked %d times for three kinds", h.asked.Load())
	}
	// However many kinds are made up, few are kept of one address.
	for n := range 100 {
		h.get("/", "X-Kind", strconv.Itoa(n))
	}
	before := h.asked.Load()
	for n := range 92 {
		h.get("/", "X-Kind", strconv.Itoa(n))
	}
	if kept := 92 - (h.asked.Load() - before); kept > 8 {
		t.Errorf("%d of 92 old kinds were still kept", kept)
	}
}

// A thousand who ask at once for what nobody has asked for are one question.
func TestAStormIsOneQuestion(t *testing.T) {
	go1 := make(chan struct{})
	h := build(t, func(*http.Request) (*http.Response, error) {
		<-go1
		return say(200, "shirt", "Cache-Control", "max-age=60"), nil
	})
	bodies := h.storm(1000, func() { close(go1) })
	if h.asked.Load() != 1 || len(bodies) != 1 || bodies["shirt"] != 1000 {
		t.Errorf("the origin was asked %d times; answers: %v", h.asked.Load(), bodies)
	}
}

// What turns out to be for one only goes to one; the others ask for themselves, and
// not one after the other.
func TestAStormOfPrivateAnswersIsNotShared(t *testing.T) {
	var n atomic.Int64
	all := make(chan struct{})
	h := build(t, func(*http.Request) (*http.Response, error) {
		own := n.Add(1)
		if own == 100 {
			close(all)
		}
		if own > 1 {
			<-all // they are all here at once
		}
		return say(200, strconv.FormatInt(own, 10), "Cache-Control", "private, max-age=60"), nil
	})
	bodies := h.storm(100, func() {})
	if len(bodies) != 100 {
		t.Errorf("%d different answers for 100 people: %v", len(bodies), bodies)
	}
}

// storm has many ask at once; when they wait, it goes on.
func (h *house) storm(people int, waiting func()) map[string]int {
	var mu sync.Mutex
	bodies := map[string]int{}
	var begun, done sync.WaitGroup
	begun.Add(people)
	for range people {
		done.Go(func() {
			r := httptest.NewRequest(http.MethodGet, "http://shop.example/p", nil)
			w := httptest.NewRecorder()
			begun.Done()
			h.cache.ServeHTTP(w, r)
			mu.Lock()
			defer mu.Unlock()
			bodies[w.Body.String()]++
		})
	}
	begun.Wait()
	waiting()
	done.Wait()
	return bodies
}

// The one who asked first may go away: the others get their answer.
func TestWhoAskedFirstMayGo(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	h := build(t, func(*http.Request) (*http.Response, error) {
		close(asked)
		<-answer
		return say(200, "shirt", "Cache-Control", "max-age=60"), nil
	})
	ctx, leave := context.WithCancel(t.Context())
	var first sync.WaitGroup
	first.Go(func() {
		h.cache.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://shop.example/p", nil).WithContext(ctx))
	})
	<-asked
	leave()
	first.Wait()
	close(answer)
	if w := h.get("/p"); w.Body.String() != "shirt" || h.asked.Load() != 1 {
		t.Errorf("the next gets %q; the origin was asked %d times", w.Body, h.asked.Load())
	}
}

func TestOldAnswersHelpWhenTheOriginIsDown(t *testing.T) {
	down := false
	h := build(t, func(r *http.Request) (*http.Response, error) {
		switch {
		case !down:
			return say(200, "shirt", "Cache-Control", "s-maxage=60, stale-if-error=600"), nil
		case r.URL.Path == "/breaks":
			return nil, errors.New("connection refused")
		}
		return say(503, "sorry"), nil
	})
	for _, path := range []string{"/breaks", "/fails"} {
		down = false
		h.get(path)
		down = true
		h.clock.Advance(5 * time.Minute)
		if w := h.get(path); w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Status"), "origin-down") || w.Header().Get("Age") != "300" {
			t.Errorf("%s: after five minutes: %d %v", path, w.Code, w.Header())
		}
		h.clock.Advance(10 * time.Minute)
		if w := h.get(path); w.Code < 500 {
			t.Errorf("%s: after a quarter of an hour: %d %v", path, w.Code, w.Header())
		}
		down = false
		if w := h.get(path); w.Code != 200 || hit(w) {
			t.Errorf("%s: when it is back: %d %v", path, w.Code, w.Header())
		}
	}
}

func TestAnErrorIsSharedOnceAndNotKept(t *testing.T) {
	wait := make(chan struct{})
	h := build(t, func(*http.Request) (*http.Response, error) {
		<-wait
		return nil, errors.New("connection refused")
	})
	bodies := h.storm(50, func() { close(wait) })
	first := h.asked.Load()
	if bodies["Bad Gateway\n"] != 50 || first > 50 {
		t.Errorf("%v, asked %d times", bodies, first)
	}
	h.get("/p")
	if h.asked.Load() != first+1 {
		t.Error("an error was kept")
	}
}

func TestStaleAnswersAreAskedForAgainBehind(t *testing.T) {
	var n atomic.Int64
	h := build(t, func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("If-None-Match") == `"v"` {
			n.Add(1)
			return say(304, "", "Cache-Control", "max-age=60, stale-while-revalidate=60"), nil
		}
		return say(200, "shirt", "ETag", `"v"`, "Cache-Control", "max-age=60, stale-while-revalidate=60"), nil
	})
	h.get("/p")
	h.clock.Advance(90 * time.Second)
	if w := h.get("/p"); !strings.Contains(w.Header().Get("Cache-Status"), "detail=stale") || w.Body.String() != "shirt" {
		t.Errorf("%v", w.Header())
	}
	for n.Load() == 0 || h.get("/p").Header().Get("Age") != "0" { // it is on its way
	}
}

func TestRangesAreCutOutOfWholes(t *testing.T) {
	h := build(t, func(*http.Request) (*http.Response, error) {
		return say(200, "0123456789", "ETag", `"v"`, "Cache-Control", "max-age=60"), nil
	})
	h.get("/film")
	for asked, want := range map[string]string{"bytes=2-4": "234", "bytes=7-": "789", "bytes=-1": "9"} {
		if w := h.get("/film", "Range", asked); w.Code != 206 || w.Body.String() != want {
			t.Errorf("%s: %d %q", asked, w.Code, w.Body)
		}
	}
	if w := h.get("/film", "Range", "bytes=20-"); w.Code != 416 {
		t.Errorf("beyond the end: %d", w.Code)
	}
	if w := h.get("/film", "Range", "bytes=2-4", "If-Range", `"old"`); w.Code != 200 || w.Body.Len() != 10 {
		t.Errorf("of another version: %d %q", w.Code, w.Body)
	}
}

func TestChangesByPostAreSeen(t *testing.T) {
	var n atomic.Int64
	h := build(t, func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodGet {
			return say(map[string]int{"/bad": 422}[r.URL.Path]+map[bool]int{true: 0, false: 200}[r.URL.Path == "/bad"], "", "Location", "/other"), nil
		}
		return say(200, strconv.FormatInt(n.Add(1), 10), "Cache-Control", "max-age=60"), nil
	})
	for _, path := range []string{"/p", "/bad", "/other"} {
		h.get(path)
	}
	h.do(http.MethodPost, "/bad")
	if !hit(h.get("/bad")) {
		t.Error("what was refused has changed something")
	}
	h.do(http.MethodPost, "/p")
	if hit(h.get("/p")) || hit(h.get("/other")) {
		t.Error("what was changed is still given")
	}
}

func TestPurges(t *testing.T) {
	var n atomic.Int64
	h := build(t, func(r *http.Request) (*http.Response, error) {
		return say(200, strconv.FormatInt(n.Add(1), 10), "Cache-Control", "max-age=60, stale-while-revalidate=60", "Surrogate-Key", "product/1 all", "Cache-Groups", `"shirts"`), nil
	})
	for seq, tags := range [][]string{{"product/1"}, {"other", "all"}, {"shirts"}} {
		before := h.get("/p").Body.String()
		h.store.Purge([]string{"nothing"}, uint64(seq*10+1))
		if w := h.get("/p"); !hit(w) || w.Body.String() != before {
			t.Errorf("another purge: %v", w.Header())
		}
		h.store.Purge(tags, uint64(seq*10+2))
		if w := h.get("/p"); hit(w) || w.Body.String() == before {
			t.Errorf("after a purge of %v: %v", tags, w.Header())
		}
	}
	before := h.get("/p").Body.String()
	h.store.Soften([]string{"product/1"}, 100)
	if w := h.get("/p"); !strings.Contains(w.Header().Get("Cache-Status"), "detail=stale") || w.Body.String() != before {
		t.Errorf("after a soft purge: %v", w.Header())
	}
	for h.get("/p").Body.String() == before { // it is asked for behind
	}
}

// Whoever does not hear of changes confirms what is older than a moment; who has
// missed some forgets everything from before.
func TestWhileChangesAreNotHeard(t *testing.T) {
	var n atomic.Int64
	down := false
	h := build(t, func(*http.Request) (*http.Response, error) {
		if down {
			return nil, errors.New("connection refused")
		}
		return say(200, strconv.FormatInt(n.Add(1), 10), "Cache-Control", "max-age=3600, stale-while-revalidate=3600, stale-if-error=3600"), nil
	})
	h.get("/p")
	h.clock.Advance(time.Minute)
	h.store.Lose()
	if w := h.get("/p"); hit(w) {
		t.Errorf("a minute old, and changes are not heard: %v", w.Header())
	}
	h.store.Hear()
	if w := h.get("/p"); !hit(w) {
		t.Errorf("heard again: %v", w.Header())
	}
	h.store.Lose()
	down = true
	if w := h.get("/p"); !hit(w) || w.Code != 200 {
		t.Errorf("nothing is to be had elsewhere: %d %v", w.Code, w.Header())
	}
	down = false
	h.store.Follow(1000)
	if w := h.get("/p"); hit(w) {
		t.Errorf("from before changes that were missed: %v", w.Header())
	}
}

func TestLargeAnswersPassThrough(t *testing.T) {
	large := strings.Repeat("x", 3000)
	for _, length := range []int64{3000, -1} {
		h := build(t, func(*http.Request) (*http.Response, error) {
			resp := say(200, large, "Cache-Control", "max-age=60")
			resp.ContentLength = length
			return resp, nil
		}, func(c *cache.Config) { c.MaxBody = 1000 })
		for range 2 {
			if w := h.get("/film"); hit(w) || w.Body.String() != large {
				t.Errorf("length %d: %v, %d bytes", length, w.Header(), w.Body.Len())
			}
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	const bound = 4 << 20
	store, err := cache.NewStore(bound)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	store.Follow(0)
	body := strings.Repeat("x", 10_000)
	c := cache.New(cache.Config{Store: store, Origin: origin(func(*http.Request) (*http.Response, error) {
		return say(200, body, "Cache-Control", "max-age=60"), nil
	})})
	for n := range 2000 {
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequest(http.MethodGet, fmt.Sprintf("http://shop.example/%d", n%700), nil))
	}
	store.Wait()
	if used := store.Used(); used > bound || used < bound/2 {
		t.Errorf("%d bytes are used of %d", used, bound)
	}
}

// What changed before changes are heard cannot be noticed, so nothing is kept then.
func TestNothingIsKeptUnheard(t *testing.T) {
	store, err := cache.NewStore(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	asked := 0
	c := cache.New(cache.Config{Store: store, Origin: origin(func(*http.Request) (*http.Response, error) {
		if asked++; asked == 3 {
			store.Follow(7) // while it is fetched
		}
		return say(200, "x", "Cache-Control", "max-age=60"), nil
	})})
	for n := range 5 {
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://shop.example/", nil))
		store.Wait()
		if hit(w) != (n == 4) {
			t.Errorf("answer %d: %v", n+1, w.Header())
		}
	}
}
