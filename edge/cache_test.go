package edge_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/souk-commerce/souk/edge"
	"github.com/souk-commerce/souk/kit/tag"
)

const forEverybody = "public, max-age=0, s-maxage=60, stale-while-revalidate=30, stale-if-error=600"

var pages = edge.Deps{PublicPaths: []string{"/$", "/p/"}, PublicCookies: []string{"theme"}}

// counting answers each path with how often it was asked for.
type counting struct {
	asked  atomic.Int64
	header func(http.Header, *http.Request)
}

func (c *counting) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", forEverybody)
	if c.header != nil {
		c.header(w.Header(), r)
	}
	fmt.Fprintf(w, "%d%s", c.asked.Add(1), strings.Repeat(" shirts", 200))
}

func number(a answer) string { n, _, _ := strings.Cut(a.body, " "); return n }

func TestPageIsAnsweredFromMemory(t *testing.T) {
	web := &counting{header: func(h http.Header, _ *http.Request) { h.Set("ETag", `"v1"`) }}
	h := build(t, plan{web: web.serve, deps: pages})
	first := h.until("/p/shirt", answer.hit)
	asked := web.asked.Load()
	h.clock.Advance(10 * time.Second)
	a := h.ask("GET", "/p/shirt")
	if !a.hit() || a.body != first.body || a.Header.Get("Age") != "10" || web.asked.Load() != asked {
		t.Errorf("after 10 s: %v %q, asked %d times; want the same from memory, aged 10", a.Header, number(a), web.asked.Load()-asked)
	}
	head := h.ask("HEAD", "/p/shirt")
	if !head.hit() || head.body != "" || head.ContentLength != int64(len(first.body)) {
		t.Errorf("HEAD: %d bytes and a length of %d, want 0 and %d", len(head.body), head.ContentLength, len(first.body))
	}
	for asked, want := range map[string]int{`W/"v1"`: 304, `"v1"`: 304, `"v0", W/"v1"`: 304, "*": 304, `"v0"`: 200} {
		if a := h.ask("GET", "/p/shirt", "If-None-Match", asked); a.StatusCode != want || want == 304 && a.body != "" {
			t.Errorf("If-None-Match %s: %d, want %d", asked, a.StatusCode, want)
		}
	}
	if a := h.ask("GET", "/p/other"); a.hit() || a.body == first.body {
		t.Errorf("another page: %v", a.Header)
	}
	if a := h.ask("GET", "/p/shirt", "Cookie", "theme=dark"); a.hit() {
		t.Errorf("a page that is made from a cookie: %v", a.Header)
	}
}

func TestAnswersAreCompressedOnce(t *testing.T) {
	h := build(t, plan{web: (&counting{}).serve, deps: pages})
	plain := h.until("/p/shirt", answer.hit).body
	for accept, want := range map[string]string{"br, gzip": "br", "gzip": "gzip", "gzip, br;q=0": "gzip", "": "", "identity": "", "zstd": ""} {
		a := h.ask("GET", "/p/shirt", "Accept-Encoding", accept)
		var body io.Reader = strings.NewReader(a.body)
		switch a.Header.Get("Content-Encoding") {
		case "br":
			body = brotli.NewReader(body)
		case "gzip":
			unzipped, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = unzipped
		}
		text, err := io.ReadAll(body)
		if got := a.Header.Get("Content-Encoding"); err != nil || got != want || string(text) != plain || !strings.Contains(strings.Join(a.Header["Vary"], ","), "Accept-Encoding") {
			t.Errorf("Accept-Encoding %q: %q, Vary %q, error %v, body right %v; want %q", accept, got, a.Header["Vary"], err, string(text) == plain, want)
		}
		if want != "" && len(a.body) >= len(plain) {
			t.Errorf("%s: %d bytes of %d", want, len(a.body), len(plain))
		}
	}
}

