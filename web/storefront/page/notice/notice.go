// Package notice holds the pages shown instead of others.
package notice

import (
	"context"
	"errors"

	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Page is a heading, a sentence and a way on. No search engine shall know it.
type Page struct {
	Heading, Sentence string
	Status            int
	// again is true where it may be different soon. The link leads to the address
	// that the browser shows, which may be that of a page this one stands in for.
	again bool
}

// Failed is the page for a failure.
func Failed(_ *site.Env, err error) site.View {
	switch {
	case errors.Is(err, site.ErrNotFound):
		return &Page{Heading: "There is nothing here", Sentence: "The page may have moved, or the product is no longer sold.", Status: 404}
	case rpc.CodeOf(err) == rpc.InvalidArgument:
		return &Page{Heading: "We do not understand this address", Sentence: "Perhaps a part of it got lost on the way.", Status: 400}
	case rpc.CodeOf(err) == rpc.Unavailable, rpc.CodeOf(err) == rpc.DeadlineExceeded:
		return &Page{Heading: "We will be right back", Sentence: rpc.Sentence(err), Status: 503, again: true}
	}
	return &Page{Heading: "Something went wrong", Sentence: rpc.Sentence(err), Status: 500, again: true}
}

// Offline is the page shown without a network, for pages never seen.
func Offline(context.Context, *site.Env) (site.View, error) {
	return &Page{Heading: "You are offline", Sentence: "Pages that you have seen before still open. The rest is back when your connection is.", again: true}, nil
}

// Head implements site.View.
func (p *Page) Head() site.Head {
	return site.Head{Title: p.Heading + " · Souk", Description: p.Sentence, Hidden: true, Status: p.Status, Private: p.Status >= 500}
}

// Body implements site.View.
func (p *Page) Body() ui.Node {
	variant := ""
	if p.again {
		variant = "button--quiet"
	}
	return ui.Div(ui.Class("stack center"), ui.H1(ui.Text(p.Heading)), ui.P(ui.Class("muted"), ui.Text(p.Sentence)),
		ui.Div(ui.Class("row row--center"),
			ui.If(p.again, func() ui.Node {
				return ui.A(ui.Class("button"), ui.Href(""), ui.Data("leave", ""), ui.Text("Try again"))
			}),
			component.ButtonLink("Go to the first page", "/", variant)))
}
