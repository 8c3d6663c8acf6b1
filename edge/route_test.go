package edge_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/souk-commerce/souk/edge"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
)

// sign answers with the part's name and what reached it.
func sign(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s", name, r.Method, r.URL.Path)
	}
}

func everywhere(name string) []rpc.Mount { return []rpc.Mount{{Path: "/", Handler: sign(name)}} }

func TestRequestsFindTheirPart(t *testing.T) {
	h := build(t, plan{
		web: sign("web"), services: map[string][]rpc.Mount{"catalog": everywhere("catalog"), "account": everywhere("account"), "payment": everywhere("payment")},
		deps: edge.Deps{Routes: map[string]string{"/hooks/": "payment"}, PublicPaths: []string{"/$"}},
	})
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/", "web GET /"},
		{"GET", "/cart", "web GET /cart"},
		{"POST", "/cart/add", "web POST /cart/add"},
		{"POST", "/hooks/paid", "payment POST /hooks/paid"},
		{"POST", "/souk.catalog.v1.ProductService/GetProduct", "catalog POST /souk.catalog.v1.ProductService/GetProduct"},
		{"POST", "/souk.account.v1.SessionService/SignIn", "account POST /souk.account.v1.SessionService/SignIn"},
		{"GET", "/healthz", "ok\n"},
	} {
		if a := h.ask(c.method, c.path); a.StatusCode != 200 || a.body != c.want {
			t.Errorf("%s %s: %d %q, want %q", c.method, c.path, a.StatusCode, a.body, c.want)
		}
	}
	for _, path := range []string{"/souk.inventory.v1.ReservationService/Reserve", "/souk.catalog.v1.ProductService/Nothing", "/souk.nothing.v1.NothingService/Get"} {
		if a := h.ask("POST", path, "Content-Type", "application/json"); a.StatusCode != 404 && a.StatusCode != 501 {
			t.Errorf("POST %s: %d %q, want it to be unknown outside", path, a.StatusCode, a.body)
		}
	}
}

func TestPathsWithTwoMeaningsAreRefused(t *testing.T) {
	h := build(t, plan{web: sign("web")})
	for _, path := range []string{"/a/../b", "/a/%2e%2e/b", "/a/./b", "/a//b", "/a%2fb", "/a%2Fb", "/a%5cb", "/a%00b", "/a/..", "/static/%2E%2E"} {
		req := h.request("GET", "/", nil)
		req.URL = &url.URL{Scheme: "http", Host: req.URL.Host, Opaque: path}
		if a := h.send(req); a.StatusCode != 400 {
			t.Errorf("GET %s: %d %q, want 400", path, a.StatusCode, a.body)
		}
	}
	for _, path := range []string{"/a/b", "/a.b/..c", "/a%20b", "/.well-known/x"} {
		if a := h.ask("GET", path); a.StatusCode != 200 {
			t.Errorf("GET %s: %d %q, want 200", path, a.StatusCode, a.body)
		}
	}
}

func TestOnlyOurHostsAreAnswered(t *testing.T) {
	h := build(t, plan{web: sign("web"), config: edge.Config{Hosts: []string{"shop.example"}}})
	for host, want := range map[string]int{"shop.example": 200, "shop.example:8080": 200, "evil.example": 400} {
		req := h.request("GET", "/", nil)
		req.Host = host
		if a := h.send(req); a.StatusCode != want {
			t.Errorf("host %s: %d, want %d", host, a.StatusCode, want)
		}
	}
}

