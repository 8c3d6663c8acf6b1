// Package goodsproto turns goods into messages of the API and back. Calls and
// events both speak them: hence a room of its own.
package goodsproto

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
)

var statuses = map[catalogv1.ProductStatus]goods.Status{
	catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT:     goods.Draft,
	catalogv1.ProductStatus_PRODUCT_STATUS_PUBLISHED: goods.Published,
	catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED:  goods.Archived,
}

// ToStatus is empty for the unspecified.
func ToStatus(s catalogv1.ProductStatus) goods.Status { return statuses[s] }

// FromStatus is the other way.
func FromStatus(s goods.Status) catalogv1.ProductStatus {
	for message, status := range statuses {
		if status == s {
			return message
		}
	}
	return catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED
}

// ToProduct reads what a caller may write; the rest is the service's own.
func ToProduct(m *catalogv1.Product) goods.Product {
	p := goods.Product{
		ID: goods.ProductID(m.GetId()), ExternalID: m.GetExternalId(), Slug: m.GetSlug(), Title: m.GetTitle(),
		Summary: m.GetSummary(), Description: m.GetDescription(), Status: ToStatus(m.GetStatus()), Brand: ToBrand(m.GetBrand()),
		Images: toImages(m.GetImages()), Attributes: ToAttributes(m.GetAttributes()), Tags: m.GetTags(),
	}
	for _, id := range m.GetCategoryIds() {
		p.Categories = append(p.Categories, goods.CategoryID(id))
	}
	for _, id := range m.GetCollectionIds() {
		p.Collections = append(p.Collections, goods.CollectionID(id))
	}
	for _, o := range m.GetOptions() {
		p.Options = append(p.Options, goods.Option{Name: o.GetName(), Values: o.GetValues()})
	}
	for _, v := range m.GetVariants() {
		p.Variants = append(p.Variants, toVariant(v))
	}
	return p
}

// FromProduct is the other way.
func FromProduct(p goods.Product) *catalogv1.Product {
	m := &catalogv1.Product{
		Id: string(p.ID), ExternalId: p.ExternalID, Slug: p.Slug, Title: p.Title, Summary: p.Summary, Description: p.Description,
		Status: FromStatus(p.Status), Images: fromImages(p.Images), Attributes: fromAttributes(p.Attributes), Tags: p.Tags,
		Etag: p.Etag(), Version: p.Version, CreateTime: timestamppb.New(p.Created), UpdateTime: timestamppb.New(p.Updated),
		Breadcrumb: FromPath(p.Breadcrumb),
	}
	if p.Brand.ID != "" {
		m.Brand = FromBrand(p.Brand)
	}
	for _, id := range p.Categories {
		m.CategoryIds = append(m.CategoryIds, string(id))
	}
	for _, id := range p.Collections {
		m.CollectionIds = append(m.CollectionIds, string(id))
	}
	for _, o := range p.Options {
		m.Options = append(m.Options, &catalogv1.Option{Name: o.Name, Values: o.Values})
	}
	for _, v := range p.Variants {
		m.Variants = append(m.Variants, fromVariant(v))
	}
	return m
}

// FromProducts converts many.
func FromProducts(all []goods.Product) []*catalogv1.Product {
	out := make([]*catalogv1.Product, len(all))
	for i, p := range all {
		out[i] = FromProduct(p)
	}
	return out
}

func toVariant(m *catalogv1.Variant) goods.Variant {
	v := goods.Variant{
		ID: goods.VariantID(m.GetId()), SKU: goods.SKU(m.GetSku()), Attributes: ToAttributes(m.GetAttributes()),
		Images: toImages(m.GetImages()), WeightGrams: m.GetWeightGrams(), Barcode: m.GetBarcode(),
	}
	for _, c := range m.GetOptionValues() {
		v.Choices = append(v.Choices, goods.Choice{Option: c.GetOption(), Value: c.GetValue()})
	}
	for _, p := range m.GetPrices() {
		price := goods.Price{Amount: toMoney(p.GetAmount())}
		if p.GetCompareAt() != nil {
			was := toMoney(p.GetCompareAt())
			price.CompareAt = &was
		}
		v.Prices = append(v.Prices, price)
	}
	return v
}

func fromVariant(v goods.Variant) *catalogv1.Variant {
	m := &catalogv1.Variant{
		Id: string(v.ID), Sku: string(v.SKU), Prices: FromPrices(v.Prices), Attributes: fromAttributes(v.Attributes),
		Images: fromImages(v.Images), WeightGrams: v.WeightGrams, Barcode: v.Barcode,
	}
	for _, c := range v.Choices {
		m.OptionValues = append(m.OptionValues, &catalogv1.OptionValue{Option: c.Option, Value: c.Value})
	}
	return m
}

