package component

import (
	"strconv"

	typev1 "github.com/souk-commerce/souk/api/lite/souk/type/v1"
	"github.com/souk-commerce/souk/web/ui"
)

// Badge is a short remark: kind is "", "sale", "good", "warn".
func Badge(kind, label string) ui.Node {
	return ui.Span(ui.Class("badge"), ui.ClassIf(kind != "", "badge--"+kind), ui.Text(label))
}

// Product is what a card shows.
type Product struct {
	Address, Title, Brand, Image, Alt string
	Price, Was                        *typev1.Money
	From, InStock                     bool
}

// Card shows a product.
func Card(p Product, when Loading) ui.Node {
	sale := p.Was != nil && p.Price != nil && p.Was.GetMinorUnits() > p.Price.GetMinorUnits()
	return ui.Article(ui.Class("card"), ui.ClassIf(!p.InStock, "card--out"),
		ui.Div(ui.Class("card__picture"), Picture(p.Image, p.Alt, when),
			ui.If(!p.InStock, func() ui.Node { return ui.Span(ui.Class("card__badge"), Badge("", "Sold out")) }),
			ui.If(p.InStock && sale, func() ui.Node { return ui.Span(ui.Class("card__badge"), Badge("sale", "Sale")) }),
		),
		ui.Div(ui.Class("card__body"),
			ui.If(p.Brand != "", func() ui.Node { return ui.P(ui.Class("card__brand"), ui.Text(p.Brand)) }),
			ui.H3(ui.Class("card__title"), ui.A(ui.Href(p.Address), ui.Text(p.Title))),
			Price(p.Price, p.Was, p.From),
		),
	)
}

// Grid shows cards side by side. The first ones, as many as first says, are seen
// at the first sight of the page.
func Grid(products []Product, first int) ui.Node {
	return ui.Ul(ui.Class("grid"), ui.Each(products, func(i int, p Product) ui.Node {
		when := Later
		if i < first {
			when = First
		}
		return ui.Li(ui.Key(p.Address), Card(p, when))
	}))
}

// Loading says when a picture is wanted.
type Loading uint8

const (
	// Later is when it comes near the window.
	Later Loading = iota
	// Soon is with the page.
	Soon
	// First is before all others: it is what the first sight of a page is about.
	First
)

// Picture shows an image.
func Picture(address, alt string, when Loading) ui.Node {
	if address == "" {
		return ui.Fragment()
	}
	var loading ui.Part
	switch when {
	case Later:
		loading = ui.Attr("loading", "lazy")
	case First:
		loading = ui.Attr("fetchpriority", "high")
	}
	return ui.Img(ui.Src(address), ui.Alt(alt), loading, ui.Attr("decoding", "async"), ui.Attr("width", "640"), ui.Attr("height", "800"))
}

// Crumb is a step of a breadcrumb.
type Crumb struct{ Address, Name string }

// Breadcrumb shows the way from the root; the last step is the page itself.
func Breadcrumb(crumbs []Crumb) ui.Node {
	return ui.Nav(ui.Class("breadcrumb"), ui.Aria("label", "Breadcrumb"), ui.Ol(ui.Each(crumbs, func(i int, c Crumb) ui.Node {
		if i == len(crumbs)-1 {
			return ui.Li(ui.Span(ui.Aria("current", "page"), ui.Text(c.Name)))
		}
		return ui.Li(ui.A(ui.Href(c.Address), ui.Text(c.Name)))
	})))
}

// Fact is a name with a value.
type Fact struct{ Name, Value string }

// Facts is a list of names with values.
func Facts(facts []Fact) ui.Node {
	return ui.Dl(ui.Class("facts"), ui.Each(facts, func(_ int, f Fact) ui.Node {
		return ui.Div(ui.Dt(ui.Text(f.Name)), ui.Dd(ui.Text(f.Value)))
	}))
}

// Summary is a list of amounts; the last one is the total.
func Summary(facts []Fact) ui.Node {
	return ui.Dl(ui.Class("summary"), ui.Each(facts, func(i int, f Fact) ui.Node {
		return ui.Div(ui.ClassIf(i == len(facts)-1, "summary__total"), ui.Dt(ui.Text(f.Name)), ui.Dd(ui.Text(f.Value)))
	}))
}

