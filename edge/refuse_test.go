package edge_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/souk-commerce/souk/edge"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
)

const signIn = "/souk.account.v1.SessionService/SignIn"

func TestTooManyRequests(t *testing.T) {
	h := build(t, plan{web: sign("web"), config: edge.Config{Rate: 0.5, Burst: 3, TrustedProxies: 1}, services: map[string][]rpc.Mount{"account": everywhere("account")}})
	for i := range 3 {
		if a := h.ask("GET", "/cart", "X-Forwarded-For", "1.1.1.1"); a.StatusCode != 200 {
			t.Fatalf("request %d of a burst of 3: %d", i+1, a.StatusCode)
		}
	}
	a := h.ask("GET", "/cart", "X-Forwarded-For", "1.1.1.1", "Accept", "text/html")
	wait, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if a.StatusCode != 429 || err != nil || wait < 1 || wait > 3 {
		t.Errorf("request 4: %d, Retry-After %q; want 429 and 1 to 3 seconds", a.StatusCode, a.Header.Get("Retry-After"))
	}
	if a.Header.Get("Content-Security-Policy") == "" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("request 4 is answered with %v: want a page's headers", a.Header)
	}
	a = h.ask("POST", signIn, "X-Forwarded-For", "1.1.1.1", "Content-Type", "application/json")
	var said struct{ Code string }
	if err := json.Unmarshal([]byte(a.body), &said); err != nil || said.Code != "resource_exhausted" || a.StatusCode != 429 {
		t.Errorf("a call: %d %q, want resource_exhausted in Connect's form", a.StatusCode, a.body)
	}
	if a := h.ask("GET", "/cart", "X-Forwarded-For", "2.2.2.2"); a.StatusCode != 200 {
		t.Errorf("another client: %d", a.StatusCode)
	}
	h.clock.Advance(time.Duration(wait) * time.Second)
	if a := h.ask("GET", "/cart", "X-Forwarded-For", "1.1.1.1"); a.StatusCode != 200 {
		t.Errorf("after Retry-After: %d", a.StatusCode)
	}
}

func TestTooLarge(t *testing.T) {
	swallow := func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			panic(http.ErrAbortHandler)
		}
		w.Write([]byte("taken"))
	}
	h := build(t, plan{web: swallow, services: map[string][]rpc.Mount{"account": {{Path: "/", Handler: http.HandlerFunc(swallow)}}}})
	most, more := make([]byte, 8<<20), make([]byte, 8<<20+1)
	for _, c := range []struct {
		path, kind string
		body       []byte
		want       int
	}{
		{"/media", "text/plain", most, 200},
		{"/media", "text/plain", more, 413},
		{"/media", "application/grpc", more, 413},
		{signIn, "application/json", most, 200},
		{signIn, "application/json", more, 429}, // Connect's status for resource_exhausted
	} {
		for _, known := range []bool{true, false} {
			req := h.request("POST", c.path, bytes.NewReader(c.body), "Content-Type", c.kind)
			if !known {
				req.ContentLength = -1
			}
			if a := h.send(req); a.StatusCode != c.want {
				t.Errorf("%s of %d bytes to %s, length known %v: %d %q, want %d", c.kind, len(c.body), c.path, known, a.StatusCode, a.body, c.want)
			}
		}
	}
}

