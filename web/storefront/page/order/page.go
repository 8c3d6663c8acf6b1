package order

import (
	"net/url"
	"strconv"

	orderv1 "github.com/souk-commerce/souk/api/lite/souk/order/v1"
	typev1 "github.com/souk-commerce/souk/api/lite/souk/type/v1"
	"github.com/souk-commerce/souk/web/storefront/page/checkout"
	"github.com/souk-commerce/souk/web/storefront/state"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Body implements site.View.
func (p *Page) Body() ui.Node {
	return ui.Div(ui.Class("stack stack--loose"),
		p.heading(),
		component.Told("wrong", p.Wrong),
		ui.Div(ui.Class("split"),
			ui.Div(ui.Class("stack stack--loose"), p.parcels(), p.lines(), p.returns(), p.edits(), p.timeline()),
			ui.Aside(ui.Class("split__aside stack"),
				ui.Div(ui.Class("panel stack"), ui.H2(ui.Text("Total")), checkout.Totals(p.Order.GetTotals()), p.refunded(), p.paid(), p.trace(), p.invoice()),
				ui.Div(ui.Class("panel stack"), ui.H2(ui.Text("Delivery")), address(p.Order.GetShippingAddress()),
					ui.P(ui.Class("muted small"), ui.Text(p.Order.GetDelivery().GetName()+" · "+p.Order.GetDelivery().GetPromise()))),
				p.calling(),
			),
		))
}

func (p *Page) heading() ui.Node {
	number := ui.Span(ui.ID("order-number"), ui.Text(p.Order.GetNumber()))
	if p.Thanks {
		return ui.Div(ui.Class("stack stack--tight"), ui.H1(ui.Text("Thank you")),
			ui.P(ui.Text("Your order "), number, ui.Text(" is placed. A confirmation is on its way to "+p.Order.GetEmail()+".")),
			ui.P(ui.A(ui.Href("/orders/"+p.Order.GetNumber()), ui.Text("Follow your order"))))
	}
	return ui.Div(ui.Class("stack stack--tight"), ui.P(ui.Class("muted"), ui.A(ui.Href("/orders"), ui.Text("Orders"))),
		ui.H1(ui.Text("Order "), number), ui.P(ui.Class("row"), status(p.Order.GetStatus()), money(p.Order.GetPaymentStatus())))
}

func status(s orderv1.OrderStatus) ui.Node {
	kind := ""
	switch s {
	case orderv1.OrderStatus_ORDER_STATUS_DELIVERED, orderv1.OrderStatus_ORDER_STATUS_SHIPPED:
		kind = "good"
	case orderv1.OrderStatus_ORDER_STATUS_CANCELLED:
		kind = "sale"
	}
	return component.Badge(kind, statusName(s))
}

func statusName(s orderv1.OrderStatus) string {
	switch s {
	case orderv1.OrderStatus_ORDER_STATUS_PLACED:
		return "Placed"
	case orderv1.OrderStatus_ORDER_STATUS_PROCESSING:
		return "Being packed"
	case orderv1.OrderStatus_ORDER_STATUS_SHIPPED:
		return "On its way"
	case orderv1.OrderStatus_ORDER_STATUS_DELIVERED:
		return "Delivered"
	case orderv1.OrderStatus_ORDER_STATUS_CANCELLED:
		return "Cancelled"
	}
	return "Unknown"
}

// money tells of the payment what the status does not tell.
func money(s orderv1.PaymentStatus) ui.Node {
	switch s {
	case orderv1.PaymentStatus_PAYMENT_STATUS_PARTIALLY_REFUNDED:
		return component.Badge("", "Partly refunded")
	case orderv1.PaymentStatus_PAYMENT_STATUS_REFUNDED:
		return component.Badge("", "Refunded")
	}
	return ui.Fragment()
}

func (p *Page) refunded() ui.Node {
	if p.Order.GetRefunded().GetMinorUnits() <= 0 {
		return ui.Fragment()
	}
	return component.Amounts([]component.Fact{{Name: "Back to you", Value: component.Money(p.Order.GetRefunded())}})
}

// trace explains how the total came about.
func (p *Page) trace() ui.Node {
	amounts := func(trace []*orderv1.PriceStep) ui.Node {
		var facts []component.Fact
		for _, s := range trace {
			facts = append(facts, component.Fact{Name: s.GetLabel(), Value: component.Money(s.GetAmount())})
		}
		return component.Amounts(facts)
	}
	return ui.Details(ui.Class("facet"), ui.ID("trace"), ui.Summary(ui.Text("How it adds up")),
		ui.Each(p.Order.GetLines(), func(_ int, line *orderv1.OrderLine) ui.Node {
			return ui.Div(ui.Class("stack stack--tight"), ui.P(ui.Class("small strong"), ui.Text(line.GetTitle())), amounts(line.GetTrace()))
		}),
		ui.P(ui.Class("small strong"), ui.Text("In all")), amounts(p.Order.GetTotals().GetTrace()))
}

func (p *Page) invoice() ui.Node {
	return ui.P(ui.A(ui.ID("invoice"), ui.Href("/orders/"+p.Order.GetNumber()+"/invoice.pdf"), ui.Data("leave", ""), ui.Text("Invoice (PDF)")))
}

func (p *Page) paid() ui.Node {
	if p.Order.GetPaymentSummary() == "" {
		return ui.Fragment()
	}
	return ui.P(ui.Class("muted small"), ui.Text(p.Order.GetPaymentSummary()))
}

func address(a *typev1.Address) ui.Node {
	var lines []ui.Node
	for _, part := range []string{a.GetName(), a.GetCompany(), a.GetLine1(), a.GetLine2(), a.GetPostalCode() + " " + a.GetCity(), a.GetRegion(), state.Country(a.GetCountryCode())} {
		if part != "" && part != " " {
			lines = append(lines, ui.Text(part), ui.Br())
		}
	}
	return ui.Address(ui.Fragment(lines...))
}

// Body implements site.View.
func (l *List) Body() ui.Node {
	if len(l.Orders) == 0 {
		return ui.Div(ui.Class("stack"), ui.H1(ui.Text("Orders")), ui.P(ui.Class("muted"), ui.Text("Nothing here yet.")),
			ui.Div(ui.Class("row"), component.ButtonLink("Look around", "/search", ""),
				ui.If(l.Stranger, func() ui.Node { return component.ButtonLink("Sign in", "/signin?next=/orders", "button--quiet") })),
			findLink())
	}
	return ui.Div(ui.Class("stack"), ui.H1(ui.Text("Orders")),
		ui.Ul(ui.Class("lines"), ui.Each(l.Orders, func(_ int, o *orderv1.Order) ui.Node {
			return ui.Li(ui.Class("entry"),
				ui.Div(ui.Class("stack stack--tight"), ui.A(ui.Class("strong"), ui.Href("/orders/"+o.GetNumber()), ui.Text(o.GetNumber())),
					ui.Span(ui.Class("muted small"), ui.Text(o.GetCreateTime().AsTime().UTC().Format("2 January 2006")+" · "+units(o)))),
				ui.Div(ui.Class("entry__end"), ui.Span(ui.Class("strong"), ui.Text(component.Money(o.GetTotals().GetTotal()))), status(o.GetStatus())))
		})),
		ui.If(l.Next != "", func() ui.Node {
			return ui.Div(component.ButtonLink("Older orders", "/orders?after="+url.QueryEscape(l.Next), "button--quiet"))
		}),
		findLink())
}

func findLink() ui.Node {
	return ui.P(ui.A(ui.Href(findPath), ui.Text("Find an order by its number")))
}

func units(o *orderv1.Order) string {
	n := 0
	for _, line := range o.GetLines() {
		n += int(line.GetQuantity())
	}
	if n == 1 {
		return "1 item"
	}
	return strconv.Itoa(n) + " items"
}
