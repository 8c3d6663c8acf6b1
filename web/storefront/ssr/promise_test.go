//go:build !wasm

package ssr_test

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// meddle puts do in front of all that server answers: pages and services.
func meddle(server *httptest.Server, do func(w http.ResponseWriter, r *http.Request, next http.Handler)) {
	next := server.Config.Handler
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { do(w, r, next) })
}

// without makes the services whose names begin so unreachable.
func without(server *httptest.Server, services ...string) {
	meddle(server, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		for _, name := range services {
			if strings.HasPrefix(r.URL.Path, "/souk."+name) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusServiceUnavailable)
				io.WriteString(w, `{"code":"unavailable","message":"connection refused"}`)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func TestPagesWhenServicesFail(t *testing.T) {
	cases := []struct {
		service, path string
		status        int
		has, hasNot   string
	}{
		{"catalog", "/", 503, "We will be right back", ""},
		{"catalog", "/p/a", 503, `data-leave="">Try again`, `rel="canonical"`},
		{"catalog", "/search?q=lamp", 200, "48 products", "Categories\"><div class=\"wrap\"><ul><li>"},
		{"catalog.v1.CollectionService", "/", 200, "Lamp a", "Gifts"},
		{"search", "/search?q=lamp", 503, "We will be right back", "connection refused"},
		{"search", "/c/light", 503, "We will be right back", ""},
		{"inventory", "/p/a", 200, `action="/cart/add"`, "In stock"},
		{"cart", "/cart", 503, "We will be right back", ""},
		{"cart", "/p/a", 200, "Only 3 left", ""},
		{"order", "/orders", 503, "We will be right back", ""},
		{"account", "/account", 503, "We will be right back", ""},
		{"payment", "/checkout", 200, `id="address"`, ""}, // it is asked when the price is known
		{"payment", "/account", 200, "Hello, Ada", "To pay with"},
	}
	for _, c := range cases {
		t.Run(c.service+" "+c.path, func(t *testing.T) {
			shop := newFake()
			shop.cart = map[string]int32{"a-R": 1}
			server := storefront(t, shop)
			without(server, c.service)
			request, _ := http.NewRequest("GET", server.URL+c.path, nil)
			request.Header.Set("Authorization", "Bearer token")
			response, err := server.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, _ := io.ReadAll(response.Body)
			if response.StatusCode != c.status || !strings.Contains(string(body), c.has) {
				t.Errorf("status %d, want %d with %q in\n%s", response.StatusCode, c.status, c.has, body)
			}
			if c.hasNot != "" && strings.Contains(string(body), c.hasNot) {
				t.Errorf("the page has %q:\n%s", c.hasNot, body)
			}
			if control := response.Header.Get("Cache-Control"); c.status == 503 && control != "private, no-store" {
				t.Errorf("a failure is kept: Cache-Control = %q", control)
			}
		})
	}
}

func TestSearchEnginesKnowWhatIsThere(t *testing.T) {
	server := storefront(t, newFake())
	cases := []struct {
		path               string
		indexed, canonical bool
	}{
		{"/", true, true},
		{"/p/a?variant=a-B", true, true},
		{"/c/light?f.brand=Lumen", true, true},
		{"/search", true, true},
		{"/search?q=lamp", false, true},
		{"/cart", false, true},
		{"/signin", false, true},
		{"/offline", false, false},
		{"/nowhere", false, false},
		{"/p/gone", false, false},
	}
	for _, c := range cases {
		_, body := get(t, server.Client(), server.URL+c.path)
		if indexed := !strings.Contains(body, `<meta name="robots" content="noindex">`); indexed != c.indexed {
			t.Errorf("%s: may be indexed = %v, want %v", c.path, indexed, c.indexed)
		}
		if canonical := strings.Contains(body, `rel="canonical"`) && strings.Contains(body, `property="og:url"`); canonical != c.canonical {
			t.Errorf("%s: has a canonical address = %v, want %v", c.path, canonical, c.canonical)
		}
	}
	if _, body := get(t, server.Client(), server.URL+"/p/a?variant=a-B"); !strings.Contains(body, `rel="canonical" href="`+server.URL+`/p/a"`) {
		t.Error("a variant is not known by its product's address")
	}
}

func TestSitemap(t *testing.T) {
	shop := newFake()
	server := storefront(t, shop)
	response, robots := get(t, server.Client(), server.URL+"/robots.txt")
	if response.StatusCode != 200 || !strings.Contains(robots, "Sitemap: "+server.URL+"/sitemap.xml\n") || !strings.Contains(robots, "Disallow: /cart\n") {
		t.Errorf("robots.txt is %q", robots)
	}
	response, body := get(t, server.Client(), server.URL+"/sitemap.xml")
	var map_ struct {
		XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		Places  []struct {
			Address string `xml:"loc"`
		} `xml:"url"`
	}
	if err := xml.Unmarshal([]byte(body), &map_); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	listed := map[string]bool{}
	for _, place := range map_.Places {
		listed[place.Address] = true
		if response, _ := get(t, server.Client(), place.Address); response.StatusCode != 200 {
			t.Errorf("%s is listed and answers %d", place.Address, response.StatusCode)
		}
	}
	for _, path := range []string{"/", "/c/light", "/p/a", "/p/d"} {
		if !listed[server.URL+path] {
			t.Errorf("%s is not listed", path)
		}
	}
	if control := response.Header.Get("Cache-Control"); !strings.HasPrefix(control, "public,") {
		t.Errorf("Cache-Control = %q, want a public one", control)
	}
	without(server, "catalog")
	if response, _ := get(t, server.Client(), server.URL+"/sitemap.xml"); response.StatusCode != 503 {
		t.Errorf("without a catalog, the sitemap answers %d, want 503", response.StatusCode)
	}
}

// TestDataForSearchEngines reads a product page's JSON-LD as somebody who does not
// know where it came from.
func TestDataForSearchEngines(t *testing.T) {
	server := storefront(t, newFake())
	for _, path := range []string{"/", "/c/light", "/p/a"} {
		_, body := get(t, server.Client(), server.URL+path)
		for _, part := range strings.Split(body, `<script type="application/ld+json">`)[1:] {
			raw, _, _ := strings.Cut(part, "</script>")
			var data map[string]any
			if err := json.Unmarshal([]byte(raw), &data); err != nil || data["@context"] != "https://schema.org" {
				t.Errorf("%s: %v in %s", path, err, raw)
			}
			for _, field := range []string{`"url":"/`, `"item":"/`, `"image":["/`, `"target":"/`} {
				if strings.Contains(raw, field) {
					t.Errorf("%s: an address without its shop: %s", path, raw)
				}
			}
		}
	}
}

func TestChosenCurrencyIsTheServersToo(t *testing.T) {
	server := storefront(t, newFake())
	open := func(cookie, path string) (*http.Response, string) {
		request, _ := http.NewRequest("GET", server.URL+path, nil)
		if cookie != "" {
			request.Header.Set("Cookie", "souk_currency="+cookie)
		}
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return response, string(body)
	}
	for cookie, want := range map[string]string{"": "$49.00", "USD": "$49.00", "EUR": "€48.00", "XXX": "$49.00", `"><script>`: "$49.00"} {
		for _, path := range []string{"/p/a", "/"} {
			if response, body := open(cookie, path); !strings.Contains(body, want) || !strings.Contains(response.Header.Get("Vary"), "Cookie") {
				t.Errorf("with the currency %q, %s has no %s, or does not vary with it: %q", cookie, path, want, response.Header.Get("Vary"))
			}
		}
	}
	if _, body := open("EUR", "/p/a"); !strings.Contains(body, `"priceCurrency":"EUR"`) || !strings.Contains(body, `"price":"48.00"`) {
		t.Error("search engines are told another price than is shown")
	}
}

func TestCurrencyIsChosenWithoutScripts(t *testing.T) {
	server := storefront(t, newFake())
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	cases := []struct{ currency, next, cookie, location string }{
		{"EUR", "/p/a?variant=a-B", "EUR", "/p/a?variant=a-B"},
		{"XXX", "/p/a", "", "/p/a"},
		{"USD", "//evil.example", "USD", "/"},
	}
	for _, c := range cases {
		response, err := client.PostForm(server.URL+"/currency", url.Values{"currency": {c.currency}, "next": {c.next}})
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		cookie := ""
		for _, set := range response.Cookies() {
			if set.Name == "souk_currency" {
				cookie = set.Value
			}
		}
		if response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != c.location || cookie != c.cookie {
			t.Errorf("choosing %s from %s: %d to %q with %q, want 303 to %q with %q", c.currency, c.next, response.StatusCode, response.Header.Get("Location"), cookie, c.location, c.cookie)
		}
	}
}

// TestPicturesKnowTheirPlace finds no picture that moves what is around it when it
// arrives, and few that are wanted first.
func TestPicturesKnowTheirPlace(t *testing.T) {
	server := storefront(t, newFake())
	for _, path := range []string{"/", "/c/light", "/p/a", "/search?q=lamp"} {
		_, body := get(t, server.Client(), server.URL+path)
		first := 0
		for _, part := range strings.Split(body, "<img ")[1:] {
			tag, _, _ := strings.Cut(part, ">")
			for _, attribute := range []string{`width="`, `height="`, `alt="`} {
				if !strings.Contains(tag, attribute) {
					t.Errorf("%s: <img %s> has no %s", path, tag, attribute)
				}
			}
			if strings.Contains(tag, `fetchpriority="high"`) {
				first++
				if strings.Contains(tag, `loading="lazy"`) {
					t.Errorf("%s: <img %s> is wanted first and late", path, tag)
				}
			}
		}
		if first == 0 || first > 4 {
			t.Errorf("%s: %d pictures are wanted first, want 1 to 4", path, first)
		}
	}
}