// FromPrices converts prices.
func FromPrices(all []goods.Price) []*catalogv1.Price {
	var out []*catalogv1.Price
	for _, p := range all {
		m := &catalogv1.Price{Amount: fromMoney(p.Amount)}
		if p.CompareAt != nil {
			m.CompareAt = fromMoney(*p.CompareAt)
		}
		out = append(out, m)
	}
	return out
}

// FromSellable converts what a line of a cart shows.
func FromSellable(s goods.Sellable) *catalogv1.SellableVariant {
	return &catalogv1.SellableVariant{
		Variant: fromVariant(s.Variant), ProductId: string(s.Product.ID), ProductSlug: s.Product.Slug,
		ProductTitle: s.Product.Title, Image: fromImage(s.Image()), VariantTitle: s.Variant.Title(),
	}
}

func toMoney(m *typev1.Money) money.Amount { return money.Of(m.GetCurrencyCode(), m.GetMinorUnits()) }

func fromMoney(a money.Amount) *typev1.Money {
	return &typev1.Money{CurrencyCode: a.Currency, MinorUnits: a.Minor}
}

func toImage(m *catalogv1.Image) *goods.Image {
	if m == nil {
		return nil
	}
	return &goods.Image{URL: m.GetUrl(), Alt: m.GetAlt(), Width: m.GetWidth(), Height: m.GetHeight()}
}

func fromImage(i *goods.Image) *catalogv1.Image {
	if i == nil {
		return nil
	}
	return &catalogv1.Image{Url: i.URL, Alt: i.Alt, Width: i.Width, Height: i.Height}
}

func toImages(all []*catalogv1.Image) []goods.Image {
	var out []goods.Image
	for _, m := range all {
		if i := toImage(m); i != nil {
			out = append(out, *i)
		}
	}
	return out
}

func fromImages(all []goods.Image) []*catalogv1.Image {
	var out []*catalogv1.Image
	for _, i := range all {
		out = append(out, fromImage(&i))
	}
	return out
}

// ToAttributes converts attributes.
func ToAttributes(all []*catalogv1.Attribute) []goods.Attribute {
	var out []goods.Attribute
	for _, a := range all {
		out = append(out, goods.Attribute{Name: a.GetName(), Value: a.GetValue()})
	}
	return out
}

func fromAttributes(all []goods.Attribute) []*catalogv1.Attribute {
	var out []*catalogv1.Attribute
	for _, a := range all {
		out = append(out, &catalogv1.Attribute{Name: a.Name, Value: a.Value})
	}
	return out
}

// ToBrand converts a brand; none is the zero value.
func ToBrand(m *catalogv1.Brand) goods.Brand {
	return goods.Brand{ID: goods.BrandID(m.GetId()), Slug: m.GetSlug(), Name: m.GetName()}
}

// FromBrand is the other way.
func FromBrand(b goods.Brand) *catalogv1.Brand {
	return &catalogv1.Brand{Id: string(b.ID), Slug: b.Slug, Name: b.Name}
}

// ToCategory converts what a caller may write.
func ToCategory(m *catalogv1.Category) goods.Category {
	return goods.Category{
		ID: goods.CategoryID(m.GetId()), Slug: m.GetSlug(), Name: m.GetName(), Description: m.GetDescription(),
		Parent: goods.CategoryID(m.GetParentId()), Position: m.GetPosition(), Image: toImage(m.GetImage()),
	}
}

// FromCategory is the other way.
func FromCategory(c goods.Category) *catalogv1.Category {
	return &catalogv1.Category{
		Id: string(c.ID), Slug: c.Slug, Name: c.Name, Description: c.Description,
		ParentId: string(c.Parent), Position: c.Position, Image: fromImage(c.Image), ProductCount: c.Products,
	}
}

// FromPath converts the way to a category.
func FromPath(path goods.Path) []*catalogv1.CategoryRef {
	var out []*catalogv1.CategoryRef
	for _, ref := range path {
		out = append(out, &catalogv1.CategoryRef{Id: string(ref.ID), Slug: ref.Slug, Name: ref.Name})
	}
	return out
}

// ToCollection converts what a caller may write.
func ToCollection(m *catalogv1.Collection) goods.Collection {
	return goods.Collection{
		ID: goods.CollectionID(m.GetId()), Slug: m.GetSlug(), Name: m.GetName(), Description: m.GetDescription(),
		Position: m.GetPosition(), Image: toImage(m.GetImage()),
	}
}

// FromCollection is the other way.
func FromCollection(c goods.Collection) *catalogv1.Collection {
	return &catalogv1.Collection{
		Id: string(c.ID), Slug: c.Slug, Name: c.Name, Description: c.Description,
		Position: c.Position, Image: fromImage(c.Image),
	}
}