func TestOtherOriginsCalls(t *testing.T) {
	var cookie string
	h := build(t, plan{config: edge.Config{Origins: []string{"https://friend.example"}}, services: map[string][]rpc.Mount{"account": {{Path: "/", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie = r.Header.Get("Cookie") + r.Header.Get("Authorization")
	})}}}})
	ask := func(origin string) answer {
		return h.ask("OPTIONS", signIn, "Origin", origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
	}
	a := ask("https://friend.example")
	if a.StatusCode != 204 || a.Header.Get("Access-Control-Allow-Origin") != "https://friend.example" || !strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), "Content-Type") ||
		a.Header.Get("Access-Control-Allow-Credentials") != "" || a.Header.Get("Access-Control-Max-Age") == "" || a.Header.Get("Vary") != "Origin" {
		t.Errorf("preflight of a friend: %d %v", a.StatusCode, a.Header)
	}
	for _, origin := range []string{"https://evil.example", "null", "https://friend.example.evil.example", "http://friend.example"} {
		if a := ask(origin); a.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("preflight of %s is allowed: %v", origin, a.Header)
		}
	}
	token := kittest.Token(t, rpc.Principal{Subject: "ann", Role: rpc.Shopper})
	a = h.ask("POST", signIn, "Origin", "https://friend.example", "Content-Type", "application/json", "Cookie", "souk_at="+token)
	if a.StatusCode != 200 || a.Header.Get("Access-Control-Allow-Origin") != "https://friend.example" || cookie != "" {
		t.Errorf("a friend's call: %d, allowed for %q, and brought %q; want it without the shopper's cookies", a.StatusCode, a.Header.Get("Access-Control-Allow-Origin"), cookie)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	h := build(t, plan{web: sign("web"), services: map[string][]rpc.Mount{"account": everywhere("account")}, deps: edge.Deps{Routes: map[string]string{"/hooks/": "account"}}})
	token := kittest.Token(t, rpc.Principal{Subject: "ann", Role: rpc.Shopper})
	cookie := []string{"Cookie", "souk_at=" + token}
	for _, c := range []struct {
		name, method, path string
		header             []string
		want               int
	}{
		{"another site's form", "POST", "/cart/add", append([]string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, cookie...), 403},
		{"an old browser's", "POST", "/cart/add", append([]string{"Origin", "https://evil.example"}, cookie...), 403},
		{"a subdomain's", "POST", "/cart/add", append([]string{"Sec-Fetch-Site", "same-site"}, cookie...), 403},
		{"another site's call", "POST", signIn, append([]string{"Sec-Fetch-Site", "cross-site", "Content-Type", "text/plain"}, cookie...), 403},
		{"another site's form to sign in as somebody", "POST", "/signin", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"our own form", "POST", "/cart/add", append([]string{"Sec-Fetch-Site", "same-origin"}, cookie...), 200},
		{"our own form without cookies", "POST", "/signin", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"a link from another site", "GET", "/cart", append([]string{"Sec-Fetch-Site", "cross-site"}, cookie...), 200},
		{"a program's", "POST", "/signin", nil, 200},
		{"a provider's hook", "POST", "/hooks/paid", []string{"Origin", "https://pay.example"}, 200},
		{"a call with a token", "POST", signIn, []string{"Authorization", "Bearer " + token, "Origin", "https://app.example"}, 200},
	} {
		if a := h.ask(c.method, c.path, c.header...); a.StatusCode != c.want {
			t.Errorf("%s: %d %q, want %d", c.name, a.StatusCode, a.body, c.want)
		}
	}
}

func TestPartThatIsAway(t *testing.T) {
	h := build(t, plan{web: sign("web"), services: map[string][]rpc.Mount{"account": {{Path: "/", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })}}}, deps: edge.Deps{Parts: []string{"web", "account"}}})
	a := h.ask("POST", signIn, "Content-Type", "application/json")
	if a.StatusCode != 503 || a.Header.Get("Retry-After") == "" || !strings.Contains(a.body, "unavailable") {
		t.Errorf("a call to it: %d %q, want unavailable and Retry-After", a.StatusCode, a.body)
	}
	if a := h.ask("GET", "/readyz"); a.StatusCode != 503 || !strings.Contains(a.body, "account") || strings.Contains(a.body, "web") {
		t.Errorf("/readyz: %d %q, want it to name account alone", a.StatusCode, a.body)
	}
	if a := h.ask("GET", "/"); a.StatusCode != 200 {
		t.Errorf("the web: %d", a.StatusCode)
	}
}
