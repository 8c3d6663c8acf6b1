// Package storefront is the shop as shoppers see it: its pages by their addresses.
// It runs on the server (ssr) and in the browser (browser).
package storefront

import (
	"context"
	"sync"

	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/frame"
	"github.com/souk-commerce/souk/web/storefront/page/account"
	"github.com/souk-commerce/souk/web/storefront/page/cart"
	"github.com/souk-commerce/souk/web/storefront/page/checkout"
	"github.com/souk-commerce/souk/web/storefront/page/home"
	"github.com/souk-commerce/souk/web/storefront/page/listing"
	"github.com/souk-commerce/souk/web/storefront/page/notice"
	"github.com/souk-commerce/souk/web/storefront/page/order"
	"github.com/souk-commerce/souk/web/storefront/page/product"
	"github.com/souk-commerce/souk/web/storefront/state"
	"github.com/souk-commerce/souk/web/ui"
)

// Choices are the cookies that the shop's pages are made from, public ones too.
func Choices() []string { return []string{state.CurrencyChoice} }

// New returns the site of one visit.
func New(client *rpc.Client, choices site.Choices) *site.Site {
	shop := state.New(client, choices)
	pages := []site.Page{
		{Pattern: "/", Public: true, Load: home.Load(shop)},
		{Pattern: "/c/{slug}", Public: true, Load: listing.LoadCategory(shop)},
		{Pattern: "/search", Public: true, Load: listing.LoadSearch(shop)},
		{Pattern: "/p/{slug}", Public: true, Load: product.Load(shop)},
		{Pattern: "/cart", Load: cart.Load(shop)},
		{Pattern: "/checkout", Load: checkout.Load(shop)},
		{Pattern: "/checkout/return/{id}", Load: checkout.LoadBack(shop)},
		{Pattern: "/checkout/thanks/{number}", Load: order.Load(shop, true)},
		{Pattern: "/orders", Load: order.LoadList(shop)},
		{Pattern: "/orders/find", Load: order.LoadFind(shop)},
		{Pattern: "/orders/{number}", Load: order.Load(shop, false)},
		{Pattern: "/signin", Load: account.LoadSign(shop, false)},
		{Pattern: "/register", Load: account.LoadSign(shop, true)},
		{Pattern: "/account", Load: account.Load(shop)},
		{Pattern: "/offline", Public: true, Load: notice.Offline},
	}
	for i := range pages {
		pages[i].Load = withMenu(shop, pages[i].Load)
	}
	return &site.Site{
		Pages:   pages,
		Layout:  func(env *site.Env, view site.View) ui.Node { return frame.Layout(shop, env, view) },
		Awake:   shop.Awake,
		Missing: withMenu(shop, func(context.Context, *site.Env) (site.View, error) { return nil, site.ErrNotFound }),
		Failed:  notice.Failed,
	}
}

// withMenu gets the menu while the page loads.
func withMenu(shop *state.Shop, load func(context.Context, *site.Env) (site.View, error)) func(context.Context, *site.Env) (site.View, error) {
	return func(ctx context.Context, env *site.Env) (site.View, error) {
		var menu sync.WaitGroup
		menu.Go(func() { shop.LoadMenu(ctx) })
		view, err := load(ctx, env)
		menu.Wait()
		return view, err
	}
}
