package order

import (
	"context"
	"net/url"

	accountv1 "github.com/souk-commerce/souk/api/lite/souk/account/v1"
	orderv1 "github.com/souk-commerce/souk/api/lite/souk/order/v1"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/state"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

const findPath = "/orders/find"

// Find is where guests find their order.
type Find struct {
	shop          *state.Shop
	env           *site.Env
	Number, Email string
	Wrong         string
	Errors        map[string]string
	busy          bool
}

// LoadFind gets the page to find an order with.
func LoadFind(shop *state.Shop) func(context.Context, *site.Env) (site.View, error) {
	return func(_ context.Context, env *site.Env) (site.View, error) {
		return &Find{shop: shop, env: env, Number: env.Query("number")}, nil
	}
}

// Head implements site.View.
func (f *Find) Head() site.Head {
	return site.Head{Title: "Find an order · Souk", Description: "Find what you ordered by its number.", Canonical: findPath, Private: true}
}

// Body implements site.View.
func (f *Find) Body() ui.Node {
	return ui.Div(ui.Class("dialog panel stack"), ui.H1(ui.Text("Find an order")),
		component.Told("wrong", f.Wrong),
		ui.Form(ui.Class("stack"), ui.ID("find"), ui.Attr("method", "post"), ui.Attr("action", findPath), ui.OnSubmit(func(map[string]string) { f.submit() }),
			component.Field(component.Input{ID: "number", Label: "Order number", Hint: "It stands in the confirmation: 7KQ2-M9XD.", Bind: &f.Number, Required: true, Error: f.Errors["number"]}),
			component.Field(component.Input{ID: "email", Label: "E-mail", Type: "email", Complete: "email", Bind: &f.Email, Required: true, Error: f.Errors["email"]}),
			component.Button("Find it", "button--wide", f.busy, nil)),
		ui.P(ui.Class("muted"), ui.Text("With an account, it is among your orders: "), ui.A(ui.Href("/signin?next=/orders"), ui.Text("sign in")), ui.Text(".")))
}

// Complain shows what was wrong.
func (f *Find) Complain(err error) { f.Wrong, f.Errors = rpc.Sentence(err), rpc.FieldsOf(err) }

func (f *Find) submit() {
	if f.busy {
		return
	}
	f.busy, f.Wrong, f.Errors = true, "", nil
	number, email := f.Number, f.Email
	f.env.Go(func(ctx context.Context) func() {
		// Whoever finds an order is remembered by a session.
		_, err := accountv1.NewSessionServiceClient(f.shop.Client).EnsureSession(ctx, &accountv1.EnsureSessionRequest{})
		path := ""
		if err == nil {
			path, err = Look(ctx, f.shop.Client, number, email)
		}
		return func() {
			f.busy = false
			if err != nil {
				f.Complain(err)
				return
			}
			f.env.Navigate(path)
		}
	})
}

// Look finds an order and returns the path of its page.
func Look(ctx context.Context, client *rpc.Client, number, email string) (string, error) {
	answer, err := orderv1.NewOrderServiceClient(client).LookupOrder(ctx, &orderv1.LookupOrderRequest{Number: number, Email: email})
	return "/orders/" + url.PathEscape(answer.GetOrder().GetNumber()), err
}
