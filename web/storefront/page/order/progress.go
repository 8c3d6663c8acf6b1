package order

import (
	"strconv"

	orderv1 "github.com/souk-commerce/souk/api/lite/souk/order/v1"
	"github.com/souk-commerce/souk/web/storefront/page/checkout"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// timeline is everything that happened, oldest first.
func (p *Page) timeline() ui.Node {
	return ui.Section(ui.Class("stack"), ui.H2(ui.Text("What happened")),
		ui.Ol(ui.Class("track"), ui.ID("timeline"), ui.Each(p.Order.GetTimeline(), func(_ int, e *orderv1.TimelineEntry) ui.Node {
			return ui.Li(ui.Data("kind", e.GetKind()), ui.Span(ui.Class("strong"), ui.Text(e.GetText())), ui.Text(" "), ui.Span(ui.Class("muted small"), ui.Text(by(e)+e.GetTime().AsTime().UTC().Format("2 January 2006, 15:04")+" UTC")))
		})))
}

func by(e *orderv1.TimelineEntry) string {
	switch e.GetActor() {
	case "shopper":
		return "You · "
	case "admin":
		return "The shop · "
	}
	return ""
}

// parcels are what is on its way, or has arrived.
func (p *Page) parcels() ui.Node {
	if len(p.Order.GetShipments()) == 0 {
		return ui.Fragment()
	}
	return ui.Section(ui.Class("stack"), ui.ID("parcels"), ui.H2(ui.Text("Parcels")),
		ui.Each(p.Order.GetShipments(), func(_ int, s *orderv1.Shipment) ui.Node {
			t := s.GetTracking()
			number := ui.Text(t.GetNumber())
			if t.GetUrl() != "" {
				number = ui.A(ui.Href(t.GetUrl()), ui.Attr("rel", "noopener nofollow"), ui.Text(t.GetNumber()))
			}
			return ui.Div(ui.Class("panel stack stack--tight"),
				ui.P(component.Badge("good", parcelState(s)), ui.Text(" "+t.GetCarrier()+" "), number),
				ui.Ul(ui.Class("small"), ui.Each(s.GetLines(), func(_ int, u *orderv1.LineUnits) ui.Node {
					return ui.Li(ui.Text(strconv.Itoa(int(u.GetUnits())) + " × " + p.title(u.GetLineId())))
				})))
		}))
}

func parcelState(s *orderv1.Shipment) string {
	if s.GetDeliverTime() != nil {
		return "Arrived"
	}
	return "On its way"
}

func (p *Page) title(line string) string {
	for _, l := range p.Order.GetLines() {
		if l.GetId() == line {
			return l.GetTitle()
		}
	}
	return "Item"
}

func (p *Page) lines() ui.Node {
	return ui.Section(ui.H2(ui.Text("Items")), ui.Div(ui.Class("lines"), ui.Each(p.Order.GetLines(), func(_ int, line *orderv1.OrderLine) ui.Node {
		title := ui.A(ui.Class("line__title"), ui.Href("/p/"+line.GetProductSlug()), ui.Text(line.GetTitle()))
		return checkout.Line(line.GetImageUrl(), title, line.GetVariantTitle(), int(line.GetQuantity()), line.GetLineTotal(), became(line)...)
	})))
}

// became tells what happened to units of a line.
func became(line *orderv1.OrderLine) (told []string) {
	tell := func(n int32, what string) {
		if n > 0 {
			told = append(told, strconv.Itoa(int(n))+" "+what)
		}
	}
	tell(line.GetCancelled(), "cancelled")
	tell(line.GetShipped(), "sent")
	tell(line.GetReturned(), "came back")
	if line.GetExchangeOf() != "" {
		told = append(told, "in exchange")
	}
	return told
}
