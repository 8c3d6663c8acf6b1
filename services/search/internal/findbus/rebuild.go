package findbus

import (
	"context"
	"slices"
	"time"

	"connectrpc.com/connect"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/search/internal/find"
)

// Source is where everything can be read again.
type Source struct {
	Products   catalogv1connect.ProductAdminServiceClient
	Categories catalogv1connect.CategoryServiceClient
	Stock      inventoryv1connect.StockServiceClient
}

// Shelf is where what was read anew is kept.
type Shelf interface {
	Now(ctx context.Context) (time.Time, error)
	RenewDocument(ctx context.Context, d find.Document, begun time.Time) error
	RenewStock(ctx context.Context, sku string, inStock bool, begun time.Time) error
	Published(ctx context.Context, before time.Time) ([]string, error)
	Hide(ctx context.Context, id string) error
}

const rebuildPage = 100

// Rebuild reads the whole catalog and its stock onto a shelf and returns how many
// products there are. What is told meanwhile is newer and stands.
func (s Source) Rebuild(ctx context.Context, shelf Shelf) (int64, error) {
	r := reading{source: s, shelf: shelf, categories: map[string]*catalogv1.Category{}, seen: map[string]bool{}}
	err := r.all(ctx)
	return int64(len(r.seen)), rpc.FaultOf(err)
}

// reading is a rebuild under way.
type reading struct {
	source     Source
	shelf      Shelf
	begun      time.Time
	categories map[string]*catalogv1.Category
	seen       map[string]bool
}

func (r *reading) all(ctx context.Context) (err error) {
	if r.begun, err = r.shelf.Now(ctx); err != nil {
		return err
	}
	tree, err := r.source.Categories.ListCategories(ctx, &catalogv1.ListCategoriesRequest{})
	if err != nil {
		return err
	}
	for _, c := range tree.GetCategories() {
		r.categories[c.GetId()] = c
	}
	for token, more := "", true; more; more = token != "" {
		page, err := r.source.Products.ListAdminProducts(ctx, &catalogv1.ListAdminProductsRequest{PageSize: rebuildPage, PageToken: token})
		if err != nil {
			return err
		}
		if err := r.take(ctx, page.GetProducts()); err != nil {
			return err
		}
		token = page.GetNextPageToken()
	}
	return r.rest(ctx)
}

func (r *reading) take(ctx context.Context, products []*catalogv1.Product) error {
	var skus []string
	for _, p := range products {
		var ways [][]*catalogv1.CategoryRef
		for _, id := range p.GetCategoryIds() {
			ways = append(ways, pathTo(r.categories, id))
		}
		d := ToDocument(p, ways)
		if err := r.shelf.RenewDocument(ctx, d, r.begun); err != nil {
			return err
		}
		r.seen[d.ID] = true
		skus = append(skus, d.SKUs...)
	}
	for some := range slices.Chunk(skus, 500) {
		levels, err := r.source.Stock.GetAvailability(ctx, &inventoryv1.GetAvailabilityRequest{Skus: some})
		if err != nil {
			return err
		}
		for _, a := range levels.GetAvailabilities() {
			if err := r.shelf.RenewStock(ctx, a.GetSku(), a.GetAvailable() > 0 || a.GetBackorder(), r.begun); err != nil {
				return err
			}
		}
	}
	return nil
}

// rest looks after what was not in the list: what changed while it was read may
// have slipped through, and what is not in the catalog is not to be found.
func (r *reading) rest(ctx context.Context) error {
	known, err := r.shelf.Published(ctx, r.begun)
	if err != nil {
		return err
	}
	for _, id := range known {
		if r.seen[id] {
			continue
		}
		resp, err := r.source.Products.GetAdminProduct(ctx, &catalogv1.GetAdminProductRequest{Id: id})
		switch {
		case connect.CodeOf(err) == connect.CodeNotFound:
			err = r.shelf.Hide(ctx, id)
		case err == nil:
			err = r.take(ctx, []*catalogv1.Product{resp.GetProduct()})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func pathTo(byID map[string]*catalogv1.Category, id string) []*catalogv1.CategoryRef {
	var path []*catalogv1.CategoryRef
	for c, ok := byID[id]; ok && len(path) <= len(byID); c, ok = byID[c.GetParentId()] {
		path = append([]*catalogv1.CategoryRef{{Id: c.GetId(), Slug: c.GetSlug(), Name: c.GetName()}}, path...)
	}
	return path
}
