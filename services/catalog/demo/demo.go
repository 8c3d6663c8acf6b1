// Package demo is a shop full of goods to try things with: 150 products in ten
// categories, with pictures. The pictures are composed from the Fluent emoji by
// Microsoft; images/LICENSE has their licence.
package demo

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
)

//go:embed catalog.json
var catalogJSON []byte

//go:embed images/*.webp images/LICENSE
var pictures embed.FS

// Pictures are what the catalog's images show, by the name below /media/.
func Pictures() fs.FS {
	sub, err := fs.Sub(pictures, "images")
	if err != nil {
		panic(err)
	}
	return sub
}

// Catalog is what the demo shop sells.
type Catalog struct {
	Categories, Brands, Collections []Shelf
	Products                        []Product
}

// Shelf is a category, a brand or a collection.
type Shelf struct{ Slug, Name, Description, Image string }

// Image is a picture below /media/.
type Image struct {
	File, Alt     string
	Width, Height int32
}

// Product is a product with its variants.
type Product struct {
	Slug, Title, Summary, Description, Brand, Category string
	Collections                                        []string
	Options                                            []struct {
		Name   string
		Values []string
	}
	Attributes []struct{ Name, Value string }
	Tags       []string
	Images     []Image
	Variants   []Variant
}

// Variant is what can be bought, with its stock by location.
type Variant struct {
	SKU         string
	Options     []struct{ Option, Value string }
	WeightGrams int32
	Barcode     string
	Prices      []struct {
		Currency         string
		Minor, CompareAt int64
	}
	Stock     map[string]int64
	Backorder bool
	Image     *Image
}

// Read returns the catalog.
func Read() (Catalog, error) {
	var c Catalog
	return c, json.Unmarshal(catalogJSON, &c)
}

// Clients are the APIs that Load fills the shop through.
type Clients struct {
	Categories  catalogv1connect.CategoryServiceClient
	Brands      catalogv1connect.BrandServiceClient
	Collections catalogv1connect.CollectionServiceClient
	Products    catalogv1connect.ProductAdminServiceClient
	Stock       inventoryv1connect.StockAdminServiceClient
}

// Load puts the demo catalog into a shop. Loading again changes nothing.
func Load(ctx context.Context, c Clients) error {
	all, err := Read()
	if err != nil {
		return err
	}
	l := loader{Clients: c, categories: map[string]string{}, collections: map[string]string{}}
	for _, step := range []func(context.Context, Catalog) error{l.shelves, l.products, l.stock} {
		if err := step(ctx, all); err != nil {
			return fmt.Errorf("demo catalog: %w", err)
		}
	}
	return nil
}

type loader struct {
	Clients
	categories, collections map[string]string // slug → id
}

func (l *loader) shelves(ctx context.Context, all Catalog) error {
	known, err := l.Categories.ListCategories(ctx, &catalogv1.ListCategoriesRequest{})
	if err != nil {
		return err
	}
	for _, c := range known.GetCategories() {
		l.categories[c.GetSlug()] = c.GetId()
	}
	for n, s := range all.Categories {
		if l.categories[s.Slug] != "" {
			continue
		}
		made, err := l.Categories.UpsertCategory(ctx, &catalogv1.UpsertCategoryRequest{Category: &catalogv1.Category{
			Slug: s.Slug, Name: s.Name, Description: s.Description, Position: int32(n),
			Image: &catalogv1.Image{Url: "/media/" + s.Image, Alt: s.Name, Width: 960, Height: 640},
		}})
		if err != nil {
			return err
		}
		l.categories[s.Slug] = made.GetCategory().GetId()
	}
	lists, err := l.Collections.ListCollections(ctx, &catalogv1.ListCollectionsRequest{})
	if err != nil {
		return err
	}
	for _, c := range lists.GetCollections() {
		l.collections[c.GetSlug()] = c.GetId()
	}
	for _, s := range all.Collections {
		if l.collections[s.Slug] != "" {
			continue
		}
		made, err := l.Collections.UpsertCollection(ctx, &catalogv1.UpsertCollectionRequest{Collection: &catalogv1.Collection{Slug: s.Slug, Name: s.Name, Description: s.Description}})
		if err != nil {
			return err
		}
		l.collections[s.Slug] = made.GetCollection().GetId()
	}
	return nil
}

