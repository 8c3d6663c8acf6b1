package checkout

import (
	cartv1 "github.com/souk-commerce/souk/api/lite/souk/cart/v1"
	orderv1 "github.com/souk-commerce/souk/api/lite/souk/order/v1"
	typev1 "github.com/souk-commerce/souk/api/lite/souk/type/v1"
	"github.com/souk-commerce/souk/web/storefront/state"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Body implements site.View.
func (p *Page) Body() ui.Node {
	return ui.Div(ui.Class("stack"), ui.H1(ui.Text("Checkout")),
		ui.Div(ui.Class("plain-only stack"),
			component.Notice("warn", "Checkout needs JavaScript, because card data goes straight from your browser to the payment provider. It is switched off here, or did not arrive."),
			ui.Div(ui.A(ui.Class("button"), ui.Href("/checkout"), ui.Data("leave", ""), ui.Text("Try again")))),
		ui.Div(ui.Class("scripts-only"), component.Steps(names, p.Step, p.goTo)),
		ui.Div(ui.Class("split"),
			ui.Section(ui.Class("panel stack scripts-only"), ui.Attr("tabindex", "-1"), ui.ID("step"), ui.Aria("label", names[p.Step]), ui.Key(names[p.Step]),
				ui.H2(ui.Text(names[p.Step])), component.Told("wrong", p.Wrong), p.step()),
			ui.Aside(ui.Class("split__aside panel stack"), p.summary()),
		))
}

func (p *Page) step() ui.Node {
	switch p.Step {
	case Delivery:
		return p.delivery()
	case Payment:
		return p.payment()
	case Review:
		return p.review()
	}
	return p.address()
}

// field is a field of this form, with what is wrong with it.
func (p *Page) field(id, label, complete string, value *string, more component.Input) ui.Node {
	more.ID, more.Label, more.Complete, more.Bind, more.Error = id, label, complete, value, p.Errors[id]
	return component.Field(more)
}

func (p *Page) address() ui.Node {
	wide, must := component.Input{Wide: true}, component.Input{Wide: true, Required: true}
	return ui.Form(ui.Class("stack"), ui.ID("address"), ui.Attr("method", "post"), ui.Bool("novalidate", true), ui.OnSubmit(func(map[string]string) { p.addressDone() }),
		ui.Div(ui.Class("fields"),
			p.field("email", "E-mail", "email", &p.Email, component.Input{Wide: true, Required: true, Type: "email", Hint: "For the confirmation and news of the parcel."}),
			p.field("name", "Name", "name", &p.To.Name, must),
			p.field("line1", "Street and number", "address-line1", &p.To.Line1, must),
			p.field("line2", "Apartment, floor (optional)", "address-line2", &p.To.Line2, wide),
			p.field("postal_code", "Postal code", "postal-code", &p.To.PostalCode, component.Input{Required: true}),
			p.field("city", "City", "address-level2", &p.To.City, component.Input{Required: true}),
			p.field("region", "State or region", "address-level1", &p.To.Region, component.Input{}),
			component.Select(component.Input{ID: "country_code", Label: "Country", Complete: "country", Bind: &p.To.CountryCode, Error: p.Errors["country_code"]}, state.Countries),
			p.field("phone", "Phone (optional)", "tel", &p.To.Phone, component.Input{Type: "tel", Wide: true}),
		),
		ui.Div(component.Button("Continue to delivery", "", p.busy, nil)))
}

func (p *Page) delivery() ui.Node {
	return ui.Form(ui.Class("stack"), ui.Attr("method", "post"), ui.OnSubmit(func(map[string]string) { p.goTo(Payment) }),
		ui.Div(ui.Class("stack"), ui.Role("radiogroup"), ui.Aria("label", "Delivery"),
			ui.Each(p.Quote.GetDeliveryOptions(), func(_ int, option *orderv1.DeliveryOption) ui.Node {
				return ui.Label(ui.Class("choice"),
					ui.Input(ui.Type("radio"), ui.ID(deliveryID(option.GetId())), ui.Name("delivery"), ui.Value(option.GetId()), ui.Bool("checked", option.GetId() == p.Option),
						ui.On("change", func(ui.Event) { p.deliver(option.GetId()) })),
					ui.Span(ui.Class("stack stack--tight"), ui.Span(ui.Class("strong"), ui.Text(option.GetName())), ui.Span(ui.Class("muted small"), ui.Text(option.GetPromise()))),
					ui.Span(ui.Class("choice__price"), ui.Text(free(option.GetPrice()))))
			})),
		ui.Div(component.Button("Continue to payment", "", p.busy, nil)))
}

// deliveryID is the id of the field for a way of delivery.
func deliveryID(option string) string { return "delivery-" + option }

func free(m *typev1.Money) string {
	if m.GetMinorUnits() == 0 {
		return "Free"
	}
	return component.Money(m)
}

func (p *Page) review() ui.Node {
	return ui.Div(ui.Class("stack"),
		component.Facts([]component.Fact{
			{Name: "To", Value: oneLine(&p.To)},
			{Name: "E-mail", Value: p.Email},
			{Name: "Delivery", Value: p.chosen()},
			{Name: "Payment", Value: p.paying()},
		}),
		ui.Div(ui.Class("lines"), ui.Each(p.Quote.GetLines(), func(_ int, line *orderv1.OrderLine) ui.Node {
			return small(line.GetImageUrl(), line.GetTitle(), line.GetVariantTitle(), int(line.GetQuantity()), line.GetLineTotal())
		})),
		component.Button("Place order · "+component.Money(p.Quote.GetTotals().GetTotal()), "button--wide", p.busy, p.place),
	)
}

// paying tells how the shopper pays.
func (p *Page) paying() string {
	if way := p.way(); way.Token != "" {
		return way.Label
	}
	card := digits(p.Card.Number)
	return "Card ending in " + card[max(0, len(card)-4):]
}

func (p *Page) chosen() string {
	for _, option := range p.Quote.GetDeliveryOptions() {
		if option.GetId() == p.Option {
			return option.GetName() + ", " + option.GetPromise()
		}
	}
	return ""
}

func oneLine(a *typev1.Address) string {
	text := a.GetName()
	for _, part := range []string{a.GetLine1(), a.GetLine2(), a.GetPostalCode() + " " + a.GetCity(), a.GetRegion(), state.Country(a.GetCountryCode())} {
		if part != "" && part != " " {
			text += ", " + part
		}
	}
	return text
}

// summary is what it costs, as far as known.
func (p *Page) summary() ui.Node {
	if p.Quote == nil {
		cart := p.shop.Cart
		return ui.Fragment(ui.H2(ui.Text("Your cart")),
			ui.Div(ui.Class("lines"), ui.Each(cart.GetLines(), func(_ int, line *cartv1.CartLine) ui.Node {
				return small(line.GetImageUrl(), line.GetTitle(), line.GetVariantTitle(), int(line.GetQuantity()), line.GetLineTotal())
			})),
			component.Summary([]component.Fact{{Name: "Subtotal", Value: component.Money(cart.GetSubtotal())}}))
	}
	return ui.Fragment(ui.H2(ui.Text("Summary")), Totals(p.Quote.GetTotals()))
}

// Totals shows what an order costs.
func Totals(totals *orderv1.Totals) ui.Node {
	facts := []component.Fact{
		{Name: "Items", Value: component.Money(totals.GetItems())},
		{Name: "Delivery", Value: free(totals.GetShipping())},
	}
	if totals.GetTax().GetMinorUnits() > 0 {
		facts = append(facts, component.Fact{Name: "Tax", Value: component.Money(totals.GetTax())})
	}
	if totals.GetIncludedTax().GetMinorUnits() > 0 {
		facts = append(facts, component.Fact{Name: "Tax included", Value: component.Money(totals.GetIncludedTax())})
	}
	return component.Summary(append(facts, component.Fact{Name: "Total", Value: component.Money(totals.GetTotal())}))
}

func small(image, title, variant string, units int, total *typev1.Money) ui.Node {
	return Line(image, ui.Span(ui.Class("strong"), ui.Text(title)), variant, units, total)
}
