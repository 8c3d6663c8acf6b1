package goodsproto

import "github.com/souk-commerce/souk/services/catalog/internal/goods"

// Surrogate keys: what answers are made from, and what events say is another.
const (
	// Every list that is not narrowed to a shelf.
	ProductsKey = "products"
	// The tree, with its names and numbers.
	CategoriesKey  = "categories"
	CollectionsKey = "collections"
	BrandsKey      = "brands"
)

// ProductKey is on everything that shows the product.
func ProductKey(id goods.ProductID) string { return "product/" + string(id) }

// CategoryKey is on the category and on lists of it and of those above.
func CategoryKey(id goods.CategoryID) string { return "category/" + string(id) }

// CollectionKey is on lists of the collection.
func CollectionKey(id goods.CollectionID) string { return "collection/" + string(id) }

// BrandKey is on lists of the brand.
func BrandKey(id goods.BrandID) string { return "brand/" + string(id) }

// SKUKey is on everything that shows the variant.
func SKUKey(sku goods.SKU) string { return "sku/" + string(sku) }

// ShelfKey is on a list, by the narrowest that it was taken from: a product that
// comes or goes is told with all of its shelves.
func ShelfKey(s goods.Shelf) string {
	switch {
	case s.Category != "":
		return CategoryKey(s.Category)
	case s.Collection != "":
		return CollectionKey(s.Collection)
	case s.Brand != "":
		return BrandKey(s.Brand)
	}
	return ProductsKey
}
