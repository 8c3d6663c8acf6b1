package checkout

import (
	"strconv"
	"strings"

	typev1 "github.com/souk-commerce/souk/api/lite/souk/type/v1"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Line is a line of an order, small.
func Line(image string, title ui.Node, variant string, units int, total *typev1.Money, became ...string) ui.Node {
	detail := strconv.Itoa(units) + " ×"
	if variant != "" {
		detail += " " + variant
	}
	return ui.Div(ui.Class("line line--small"),
		ui.Div(ui.Class("line__picture"), component.Picture(image, "", component.Later)),
		ui.Div(ui.Class("row row--between"),
			ui.Div(ui.Class("stack stack--tight"), title, ui.Span(ui.Class("muted small"), ui.Text(detail)),
				ui.If(len(became) > 0, func() ui.Node { return ui.Span(ui.Class("small"), ui.Text(strings.Join(became, " · "))) })),
			ui.Span(ui.Text(component.Money(total)))))
}
