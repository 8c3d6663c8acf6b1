// Package cart is the page of the shopper's cart.
package cart

import (
	"context"

	cartv1 "github.com/souk-commerce/souk/api/lite/souk/cart/v1"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/state"
)

// Page is what the page shows. The cart itself is the shop's.
type Page struct {
	shop *state.Shop
	env  *site.Env
	// Wrong is what went wrong last.
	Wrong string
	busy  string
}

// Load gets the page. Who has no session has an empty cart.
func Load(shop *state.Shop) func(context.Context, *site.Env) (site.View, error) {
	return func(ctx context.Context, env *site.Env) (site.View, error) {
		page := &Page{shop: shop, env: env}
		answer, err := cartv1.NewCartServiceClient(shop.Client).GetCart(ctx, &cartv1.GetCartRequest{CurrencyCode: chosen(shop)})
		switch code := rpc.CodeOf(err); {
		case code == rpc.Unauthenticated, code == rpc.PermissionDenied:
			shop.Cart = &cartv1.Cart{CurrencyCode: shop.Currency}
		case err != nil:
			return nil, err
		default:
			shop.Cart = answer.GetCart()
		}
		return page, nil
	}
}

// chosen is the currency that the shopper chose; before the browser has told us,
// the cart keeps its own.
func chosen(shop *state.Shop) string {
	if shop.Currency == state.Currencies[0] {
		return ""
	}
	return shop.Currency
}

// Head implements site.View.
func (p *Page) Head() site.Head {
	return site.Head{Title: "Cart · Souk", Description: "What you mean to buy.", Canonical: "/cart", Private: true}
}

// Awake implements site.Awaker: a cart that came with the page is a session's.
func (p *Page) Awake() {
	if p.shop.Cart.GetId() != "" {
		p.shop.Remember("")
	}
}

// set changes a line; 0 removes it.
func (p *Page) set(sku string, units int) {
	p.busy, p.Wrong = sku, ""
	p.shop.SetQuantity(p.env, sku, units, func(err error) {
		p.busy = ""
		if err != nil {
			p.Wrong = rpc.Sentence(err)
		}
	})
}
