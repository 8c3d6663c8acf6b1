package policy_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoregistry"

	_ "github.com/souk-commerce/souk/api/gen/souk/account/v1"
	_ "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	_ "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/edge/internal/policy"
)

func TestFind(t *testing.T) {
	table := policy.New(protoregistry.GlobalFiles, map[string]string{"/hooks/": "payment"}, []string{"/$", "/p/"})
	for _, c := range []struct {
		method, path, upstream string
		public                 bool
	}{
		{"GET", "/", "web", true},
		{"HEAD", "/", "web", true},
		{"POST", "/", "web", false},
		{"GET", "/p/red-shirt", "web", true},
		{"GET", "/cart", "web", false},
		{"POST", "/hooks/paid", "payment", false},
		{"GET", "/souk.catalog.v1.ProductService/GetProduct", "catalog", true},
		{"POST", "/souk.catalog.v1.ProductService/GetProduct", "catalog", false},
		{"GET", "/souk.account.v1.AccountService/GetProfile", "account", false},
		{"POST", "/souk.inventory.v1.ReservationService/Reserve", "", false}, // services only
		{"POST", "/souk.catalog.v1.ProductService/Nothing", "", false},
		{"GET", "/souk.catalog.v1.ProductService/", "", false},
	} {
		route, ok := table.Find(httptest.NewRequest(c.method, c.path, nil))
		if ok != (c.upstream != "") || route.Upstream != c.upstream || route.Public != c.public {
			t.Errorf("%s %s goes to %q, public %v; want %q, public %v", c.method, c.path, route.Upstream, route.Public, c.upstream, c.public)
		}
	}
}

func TestStorable(t *testing.T) {
	const public = "public, max-age=1, s-maxage=60, stale-while-revalidate=30, stale-if-error=90"
	minute := policy.Life{Fresh: time.Minute, Stale: 30 * time.Second, IfFailed: 90 * time.Second}
	for _, c := range []struct {
		name   string
		status int
		header http.Header
		want   policy.Life
	}{
		{"a public answer", 200, http.Header{"Cache-Control": {public}}, minute},
		{"over two lines, in capitals", 200, http.Header{"Cache-Control": {"Public, S-MaxAge=60", "stale-while-revalidate=30, stale-if-error=90"}}, minute},
		{"a page that is not there", 404, http.Header{"Cache-Control": {public}}, minute},
		{"max-age alone", 200, http.Header{"Cache-Control": {"public, max-age=5"}}, policy.Life{Fresh: 5 * time.Second}},
		{"nothing said", 200, http.Header{}, policy.Life{}},
		{"not said to be public", 200, http.Header{"Cache-Control": {"s-maxage=60"}}, policy.Life{}},
		{"private", 200, http.Header{"Cache-Control": {"public, private, s-maxage=60"}}, policy.Life{}},
		{"no-store", 200, http.Header{"Cache-Control": {"public, s-maxage=60", "no-store"}}, policy.Life{}},
		{"no-cache", 200, http.Header{"Cache-Control": {"public, s-maxage=60, no-cache"}}, policy.Life{}},
		{"a cookie", 200, http.Header{"Cache-Control": {public}, "Set-Cookie": {"a=b"}}, policy.Life{}},
		{"varies with everything", 200, http.Header{"Cache-Control": {public}, "Vary": {"*"}}, policy.Life{}},
		{"a part", 206, http.Header{"Cache-Control": {public}, "Content-Range": {"bytes 0-1/2"}}, policy.Life{}},
		{"a failure", 500, http.Header{"Cache-Control": {public}}, policy.Life{}},
		{"a negative age", 200, http.Header{"Cache-Control": {"public, s-maxage=-1"}}, policy.Life{}},
		{"no number", 200, http.Header{"Cache-Control": {"public, s-maxage=soon"}}, policy.Life{}},
		{"too long", 200, http.Header{"Cache-Control": {"public, s-maxage=999999999"}}, policy.Life{Fresh: 365 * 24 * time.Hour}},
	} {
		got, ok := policy.Storable(c.status, c.header)
		if want := c.want != (policy.Life{}); ok != want || ok && got != c.want {
			t.Errorf("%s: %+v, %v; want %+v, %v", c.name, got, ok, c.want, want)
		}
	}
}