func TestClientsCannotSpeakForUs(t *testing.T) {
	got := make(chan http.Header, 1)
	h := build(t, plan{web: func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Clone()
		w.Header().Set("Surrogate-Key", "product/1")
		w.Header().Set("Souk-Shard", "3")
		w.Header().Set("Server", "web/1")
	}})
	a := h.ask("GET", "/cart", "X-User-Id", "7", "X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example", "Forwarded", "for=1.2.3.4",
		"X-Real-Ip", "1.2.3.4", "X-Original-Url", "/admin", "X-Http-Method-Override", "DELETE", "Souk-Caller", "admin", "Accept-Language", "de")
	header := <-got
	for _, name := range []string{"X-User-Id", "X-Forwarded-Proto", "Forwarded", "X-Real-Ip", "X-Original-Url", "X-Http-Method-Override", "Souk-Caller"} {
		if v := header.Get(name); v != "" {
			t.Errorf("%s reached the web as %q", name, v)
		}
	}
	if v := header["X-Forwarded-For"]; !slices.Equal(v, []string{"127.0.0.1"}) {
		t.Errorf("X-Forwarded-For is %q, want the client's address", v)
	}
	if v := header.Get("X-Forwarded-Host"); v != strings.TrimPrefix(h.url, "http://") {
		t.Errorf("X-Forwarded-Host is %q, want the host that was asked", v)
	}
	if v := header.Get("Accept-Language"); v != "de" {
		t.Errorf("Accept-Language is %q, want it passed on", v)
	}
	for _, name := range []string{"Surrogate-Key", "Souk-Shard", "Server"} {
		if v := a.Header.Get(name); v != "" {
			t.Errorf("%s left the house as %q", name, v)
		}
	}
}

func TestProxyInFrontIsBelieved(t *testing.T) {
	got := make(chan string, 1)
	h := build(t, plan{config: edge.Config{TrustedProxies: 1}, web: func(w http.ResponseWriter, r *http.Request) { got <- r.Header.Get("X-Forwarded-For") }})
	a := h.ask("GET", "/cart", "X-Forwarded-For", "6.6.6.6, 1.2.3.4", "X-Forwarded-Proto", "https")
	if v := <-got; v != "1.2.3.4" {
		t.Errorf("the client is %q, want the one that the proxy saw", v)
	}
	if v := a.Header.Get("Strict-Transport-Security"); v == "" {
		t.Error("no Strict-Transport-Security over https")
	}
}

func TestSecurityHeaders(t *testing.T) {
	h := build(t, plan{config: edge.Config{Connect: []string{"https://pay.example"}}, web: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte("<p>hello"))
	}})
	a := h.ask("GET", "/cart")
	csp := a.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self' https://pay.example", "frame-ancestors 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("Content-Security-Policy is %q, want %q in it", csp, want)
		}
	}
	if strings.Contains(csp, "unsafe-inline") {
		t.Errorf("Content-Security-Policy is %q: it lets foreign scripts in", csp)
	}
	if got := a.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("X-Content-Type-Options is %q", got)
	}
	if got := a.Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("Strict-Transport-Security is %q over http", got)
	}
}

func TestTokens(t *testing.T) {
	h := build(t, plan{web: func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(r.Header.Get("Authorization"))) }})
	ann := kittest.Token(t, rpc.Principal{Subject: "ann", Role: rpc.Shopper})
	bob := kittest.Token(t, rpc.Principal{Subject: "bob", Role: rpc.Guest})
	service := kittest.Token(t, rpc.Principal{Subject: "order", Role: rpc.Service})
	for _, c := range []struct {
		name, authorization, cookie, want string
	}{
		{"nobody", "", "", ""},
		{"a cookie", "", ann, "Bearer " + ann},
		{"a header", "Bearer " + ann, "", "Bearer " + ann},
		{"a header and another's cookie", "Bearer " + ann, bob, "Bearer " + ann},
		{"a forged header", "Bearer " + ann[:len(ann)-4] + "AAAA", "", ""},
		{"a forged cookie", "", "nonsense", ""},
		{"another scheme", "Basic YTpi", "", ""},
		{"a service's token from outside", "Bearer " + service, "", ""},
		{"a service's token in a cookie", "", service, ""},
	} {
		var header []string
		if c.authorization != "" {
			header = append(header, "Authorization", c.authorization)
		}
		if c.cookie != "" {
			header = append(header, "Cookie", "souk_at="+c.cookie)
		}
		if a := h.ask("GET", "/account", header...); a.StatusCode != 200 || a.body != c.want {
			t.Errorf("%s: %d, the web is told %q, want %q", c.name, a.StatusCode, a.body, c.want)
		}
	}
}
