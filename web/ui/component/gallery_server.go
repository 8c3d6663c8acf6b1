//go:build !wasm

package component

import (
	"strconv"

	typev1 "github.com/souk-commerce/souk/api/lite/souk/type/v1"
	"github.com/souk-commerce/souk/web/ui"
)

// Show is a component in its states.
type Show struct {
	Name string
	Node ui.Node
}

// Shows are all components in all their states, for the gallery.
func Shows() []Show {
	usd := func(minor int64) *typev1.Money { return &typev1.Money{CurrencyCode: "USD", MinorUnits: minor} }
	none := func() {}
	is := func(n int) func() int { return func() int { return n } }
	row := func(nodes ...ui.Node) ui.Node { return ui.Div(ui.Class("row"), ui.Fragment(nodes...)) }
	picture := "/icon-512.png"
	return []Show{
		{"Button", row(Button("Primary", "", false, none), Button("Busy", "", true, none), Button("Quiet", "button--quiet", false, none),
			Button("Small", "button--small", false, none), Button("Text", "button--text", false, none), ButtonLink("A link", "#", ""))},
		{"Field", ui.Div(ui.Class("fields"),
			Field(Input{ID: "g1", Label: "Empty", Hint: "With a hint."}),
			Field(Input{ID: "g2", Label: "Filled", Value: "Some text"}),
			Field(Input{ID: "g3", Label: "Wrong", Value: "x", Error: "This is too short."}))},
		{"Select", Select(Input{ID: "g4", Label: "Country", Value: "b"}, []Choice{{"a", "Austria"}, {"b", "Belgium"}})},
		{"Quantity", row(Quantity("g5", "One", is(1), 5, func(int) {}), Quantity("g6", "Between", is(3), 5, func(int) {}), Quantity("g7", "Most", is(5), 5, func(int) {}))},
		{"Badge", row(Badge("", "Plain"), Badge("sale", "Sale"), Badge("good", "In stock"), Badge("warn", "Only 2 left"))},
		{"Price", row(Price(usd(129900), nil, false), Price(usd(4900), usd(6900), false), Price(usd(1200), nil, true), Price(nil, nil, false))},
		{"Card and grid", Grid([]Product{
			{Address: "#1", Title: "A plain product", Brand: "Brand", Image: picture, Price: usd(4200), InStock: true},
			{Address: "#2", Title: "A product on sale with a title that is so long that it needs several lines", Brand: "Brand", Image: picture, Price: usd(4200), Was: usd(5900), InStock: true},
			{Address: "#3", Title: "Sold out", Image: picture, Price: usd(4200), From: true},
			{Address: "#4", Title: "Without a picture", Price: usd(4200), InStock: true},
		}, 0)},
		{"Chips", ui.Div(ui.Class("chips"), Chip("Off", "#", false), Chip("On", "#", true))},
		{"Breadcrumb", Breadcrumb([]Crumb{{"/", "Home"}, {"/c/x", "Kitchen"}, {"", "Kettles"}})},
		{"Facts and summary", ui.Div(ui.Class("split"),
			Facts([]Fact{{"Material", "Oak"}, {"Weight", "1.2 kg"}}),
			ui.Div(ui.Class("panel"), Summary([]Fact{{"Items", "$40.00"}, {"Delivery", "Free"}, {"Total", "$40.00"}})))},
		{"Notice", ui.Div(ui.Class("stack"), Notice("", "Something to know."), Notice("good", "It worked."), Notice("warn", "Take care."), Notice("wrong", "It did not work."))},
		{"Toast", ui.Div(ui.Class("toast"), ui.Span(ui.Text("Lamp is in your cart.")), ui.A(ui.Href("#"), ui.Text("View cart")))},
		{"Skeleton", Skeletons(4)},
		{"Pagination", ui.Div(ui.Class("stack"), Pagination(1, 3, pageAddress), Pagination(7, 20, pageAddress))},
		{"Steps", ui.Div(ui.Class("stack"), Steps([]string{"Address", "Delivery", "Payment", "Review"}, 1, func(int) {}))},
		{"Icons", row(Icon("search"), Icon("cart"), Icon("person"), Icon("theme"), Icon("close"), Icon("filter"))},
	}
}

func pageAddress(n int) string { return "#" + strconv.Itoa(n) }