func TestChangeIsSeen(t *testing.T) {
	web := &counting{header: func(h http.Header, r *http.Request) {
		h.Set("Surrogate-Key", strings.TrimPrefix(r.URL.Path, "/p/")+" all")
	}}
	h := build(t, plan{web: web.serve, deps: pages})
	shirt, shoe := h.until("/p/shirt", answer.hit), h.until("/p/shoe", answer.hit)
	h.change("shirt")
	h.until("/p/shirt", func(a answer) bool { return a.body != shirt.body })
	if a := h.ask("GET", "/p/shoe"); !a.hit() || a.body != shoe.body {
		t.Errorf("what did not change was asked for again: %v", a.Header)
	}
	h.until("/p/shirt", answer.hit)
	h.change("sock", "all")
	h.until("/p/shoe", func(a answer) bool { return a.body != shoe.body })
	if a := h.ask("GET", "/p/shoe"); a.Header.Get("Surrogate-Key") != "" {
		t.Error("surrogate keys are shown to shoppers")
	}
}

// A merchant's SKU may have spaces in it: it is one key, from end to end.
func TestKeysMayHaveSpaces(t *testing.T) {
	web := &counting{header: func(h http.Header, r *http.Request) {
		h.Set("Surrogate-Key", tag.Join([]string{"sku/MUG " + strings.TrimPrefix(r.URL.Path, "/p/")}))
	}}
	h := build(t, plan{web: web.serve, deps: pages})
	red, blue := h.until("/p/RED", answer.hit), h.until("/p/BLUE", answer.hit)
	h.change("sku/MUG RED")
	h.until("/p/RED", func(a answer) bool { return a.body != red.body })
	if a := h.ask("GET", "/p/BLUE"); !a.hit() || a.body != blue.body {
		t.Errorf("the blue one did not change and was asked for again: %v", a.Header)
	}
}

// The old price was read before the change and arrives after it.
func TestAnswerThatAChangeOvertookIsNotKept(t *testing.T) {
	reached, release := make(chan struct{}), make(chan struct{})
	var asked atomic.Int64
	h := build(t, plan{deps: pages, web: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", forEverybody)
		w.Header().Set("Surrogate-Key", "product/1")
		if r.URL.Path != "/p/1" {
			fmt.Fprint(w, asked.Add(1))
			return
		}
		select {
		case reached <- struct{}{}:
			<-release
			fmt.Fprint(w, "old")
		default:
			fmt.Fprint(w, "new")
		}
	}})
	witness := h.until("/p/witness", answer.hit)
	first, second := make(chan string, 1), make(chan string, 1)
	go func() { first <- h.ask("GET", "/p/1").body }()
	<-reached
	h.change("product/1")
	h.until("/p/witness", func(a answer) bool { return a.body != witness.body })
	// Whoever comes now may join the question that is under way.
	go func() { second <- h.ask("GET", "/p/1").body }()
	close(release)
	if got := <-first; got != "old" {
		t.Errorf("who asked before the change got %q", got)
	}
	if got := <-second; got != "new" {
		t.Errorf("who asked after the change got %q", got)
	}
	for range 20 {
		if a := h.ask("GET", "/p/1"); a.body != "new" {
			t.Fatalf("later: %q %v", a.body, a.Header)
		}
	}
}

func TestPersonalAnswersAreNotKept(t *testing.T) {
	for name, change := range map[string]func(http.Header){
		"private":     func(h http.Header) { h.Set("Cache-Control", "private, max-age=60") },
		"no-store":    func(h http.Header) { h.Set("Cache-Control", "no-store") },
		"nothing":     func(h http.Header) { h.Del("Cache-Control") },
		"with cookie": func(h http.Header) { h.Set("Set-Cookie", "souk_rt=secret") },
	} {
		web := &counting{header: func(h http.Header, _ *http.Request) { change(h) }}
		h := build(t, plan{web: web.serve, deps: pages})
		for i := range 5 {
			if a := h.ask("GET", "/p/shirt"); a.hit() || number(a) != fmt.Sprint(i+1) {
				t.Errorf("%s, question %d: answer %s, %v", name, i+1, number(a), a.Header)
			}
		}
	}
	// A page that is not shared may say what it likes.
	web := &counting{}
	h := build(t, plan{web: web.serve, deps: pages})
	for i := range 3 {
		if a := h.ask("GET", "/account"); number(a) != fmt.Sprint(i+1) || a.Header.Get("Cache-Status") != "" {
			t.Errorf("/account, question %d: answer %s, %v", i+1, number(a), a.Header)
		}
	}
}

