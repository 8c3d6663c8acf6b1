// Package listing shows many products at once: a category, or what a search found.
package listing

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	catalogv1 "github.com/souk-commerce/souk/api/lite/souk/catalog/v1"
	searchv1 "github.com/souk-commerce/souk/api/lite/souk/search/v1"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/state"
)

// Page is what the page shows.
type Page struct {
	shop *state.Shop
	env  *site.Env
	// Wish is what the address asks for.
	Wish Wish
	// Category is set on a category's page.
	Category *catalogv1.GetCategoryResponse
	Found    *searchv1.SearchResponse
}

// Wish is a search as its address says it.
type Wish struct {
	Path string
	// Query is what to look for.
	Query string
	Sort  string
	// Filters are values by field.
	Filters map[string][]string
	// Min and Max are prices in whole units of the currency, as typed.
	Min, Max string
	InStock  bool
	Page     int
}

// prefix marks the parameters that are filters.
const prefix = "f."

// Read reads a wish from an address.
func Read(address *url.URL) Wish {
	query := address.Query()
	w := Wish{Path: address.Path, Query: query.Get("q"), Sort: query.Get("sort"), Min: query.Get("min"), Max: query.Get("max"), InStock: query.Get("stock") == "1", Filters: map[string][]string{}}
	w.Page, _ = strconv.Atoi(query.Get("page"))
	w.Page = min(max(w.Page, 1), 1000)
	for name, values := range query {
		if field, ok := strings.CutPrefix(name, prefix); ok && field != "" {
			w.Filters[field] = values
		}
	}
	return w
}

// Address writes the wish as an address, in one way only.
func (w Wish) Address() string {
	query := url.Values{}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	set("q", w.Query)
	set("sort", w.Sort)
	set("min", w.Min)
	set("max", w.Max)
	if w.InStock {
		set("stock", "1")
	}
	if w.Page > 1 {
		set("page", strconv.Itoa(w.Page))
	}
	for field, values := range w.Filters {
		query[prefix+field] = slices.Sorted(slices.Values(values))
	}
	if len(query) == 0 {
		return w.Path
	}
	return w.Path + "?" + query.Encode()
}

// Toggle returns the wish with a value of a field chosen, or no longer.
func (w Wish) Toggle(field, value string) Wish {
	filters := map[string][]string{}
	for name, values := range w.Filters {
		filters[name] = slices.Clone(values)
	}
	if i := slices.Index(filters[field], value); i >= 0 {
		filters[field] = slices.Delete(filters[field], i, i+1)
	} else {
		filters[field] = append(filters[field], value)
	}
	if len(filters[field]) == 0 {
		delete(filters, field)
	}
	w.Filters, w.Page = filters, 1
	return w
}

// On returns the wish on another page.
func (w Wish) On(page int) Wish {
	w.Page = page
	return w
}

// Narrowed reports whether anything but the query narrows the wish.
func (w Wish) Narrowed() bool {
	return len(w.Filters) > 0 || w.Min != "" || w.Max != "" || w.InStock
}

// order is a way to sort.
type order struct {
	// name is how addresses call it.
	name, label string
	sort        searchv1.SearchSort
}

var sorts = []order{
	{"", "Best match", searchv1.SearchSort_SEARCH_SORT_RELEVANCE},
	{"newest", "Newest", searchv1.SearchSort_SEARCH_SORT_NEWEST},
	{"price-up", "Price, low to high", searchv1.SearchSort_SEARCH_SORT_PRICE_ASC},
	{"price-down", "Price, high to low", searchv1.SearchSort_SEARCH_SORT_PRICE_DESC},
}

