package cart

import (
	"net/url"
	"strconv"

	cartv1 "github.com/souk-commerce/souk/api/lite/souk/cart/v1"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Body implements site.View.
func (p *Page) Body() ui.Node {
	cart := p.shop.Cart
	if len(cart.GetLines()) == 0 {
		return ui.Div(ui.Class("stack"), ui.H1(ui.Text("Your cart is empty")), p.wrong(),
			ui.P(ui.Class("muted"), ui.Text("Things that you put into it wait here for you.")),
			ui.Div(component.ButtonLink("Look around", "/search", "")))
	}
	return ui.Div(ui.Class("stack"), ui.H1(ui.Text("Cart")), p.wrong(),
		ui.Div(ui.Class("split"),
			ui.Ul(ui.Class("lines"), ui.Keyed(cart.GetLines(), (*cartv1.CartLine).GetSku, p.line)),
			ui.Aside(ui.Class("split__aside panel stack"),
				ui.H2(ui.Text("Summary")),
				component.Summary([]component.Fact{
					{Name: "Delivery", Value: "at checkout"},
					{Name: "Subtotal", Value: component.Money(cart.GetSubtotal())},
				}),
				p.onward(cart),
			),
		))
}

func (p *Page) wrong() ui.Node {
	return component.Told("wrong", p.Wrong)
}

func (p *Page) onward(cart *cartv1.Cart) ui.Node {
	if !cart.GetReady() {
		return component.Notice("warn", "Some things cannot be bought as they are. Change or remove them to go on.")
	}
	return component.ButtonLink("Go to checkout", "/checkout", "button--wide")
}

func (p *Page) line(line *cartv1.CartLine) ui.Node {
	return ui.Li(ui.Class("line"), ui.Data("sku", line.GetSku()),
		ui.Div(ui.Class("line__picture"), component.Picture(line.GetImageUrl(), "", component.Soon)),
		ui.Div(ui.Class("stack stack--tight"),
			ui.Div(ui.Class("row row--between"),
				ui.A(ui.Class("line__title"), ui.Href("/p/"+line.GetProductSlug()+"?variant="+url.QueryEscape(line.GetSku())), ui.Text(line.GetTitle())),
				ui.Span(ui.Class("strong"), ui.Text(component.Money(line.GetLineTotal())))),
			ui.If(line.GetVariantTitle() != "", func() ui.Node { return ui.P(ui.Class("muted small"), ui.Text(line.GetVariantTitle())) }),
			component.Price(line.GetUnitPrice(), line.GetCompareAt(), false),
			ui.Div(ui.Class("told stack stack--tight"), ui.Each(line.GetChanges(), func(_ int, change cartv1.LineChange) ui.Node { return changed(line, change) })),
			ui.Div(ui.Class("line__foot"), p.quantity(line), p.remove(line)),
		),
	)
}

// changed says what changed since the line was added.
func changed(line *cartv1.CartLine, change cartv1.LineChange) ui.Node {
	was := component.Money(line.GetAddedUnitPrice())
	switch change {
	case cartv1.LineChange_LINE_CHANGE_PRICE_UP:
		return ui.P(component.Badge("warn", "The price went up from "+was))
	case cartv1.LineChange_LINE_CHANGE_PRICE_DOWN:
		return ui.P(component.Badge("good", "The price came down from "+was))
	case cartv1.LineChange_LINE_CHANGE_SHORT:
		return ui.P(component.Badge("warn", "Only "+strconv.FormatInt(line.GetAvailable(), 10)+" available"))
	case cartv1.LineChange_LINE_CHANGE_SOLD_OUT:
		return ui.P(component.Badge("sale", "Sold out"))
	case cartv1.LineChange_LINE_CHANGE_GONE:
		return ui.P(component.Badge("sale", "No longer sold"))
	}
	return ui.Fragment()
}

func (p *Page) quantity(line *cartv1.CartLine) ui.Node {
	most := 99
	if !line.GetBackorder() {
		most = int(min(line.GetAvailable(), 99))
	}
	sku := line.GetSku()
	// The field tells of each change by itself; there is nothing left to submit.
	return ui.Form(ui.Class("row"), ui.Attr("method", "post"), ui.Attr("action", "/cart/set"), ui.Data("send", ""), ui.OnSubmit(func(map[string]string) {}),
		ui.Input(ui.Type("hidden"), ui.Name("sku"), ui.Value(sku)),
		component.Quantity("quantity-"+url.QueryEscape(sku), "Quantity of "+line.GetTitle(), func() int { return p.units(sku) }, most, func(n int) { p.set(sku, n) }),
		ui.Button(ui.Class("button button--quiet button--small plain-only"), ui.Type("submit"), ui.Text("Update")),
	)
}

func (p *Page) remove(line *cartv1.CartLine) ui.Node {
	sku := line.GetSku()
	return ui.Form(ui.Attr("method", "post"), ui.Attr("action", "/cart/remove"), ui.OnSubmit(func(map[string]string) { p.set(sku, 0) }),
		ui.Input(ui.Type("hidden"), ui.Name("sku"), ui.Value(sku)),
		ui.Button(ui.Class("button button--text"), ui.Type("submit"), ui.Aria("label", "Remove "+line.GetTitle()), ui.Text("Remove")))
}
