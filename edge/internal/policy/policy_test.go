package policy_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

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
	for _, c := range []struct {
		name    string
		status  int
		control []string
		want    bool
	}{
		{"a public answer", 200, []string{"public, max-age=1"}, true},
		{"over two lines, in capitals", 200, []string{"S-MaxAge=60", "x, Public"}, true},
		{"a page that is not there", 404, []string{"public"}, true},
		{"nothing said", 200, nil, false},
		{"not said to be public", 200, []string{"s-maxage=60"}, false},
		{"a word with public in it", 200, []string{"publicity, s-maxage=60"}, false},
		{"a part", 206, []string{"public"}, false},
		{"a failure", 500, []string{"public"}, false},
	} {
		if got := policy.Storable(&http.Response{StatusCode: c.status, Header: http.Header{"Cache-Control": c.control}}); got != c.want {
			t.Errorf("%s: %v; want %v", c.name, got, c.want)
		}
	}
}