// Request turns the wish into the search's.
func (w Wish) Request(currency, category string) *searchv1.SearchRequest {
	request := &searchv1.SearchRequest{
		Query: cut(w.Query, 500), CurrencyCode: currency, InStockOnly: w.InStock, Page: int32(w.Page), PageSize: 24,
		MinPrice: minor(w.Min), MaxPrice: minor(w.Max), Sort: searchv1.SearchSort_SEARCH_SORT_RELEVANCE,
	}
	for _, s := range sorts {
		if s.name == w.Sort {
			request.Sort = s.sort
		}
	}
	if category != "" {
		request.Filters = append(request.Filters, &searchv1.Filter{Field: "category", Values: []string{category}})
	}
	for _, field := range sortedFields(w.Filters) {
		if len(request.Filters) == 20 || category != "" && field == "category" {
			continue
		}
		values := slices.Sorted(slices.Values(w.Filters[field]))
		request.Filters = append(request.Filters, &searchv1.Filter{Field: cut(field, 100), Values: values[:min(len(values), 50)]})
	}
	return request
}

func sortedFields(filters map[string][]string) []string {
	fields := make([]string, 0, len(filters))
	for field := range filters {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	return fields
}

func cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}

// minor reads an amount in whole units; what is none is open.
func minor(amount string) int64 {
	whole, err := strconv.ParseFloat(amount, 64)
	if err != nil || whole <= 0 || whole > 1e12 {
		return 0
	}
	return int64(whole * 100)
}

// LoadSearch gets the page of a search.
func LoadSearch(shop *state.Shop) func(context.Context, *site.Env) (site.View, error) {
	return func(ctx context.Context, env *site.Env) (site.View, error) {
		page := &Page{shop: shop, env: env, Wish: Read(env.URL)}
		found, err := searchv1.NewSearchServiceClient(shop.Client).Search(ctx, page.Wish.Request(shop.Currency, ""))
		if err != nil {
			return nil, err
		}
		page.Found = found
		return page, nil
	}
}

// LoadCategory gets the page of a category.
func LoadCategory(shop *state.Shop) func(context.Context, *site.Env) (site.View, error) {
	return func(ctx context.Context, env *site.Env) (site.View, error) {
		page := &Page{shop: shop, env: env, Wish: Read(env.URL)}
		category, err := catalogv1.NewCategoryServiceClient(shop.Client).GetCategory(ctx, &catalogv1.GetCategoryRequest{Slug: env.Param("slug")})
		if err != nil {
			return nil, err
		}
		page.Category = category
		page.Found, err = searchv1.NewSearchServiceClient(shop.Client).Search(ctx, page.Wish.Request(shop.Currency, env.Param("slug")))
		if err != nil {
			return nil, err
		}
		return page, nil
	}
}

// Head implements site.View.
func (p *Page) Head() site.Head {
	head := site.Head{
		Title: p.title() + " · Souk", Canonical: Wish{Path: p.Wish.Path, Query: p.Wish.Query, Page: p.Wish.Page}.Address(),
		Description: "Find " + p.title() + " at Souk.", Hidden: p.Wish.Query != "",
		Cache: site.Cache{Fresh: time.Second, Error: 24 * time.Hour},
		Keys:  []string{"categories"},
	}
	if p.Category != nil {
		category := p.Category.GetCategory()
		head.Keys = append(head.Keys, "category/"+category.GetId())
		if category.GetDescription() != "" {
			head.Description = category.GetDescription()
		}
		head.Image = category.GetImage().GetUrl()
		head.Data = []any{p.trail()}
	}
	for _, hit := range p.Found.GetHits() {
		head.Keys = append(head.Keys, "product/"+hit.GetProductId())
	}
	return head
}

// trail is the breadcrumb for search engines.
func (p *Page) trail() any {
	var items []any
	for i, c := range p.Category.GetPath() {
		items = append(items, map[string]any{"@type": "ListItem", "position": i + 1, "name": c.GetName(), "item": "/c/" + c.GetSlug()})
	}
	return map[string]any{"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items}
}

func (p *Page) title() string {
	switch {
	case p.Category != nil:
		return p.Category.GetCategory().GetName()
	case p.Wish.Query != "":
		return "“" + p.Wish.Query + "”"
	}
	return "All products"
}
