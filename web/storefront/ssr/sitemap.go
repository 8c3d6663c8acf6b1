//go:build !wasm

package ssr

import (
	"context"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	catalogv1 "github.com/souk-commerce/souk/api/lite/souk/catalog/v1"
	"github.com/souk-commerce/souk/web/rpc"
)

// robots tells search engines where to look: not at what is somebody's own, nor at
// each way to filter a list.
func robots(origin string) string {
	return `User-agent: *
Disallow: /cart
Disallow: /checkout
Disallow: /account
Disallow: /orders
Disallow: /signin
Disallow: /register
Disallow: /*?*f.

Sitemap: ` + origin + "/sitemap.xml\n"
}

// sitemap lists the pages that search engines shall know.
type sitemap struct {
	origin string
	find   func(procedure string) (rpc.Doer, string)
	log    *slog.Logger
}

// mostPages is how many a sitemap may list.
const mostPages = 50_000

type place struct {
	Address string `xml:"loc"`
	Changed string `xml:"lastmod,omitempty"`
}

type places struct {
	XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	Places  []place  `xml:"url"`
}

// ServeHTTP implements http.Handler.
func (s *sitemap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	list, err := s.list(r.Context())
	if err != nil {
		s.log.ErrorContext(r.Context(), "no sitemap", "error", err)
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	body, err := xml.Marshal(places{Places: list})
	if err != nil {
		http.Error(w, "something went wrong", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/xml; charset=utf-8")
	header.Set("Cache-Control", "public, max-age=0, s-maxage=3600, stale-while-revalidate=3600, stale-if-error=86400")
	header.Set("X-Content-Type-Options", "nosniff")
	w.Write([]byte(xml.Header))
	w.Write(body)
}

func (s *sitemap) list(ctx context.Context) ([]place, error) {
	client := rpc.NewClient(&rpc.Link{Find: s.find})
	list := []place{{Address: s.origin + "/"}, {Address: s.origin + "/search"}}
	categories, err := catalogv1.NewCategoryServiceClient(client).ListCategories(ctx, &catalogv1.ListCategoriesRequest{})
	if err != nil {
		return nil, fmt.Errorf("list categories: %w", err)
	}
	for _, c := range categories.GetCategories() {
		list = append(list, place{Address: s.origin + "/c/" + url.PathEscape(c.GetSlug())})
	}
	products := catalogv1.NewProductServiceClient(client)
	request := &catalogv1.ListProductsRequest{PageSize: 100, Sort: catalogv1.ProductSort_PRODUCT_SORT_NEWEST}
	for len(list) < mostPages {
		answer, err := products.ListProducts(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("list products: %w", err)
		}
		for _, p := range answer.GetProducts() {
			list = append(list, place{s.origin + "/p/" + url.PathEscape(p.GetSlug()), p.GetUpdateTime().AsTime().UTC().Format("2006-01-02")})
		}
		if request.PageToken = answer.GetNextPageToken(); request.PageToken == "" {
			break
		}
	}
	return list[:min(len(list), mostPages)], nil
}
