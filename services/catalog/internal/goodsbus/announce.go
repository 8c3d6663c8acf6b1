// Package goodsbus is what the catalog tells.
package goodsbus

import (
	"encoding/json"
	"fmt"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
	"github.com/souk-commerce/souk/services/catalog/internal/goodsproto"
)

// Announce turns stored facts into the messages of the API.
func Announce(topic, _ string, fact []byte) (bus.Announcement, error) {
	switch topic {
	case goods.ProductChangedTopic:
		return announce(fact, productChanged)
	case goods.PriceChangedTopic:
		return announce(fact, priceChanged)
	case goods.CategoryChangedTopic:
		return announce(fact, categoryChanged)
	case goods.CollectionChangedTopic:
		return announce(fact, collectionChanged)
	case goods.BrandChangedTopic:
		return announce(fact, brandChanged)
	}
	return bus.Announcement{}, fmt.Errorf("the catalog tells nothing about %q", topic)
}

func announce[T any](fact []byte, tell func(T) bus.Announcement) (bus.Announcement, error) {
	var f T
	if err := json.Unmarshal(fact, &f); err != nil {
		return bus.Announcement{}, err
	}
	return tell(f), nil
}

func productChanged(f goods.ProductChanged) bus.Announcement {
	m := &catalogv1.ProductChanged{Product: goodsproto.FromProduct(f.Product)}
	k := &keys{}
	k.add(goodsproto.ProductKey(f.Product.ID), goodsproto.ProductsKey)
	for _, sku := range append(f.Product.SKUs(), f.LeftSKUs...) {
		k.add(goodsproto.SKUKey(sku))
	}
	for _, path := range f.Paths {
		m.Categories = append(m.Categories, &catalogv1.CategoryPath{Categories: goodsproto.FromPath(path)})
		for _, ref := range path {
			k.add(goodsproto.CategoryKey(ref.ID))
		}
	}
	for _, id := range f.LeftCategories {
		k.add(goodsproto.CategoryKey(id))
	}
	for _, id := range append(f.Product.Collections, f.LeftCollections...) {
		k.add(goodsproto.CollectionKey(id))
	}
	for _, id := range []goods.BrandID{f.Product.Brand.ID, f.LeftBrand} {
		if id != "" {
			k.add(goodsproto.BrandKey(id))
		}
	}
	if f.Recount {
		k.add(goodsproto.CategoriesKey)
	}
	if f.Rebrand {
		k.add(goodsproto.BrandsKey)
	}
	return bus.Announcement{Message: m, SurrogateKeys: k.all}
}

func priceChanged(f goods.PriceChanged) bus.Announcement {
	return bus.Announcement{
		Message: &catalogv1.PriceChanged{
			ProductId: string(f.Product), Sku: string(f.SKU), Prices: goodsproto.FromPrices(f.Prices), Version: f.Version,
		},
		SurrogateKeys: []string{goodsproto.ProductKey(f.Product), goodsproto.SKUKey(f.SKU)},
	}
}

func categoryChanged(f goods.CategoryChanged) bus.Announcement {
	k := &keys{}
	k.add(goodsproto.CategoryKey(f.Category.ID), goodsproto.CategoriesKey)
	for _, id := range f.Above {
		k.add(goodsproto.CategoryKey(id))
	}
	return bus.Announcement{Message: &catalogv1.CategoryChanged{Category: goodsproto.FromCategory(f.Category)}, SurrogateKeys: k.all}
}

func collectionChanged(f goods.CollectionChanged) bus.Announcement {
	return bus.Announcement{
		Message:       &catalogv1.CollectionChanged{Collection: goodsproto.FromCollection(f.Collection)},
		SurrogateKeys: []string{goodsproto.CollectionKey(f.Collection.ID), goodsproto.CollectionsKey},
	}
}

func brandChanged(f goods.BrandChanged) bus.Announcement {
	return bus.Announcement{
		Message:       &catalogv1.BrandChanged{Brand: goodsproto.FromBrand(f.Brand)},
		SurrogateKeys: []string{goodsproto.BrandKey(f.Brand.ID), goodsproto.BrandsKey},
	}
}

// keys are said once, in order.
type keys struct {
	all  []string
	seen map[string]bool
}

func (k *keys) add(all ...string) {
	if k.seen == nil {
		k.seen = map[string]bool{}
	}
	for _, key := range all {
		if !k.seen[key] {
			k.seen[key] = true
			k.all = append(k.all, key)
		}
	}
}
