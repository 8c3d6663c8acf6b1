package account

import (
	"context"
	"slices"

	accountv1 "github.com/souk-commerce/souk/api/lite/souk/account/v1"
	paymentv1 "github.com/souk-commerce/souk/api/lite/souk/payment/v1"
	typev1 "github.com/souk-commerce/souk/api/lite/souk/type/v1"
	"github.com/souk-commerce/souk/web/browser"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/state"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Page is the shopper's account.
type Page struct {
	shop      *state.Shop
	env       *site.Env
	Profile   *accountv1.Profile
	Addresses []*accountv1.SavedAddress
	// Cards are what was kept to pay with.
	Cards []*paymentv1.SavedMethod
	Name  string
	// Draft is the address being written; nil when none is.
	Draft  *accountv1.SavedAddress
	Wrong  string
	Good   string
	Errors map[string]string
	busy   bool
}

// Load gets the page.
func Load(shop *state.Shop) func(context.Context, *site.Env) (site.View, error) {
	return func(ctx context.Context, env *site.Env) (site.View, error) {
		accounts := accountv1.NewAccountServiceClient(shop.Client)
		profile, err := accounts.GetProfile(ctx, &accountv1.GetProfileRequest{})
		if code := rpc.CodeOf(err); code == rpc.Unauthenticated || code == rpc.PermissionDenied {
			return nil, site.Redirect{To: "/signin?next=/account"}
		}
		if err != nil {
			return nil, err
		}
		book, err := accounts.ListAddresses(ctx, &accountv1.ListAddressesRequest{})
		if err != nil {
			return nil, err
		}
		// The provider may not answer; the account is there without it.
		kept, _ := paymentv1.NewPaymentServiceClient(shop.Client).ListSavedMethods(ctx, &paymentv1.ListSavedMethodsRequest{})
		return &Page{shop: shop, env: env, Profile: profile.GetProfile(), Addresses: book.GetAddresses(), Cards: kept.GetMethods(), Name: profile.GetProfile().GetName()}, nil
	}
}

// Head implements site.View.
func (p *Page) Head() site.Head {
	return site.Head{Title: "Your account · Souk", Description: "Name, addresses, orders.", Canonical: "/account", Private: true}
}

// Awake implements site.Awaker.
func (p *Page) Awake() { p.shop.Remember("shopper") }

// change makes a call and shows its outcome.
func (p *Page) change(good string, call func(context.Context, accountv1.AccountServiceClient) (func(), error)) {
	if p.busy {
		return
	}
	p.busy, p.Wrong, p.Good, p.Errors = true, "", "", nil
	p.env.Go(func(ctx context.Context) func() {
		then, err := call(ctx, accountv1.NewAccountServiceClient(p.shop.Client))
		return func() {
			p.busy = false
			if err != nil {
				p.Wrong, p.Errors = rpc.Sentence(err), rpc.FieldsOf(err)
				return
			}
			p.Good = good
			then()
		}
	})
}

func (p *Page) rename() {
	name := p.Name
	p.change("Your name is saved.", func(ctx context.Context, accounts accountv1.AccountServiceClient) (func(), error) {
		answer, err := accounts.UpdateProfile(ctx, &accountv1.UpdateProfileRequest{Name: name})
		return func() { p.Profile = answer.GetProfile() }, err
	})
}

func (p *Page) save() {
	draft := p.Draft
	p.change("The address is saved.", func(ctx context.Context, accounts accountv1.AccountServiceClient) (func(), error) {
		if _, err := accounts.SaveAddress(ctx, &accountv1.SaveAddressRequest{Address: draft}); err != nil {
			return nil, err
		}
		return p.reread(ctx, accounts)
	})
}

func (p *Page) remove(id string) {
	p.change("The address is gone.", func(ctx context.Context, accounts accountv1.AccountServiceClient) (func(), error) {
		if _, err := accounts.DeleteAddress(ctx, &accountv1.DeleteAddressRequest{Id: id}); err != nil {
			return nil, err
		}
		return p.reread(ctx, accounts)
	})
}

func (p *Page) forget(card *paymentv1.SavedMethod) {
	p.change("It is forgotten.", func(ctx context.Context, _ accountv1.AccountServiceClient) (func(), error) {
		request := &paymentv1.DeleteSavedMethodRequest{Provider: card.GetProvider(), PaymentMethod: card.GetPaymentMethod()}
		_, err := paymentv1.NewPaymentServiceClient(p.shop.Client).DeleteSavedMethod(ctx, request)
		return func() {
			p.Cards = slices.DeleteFunc(p.Cards, func(c *paymentv1.SavedMethod) bool { return c == card })
			ui.After(func() { browser.FocusID(bookID) })
		}, err
	})
}

func (p *Page) reread(ctx context.Context, accounts accountv1.AccountServiceClient) (func(), error) {
	book, err := accounts.ListAddresses(ctx, &accountv1.ListAddressesRequest{})
	return func() {
		p.Addresses, p.Draft = book.GetAddresses(), nil
		ui.After(func() { browser.FocusID(bookID) }) // what had the focus is gone
	}, err
}

// bookID is the heading of the address book.
const bookID = "book"

// Body implements site.View.
func (p *Page) Body() ui.Node {
	return ui.Div(ui.Class("stack stack--loose"),
		ui.Div(ui.Class("row row--between"), ui.H1(ui.Text(p.greeting())), p.signOut()),
		component.Told("wrong", p.Wrong),
		component.Told("good", p.Good),
		ui.Div(ui.Class("split"),
			ui.Section(ui.Class("stack"), ui.H2(ui.ID(bookID), ui.Attr("tabindex", "-1"), ui.Text("Addresses")), p.book()),
			ui.Aside(ui.Class("stack"),
				ui.Div(ui.Class("panel stack"), ui.H2(ui.Text("Profile")),
					ui.P(ui.Class("muted small"), ui.Text(p.Profile.GetEmail())),
					ui.Form(ui.Class("stack scripts-only"), ui.Attr("method", "post"), ui.OnSubmit(func(map[string]string) { p.rename() }),
						component.Field(component.Input{ID: "profile_name", Label: "Name", Complete: "name", Bind: &p.Name, Error: p.Errors["name"]}),
						component.Button("Save", "button--quiet button--small", p.busy, nil))),
				ui.If(len(p.Cards) > 0, p.cards),
				ui.Div(ui.Class("panel stack"), ui.H2(ui.Text("Orders")), ui.A(ui.Href("/orders"), ui.Text("See what you bought"))),
			),
		))
}

func (p *Page) cards() ui.Node {
	return ui.Div(ui.Class("panel stack"), ui.ID("cards"), ui.H2(ui.Text("To pay with")),
		ui.Keyed(p.Cards, (*paymentv1.SavedMethod).GetPaymentMethod, func(c *paymentv1.SavedMethod) ui.Node {
			return ui.Div(ui.Class("row row--between"), ui.Span(ui.Text(c.GetSummary())),
				ui.Button(ui.Class("button button--text live-only"), ui.Type("button"), ui.Aria("label", "Forget "+c.GetSummary()), ui.OnClick(func() { p.forget(c) }), ui.Text("Forget")))
		}))
}

func (p *Page) greeting() string {
	if name := p.Profile.GetName(); name != "" {
		return "Hello, " + name
	}
	return "Hello"
}

func (p *Page) signOut() ui.Node {
	return ui.Form(ui.Attr("method", "post"), ui.Attr("action", "/signout"), ui.OnSubmit(func(map[string]string) { p.shop.SignOut(p.env) }),
		ui.Button(ui.Class("button button--quiet button--small"), ui.Type("submit"), ui.Text("Sign out")))
}

func (p *Page) book() ui.Node {
	if p.Draft != nil {
		return p.form()
	}
	return ui.Div(ui.Class("stack"),
		ui.Keyed(p.Addresses, (*accountv1.SavedAddress).GetId, func(a *accountv1.SavedAddress) ui.Node {
			return ui.Div(ui.Class("panel row row--between"),
				ui.Div(ui.Class("stack stack--tight"), ui.Span(ui.Class("strong"), ui.Text(a.GetAddress().GetName())), ui.Span(ui.Text(short(a.GetAddress()))),
					ui.If(a.GetIsDefault(), func() ui.Node { return ui.Span(component.Badge("", "Default")) })),
				ui.Div(ui.Class("row live-only"),
					ui.Button(ui.Class("button button--text"), ui.Type("button"), ui.Aria("label", "Change "+short(a.GetAddress())), ui.OnClick(func() { p.edit(a) }), ui.Text("Change")),
					ui.Button(ui.Class("button button--text"), ui.Type("button"), ui.Aria("label", "Remove "+short(a.GetAddress())), ui.OnClick(func() { p.remove(a.GetId()) }), ui.Text("Remove"))))
		}),
		ui.If(len(p.Addresses) == 0, func() ui.Node {
			return ui.P(ui.Class("muted"), ui.Text("No address yet."))
		}),
		ui.Div(ui.Class("live-only"), component.Button("Add an address", "button--quiet", false, func() {
			p.edit(&accountv1.SavedAddress{Address: &typev1.Address{Name: p.Profile.GetName(), CountryCode: "US"}, IsDefault: len(p.Addresses) == 0})
		})))
}

// edit writes on a copy, so that what is not saved is not shown as saved.
func (p *Page) edit(a *accountv1.SavedAddress) {
	ui.After(func() { browser.FocusID("name") })
	from := a.GetAddress()
	p.Draft = &accountv1.SavedAddress{Id: a.GetId(), IsDefault: a.GetIsDefault(), Address: &typev1.Address{
		Name: from.GetName(), Company: from.GetCompany(), Line1: from.GetLine1(), Line2: from.GetLine2(), City: from.GetCity(),
		Region: from.GetRegion(), PostalCode: from.GetPostalCode(), CountryCode: from.GetCountryCode(), Phone: from.GetPhone(),
	}}
}

func (p *Page) discard() {
	p.Draft, p.Errors = nil, nil
	ui.After(func() { browser.FocusID(bookID) })
}

func short(a *typev1.Address) string {
	return a.GetLine1() + ", " + a.GetPostalCode() + " " + a.GetCity() + ", " + state.Country(a.GetCountryCode())
}

func (p *Page) form() ui.Node {
	a := p.Draft.GetAddress()
	needed := map[string]bool{"name": true, "line1": true, "postal_code": true, "city": true}
	field := func(id, label, complete string, value *string, wide bool) ui.Node {
		return component.Field(component.Input{ID: id, Label: label, Complete: complete, Bind: value, Wide: wide, Required: needed[id], Error: p.Errors["address.address."+id]})
	}
	return ui.Form(ui.Class("panel stack"), ui.Attr("method", "post"), ui.OnSubmit(func(map[string]string) { p.save() }),
		ui.Div(ui.Class("fields"),
			field("name", "Name", "name", &a.Name, true),
			field("line1", "Street and number", "address-line1", &a.Line1, true),
			field("line2", "Apartment, floor (optional)", "address-line2", &a.Line2, true),
			field("postal_code", "Postal code", "postal-code", &a.PostalCode, false),
			field("city", "City", "address-level2", &a.City, false),
			field("region", "State or region", "address-level1", &a.Region, false),
			component.Select(component.Input{ID: "country_code", Label: "Country", Complete: "country", Bind: &a.CountryCode, Error: p.Errors["address.address.country_code"]}, state.Countries),
		),
		ui.Label(ui.Class("check"), ui.Input(ui.Type("checkbox"), ui.BindChecked(&p.Draft.IsDefault)), ui.Span(ui.Text("Use it by default"))),
		ui.Div(ui.Class("row"), component.Button("Save address", "", p.busy, nil), component.Button("Cancel", "button--quiet", false, p.discard)))
}
