package goodsrpc

import (
	"context"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
	"github.com/souk-commerce/souk/services/catalog/internal/goodsproto"
)

// ListCategories implements CategoryService.
func (s categories) ListCategories(ctx context.Context, _ *catalogv1.ListCategoriesRequest) (*catalogv1.ListCategoriesResponse, error) {
	all, err := s.desk.Categories(ctx)
	if err != nil {
		return nil, err
	}
	rpc.Tag(ctx, goodsproto.CategoriesKey)
	resp := &catalogv1.ListCategoriesResponse{}
	for _, c := range all {
		resp.Categories = append(resp.Categories, goodsproto.FromCategory(c))
	}
	return resp, nil
}

// GetCategory implements CategoryService.
func (s categories) GetCategory(ctx context.Context, req *catalogv1.GetCategoryRequest) (*catalogv1.GetCategoryResponse, error) {
	c, path, children, err := s.desk.Category(ctx, goods.Key{ID: req.GetId(), Slug: req.GetSlug()})
	if err != nil {
		return nil, err
	}
	resp := &catalogv1.GetCategoryResponse{Category: goodsproto.FromCategory(c), Path: goodsproto.FromPath(path)}
	for _, ref := range path {
		rpc.Tag(ctx, goodsproto.CategoryKey(ref.ID))
	}
	for _, child := range children {
		rpc.Tag(ctx, goodsproto.CategoryKey(child.ID))
		resp.Children = append(resp.Children, goodsproto.FromCategory(child))
	}
	return resp, nil
}

// UpsertCategory implements CategoryService.
func (s categories) UpsertCategory(ctx context.Context, req *catalogv1.UpsertCategoryRequest) (*catalogv1.UpsertCategoryResponse, error) {
	c, err := s.desk.PutCategory(ctx, goodsproto.ToCategory(req.GetCategory()))
	if err != nil {
		return nil, goods.Within("category", err)
	}
	return &catalogv1.UpsertCategoryResponse{Category: goodsproto.FromCategory(c)}, nil
}

// ListCollections implements CollectionService.
func (s collections) ListCollections(ctx context.Context, _ *catalogv1.ListCollectionsRequest) (*catalogv1.ListCollectionsResponse, error) {
	all, err := s.desk.Collections(ctx)
	if err != nil {
		return nil, err
	}
	rpc.Tag(ctx, goodsproto.CollectionsKey)
	resp := &catalogv1.ListCollectionsResponse{}
	for _, c := range all {
		resp.Collections = append(resp.Collections, goodsproto.FromCollection(c))
	}
	return resp, nil
}

// UpsertCollection implements CollectionService.
func (s collections) UpsertCollection(ctx context.Context, req *catalogv1.UpsertCollectionRequest) (*catalogv1.UpsertCollectionResponse, error) {
	c, err := s.desk.PutCollection(ctx, goodsproto.ToCollection(req.GetCollection()))
	if err != nil {
		return nil, goods.Within("collection", err)
	}
	return &catalogv1.UpsertCollectionResponse{Collection: goodsproto.FromCollection(c)}, nil
}

// ListBrands implements BrandService.
func (s brands) ListBrands(ctx context.Context, _ *catalogv1.ListBrandsRequest) (*catalogv1.ListBrandsResponse, error) {
	all, err := s.desk.Brands(ctx)
	if err != nil {
		return nil, err
	}
	rpc.Tag(ctx, goodsproto.BrandsKey)
	resp := &catalogv1.ListBrandsResponse{}
	for _, b := range all {
		resp.Brands = append(resp.Brands, goodsproto.FromBrand(b))
	}
	return resp, nil
}

// UpsertBrand implements BrandService.
func (s brands) UpsertBrand(ctx context.Context, req *catalogv1.UpsertBrandRequest) (*catalogv1.UpsertBrandResponse, error) {
	b, err := s.desk.PutBrand(ctx, goodsproto.ToBrand(req.GetBrand()))
	if err != nil {
		return nil, goods.Within("brand", err)
	}
	return &catalogv1.UpsertBrandResponse{Brand: goodsproto.FromBrand(b)}, nil
}
