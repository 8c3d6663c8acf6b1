// Package checkout turns a cart into an order: address, delivery, payment, review.
//
// Card data goes from the browser to the payment provider, which gives a token for
// it; our own services never see it.
package checkout

import (
	"context"
	"strconv"
	"strings"

	accountv1 "github.com/souk-commerce/souk/api/lite/souk/account/v1"
	cartv1 "github.com/souk-commerce/souk/api/lite/souk/cart/v1"
	orderv1 "github.com/souk-commerce/souk/api/lite/souk/order/v1"
	typev1 "github.com/souk-commerce/souk/api/lite/souk/type/v1"
	"github.com/souk-commerce/souk/web/browser"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/state"
	"github.com/souk-commerce/souk/web/ui/component"
)

// The steps, in order. Each has its address, so that going back in the browser goes
// back a step.
const (
	Address = iota
	Delivery
	Payment
	Review
)

var names = []string{"Address", "Delivery", "Payment", "Review"}

// Page is the checkout.
type Page struct {
	shop *state.Shop
	env  *site.Env

	Step  int
	Email string
	To    typev1.Address
	Card  Card
	Quote *orderv1.QuoteResponse
	// Option is the chosen way of delivery.
	Option string
	// Ways are the ways to pay what Quote says, and Way is the id of the chosen one.
	Ways []Way
	Way  string
	// Keep is true to keep the card for next time.
	Keep bool
	// Wrong is what went wrong, for all; Errors for single fields by id.
	Wrong  string
	Errors map[string]string

	busy, bought, awake bool
	// next is the environment that the page was last loaded in.
	next *site.Env
	// priced is the cart that Quote is for, wanted the way of delivery that was chosen
	// last.
	priced, wanted string
	// id names this checkout. A lost answer is asked for again under the same id;
	// only after a refusal a new one begins.
	id    string
	token string
}

// Card is what the shopper pays with. It is sent to the provider only.
type Card struct {
	Number, Expiry, Code, Name string
}

// Load gets the page. An empty cart has no checkout. Loaded again within a visit, it
// is the same page, with all that was typed.
func Load(shop *state.Shop) func(context.Context, *site.Env) (site.View, error) {
	var visit struct{ page *Page }
	return func(ctx context.Context, env *site.Env) (site.View, error) {
		answer, err := cartv1.NewCartServiceClient(shop.Client).GetCart(ctx, &cartv1.GetCartRequest{CurrencyCode: shop.Chosen()})
		if code := rpc.CodeOf(err); code == rpc.Unauthenticated || code == rpc.PermissionDenied {
			return nil, site.Redirect{To: "/cart"}
		}
		if err != nil {
			return nil, err
		}
		shop.Cart = answer.GetCart()
		if len(shop.Cart.GetLines()) == 0 || !shop.Cart.GetReady() {
			return nil, site.Redirect{To: "/cart"}
		}
		if page := visit.page; page != nil && !page.bought {
			page.next = env
			return page, nil
		}
		page := &Page{shop: shop, env: env, To: typev1.Address{CountryCode: state.Countries[0].Value}}
		page.know(ctx)
		visit.page = page
		return page, nil
	}
}

// Awake implements site.Awaker.
func (p *Page) Awake() {
	if p.next != nil {
		p.env, p.next = p.next, nil
	}
	if !p.awake {
		p.awake = true
		p.recall()
		browser.OnLeave(func() {
			if !p.bought {
				p.save()
			}
		})
	}
	p.seek(stepOf(p.env))
}

// seek shows the step wanted, or the last one before it that can be shown.
func (p *Page) seek(wanted int) {
	if wanted == Review && p.token == "" {
		wanted = Payment
	}
	switch {
	case p.priced == p.basket():
		p.turn(wanted)
	case wanted > Address && len(p.missing()) == 0:
		p.quote(p.Option, func() { p.turn(wanted) })
	default:
		p.Quote, p.priced = nil, ""
		p.turn(Address)
		p.env.Replace(addressOf(Address))
	}
}