// Amounts is a list of amounts without a total.
func Amounts(facts []Fact) ui.Node {
	return ui.Dl(ui.Class("summary small"), ui.Each(facts, func(_ int, f Fact) ui.Node {
		return ui.Div(ui.Dt(ui.Text(f.Name)), ui.Dd(ui.Text(f.Value)))
	}))
}

// Notice tells something in the flow of a page: kind is "", "good", "warn", "wrong".
func Notice(kind, sentence string) ui.Node {
	role := "status"
	if kind == "wrong" {
		role = "alert"
	}
	return ui.Div(ui.Class("notice"), ui.ClassIf(kind != "", "notice--"+kind), ui.Role(role), ui.P(ui.Text(sentence)))
}

// Told is the place of a Notice that comes and goes. What stands after it is not
// made anew when it does, and so keeps its focus and what was typed.
func Told(kind, sentence string) ui.Node {
	return ui.Div(ui.Class("told"), ui.If(sentence != "", func() ui.Node { return Notice(kind, sentence) }))
}

// Skeletons hold the place of cards that are on their way.
func Skeletons(n int) ui.Node {
	return ui.Div(ui.Class("grid"), ui.Aria("busy", "true"), ui.Each(make([]struct{}, n), func(int, struct{}) ui.Node {
		return ui.Div(ui.Class("card"), ui.Div(ui.Class("skeleton skeleton--picture")), ui.Div(ui.Class("skeleton")))
	}))
}

// Pagination links to the pages of a list around the current one.
func Pagination(page, pages int, address func(page int) string) ui.Node {
	if pages < 2 {
		return ui.Fragment()
	}
	link := func(n int, label string) ui.Node {
		if n == page && label == strconv.Itoa(n) {
			return ui.Span(ui.Aria("current", "page"), ui.Text(label))
		}
		return ui.A(ui.Href(address(n)), ui.Aria("label", "Page "+strconv.Itoa(n)), ui.Text(label))
	}
	var nodes []ui.Node
	if page > 1 {
		nodes = append(nodes, link(page-1, "←"))
	}
	last := 0
	for n := 1; n <= pages; n++ {
		if n != 1 && n != pages && (n < page-2 || n > page+2) {
			continue
		}
		if last != 0 && n != last+1 {
			nodes = append(nodes, ui.Span(ui.Aria("hidden", "true"), ui.Text("…")))
		}
		nodes = append(nodes, link(n, strconv.Itoa(n)))
		last = n
	}
	if page < pages {
		nodes = append(nodes, link(page+1, "→"))
	}
	return ui.Nav(ui.Class("pagination"), ui.Aria("label", "Pages"), ui.Fragment(nodes...))
}

// Steps shows how far one has come; steps that are done may be gone back to.
func Steps(names []string, at int, back func(int)) ui.Node {
	return ui.Ol(ui.Class("steps"), ui.Aria("label", "Checkout"), ui.Each(names, func(i int, name string) ui.Node {
		switch {
		case i == at:
			return ui.Li(ui.Aria("current", "step"), ui.Span(ui.Text(name)))
		case i < at && back != nil:
			return ui.Li(ui.Class("steps__done"), ui.Span(ui.Button(ui.Type("button"), ui.OnClick(func() { back(i) }), ui.Text(name))))
		}
		return ui.Li(ui.ClassIf(i < at, "steps__done"), ui.Span(ui.Text(name)))
	}))
}

// Chip is a small link that is on or off.
func Chip(label, address string, on bool) ui.Node {
	return ui.A(ui.Class("chip"), ui.Href(address), ui.When(on, ui.Aria("current", "true")), ui.Text(label))
}

// icons are drawn on a square of 24.
var icons = map[string]string{
	"search": "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16.2 16.2 21 21",
	"cart":   "M5 8h14l-1 12H6L5 8zM9 8V7a3 3 0 0 1 6 0v1",
	"person": "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20c1-4 4-5.5 7.5-5.5s6.500 1.500 7.500 5.500",
	"theme":  "M20 14.500A8 8 0 1 1 9.500 4a6.500 6.500 0 0 0 10.500 10.500z",
	"close":  "M6 6l12 12M18 6 6 18",
	"filter": "M4 7h16M7 12h10M10 17h4",
}

// Icon draws one of the shop's signs.
func Icon(name string) ui.Node {
	return ui.El("svg", ui.Class("icon"), ui.Attr("viewBox", "0 0 24 24"), ui.Aria("hidden", "true"), ui.El("path", ui.Attr("d", icons[name])))
}
