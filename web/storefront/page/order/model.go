// Package order shows what was bought: the confirmation, one order, all orders.
package order

import (
	"context"
	"net/url"

	orderv1 "github.com/souk-commerce/souk/api/lite/souk/order/v1"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/state"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Page is one order.
type Page struct {
	shop  *state.Shop
	env   *site.Env
	Order *orderv1.Order
	// Thanks is true right after buying.
	Thanks bool
	Wrong  string
	busy   bool
	// What may be had in exchange, by line.
	Variants map[string][]component.Choice
}

// Load gets the page of an order.
func Load(shop *state.Shop, thanks bool) func(context.Context, *site.Env) (site.View, error) {
	return func(ctx context.Context, env *site.Env) (site.View, error) {
		answer, err := orderv1.NewOrderServiceClient(shop.Client).GetOrder(ctx, &orderv1.GetOrderRequest{Number: env.Param("number")})
		if stranger(err) || rpc.CodeOf(err) == rpc.NotFound {
			// A guest who follows a mail's link in another browser, say.
			return nil, site.Redirect{To: findPath + "?number=" + url.QueryEscape(env.Param("number"))}
		}
		if err != nil {
			return nil, err
		}
		page := &Page{shop: shop, env: env, Order: answer.GetOrder(), Thanks: thanks}
		page.loadVariants(ctx)
		return page, nil
	}
}

func stranger(err error) bool {
	code := rpc.CodeOf(err)
	return code == rpc.Unauthenticated || code == rpc.PermissionDenied
}

// Head implements site.View.
func (p *Page) Head() site.Head {
	title := "Order " + p.Order.GetNumber()
	if p.Thanks {
		title = "Thank you"
	}
	return site.Head{Title: title + " · Souk", Description: "What you bought, and where it is.", Canonical: "/orders/" + p.Order.GetNumber(), Private: true}
}

// List is all orders of the shopper.
type List struct {
	Orders []*orderv1.Order
	// Next leads to older orders.
	Next string
	// Stranger is true when nobody is signed in.
	Stranger bool
}

// LoadList gets the page of all orders.
func LoadList(shop *state.Shop) func(context.Context, *site.Env) (site.View, error) {
	return func(ctx context.Context, env *site.Env) (site.View, error) {
		answer, err := orderv1.NewOrderServiceClient(shop.Client).ListOrders(ctx, &orderv1.ListOrdersRequest{PageToken: env.Query("after")})
		if stranger(err) {
			return &List{Stranger: true}, nil
		}
		if err != nil {
			return nil, err
		}
		return &List{Orders: answer.GetOrders(), Next: answer.GetNextPageToken()}, nil
	}
}

// Head implements site.View.
func (l *List) Head() site.Head {
	return site.Head{Title: "Orders · Souk", Description: "What you bought.", Canonical: "/orders", Private: true}
}
