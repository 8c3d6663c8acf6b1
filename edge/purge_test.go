package edge_test

import (
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"

	edgev1 "github.com/souk-commerce/souk/api/gen/souk/edge/v1"
	"github.com/souk-commerce/souk/api/gen/souk/edge/v1/edgev1connect"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
)

// An administrator's purge is seen by the next who asks; nobody else may purge.
func TestAdministratorsPurge(t *testing.T) {
	web := &counting{header: func(h http.Header, r *http.Request) { h.Set("Surrogate-Key", "template") }}
	h := build(t, plan{web: web.serve, deps: pages})
	as := func(role rpc.Role) edgev1connect.CacheServiceClient {
		return edgev1connect.NewCacheServiceClient(h.client, h.url, connect.WithInterceptors(bearer(kittest.Token(t, rpc.Principal{Subject: "ada", Role: role}))))
	}
	for _, role := range []rpc.Role{rpc.Guest, rpc.Shopper, rpc.Service} {
		_, err := as(role).Purge(t.Context(), &edgev1.PurgeRequest{SurrogateKeys: []string{"template"}})
		if code := connect.CodeOf(err); code != connect.CodePermissionDenied && code != connect.CodeUnauthenticated {
			t.Errorf("a %s purges: %v", role, err)
		}
	}
	admin := as(rpc.Admin)
	for name, req := range map[string]*edgev1.PurgeRequest{
		"nothing":         {},
		"no path":         {Paths: []string{"p/shirt"}},
		"an empty key":    {SurrogateKeys: []string{""}},
		"a very long key": {SurrogateKeys: []string{strings.Repeat("x", 400)}},
	} {
		if _, err := admin.Purge(t.Context(), req); connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
	shoe := h.until("/p/shoe", answer.hit)
	shirt := h.until("/p/shirt?a=1", answer.hit)
	last := uint64(0)
	purge := func(req *edgev1.PurgeRequest) {
		t.Helper()
		resp, err := admin.Purge(t.Context(), req)
		if err != nil || resp.GetSequence() <= last {
			t.Fatalf("purge %v: %v, %v", req, resp, err)
		}
		last = resp.GetSequence()
	}
	purge(&edgev1.PurgeRequest{Paths: []string{"/p/shirt"}})
	if a := h.ask("GET", "/p/shirt?a=1"); a.hit() || a.body == shirt.body {
		t.Errorf("after its path was purged: %v", a.Header)
	}
	if a := h.ask("GET", "/p/shoe"); !a.hit() || a.body != shoe.body {
		t.Errorf("after another path was purged: %v", a.Header)
	}
	purge(&edgev1.PurgeRequest{SurrogateKeys: []string{"template"}})
	if a := h.ask("GET", "/p/shoe"); a.hit() || a.body == shoe.body {
		t.Errorf("after its key was purged: %v", a.Header)
	}
	shoe = h.until("/p/shoe", answer.hit)
	purge(&edgev1.PurgeRequest{SurrogateKeys: []string{"template"}, Soft: true})
	if a := h.ask("GET", "/p/shoe"); !strings.Contains(a.Header.Get("Cache-Status"), "stale") || a.body != shoe.body {
		t.Errorf("after a soft purge: %v", a.Header)
	}
	h.until("/p/shoe", func(a answer) bool { return a.hit() && a.body != shoe.body })
}
