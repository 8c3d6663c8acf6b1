// Package findrpc answers Connect calls for search.
package findrpc

import (
	"context"

	searchv1 "github.com/souk-commerce/souk/api/gen/souk/search/v1"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/search/internal/find"
)

// Server implements SearchService and SearchAdminService.
type Server struct {
	engine  find.Engine
	rebuild func(context.Context) (int64, error)
}

// New returns a server.
func New(e find.Engine, rebuild func(context.Context) (int64, error)) *Server {
	return &Server{e, rebuild}
}

// Search implements the RPC.
func (s *Server) Search(ctx context.Context, req *searchv1.SearchRequest) (*searchv1.SearchResponse, error) {
	q := toQuery(req)
	r, err := s.engine.Search(ctx, q)
	if err != nil {
		return nil, err
	}
	rpc.Tag(ctx, "search")
	out := &searchv1.SearchResponse{
		Total: int32(r.Total), Page: int32(r.Page), PageCount: int32(r.PageCount), LowestPrice: r.Lowest, HighestPrice: r.Highest,
	}
	for _, d := range r.Hits {
		out.Hits = append(out.Hits, fromDocument(d, q.Clean().Currency))
	}
	for _, f := range r.Facets {
		out.Facets = append(out.Facets, fromFacet(f))
	}
	return out, nil
}

// Suggest implements the RPC.
func (s *Server) Suggest(ctx context.Context, req *searchv1.SuggestRequest) (*searchv1.SuggestResponse, error) {
	limit := int(req.GetLimit())
	if limit == 0 {
		limit = 8
	}
	q := find.Query{Currency: req.GetCurrencyCode()}.Clean()
	found, err := s.engine.Suggest(ctx, req.GetQuery(), q.Currency, limit)
	if err != nil {
		return nil, err
	}
	rpc.Tag(ctx, "search")
	out := &searchv1.SuggestResponse{}
	for _, d := range found.Products {
		out.Products = append(out.Products, fromDocument(d, q.Currency))
	}
	for _, v := range found.Categories {
		out.Categories = append(out.Categories, fromValue(v))
	}
	return out, nil
}

// Rebuild implements the RPC.
func (s *Server) Rebuild(ctx context.Context, _ *searchv1.RebuildRequest) (*searchv1.RebuildResponse, error) {
	n, err := s.rebuild(ctx)
	if err != nil {
		return nil, err
	}
	return &searchv1.RebuildResponse{Indexed: n}, nil
}

var sorts = map[searchv1.SearchSort]find.Sort{
	searchv1.SearchSort_SEARCH_SORT_PRICE_ASC:  find.PriceUp,
	searchv1.SearchSort_SEARCH_SORT_PRICE_DESC: find.PriceDown,
	searchv1.SearchSort_SEARCH_SORT_NEWEST:     find.Newest,
}

func toQuery(req *searchv1.SearchRequest) find.Query {
	q := find.Query{
		Text: req.GetQuery(), MinPrice: req.GetMinPrice(), MaxPrice: req.GetMaxPrice(), Currency: req.GetCurrencyCode(),
		InStockOnly: req.GetInStockOnly(), Sort: sorts[req.GetSort()], Page: int(req.GetPage()), PageSize: int(req.GetPageSize()),
	}
	for _, f := range req.GetFilters() {
		q.Filters = append(q.Filters, find.Filter{Field: f.GetField(), Values: f.GetValues()})
	}
	return q
}

func fromDocument(d find.Document, currency string) *searchv1.Hit {
	h := &searchv1.Hit{
		ProductId: d.ID, Slug: d.Slug, Title: d.Title, Brand: d.Brand, ImageUrl: d.Image, ImageAlt: d.ImageAlt, InStock: d.InStock,
	}
	if r, ok := d.Prices[currency]; ok {
		h.Price = &typev1.Money{CurrencyCode: currency, MinorUnits: r.Low}
		h.PriceVaries = r.High > r.Low
		if r.CompareAt > r.Low {
			h.CompareAt = &typev1.Money{CurrencyCode: currency, MinorUnits: r.CompareAt}
		}
	}
	return h
}

func fromFacet(f find.Facet) *searchv1.Facet {
	out := &searchv1.Facet{Field: f.Field, Label: f.Label}
	for _, v := range f.Values {
		out.Values = append(out.Values, fromValue(v))
	}
	return out
}

func fromValue(v find.Value) *searchv1.FacetValue {
	return &searchv1.FacetValue{Value: v.Value, Label: v.Label, Count: int32(v.Count), Selected: v.Selected}
}
