// Package cart is the page of the shopper's cart.
package cart

import (
	"context"
	"strconv"

	cartv1 "github.com/souk-commerce/souk/api/lite/souk/cart/v1"
	"github.com/souk-commerce/souk/web/browser"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/state"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Page is what the page shows. The cart itself is the shop's.
type Page struct {
	shop *state.Shop
	env  *site.Env
	// Wrong is what went wrong last.
	Wrong string
	// wanted are units by SKU that are still to be told to the service; one change
	// of a line is on its way at a time, and the last wish counts.
	wanted map[string]int
	busy   map[string]bool
}

// Load gets the page. Who has no session has an empty cart.
func Load(shop *state.Shop) func(context.Context, *site.Env) (site.View, error) {
	return func(ctx context.Context, env *site.Env) (site.View, error) {
		page := &Page{shop: shop, env: env, wanted: map[string]int{}, busy: map[string]bool{}}
		answer, err := cartv1.NewCartServiceClient(shop.Client).GetCart(ctx, &cartv1.GetCartRequest{CurrencyCode: shop.Chosen()})
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
	p.wanted[sku], p.Wrong = units, ""
	if p.busy[sku] {
		return
	}
	p.busy[sku] = true
	p.shop.SetQuantity(p.env, sku, units, func(err error) {
		p.busy[sku] = false
		wanted := p.wanted[sku]
		delete(p.wanted, sku)
		switch {
		case err != nil:
			p.Wrong = rpc.Sentence(err)
		case wanted != units:
			p.set(sku, wanted)
		case units == 0:
			ui.After(browser.FocusMain) // what had the focus is gone
			fallthrough
		default:
			p.shop.Tell(told(p.shop.Cart))
		}
	})
}

// units is how many of a line the shopper wants.
func (p *Page) units(sku string) int {
	if units, ok := p.wanted[sku]; ok {
		return units
	}
	for _, line := range p.shop.Cart.GetLines() {
		if line.GetSku() == sku {
			return int(line.GetQuantity())
		}
	}
	return 0
}

func told(cart *cartv1.Cart) string {
	switch cart.GetUnits() {
	case 0:
		return "Your cart is empty."
	case 1:
		return "1 item in your cart, " + component.Money(cart.GetSubtotal()) + "."
	}
	return strconv.Itoa(int(cart.GetUnits())) + " items in your cart, " + component.Money(cart.GetSubtotal()) + "."
}
