// Package home is the storefront's first page.
package home

import (
	"context"
	"sync"
	"time"

	catalogv1 "github.com/souk-commerce/souk/api/lite/souk/catalog/v1"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/state"
)

// Page is what the page shows.
type Page struct {
	shop *state.Shop
	// Newest are the products that came last.
	Newest []*catalogv1.Product
	// Collections are the hand-made groups that have something in them.
	Collections []Shown
}

// Shown is a collection with its first products.
type Shown struct {
	Collection *catalogv1.Collection
	Products   []*catalogv1.Product
}

// Load gets the page.
func Load(shop *state.Shop) func(context.Context, *site.Env) (site.View, error) {
	return func(ctx context.Context, _ *site.Env) (site.View, error) {
		products := catalogv1.NewProductServiceClient(shop.Client)
		newest, err := products.ListProducts(ctx, &catalogv1.ListProductsRequest{PageSize: 12, Sort: catalogv1.ProductSort_PRODUCT_SORT_NEWEST})
		if err != nil {
			return nil, err
		}
		page := &Page{shop: shop, Newest: newest.GetProducts()}
		answer, err := catalogv1.NewCollectionServiceClient(shop.Client).ListCollections(ctx, &catalogv1.ListCollectionsRequest{})
		if err == nil { // the page is a page without collections
			page.Collections = fill(ctx, products, answer.GetCollections())
		}
		return page, nil
	}
}

// fill gets the products of the first collections at the same time.
func fill(ctx context.Context, products catalogv1.ProductServiceClient, collections []*catalogv1.Collection) []Shown {
	shown := make([]Shown, min(len(collections), 3))
	var calls sync.WaitGroup
	for i := range shown {
		calls.Go(func() {
			answer, err := products.ListProducts(ctx, &catalogv1.ListProductsRequest{PageSize: 4, Collection: collections[i].GetId()})
			if err == nil {
				shown[i] = Shown{Collection: collections[i], Products: answer.GetProducts()}
			}
		})
	}
	calls.Wait()
	kept := shown[:0]
	for _, s := range shown {
		if len(s.Products) > 0 {
			kept = append(kept, s)
		}
	}
	return kept
}

// Head implements site.View.
func (p *Page) Head() site.Head {
	head := site.Head{
		Title: "Souk: good things for every day", Canonical: "/",
		Description: "A calm place to find good things: chosen with care, honestly priced, sent quickly.",
		Cache:       site.Cache{Fresh: time.Minute, Stale: time.Minute, Error: 24 * time.Hour},
		Keys:        []string{"home", "categories", "collections"},
		Data: []any{map[string]any{
			"@context": "https://schema.org", "@type": "WebSite", "name": "Souk", "url": "/",
			"potentialAction": map[string]any{"@type": "SearchAction", "target": "/search?q={search_term_string}", "query-input": "required name=search_term_string"},
		}},
	}
	for _, product := range p.Newest {
		head.Keys = append(head.Keys, "product/"+product.GetId())
	}
	for _, s := range p.Collections {
		for _, product := range s.Products {
			head.Keys = append(head.Keys, "product/"+product.GetId())
		}
	}
	return head
}
