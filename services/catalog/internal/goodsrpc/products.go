package goodsrpc

import (
	"context"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
	"github.com/souk-commerce/souk/services/catalog/internal/goodsproto"
)

// GetProduct implements ProductService.
func (s products) GetProduct(ctx context.Context, req *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	p, err := s.desk.Product(ctx, goods.Key{ID: req.GetId(), Slug: req.GetSlug()})
	if err != nil {
		return nil, err
	}
	rpc.Tag(ctx, goodsproto.ProductKey(p.ID))
	return &catalogv1.GetProductResponse{Product: goodsproto.FromProduct(p)}, nil
}

// ListProducts implements ProductService.
func (s products) ListProducts(ctx context.Context, req *catalogv1.ListProductsRequest) (*catalogv1.ListProductsResponse, error) {
	page, err := s.desk.List(ctx, toQuery(req))
	if err != nil {
		return nil, err
	}
	rpc.Tag(ctx, goodsproto.ShelfKey(page.Shelf))
	return &catalogv1.ListProductsResponse{Products: tagged(ctx, page.Products), NextPageToken: page.Next}, nil
}

// BatchGetProducts implements ProductService.
func (s products) BatchGetProducts(ctx context.Context, req *catalogv1.BatchGetProductsRequest) (*catalogv1.BatchGetProductsResponse, error) {
	ids := make([]goods.ProductID, len(req.GetIds()))
	for i, id := range req.GetIds() {
		ids[i] = goods.ProductID(id)
		rpc.Tag(ctx, goodsproto.ProductKey(ids[i]))
	}
	all, err := s.desk.Products(ctx, ids)
	if err != nil {
		return nil, err
	}
	return &catalogv1.BatchGetProductsResponse{Products: goodsproto.FromProducts(all)}, nil
}

// BatchGetVariants implements ProductService.
func (s products) BatchGetVariants(ctx context.Context, req *catalogv1.BatchGetVariantsRequest) (*catalogv1.BatchGetVariantsResponse, error) {
	skus := make([]goods.SKU, len(req.GetSkus()))
	for i, sku := range req.GetSkus() {
		skus[i] = goods.SKU(sku)
	}
	all, err := s.desk.Sellables(ctx, skus)
	if err != nil {
		return nil, err
	}
	resp := &catalogv1.BatchGetVariantsResponse{}
	for _, one := range all {
		resp.Variants = append(resp.Variants, goodsproto.FromSellable(one))
	}
	return resp, nil
}

// tagged converts products and says that the answer shows them.
func tagged(ctx context.Context, all []goods.Product) []*catalogv1.Product {
	for _, p := range all {
		rpc.Tag(ctx, goodsproto.ProductKey(p.ID))
	}
	return goodsproto.FromProducts(all)
}

var sorts = map[catalogv1.ProductSort]goods.Sort{
	catalogv1.ProductSort_PRODUCT_SORT_NEWEST:     goods.Newest,
	catalogv1.ProductSort_PRODUCT_SORT_PRICE_ASC:  goods.Cheapest,
	catalogv1.ProductSort_PRODUCT_SORT_PRICE_DESC: goods.Dearest,
	catalogv1.ProductSort_PRODUCT_SORT_TITLE:      goods.ByTitle,
}

func toQuery(req *catalogv1.ListProductsRequest) goods.Query {
	return goods.Query{
		Category: req.GetCategory(), Brand: req.GetBrand(), Collection: req.GetCollection(),
		Currency: req.GetCurrencyCode(), Min: req.GetMinPrice(), Max: req.GetMaxPrice(),
		Attributes: goodsproto.ToAttributes(req.GetAttributes()), Sort: sorts[req.GetSort()],
		Size: int(req.GetPageSize()), Token: req.GetPageToken(),
	}
}
