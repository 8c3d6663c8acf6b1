// Package frame is what stands around every page of the storefront: header with
// search, menu, footer, toasts.
package frame

import (
	"strconv"

	catalogv1 "github.com/souk-commerce/souk/api/lite/souk/catalog/v1"
	searchv1 "github.com/souk-commerce/souk/api/lite/souk/search/v1"
	"github.com/souk-commerce/souk/web/browser"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/state"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Layout puts the frame around a page.
func Layout(shop *state.Shop, env *site.Env, view site.View) ui.Node {
	return ui.Fragment(
		ui.A(ui.Class("skip"), ui.Href("#main"), ui.Text("Skip to content")),
		header(shop, env),
		ui.Main(ui.ID("main"), ui.Class("main wrap"), ui.Attr("tabindex", "-1"), ui.Key(env.URL.Path), view.Body()),
		footer(shop, env),
		ui.Div(ui.Class("toasts"), ui.Aria("live", "polite"), toast(shop.Toast, env.URL.Path)),
		ui.P(ui.Class("visually-hidden"), ui.Role("status"), ui.ID("said"), ui.Text(shop.Said)),
	)
}

func header(shop *state.Shop, env *site.Env) ui.Node {
	return ui.Header(ui.Class("header"),
		ui.Div(ui.Class("wrap header__bar"),
			ui.A(ui.Class("header__name"), ui.Href("/"), ui.Img(ui.Src("/icon-192.png"), ui.Alt(""), ui.Attr("width", "32"), ui.Attr("height", "32")), ui.Text("Souk")),
			search(shop, env),
			tools(shop),
		),
		menu(shop.TopCategories(), env.URL.Path),
	)
}

func search(shop *state.Shop, env *site.Env) ui.Node {
	return ui.Form(ui.Class("header__search"), ui.Role("search"), ui.Attr("action", "/search"), ui.Attr("method", "get"),
		ui.On("submit", func(ui.Event) { shop.ForgetHints() }),
		ui.On("keydown", func(e ui.Event) {
			if e.Key == "Escape" {
				shop.ForgetHints()
			}
		}),
		ui.Label(ui.Class("visually-hidden"), ui.For("q"), ui.Text("Search products")),
		ui.Input(ui.Class("field__input"), ui.ID("q"), ui.Type("search"), ui.Name("q"), ui.Typed(shop.Typed(env), func(now string) { shop.Type(env, now) }), ui.Attr("placeholder", "Search products"),
			ui.Attr("autocomplete", "off"), ui.Attr("maxlength", "200")),
		ui.Button(ui.Class("icon-button"), ui.Type("submit"), ui.Aria("label", "Search"), component.Icon("search")),
		hints(shop),
	)
}

func hints(shop *state.Shop) ui.Node {
	hints := shop.Hints
	if hints == nil || len(hints.GetProducts())+len(hints.GetCategories()) == 0 {
		return ui.Fragment()
	}
	return ui.Ul(ui.Class("suggest"), ui.Aria("label", "Suggestions"),
		ui.Each(hints.GetCategories(), func(_ int, c *searchv1.FacetValue) ui.Node {
			return ui.Li(ui.A(ui.Href("/c/"+c.GetValue()), ui.OnClick(shop.ForgetHints), ui.Span(ui.Text(c.GetLabel())), ui.Span(ui.Class("suggest__price muted small"), ui.Text("Category"))))
		}),
		ui.Each(hints.GetProducts(), func(_ int, h *searchv1.Hit) ui.Node {
			return ui.Li(ui.A(ui.Href("/p/"+h.GetSlug()), ui.OnClick(shop.ForgetHints),
				ui.If(h.GetImageUrl() != "", func() ui.Node {
					return ui.Img(ui.Src(h.GetImageUrl()), ui.Alt(""), ui.Attr("width", "44"), ui.Attr("height", "44"))
				}),
				ui.Span(ui.Text(h.GetTitle())),
				ui.Span(ui.Class("suggest__price small"), ui.Text(component.Money(h.GetPrice())))))
		}),
	)
}

func tools(shop *state.Shop) ui.Node {
	account, label := "/signin", "Sign in"
	if shop.SignedIn() {
		account, label = "/account", "Your account"
	}
	units := shop.Units()
	return ui.Div(ui.Class("header__tools"),
		ui.Button(ui.Class("icon-button live-only"), ui.Type("button"), ui.Aria("label", "Switch between light and dark"), ui.OnClick(switchTheme), component.Icon("theme")),
		ui.A(ui.Class("icon-button"), ui.Href(account), ui.Aria("label", label), component.Icon("person")),
		ui.A(ui.Class("icon-button"), ui.Href("/cart"), ui.Aria("label", cartLabel(units)), component.Icon("cart"),
			ui.If(units > 0, func() ui.Node {
				return ui.Span(ui.Class("badge badge--count"), ui.ID("cart-count"), ui.Text(short(units)))
			})),
	)
}

func switchTheme() {
	dark := browser.Dark()
	if theme := browser.Stored("theme"); theme != "" {
		dark = theme == "dark"
	}
	if dark {
		browser.SetTheme("light")
		return
	}
	browser.SetTheme("dark")
}

func menu(categories []*catalogv1.Category, path string) ui.Node {
	return ui.Nav(ui.Class("header__nav"), ui.Aria("label", "Categories"), ui.Div(ui.Class("wrap"), ui.Ul(
		ui.Each(categories, func(_ int, c *catalogv1.Category) ui.Node {
			address := "/c/" + c.GetSlug()
			return ui.Li(ui.A(ui.Href(address), ui.When(path == address, ui.Aria("current", "page")), ui.Text(c.GetName())))
		}),
	)))
}

func footer(shop *state.Shop, env *site.Env) ui.Node {
	return ui.Footer(ui.Class("footer"), ui.Div(ui.Class("wrap footer__bar"),
		ui.P(ui.Text("Souk, a good place for good things.")),
		ui.Nav(ui.Aria("label", "Footer"), ui.Ul(
			ui.Li(ui.A(ui.Href("/orders"), ui.Text("Orders"))),
			ui.Li(ui.A(ui.Href("/cart"), ui.Text("Cart"))),
			ui.Li(ui.A(ui.Href("/search"), ui.Text("All products"))),
		)),
		currency(shop, env),
	))
}

func currency(shop *state.Shop, env *site.Env) ui.Node {
	return ui.Form(ui.Class("row"), ui.Attr("method", "post"), ui.Attr("action", "/currency"), ui.Data("send", ""),
		ui.OnSubmit(func(form map[string]string) { shop.SetCurrency(env, form["currency"]) }),
		ui.Input(ui.Type("hidden"), ui.Name("next"), ui.Value(env.Path())),
		ui.Label(ui.Class("visually-hidden"), ui.For("currency"), ui.Text("Currency")),
		ui.Select(ui.ID("currency"), ui.Name("currency"), ui.On("change", func(e ui.Event) { shop.SetCurrency(env, e.Value) }),
			ui.Each(state.Currencies, func(_ int, code string) ui.Node {
				return ui.Option(ui.Value(code), ui.Bool("selected", code == shop.Currency), ui.Text(code))
			})),
		ui.Button(ui.Class("button button--quiet button--small plain-only"), ui.Type("submit"), ui.Text("Change")))
}

func toast(t state.Toast, path string) ui.Node {
	if t.Sentence == "" || t.At != path {
		return ui.Fragment()
	}
	return ui.Div(ui.Class("toast"), ui.Span(ui.Text(t.Sentence)),
		ui.If(t.Address != "", func() ui.Node { return ui.A(ui.Href(t.Address), ui.Text(t.Label)) }))
}

func cartLabel(units int) string {
	switch units {
	case 0:
		return "Cart"
	case 1:
		return "Cart, 1 item"
	}
	return "Cart, " + short(units) + " items"
}

func short(n int) string {
	if n > 99 {
		return "99+"
	}
	return strconv.Itoa(n)
}
