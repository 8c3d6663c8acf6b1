package listing

import (
	"net/url"
	"strconv"

	catalogv1 "github.com/souk-commerce/souk/api/lite/souk/catalog/v1"
	searchv1 "github.com/souk-commerce/souk/api/lite/souk/search/v1"
	"github.com/souk-commerce/souk/web/storefront/shelf"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Body implements site.View.
func (p *Page) Body() ui.Node {
	return ui.Div(ui.Class("stack"),
		p.crumbs(),
		ui.Div(ui.Class("stack stack--tight"),
			ui.H1(ui.Text(p.title())),
			ui.P(ui.Class("muted"), ui.Role("status"), ui.Text(counted(p.Found.GetTotal()))),
		),
		p.children(),
		p.list(),
	)
}

// list is what was found, with ways to narrow and sort it where there is something
// to be narrowed.
func (p *Page) list() ui.Node {
	if len(p.Found.GetHits()) == 0 && !p.Wish.Narrowed() {
		return p.results()
	}
	return ui.Div(ui.Class("listing"),
		p.facets(),
		ui.Div(ui.Class("stack"), ui.Div(ui.Class("row row--between"), p.chosen(), p.sorting()), p.results()),
	)
}

func counted(total int32) string {
	if total == 1 {
		return "1 product"
	}
	return strconv.Itoa(int(total)) + " products"
}

func (p *Page) crumbs() ui.Node {
	if p.Category == nil {
		return ui.Fragment()
	}
	crumbs := []component.Crumb{{Address: "/", Name: "Home"}}
	for _, c := range p.Category.GetPath() {
		crumbs = append(crumbs, component.Crumb{Address: "/c/" + c.GetSlug(), Name: c.GetName()})
	}
	return component.Breadcrumb(crumbs)
}

func (p *Page) children() ui.Node {
	children := p.Category.GetChildren()
	if len(children) == 0 {
		return ui.Fragment()
	}
	return ui.Nav(ui.Class("chips"), ui.Aria("label", "Subcategories"), ui.Each(children, func(_ int, c *catalogv1.Category) ui.Node {
		return component.Chip(c.GetName(), "/c/"+c.GetSlug(), false)
	}))
}

// results are the cards, or what to do when there are none.
func (p *Page) results() ui.Node {
	if len(p.Found.GetHits()) == 0 {
		return ui.Div(ui.Class("stack"),
			component.Notice("", p.nothing()),
			ui.Div(component.ButtonLink("See all products", "/search", "button--quiet")))
	}
	return ui.Fragment(
		ui.H2(ui.Class("visually-hidden"), ui.Text("Products")),
		component.Grid(shelf.Hits(p.Found.GetHits()), 4),
		component.Pagination(max(int(p.Found.GetPage()), 1), int(p.Found.GetPageCount()), func(n int) string { return p.Wish.On(n).Address() }),
	)
}

func (p *Page) nothing() string {
	if p.Wish.Narrowed() {
		return "Nothing fits. Try other words, or take a filter away."
	}
	return "Nothing fits. Try other words, or fewer of them."
}

// chosen are the filters that hold, each with a way to take it away.
func (p *Page) chosen() ui.Node {
	var chips []ui.Node
	for _, field := range sortedFields(p.Wish.Filters) {
		for _, value := range p.Wish.Filters[field] {
			chips = append(chips, ui.A(ui.Class("chip"), ui.Href(p.Wish.Toggle(field, value).Address()),
				ui.Aria("label", "Take the filter "+p.label(field, value)+" away"), ui.Text(p.label(field, value)+" ×")))
		}
	}
	if p.Wish.Narrowed() {
		clear := Wish{Path: p.Wish.Path, Query: p.Wish.Query, Sort: p.Wish.Sort}
		chips = append(chips, ui.A(ui.Class("chip"), ui.Href(clear.Address()), ui.Text("Clear all")))
	}
	return ui.Div(ui.Class("chips"), ui.Fragment(chips...))
}

func (p *Page) label(field, value string) string {
	for _, facet := range p.Found.GetFacets() {
		for _, v := range facet.GetValues() {
			if facet.GetField() == field && v.GetValue() == value && v.GetLabel() != "" {
				return v.GetLabel()
			}
		}
	}
	return value
}

func (p *Page) sorting() ui.Node {
	return ui.Form(ui.Class("row sorting"), ui.Attr("method", "get"), ui.Attr("action", p.Wish.Path), ui.Data("send", ""), p.kept("sort"),
		ui.Label(ui.Class("visually-hidden"), ui.For("sort"), ui.Text("Sort by")),
		ui.Select(ui.Class("field__input"), ui.ID("sort"), ui.Name("sort"),
			ui.On("change", func(e ui.Event) {
				wish := p.Wish
				wish.Sort, wish.Page = e.Value, 1
				p.env.Navigate(wish.Address())
			}),
			ui.Each(sorts, func(_ int, s order) ui.Node {
				return ui.Option(ui.Value(s.name), ui.Bool("selected", s.name == p.Wish.Sort), ui.Text(p.called(s)))
			})),
		ui.Button(ui.Class("button button--quiet button--small plain-only"), ui.Type("submit"), ui.Text("Sort")),
	)
}

// called is the name of an order: nothing matches best where nothing was asked for.
func (p *Page) called(o order) string {
	if o.name == "" && p.Wish.Query == "" {
		return "Featured"
	}
	return o.label
}

// kept repeats the wish in hidden fields of a form, but for the names left out.
func (p *Page) kept(without ...string) ui.Node {
	skip := map[string]bool{"page": true}
	for _, name := range without {
		skip[name] = true
	}
	var fields []ui.Node
	add := func(name, value string) {
		if value != "" && !skip[name] {
			fields = append(fields, ui.Input(ui.Type("hidden"), ui.Name(name), ui.Value(value)))
		}
	}
	add("q", p.Wish.Query)
	add("sort", p.Wish.Sort)
	add("min", p.Wish.Min)
	add("max", p.Wish.Max)
	if p.Wish.InStock {
		add("stock", "1")
	}
	for _, field := range sortedFields(p.Wish.Filters) {
		for _, value := range p.Wish.Filters[field] {
			add(prefix+field, value)
		}
	}
	return ui.Fragment(fields...)
}

func (p *Page) facets() ui.Node {
	return ui.Div(
		ui.Input(ui.Class("facets-toggle visually-hidden"), ui.Type("checkbox"), ui.ID("filters")),
		ui.Label(ui.Class("facets-label button button--quiet button--small"), ui.For("filters"), component.Icon("filter"), ui.Text("Filters")),
		ui.Div(ui.Class("facets"),
			ui.H2(ui.Class("visually-hidden"), ui.Text("Filters")),
			ui.Each(p.Found.GetFacets(), func(i int, f *searchv1.Facet) ui.Node { return p.facet(f, i < 4) }),
			p.prices(), p.stock()))
}

func (p *Page) facet(f *searchv1.Facet, open bool) ui.Node {
	if len(f.GetValues()) == 0 || p.Category != nil && f.GetField() == "category" {
		return ui.Fragment()
	}
	return ui.Details(ui.Class("facet"), ui.Bool("open", open || len(p.Wish.Filters[f.GetField()]) > 0),
		ui.Summary(ui.Text(labelOf(f))),
		ui.Ul(ui.Class("facet__values"), ui.Each(f.GetValues(), func(_ int, v *searchv1.FacetValue) ui.Node {
			label := v.GetLabel()
			if label == "" {
				label = v.GetValue()
			}
			return ui.Li(ui.A(ui.Class("facet__value"), ui.ID("facet-"+url.QueryEscape(f.GetField()+"="+v.GetValue())), ui.Href(p.Wish.Toggle(f.GetField(), v.GetValue()).Address()), ui.Attr("rel", "nofollow"),
				ui.When(v.GetSelected(), ui.Aria("current", "true")),
				ui.Span(ui.Class("facet__box"), ui.Aria("hidden", "true")), ui.Span(ui.Text(label)),
				ui.Span(ui.Class("facet__count"), ui.Text(strconv.Itoa(int(v.GetCount()))))))
		})))
}

func labelOf(f *searchv1.Facet) string {
	if f.GetLabel() != "" {
		return f.GetLabel()
	}
	return f.GetField()
}

func (p *Page) prices() ui.Node {
	low, high := p.Found.GetLowestPrice()/100, (p.Found.GetHighestPrice()+99)/100
	input := func(name, label, value string, hint int64) ui.Node {
		return ui.Label(ui.Class("field"), ui.Span(ui.Class("field__hint"), ui.Text(label)),
			ui.Input(ui.Class("field__input"), ui.Type("number"), ui.Name(name), ui.Value(value), ui.Attr("min", "0"), ui.Attr("step", "any"), ui.Attr("inputmode", "decimal"),
				ui.Attr("placeholder", strconv.FormatInt(hint, 10))))
	}
	return ui.Details(ui.Class("facet"), ui.Bool("open", true), ui.Summary(ui.Text("Price, "+p.shop.Currency)),
		ui.Form(ui.Class("stack"), ui.Attr("method", "get"), ui.Attr("action", p.Wish.Path), p.kept("min", "max"),
			ui.Div(ui.Class("fields"), input("min", "From", p.Wish.Min, low), input("max", "To", p.Wish.Max, high)),
			component.Button("Apply", "button--quiet button--small", false, nil)))
}

func (p *Page) stock() ui.Node {
	wish := p.Wish
	wish.InStock, wish.Page = !wish.InStock, 1
	return ui.Div(ui.Class("facet"), ui.A(ui.Class("facet__value"), ui.ID("facet-stock"), ui.Href(wish.Address()), ui.When(p.Wish.InStock, ui.Aria("current", "true")),
		ui.Span(ui.Class("facet__box"), ui.Aria("hidden", "true")), ui.Span(ui.Text("In stock only"))))
}
