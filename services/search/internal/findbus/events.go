// Package findbus hears what changed in the catalog and in the stock.
package findbus

import (
	"context"
	"slices"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/services/search/internal/find"
)

// Memory is where news is kept.
type Memory interface {
	PutDocument(ctx context.Context, d find.Document) error
	PutStock(ctx context.Context, sku string, version int64, inStock bool) error
}

// Handlers returns what search listens to.
func Handlers(m Memory) map[string]bus.Handler {
	return map[string]bus.Handler{
		"souk.catalog.product_changed": func(ctx context.Context, d bus.Delivery) error {
			var e catalogv1.ProductChanged
			if err := bus.Decode(d, &e); err != nil {
				return err
			}
			return m.PutDocument(ctx, ToDocument(e.GetProduct(), paths(e.GetCategories())))
		},
		"souk.inventory.availability_changed": func(ctx context.Context, d bus.Delivery) error {
			var e inventoryv1.AvailabilityChanged
			if err := bus.Decode(d, &e); err != nil {
				return err
			}
			return m.PutStock(ctx, e.GetSku(), e.GetVersion(), e.GetAvailable() > 0 || e.GetBackorder())
		},
	}
}

func paths(all []*catalogv1.CategoryPath) [][]*catalogv1.CategoryRef {
	var out [][]*catalogv1.CategoryRef
	for _, p := range all {
		out = append(out, p.GetCategories())
	}
	return out
}

// ToDocument makes of a product what can be found.
func ToDocument(p *catalogv1.Product, categories [][]*catalogv1.CategoryRef) find.Document {
	d := find.Document{
		ID: p.GetId(), Version: p.GetVersion(), Published: p.GetStatus() == catalogv1.ProductStatus_PRODUCT_STATUS_PUBLISHED,
		Slug: p.GetSlug(), Title: p.GetTitle(), Summary: p.GetSummary(), Text: p.GetDescription(), Brand: p.GetBrand().GetName(),
		Tags: p.GetTags(), Created: p.GetCreateTime().AsTime(), Prices: map[string]find.Range{},
	}
	seen := map[string]bool{}
	for _, path := range categories {
		for _, c := range path {
			if !seen[c.GetSlug()] {
				seen[c.GetSlug()] = true
				d.Categories = append(d.Categories, find.Category{Slug: c.GetSlug(), Name: c.GetName()})
			}
		}
	}
	for _, o := range p.GetOptions() {
		for _, v := range o.GetValues() {
			d.Facts = append(d.Facts, find.Fact{Name: o.GetName(), Value: v})
		}
	}
	for _, a := range p.GetAttributes() {
		d.Facts = append(d.Facts, find.Fact{Name: a.GetName(), Value: a.GetValue()})
	}
	if len(p.GetImages()) > 0 {
		d.Image, d.ImageAlt = p.GetImages()[0].GetUrl(), p.GetImages()[0].GetAlt()
	}
	for _, v := range p.GetVariants() {
		d.SKUs = append(d.SKUs, v.GetSku())
		if v.GetBarcode() != "" {
			d.Barcodes = append(d.Barcodes, v.GetBarcode())
		}
		for _, a := range v.GetAttributes() {
			d.Facts = append(d.Facts, find.Fact{Name: a.GetName(), Value: a.GetValue()})
		}
		if d.Image == "" && len(v.GetImages()) > 0 {
			d.Image, d.ImageAlt = v.GetImages()[0].GetUrl(), v.GetImages()[0].GetAlt()
		}
		for _, price := range v.GetPrices() {
			addPrice(d.Prices, price)
		}
	}
	return d
}

func addPrice(ranges map[string]find.Range, p *catalogv1.Price) {
	currency, minor := p.GetAmount().GetCurrencyCode(), p.GetAmount().GetMinorUnits()
	r, known := ranges[currency]
	if !known || minor < r.Low {
		r.Low, r.CompareAt = minor, p.GetCompareAt().GetMinorUnits()
	}
	r.High = max(r.High, minor)
	if at, there := slices.BinarySearch(r.Each, minor); !there {
		r.Each = slices.Insert(r.Each, at, minor)
	}
	ranges[currency] = r
}
