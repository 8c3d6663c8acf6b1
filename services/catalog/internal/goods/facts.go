package goods

import "slices"

// Topics of what the catalog tells.
const (
	ProductChangedTopic    = "catalog.product_changed"
	PriceChangedTopic      = "catalog.price_changed"
	CategoryChangedTopic   = "catalog.category_changed"
	CollectionChangedTopic = "catalog.collection_changed"
	BrandChangedTopic      = "catalog.brand_changed"
)

// ProductChanged is told of every new version of a product.
type ProductChanged struct {
	Product Product `json:"product"`
	// The way to each of its categories.
	Paths []Path `json:"paths,omitempty"`
	// What showed the product before: categories on its ways, collections,
	// brands and SKUs that it has lost.
	LeftCategories  []CategoryID   `json:"left_categories,omitempty"`
	LeftCollections []CollectionID `json:"left_collections,omitempty"`
	LeftBrand       BrandID        `json:"left_brand,omitempty"`
	LeftSKUs        []SKU          `json:"left_skus,omitempty"`
	// True when categories count their products anew.
	Recount bool `json:"recount,omitempty"`
	// True when the list of brands may be another.
	Rebrand bool `json:"rebrand,omitempty"`
}

// PriceChanged is told of each variant whose prices are new.
type PriceChanged struct {
	Product ProductID `json:"product"`
	SKU     SKU       `json:"sku"`
	Prices  []Price   `json:"prices"`
	Version int64     `json:"version"`
}

// CategoryChanged is told of every new and changed category.
type CategoryChanged struct {
	Category Category `json:"category"`
	// Where it lies and where it lay: the categories above it, old and new.
	Above []CategoryID `json:"above,omitempty"`
}

// CollectionChanged is told of every new and changed collection.
type CollectionChanged struct {
	Collection Collection `json:"collection"`
}

// BrandChanged is told of every new and changed brand.
type BrandChanged struct {
	Brand Brand `json:"brand"`
}

// Tell says what is to be told when old (nil: nothing) became next.
func Tell(tree *Tree, old *Product, next Product) (ProductChanged, []PriceChanged) {
	fact := ProductChanged{Product: next, Recount: old == nil, Rebrand: old == nil && next.Brand.ID != ""}
	for _, id := range next.Categories {
		fact.Paths = append(fact.Paths, tree.Path(id))
	}
	fact.Product.Breadcrumb = nil
	if len(fact.Paths) > 0 {
		fact.Product.Breadcrumb = fact.Paths[0]
	}
	if old == nil {
		return fact, nil
	}
	for _, id := range old.Categories {
		if slices.Contains(next.Categories, id) {
			continue
		}
		for _, ref := range tree.Path(id) {
			fact.LeftCategories = append(fact.LeftCategories, ref.ID)
		}
	}
	for _, id := range old.Collections {
		if !slices.Contains(next.Collections, id) {
			fact.LeftCollections = append(fact.LeftCollections, id)
		}
	}
	for _, v := range old.Variants {
		if _, kept := next.Variant(v.SKU); !kept {
			fact.LeftSKUs = append(fact.LeftSKUs, v.SKU)
		}
	}
	if old.Brand.ID != next.Brand.ID {
		fact.LeftBrand, fact.Rebrand = old.Brand.ID, true
	}
	fact.Recount = old.Status != next.Status || !slices.Equal(old.Categories, next.Categories)
	return fact, repriced(*old, next)
}

func repriced(old, next Product) []PriceChanged {
	var facts []PriceChanged
	for _, v := range next.Variants {
		before, known := old.Variant(v.SKU)
		if known && slices.EqualFunc(before.Prices, v.Prices, Price.same) {
			continue
		}
		facts = append(facts, PriceChanged{next.ID, v.SKU, v.Prices, next.Version})
	}
	return facts
}

func (p Price) same(q Price) bool {
	if p.Amount != q.Amount || (p.CompareAt == nil) != (q.CompareAt == nil) {
		return false
	}
	return p.CompareAt == nil || *p.CompareAt == *q.CompareAt
}
