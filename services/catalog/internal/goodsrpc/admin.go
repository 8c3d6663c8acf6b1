package goodsrpc

import (
	"context"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
	"github.com/souk-commerce/souk/services/catalog/internal/goodsproto"
)

// GetAdminProduct implements ProductAdminService.
func (s admin) GetAdminProduct(ctx context.Context, req *catalogv1.GetAdminProductRequest) (*catalogv1.GetAdminProductResponse, error) {
	p, err := s.desk.AnyProduct(ctx, goods.Key{ID: req.GetId(), Slug: req.GetSlug()})
	if err != nil {
		return nil, err
	}
	return &catalogv1.GetAdminProductResponse{Product: goodsproto.FromProduct(p)}, nil
}

// ListAdminProducts implements ProductAdminService.
func (s admin) ListAdminProducts(ctx context.Context, req *catalogv1.ListAdminProductsRequest) (*catalogv1.ListAdminProductsResponse, error) {
	page, err := s.desk.ListAny(ctx, goods.AdminQuery{
		Status: goodsproto.ToStatus(req.GetStatus()), Words: req.GetQuery(),
		Size: int(req.GetPageSize()), Token: req.GetPageToken(),
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.ListAdminProductsResponse{Products: goodsproto.FromProducts(page.Products), NextPageToken: page.Next}, nil
}

// CreateProduct implements ProductAdminService.
func (s admin) CreateProduct(ctx context.Context, req *catalogv1.CreateProductRequest) (*catalogv1.CreateProductResponse, error) {
	p, err := s.desk.Create(ctx, goodsproto.ToProduct(req.GetProduct()))
	if err != nil {
		return nil, goods.Within("product", err)
	}
	return &catalogv1.CreateProductResponse{Product: goodsproto.FromProduct(p)}, nil
}

// UpdateProduct implements ProductAdminService.
func (s admin) UpdateProduct(ctx context.Context, req *catalogv1.UpdateProductRequest) (*catalogv1.UpdateProductResponse, error) {
	p, err := s.desk.Update(ctx, goodsproto.ToProduct(req.GetProduct()), req.GetProduct().GetEtag())
	if err != nil {
		return nil, goods.Within("product", err)
	}
	return &catalogv1.UpdateProductResponse{Product: goodsproto.FromProduct(p)}, nil
}

// ArchiveProduct implements ProductAdminService.
func (s admin) ArchiveProduct(ctx context.Context, req *catalogv1.ArchiveProductRequest) (*catalogv1.ArchiveProductResponse, error) {
	p, err := s.desk.Archive(ctx, goods.ProductID(req.GetId()), req.GetEtag())
	if err != nil {
		return nil, err
	}
	return &catalogv1.ArchiveProductResponse{Product: goodsproto.FromProduct(p)}, nil
}