// basket tells carts apart that would be priced differently.
func (p *Page) basket() string {
	cart := p.shop.Cart
	return strconv.FormatInt(cart.GetVersion(), 10) + " " + component.Money(cart.GetSubtotal()) + " " + cart.GetCurrencyCode()
}

// stepOf is the step that the address asks for.
func stepOf(env *site.Env) int {
	for step, name := range names {
		if strings.ToLower(name) == env.Query("step") {
			return step
		}
	}
	return Address
}

func addressOf(step int) string {
	if step == Address {
		return "/checkout"
	}
	return "/checkout?step=" + strings.ToLower(names[step])
}

// know fills in what a signed-in shopper told us before.
func (p *Page) know(ctx context.Context) {
	if p.shop.Guest() {
		return
	}
	accounts := accountv1.NewAccountServiceClient(p.shop.Client)
	profile, err := accounts.GetProfile(ctx, &accountv1.GetProfileRequest{})
	if err != nil {
		return // a guest
	}
	p.Email, p.To.Name = profile.GetProfile().GetEmail(), profile.GetProfile().GetName()
	book, err := accounts.ListAddresses(ctx, &accountv1.ListAddressesRequest{})
	if err != nil || len(book.GetAddresses()) == 0 {
		return
	}
	copyAddress(&p.To, book.GetAddresses()[0].GetAddress())
}

func copyAddress(to, from *typev1.Address) {
	to.Name, to.Company, to.Line1, to.Line2 = from.GetName(), from.GetCompany(), from.GetLine1(), from.GetLine2()
	to.City, to.Region, to.PostalCode = from.GetCity(), from.GetRegion(), from.GetPostalCode()
	to.CountryCode, to.Phone = from.GetCountryCode(), from.GetPhone()
}

// Head implements site.View.
func (p *Page) Head() site.Head {
	return site.Head{Title: "Checkout · Souk", Description: "Buy what is in your cart.", Canonical: "/checkout", Private: true}
}

// missing tells which fields of the address step are empty. What else is wrong
// with them, the services tell.
func (p *Page) missing() map[string]string {
	errors := map[string]string{}
	need := func(id, value, sentence string) {
		if strings.TrimSpace(value) == "" {
			errors[id] = sentence
		}
	}
	need("email", p.Email, "We need your e-mail address for the confirmation.")
	if at := strings.IndexByte(p.Email, '@'); p.Email != "" && (at < 1 || at == len(p.Email)-1) {
		errors["email"] = "This does not look like an e-mail address."
	}
	need("name", p.To.Name, "Who shall receive it?")
	need("line1", p.To.Line1, "We need street and number.")
	need("city", p.To.City, "We need the city.")
	need("postal_code", p.To.PostalCode, "We need the postal code.")
	return errors
}

// fields are the ids of the form's fields by the paths of the request.
var fields = map[string]string{
	"email": "email", "shipping_address.name": "name", "shipping_address.line1": "line1", "shipping_address.line2": "line2",
	"shipping_address.city": "city", "shipping_address.region": "region", "shipping_address.postal_code": "postal_code",
	"shipping_address.country_code": "country_code", "shipping_address.phone": "phone",
}

// complain shows what a service said was wrong, at the fields where it can.
func (p *Page) complain(err error) {
	p.Wrong = rpc.Sentence(err)
	for path, sentence := range rpc.FieldsOf(err) {
		if id, ok := fields[path]; ok {
			p.Errors[id] = sentence
			p.Step = Address
			p.env.Replace(addressOf(Address))
		}
	}
}

// begin forgets the last complaint and marks that something is on its way; false
// when something still is.
func (p *Page) begin() bool {
	if p.busy {
		return false
	}
	p.busy, p.Wrong, p.Errors = true, "", map[string]string{}
	return true
}

// currency is what the cart is priced in.
func (p *Page) currency() string { return p.shop.Cart.GetCurrencyCode() }
