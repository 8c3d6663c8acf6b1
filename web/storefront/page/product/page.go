package product

import (
	"strconv"
	"time"

	catalogv1 "github.com/souk-commerce/souk/api/lite/souk/catalog/v1"
	"github.com/souk-commerce/souk/web/storefront/shelf"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Body implements site.View.
func (p *Page) Body() ui.Node {
	return ui.Div(ui.Class("stack stack--loose"),
		p.crumbs(),
		ui.Div(ui.Class("product"),
			p.gallery(),
			ui.Div(ui.Class("product__words stack"),
				ui.If(p.Product.GetBrand().GetName() != "", func() ui.Node {
					return ui.P(ui.Class("muted"), ui.Text(p.Product.GetBrand().GetName()))
				}),
				ui.H1(ui.Text(p.Product.GetTitle())),
				p.price(),
				ui.If(p.Product.GetSummary() != "", func() ui.Node { return ui.P(ui.Text(p.Product.GetSummary())) }),
				ui.Each(p.Product.GetOptions(), func(_ int, o *catalogv1.Option) ui.Node { return p.option(o) }),
				ui.P(ui.ID("stock"), p.stock()),
				p.form(),
				component.Told("wrong", p.wrong),
			),
		),
		p.details(),
	)
}

func (p *Page) crumbs() ui.Node {
	crumbs := []component.Crumb{{Address: "/", Name: "Home"}}
	for _, c := range p.Product.GetBreadcrumb() {
		crumbs = append(crumbs, component.Crumb{Address: "/c/" + c.GetSlug(), Name: c.GetName()})
	}
	return component.Breadcrumb(append(crumbs, component.Crumb{Name: p.Product.GetTitle()}))
}

func (p *Page) gallery() ui.Node {
	images := p.images()
	if len(images) == 0 {
		return ui.Div(ui.Class("gallery"), ui.Div(ui.Class("gallery__main")))
	}
	shown := images[min(p.Picture, len(images)-1)]
	return ui.Div(ui.Class("gallery"),
		ui.Div(ui.Class("gallery__main"), ui.Key(shown.GetUrl()), p.picture(shown)),
		ui.If(len(images) > 1, func() ui.Node {
			return ui.Div(ui.Class("gallery__thumbs"), ui.Each(images, func(i int, image *catalogv1.Image) ui.Node {
				return ui.A(ui.Class("gallery__thumb"), ui.Href(image.GetUrl()), ui.Aria("label", "Picture "+strconv.Itoa(i+1)),
					ui.When(image == shown, ui.Aria("current", "true")), ui.OnFollow(func() { p.Picture = i }),
					ui.Img(ui.Src(image.GetUrl()), ui.Alt(""), ui.Attr("width", "76"), ui.Attr("height", "76"), ui.Attr("loading", "lazy")))
			}))
		}),
	)
}

func (p *Page) picture(image *catalogv1.Image) ui.Node {
	alt := image.GetAlt()
	if alt == "" {
		alt = p.Product.GetTitle()
	}
	width, height := image.GetWidth(), image.GetHeight()
	if width == 0 || height == 0 {
		width, height = 900, 900
	}
	return ui.Img(ui.Src(image.GetUrl()), ui.Alt(alt), ui.Attr("width", strconv.Itoa(int(width))), ui.Attr("height", strconv.Itoa(int(height))), ui.Attr("fetchpriority", "high"))
}

func (p *Page) price() ui.Node {
	price := shelf.PriceIn(p.Variant, p.shop.Currency)
	return ui.P(ui.Class("price--large"), ui.ID("price"), component.Price(price.GetAmount(), price.GetCompareAt(), false))
}

func (p *Page) option(o *catalogv1.Option) ui.Node {
	chosen := choice(p.Variant, o.GetName())
	return ui.Div(ui.Class("stack stack--tight"), ui.Role("group"), ui.Aria("label", o.GetName()),
		ui.P(ui.Class("small"), ui.Span(ui.Class("strong"), ui.Text(o.GetName()+": ")), ui.Text(chosen)),
		ui.Div(ui.Class("chips"), ui.Each(o.GetValues(), func(_ int, value string) ui.Node {
			v := p.with(o.GetName(), value)
			if v == nil {
				return ui.Span(ui.Class("chip chip--off"), ui.Text(value), ui.Span(ui.Class("visually-hidden"), ui.Text(", not made")))
			}
			return ui.A(ui.Class("chip"), ui.ClassIf(!p.buyable(v), "chip--off"), ui.Href(p.address(v)), ui.Attr("rel", "nofollow"),
				ui.When(value == chosen, ui.Aria("current", "true")), ui.OnFollow(func() { p.choose(v) }), ui.Text(value),
				ui.If(!p.buyable(v), func() ui.Node { return ui.Span(ui.Class("visually-hidden"), ui.Text(", sold out")) }))
		})))
}

func (p *Page) stock() ui.Node {
	stock, known := p.Stock[p.Variant.GetSku()]
	switch {
	case !known:
		return ui.Fragment()
	case stock.GetAvailable() > 5:
		return component.Badge("good", "In stock")
	case stock.GetAvailable() > 0:
		return component.Badge("warn", "Only "+strconv.FormatInt(stock.GetAvailable(), 10)+" left")
	case stock.GetBackorder():
		return component.Badge("warn", onOrder(stock, time.Now()))
	}
	return component.Badge("", "Sold out")
}

func (p *Page) form() ui.Node {
	if !p.buyable(p.Variant) {
		return ui.Button(ui.Class("button button--wide"), ui.Type("button"), ui.Bool("disabled", true), ui.Text("Sold out"))
	}
	return ui.Form(ui.Class("row"), ui.ID("buy"), ui.Attr("method", "post"), ui.Attr("action", "/cart/add"),
		ui.OnSubmit(func(map[string]string) { p.add() }),
		ui.Input(ui.Type("hidden"), ui.Name("sku"), ui.Value(p.Variant.GetSku())),
		component.Quantity("quantity", "Quantity", func() int { return p.Units }, p.most(), func(n int) { p.Units = n }),
		component.Button("Add to cart", "", p.busy, nil),
	)
}

func (p *Page) details() ui.Node {
	var facts []component.Fact
	for _, a := range p.Product.GetAttributes() {
		facts = append(facts, component.Fact{Name: a.GetName(), Value: a.GetValue()})
	}
	for _, a := range p.Variant.GetAttributes() {
		facts = append(facts, component.Fact{Name: a.GetName(), Value: a.GetValue()})
	}
	facts = append(facts, component.Fact{Name: "SKU", Value: p.Variant.GetSku()})
	return ui.Div(ui.Class("product"),
		ui.Section(ui.Class("stack"), ui.H2(ui.Text("About it")), ui.P(ui.Class("prose"), ui.Text(p.Product.GetDescription()))),
		ui.Section(ui.Class("stack"), ui.H2(ui.Text("Details")), component.Facts(facts)),
	)
}