func TestSharedPagesAreAskedForByNobody(t *testing.T) {
	got := make(chan *http.Request, 1)
	h := build(t, plan{deps: pages, web: func(w http.ResponseWriter, r *http.Request) { got <- r.Clone(r.Context()) }})
	h.ask("GET", "/p/shirt?utm=1", "Cookie", "souk_at=a; theme=dark; other=1", "Authorization", "Bearer x", "Accept-Language", "de", "X-Anything", "1", "User-Agent", "me")
	r := <-got
	if c := r.Header.Get("Cookie"); c != "theme=dark" {
		t.Errorf("cookies %q reached a shared page, want those alone that pages are made from", c)
	}
	for _, name := range []string{"Authorization", "Accept-Language", "X-Anything", "X-Forwarded-For"} {
		if v := r.Header.Get(name); v != "" {
			t.Errorf("%s %q reached a shared page", name, v)
		}
	}
	if r.URL.RawQuery != "utm=1" {
		t.Errorf("query %q", r.URL.RawQuery)
	}
}

func TestOldAnswers(t *testing.T) {
	var broken atomic.Bool
	web := &counting{}
	h := build(t, plan{deps: pages, web: func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			http.Error(w, "broken", http.StatusBadGateway)
			return
		}
		web.serve(w, r)
	}})
	old := h.until("/p/shirt", answer.hit)
	// For a while the old one is given while a new one is fetched.
	h.clock.Advance(65 * time.Second)
	if a := h.ask("GET", "/p/shirt"); a.body != old.body || !strings.Contains(a.Header.Get("Cache-Status"), "stale") {
		t.Errorf("65 s later: %q %v, want the old one at once", number(a), a.Header)
	}
	fresh := h.until("/p/shirt", func(a answer) bool { return a.body != old.body && a.hit() })
	// When the web is broken, the old one is better than nothing.
	broken.Store(true)
	h.clock.Advance(5 * time.Minute)
	if a := h.ask("GET", "/p/shirt"); a.StatusCode != 200 || a.body != fresh.body || !strings.Contains(a.Header.Get("Cache-Status"), "origin-down") {
		t.Errorf("broken for 5 min: %d %v, want the old one", a.StatusCode, a.Header)
	}
	h.clock.Advance(10 * time.Minute)
	if a := h.ask("GET", "/p/shirt"); a.StatusCode != 502 {
		t.Errorf("broken for 15 min: %d, want the truth", a.StatusCode)
	}
	broken.Store(false)
	if a := h.ask("GET", "/p/shirt"); a.StatusCode != 200 || a.body == fresh.body {
		t.Errorf("mended: %d %q, want a new one", a.StatusCode, number(a))
	}
}

func TestOneQuestionForManyShoppers(t *testing.T) {
	release := make(chan struct{})
	var asked atomic.Int64
	h := build(t, plan{deps: pages, web: func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		<-release
		w.Header().Set("Cache-Control", forEverybody)
		w.Write(bytes.Repeat([]byte("x"), 100))
	}})
	const shoppers = 50
	answers := make(chan answer, shoppers)
	for range shoppers {
		go func() { answers <- h.ask("GET", "/p/shirt") }()
	}
	close(release)
	for range shoppers {
		if a := <-answers; a.StatusCode != 200 || len(a.body) != 100 {
			t.Errorf("answer: %d, %d bytes", a.StatusCode, len(a.body))
		}
	}
	if n := asked.Load(); n > shoppers/2 {
		t.Errorf("the web was asked %d times for %d shoppers", n, shoppers)
	}
}

func TestCallsWithoutMeaningAreNotKept(t *testing.T) {
	h := build(t, plan{web: sign("web")})
	q := url.Values{"connect": {"v1"}, "encoding": {"json"}, "message": {"{}"}, "bust": {"1"}}
	if a := h.ask("GET", "/souk.catalog.v1.ProductService/GetProduct?"+q.Encode()); a.StatusCode != 400 {
		t.Errorf("a call with an unknown parameter: %d", a.StatusCode)
	}
}
