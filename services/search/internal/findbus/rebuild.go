package findbus

import (
	"context"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	"github.com/souk-commerce/souk/kit/rpc"
)

// Source is where everything can be read again.
type Source struct {
	Products   catalogv1connect.ProductAdminServiceClient
	Categories catalogv1connect.CategoryServiceClient
	Stock      inventoryv1connect.StockServiceClient
}

const rebuildPage = 100

// Rebuild reads the whole catalog and its stock into memory and returns how many
// products there are. What is told meanwhile is newer and wins.
func (s Source) Rebuild(ctx context.Context, m Memory) (int64, error) {
	tree, err := s.Categories.ListCategories(ctx, &catalogv1.ListCategoriesRequest{})
	if err != nil {
		return 0, rpc.FaultOf(err)
	}
	byID := map[string]*catalogv1.Category{}
	for _, c := range tree.GetCategories() {
		byID[c.GetId()] = c
	}
	var n int64
	for token := ""; ; {
		page, err := s.Products.ListAdminProducts(ctx, &catalogv1.ListAdminProductsRequest{PageSize: rebuildPage, PageToken: token})
		if err != nil {
			return n, rpc.FaultOf(err)
		}
		if err := s.take(ctx, m, page.GetProducts(), byID); err != nil {
			return n, err
		}
		n += int64(len(page.GetProducts()))
		if token = page.GetNextPageToken(); token == "" {
			return n, nil
		}
	}
}

func (s Source) take(ctx context.Context, m Memory, products []*catalogv1.Product, byID map[string]*catalogv1.Category) error {
	var skus []string
	for _, p := range products {
		var all [][]*catalogv1.CategoryRef
		for _, id := range p.GetCategoryIds() {
			all = append(all, pathTo(byID, id))
		}
		d := ToDocument(p, all)
		if err := m.PutDocument(ctx, d); err != nil {
			return err
		}
		skus = append(skus, d.SKUs...)
	}
	for len(skus) > 0 {
		some := skus[:min(len(skus), 500)]
		skus = skus[len(some):]
		levels, err := s.Stock.GetAvailability(ctx, &inventoryv1.GetAvailabilityRequest{Skus: some})
		if err != nil {
			return rpc.FaultOf(err)
		}
		for _, a := range levels.GetAvailabilities() {
			// Version 1 yields to everything that inventory tells by itself.
			if err := m.PutStock(ctx, a.GetSku(), 1, a.GetAvailable() > 0 || a.GetBackorder()); err != nil {
				return err
			}
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
