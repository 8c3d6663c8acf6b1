// Package shelf turns what services answer into what cards show.
package shelf

import (
	catalogv1 "github.com/souk-commerce/souk/api/lite/souk/catalog/v1"
	searchv1 "github.com/souk-commerce/souk/api/lite/souk/search/v1"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Hit returns the card of a search hit.
func Hit(h *searchv1.Hit) component.Product {
	return component.Product{
		Address: "/p/" + h.GetSlug(), Title: h.GetTitle(), Brand: h.GetBrand(), Image: h.GetImageUrl(), Alt: altOr(h.GetImageAlt(), h.GetTitle()),
		Price: h.GetPrice(), Was: h.GetCompareAt(), From: h.GetPriceVaries(), InStock: h.GetInStock(),
	}
}

// Hits returns the cards of hits.
func Hits(hits []*searchv1.Hit) []component.Product {
	cards := make([]component.Product, len(hits))
	for i, h := range hits {
		cards[i] = Hit(h)
	}
	return cards
}

// Product returns the card of a product, priced by its cheapest variant.
func Product(p *catalogv1.Product, currency string) component.Product {
	card := component.Product{Address: "/p/" + p.GetSlug(), Title: p.GetTitle(), Brand: p.GetBrand().GetName(), InStock: true}
	if images := p.GetImages(); len(images) > 0 {
		card.Image, card.Alt = images[0].GetUrl(), altOr(images[0].GetAlt(), p.GetTitle())
	}
	for _, v := range p.GetVariants() {
		price := PriceIn(v, currency)
		if price == nil {
			continue
		}
		amount := price.GetAmount()
		if card.Price != nil && amount.GetMinorUnits() != card.Price.GetMinorUnits() {
			card.From = true
		}
		if card.Price == nil || amount.GetMinorUnits() < card.Price.GetMinorUnits() {
			card.Price, card.Was = amount, price.GetCompareAt()
		}
	}
	return card
}

// Products returns the cards of products.
func Products(products []*catalogv1.Product, currency string) []component.Product {
	cards := make([]component.Product, len(products))
	for i, p := range products {
		cards[i] = Product(p, currency)
	}
	return cards
}

// PriceIn returns what a variant costs in a currency; nil when it is not sold in it.
func PriceIn(v *catalogv1.Variant, currency string) *catalogv1.Price {
	for _, price := range v.GetPrices() {
		if price.GetAmount().GetCurrencyCode() == currency {
			return price
		}
	}
	return nil
}

func altOr(alt, title string) string {
	if alt != "" {
		return alt
	}
	return title
}