func image(i Image) *catalogv1.Image {
	return &catalogv1.Image{Url: "/media/" + i.File, Alt: i.Alt, Width: i.Width, Height: i.Height}
}

func (l *loader) products(ctx context.Context, all Catalog) error {
	stream, err := l.Products.BulkUpsertProducts(ctx)
	if err != nil {
		return err
	}
	for n, p := range all.Products {
		if err := stream.Send(&catalogv1.BulkUpsertProductsRequest{Product: l.product(p), BrandName: p.Brand, Reference: int64(n)}); err != nil {
			_, err = stream.CloseAndReceive() // it says why
			return err
		}
	}
	resp, err := stream.CloseAndReceive()
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range resp.GetResults() {
		if r.GetError() != "" {
			errs = append(errs, fmt.Errorf("%s: %s", all.Products[r.GetReference()].Slug, r.GetError()))
		}
	}
	return errors.Join(errs...)
}

func (l *loader) product(p Product) *catalogv1.Product {
	m := &catalogv1.Product{
		Slug: p.Slug, ExternalId: "demo:" + p.Slug, Title: p.Title, Summary: p.Summary, Description: p.Description,
		Status: catalogv1.ProductStatus_PRODUCT_STATUS_PUBLISHED, CategoryIds: []string{l.categories[p.Category]}, Tags: p.Tags,
	}
	for _, c := range p.Collections {
		m.CollectionIds = append(m.CollectionIds, l.collections[c])
	}
	for _, o := range p.Options {
		m.Options = append(m.Options, &catalogv1.Option{Name: o.Name, Values: o.Values})
	}
	for _, a := range p.Attributes {
		m.Attributes = append(m.Attributes, &catalogv1.Attribute{Name: a.Name, Value: a.Value})
	}
	for _, i := range p.Images {
		m.Images = append(m.Images, image(i))
	}
	for _, v := range p.Variants {
		m.Variants = append(m.Variants, variant(v))
	}
	return m
}

func variant(v Variant) *catalogv1.Variant {
	m := &catalogv1.Variant{Sku: v.SKU, WeightGrams: v.WeightGrams, Barcode: v.Barcode}
	for _, o := range v.Options {
		m.OptionValues = append(m.OptionValues, &catalogv1.OptionValue{Option: o.Option, Value: o.Value})
	}
	for _, p := range v.Prices {
		price := &catalogv1.Price{Amount: &typev1.Money{CurrencyCode: p.Currency, MinorUnits: p.Minor}}
		if p.CompareAt > 0 {
			price.CompareAt = &typev1.Money{CurrencyCode: p.Currency, MinorUnits: p.CompareAt}
		}
		m.Prices = append(m.Prices, price)
	}
	if v.Image != nil {
		m.Images = []*catalogv1.Image{image(*v.Image)}
	}
	return m
}

// stock is set once: what was sold since stays sold.
func (l *loader) stock(ctx context.Context, all Catalog) error {
	stream, err := l.Stock.BulkSetStock(ctx)
	if err != nil {
		return err
	}
	for _, p := range all.Products {
		for _, v := range p.Variants {
			for where, units := range v.Stock {
				if err := stream.Send(&inventoryv1.BulkSetStockRequest{Sku: v.SKU, Location: where, OnHand: units, Reason: "demo catalog"}); err != nil {
					_, err = stream.CloseAndReceive()
					return err
				}
			}
		}
	}
	resp, err := stream.CloseAndReceive()
	if err != nil {
		return err
	}
	for _, f := range resp.GetFailed() {
		return errors.New("stock: " + f.GetError())
	}
	return l.backorders(ctx, all)
}

func (l *loader) backorders(ctx context.Context, all Catalog) error {
	for _, p := range all.Products {
		for _, v := range p.Variants {
			if !v.Backorder {
				continue
			}
			if _, err := l.Stock.SetBackorder(ctx, &inventoryv1.SetBackorderRequest{Sku: v.SKU, Backorder: true}); err != nil {
				return err
			}
		}
	}
	return nil
}
