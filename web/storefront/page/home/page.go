package home

import (
	catalogv1 "github.com/souk-commerce/souk/api/lite/souk/catalog/v1"
	"github.com/souk-commerce/souk/web/storefront/shelf"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Body implements site.View.
func (p *Page) Body() ui.Node {
	return ui.Div(ui.Class("stack stack--loose"),
		p.hero(),
		p.tiles(),
		section("Just arrived", "/search?sort=newest", component.Grid(shelf.Products(p.Newest, p.shop.Currency), 0)),
		ui.Each(p.Collections, func(_ int, s Shown) ui.Node {
			return section(s.Collection.GetName(), "", component.Grid(shelf.Products(s.Products, p.shop.Currency), 0))
		}),
	)
}

func (p *Page) hero() ui.Node {
	return ui.Section(ui.Class("hero"),
		ui.Div(ui.Class("hero__words"),
			ui.H1(ui.Text("Good things, chosen with care")),
			ui.P(ui.Class("hero__lead"), ui.Text("Objects for the home, the table and the road. Made to be used for years, and sent to you quickly.")),
			ui.Div(ui.Class("row"),
				component.ButtonLink("Look around", "/search", ""),
				component.ButtonLink("What is new", "/search?sort=newest", "button--quiet"),
			),
		),
		ui.Div(ui.Class("hero__pictures"), ui.Each(p.pictured(2), func(_ int, product *catalogv1.Product) ui.Node {
			card := shelf.Product(product, p.shop.Currency)
			return ui.A(ui.Href(card.Address), component.Picture(card.Image, card.Alt, component.First))
		})),
	)
}

// pictured returns the first n products that have a picture.
func (p *Page) pictured(n int) []*catalogv1.Product {
	var found []*catalogv1.Product
	for _, product := range p.Newest {
		if len(found) < n && len(product.GetImages()) > 0 {
			found = append(found, product)
		}
	}
	return found
}

func (p *Page) tiles() ui.Node {
	categories := p.shop.TopCategories()
	if len(categories) == 0 {
		return ui.Fragment()
	}
	return section("Shop by category", "", ui.Ul(ui.Class("tiles"), ui.Each(categories, func(_ int, c *catalogv1.Category) ui.Node {
		return ui.Li(ui.A(ui.Class("tile"), ui.Href("/c/"+c.GetSlug()),
			component.Picture(c.GetImage().GetUrl(), "", component.Later),
			ui.Span(ui.Class("tile__name"), ui.Text(c.GetName()))))
	})))
}

func section(name, more string, content ui.Node) ui.Node {
	return ui.Section(ui.Class("stack"),
		ui.Div(ui.Class("row row--between"), ui.H2(ui.Text(name)),
			ui.If(more != "", func() ui.Node { return ui.A(ui.Href(more), ui.Text("See all")) })),
		content,
	)
}
