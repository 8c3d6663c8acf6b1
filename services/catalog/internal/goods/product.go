package goods

import (
	"fmt"
	"time"

	"github.com/souk-commerce/souk/api/money"
)

// ProductID names a product.
type ProductID string

// VariantID names a variant, whatever its SKU becomes.
type VariantID string

// SKU is the shop's word for one kind of thing on a shelf; unique in the shop.
type SKU string

// Status says who sees a product.
type Status string

// The statuses. The zero value leaves the choice to whoever stores the product:
// a new one is a draft, a known one stays as it is.
const (
	Draft     Status = "draft"
	Published Status = "published"
	Archived  Status = "archived"
)

// Image is a picture by reference. Width and Height are 0 when unknown.
type Image struct {
	URL    string `json:"url"`
	Alt    string `json:"alt,omitempty"`
	Width  int32  `json:"width,omitempty"`
	Height int32  `json:"height,omitempty"`
}

// Attribute is a fact, shown and filtered by. A name may come more than once.
type Attribute struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Option is a choice that the shopper makes.
type Option struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// Choice is one value of one option.
type Choice struct {
	Option string `json:"option"`
	Value  string `json:"value"`
}

// Price is what a variant costs in one currency. CompareAt, when there is one,
// is the higher price before.
type Price struct {
	Amount    money.Amount  `json:"amount"`
	CompareAt *money.Amount `json:"compare_at,omitempty"`
}

// Variant is what is put into a cart.
type Variant struct {
	ID          VariantID   `json:"id"`
	SKU         SKU         `json:"sku"`
	Choices     []Choice    `json:"choices,omitempty"`
	Prices      []Price     `json:"prices"`
	Attributes  []Attribute `json:"attributes,omitempty"`
	Images      []Image     `json:"images,omitempty"`
	WeightGrams int32       `json:"weight_grams,omitempty"`
	Barcode     string      `json:"barcode,omitempty"`
}

// Product is what has a page. The first of Categories is where it belongs.
type Product struct {
	ID          ProductID      `json:"id"`
	ExternalID  string         `json:"external_id,omitempty"`
	Slug        string         `json:"slug"`
	Title       string         `json:"title"`
	Summary     string         `json:"summary,omitempty"`
	Description string         `json:"description,omitempty"`
	Status      Status         `json:"status"`
	Brand       Brand          `json:"brand"`
	Categories  []CategoryID   `json:"categories,omitempty"`
	Collections []CollectionID `json:"collections,omitempty"`
	Options     []Option       `json:"options,omitempty"`
	Variants    []Variant      `json:"variants"`
	Images      []Image        `json:"images,omitempty"`
	Attributes  []Attribute    `json:"attributes,omitempty"`
	Tags        []string       `json:"tags,omitempty"`
	Version     int64          `json:"version"`
	Created     time.Time      `json:"created"`
	Updated     time.Time      `json:"updated"`
	// From the root to the first of Categories; read with the product, not kept in it.
	Breadcrumb Path `json:"breadcrumb,omitempty"`
}

// Etag changes with every change.
func (p Product) Etag() string {
	id := string(p.ID)
	return fmt.Sprintf("%s-%d", id[:min(len(id), 8)], p.Version)
}

// Variant returns the variant with a SKU.
func (p Product) Variant(sku SKU) (Variant, bool) {
	for _, v := range p.Variants {
		if v.SKU == sku {
			return v, true
		}
	}
	return Variant{}, false
}

// SKUs lists the variants' SKUs in order.
func (p Product) SKUs() []SKU {
	all := make([]SKU, len(p.Variants))
	for i, v := range p.Variants {
		all[i] = v.SKU
	}
	return all
}

// Title is what sets the variant apart: "Red / M".
func (v Variant) Title() string {
	text := ""
	for i, c := range v.Choices {
		if i > 0 {
			text += " / "
		}
		text += c.Value
	}
	return text
}

// Brand is who makes a product.
type Brand struct {
	ID   BrandID `json:"id,omitempty"`
	Slug string  `json:"slug,omitempty"`
	Name string  `json:"name,omitempty"`
}

// BrandID names a brand.
type BrandID string

// CollectionID names a collection.
type CollectionID string

// Collection is a hand-made group of products: "New in".
type Collection struct {
	ID          CollectionID `json:"id"`
	Slug        string       `json:"slug"`
	Name        string       `json:"name"`
	Description string       `json:"description,omitempty"`
	Image       *Image       `json:"image,omitempty"`
	Position    int32        `json:"position"`
}
