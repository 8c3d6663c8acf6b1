package checkout

import (
	"context"
	"time"

	orderv1 "github.com/souk-commerce/souk/api/lite/souk/order/v1"
	paymentv1 "github.com/souk-commerce/souk/api/lite/souk/payment/v1"
	"github.com/souk-commerce/souk/web/browser"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/state"
	"github.com/souk-commerce/souk/web/ui"
)

// goTo goes on, or back, to a step.
func (p *Page) goTo(step int) {
	if p.busy || step == p.Step {
		return
	}
	p.env.Push(addressOf(step))
	p.turn(step)
}

// turn shows a step.
func (p *Page) turn(step int) {
	if p.Step == step {
		return
	}
	p.Step, p.Wrong = step, ""
	ui.After(func() { browser.Focus("#step") })
}

// addressDone checks the address and asks what delivery there costs.
func (p *Page) addressDone() {
	if !p.begin() {
		return
	}
	if errors := p.missing(); len(errors) > 0 {
		p.busy, p.Errors = false, errors
		ui.After(func() { browser.Focus("[aria-invalid=true]") })
		return
	}
	p.busy = false
	p.quote("", func() { p.goTo(Delivery) })
}

// quote prices the cart for the address and a way of delivery.
func (p *Page) quote(option string, then func()) {
	if !p.begin() {
		return
	}
	basket := p.basket()
	request := &orderv1.QuoteRequest{ShippingAddress: &p.To, DeliveryOptionId: option, CurrencyCode: p.currency()}
	p.env.Go(func(ctx context.Context) func() {
		answer, err := orderv1.NewCheckoutServiceClient(p.shop.Client).Quote(ctx, request)
		var ways []Way
		if err == nil {
			total := answer.GetTotals().GetTotal()
			ways, err = p.ways(ctx, &paymentv1.GetPaymentConfigRequest{CurrencyCode: total.GetCurrencyCode(), CountryCode: request.GetShippingAddress().GetCountryCode(), Amount: total.GetMinorUnits()})
		}
		return func() {
			p.busy = false
			if err != nil {
				p.complain(err)
				ui.Tick(deliveryID(p.Option)) // not what could not be priced
				return
			}
			p.Quote, p.Option, p.priced = answer, answer.GetDeliveryOptionId(), basket
			before := p.way()
			if p.Ways = ways; p.way() != before {
				p.token = "" // it is of a way that there is no more
			}
			then()
		}
	})
}

// deliver prices another way of delivery. The last choice counts.
func (p *Page) deliver(option string) {
	p.wanted = option
	p.quote(option, func() {
		if p.wanted != option {
			p.deliver(p.wanted)
		}
	})
}

// payDone turns the card into a token, where one has to be entered.
func (p *Page) payDone() {
	if !p.begin() {
		return
	}
	way := p.way()
	if way.Token != "" {
		p.busy, p.token = false, way.Token
		p.goTo(Review)
		return
	}
	if p.Errors = p.Card.wrong(); len(p.Errors) > 0 {
		p.busy = false
		ui.After(func() { browser.Focus("[aria-invalid=true]") })
		return
	}
	card := p.Card
	p.env.Go(func(ctx context.Context) func() {
		token, err := tokenize(ctx, way, card)
		return func() {
			p.busy = false
			if err != nil {
				p.Wrong = err.Error()
				return
			}
			p.token = token
			p.goTo(Review)
		}
	})
}

func returnPath(id string) string { return "/checkout/return/" + id }

// place buys. The same id goes along until there is an answer.
func (p *Page) place() {
	if !p.begin() {
		return
	}
	if p.id == "" {
		p.id = rpc.NewKey()
	}
	id := p.id
	// Whoever loads the page again from here on is told what came of it.
	browser.Replace(returnPath(id))
	request := &orderv1.PlaceOrderRequest{
		CheckoutId: id, Email: p.Email, ShippingAddress: &p.To, DeliveryOptionId: p.Option, CurrencyCode: p.currency(),
		PaymentMethod: p.token, PaymentProvider: p.way().Provider, SavePaymentMethod: p.Keep && p.shop.SignedIn() && p.way().Token == "", ExpectedTotal: p.Quote.GetTotals().GetTotal(), ReturnPath: returnPath(id),
	}
	p.env.Go(func(ctx context.Context) func() {
		client := orderv1.NewCheckoutServiceClient(p.shop.Client)
		answer, err := client.PlaceOrder(rpc.WithKey(ctx, id), request)
		checkout := answer.GetCheckout()
		if err == nil {
			checkout, err = settle(ctx, client, checkout)
		}
		return func() {
			p.busy = false
			if err != nil {
				p.complain(err)
				return
			}
			p.outcome(checkout)
		}
	})
}

// settle asks again while a checkout is being worked on.
func settle(ctx context.Context, client orderv1.CheckoutServiceClient, checkout *orderv1.Checkout) (*orderv1.Checkout, error) {
	pause := 300 * time.Millisecond
	for range 40 {
		if checkout.GetState() != orderv1.CheckoutState_CHECKOUT_STATE_PENDING {
			return checkout, nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
		pause = min(pause*2, 3*time.Second)
		answer, err := client.ResumeCheckout(ctx, &orderv1.ResumeCheckoutRequest{CheckoutId: checkout.GetCheckoutId()})
		if err != nil {
			return nil, err
		}
		checkout = answer.GetCheckout()
	}
	return checkout, nil
}

// outcome shows where the checkout ended.
func (p *Page) outcome(checkout *orderv1.Checkout) {
	switch checkout.GetState() {
	case orderv1.CheckoutState_CHECKOUT_STATE_PLACED:
		p.bought = true
		bought(p.shop, p.env, checkout)
	case orderv1.CheckoutState_CHECKOUT_STATE_ACTION_REQUIRED:
		p.busy = true
		browser.Leave(checkout.GetActionUrl())
	case orderv1.CheckoutState_CHECKOUT_STATE_REFUSED:
		p.refused(checkout)
	default:
		p.Wrong = "This takes longer than usual. Try again in a moment: you will not be charged twice."
	}
}

// bought shows the order that a checkout ended in. There is no way back into it.
func bought(shop *state.Shop, env *site.Env, checkout *orderv1.Checkout) {
	forget()
	shop.Cart = nil
	shop.ReloadCart(env)
	env.Become("/checkout/thanks/" + checkout.GetOrder().GetNumber())
}

// refused leads back to the step that can mend it. The next attempt is a new checkout.
func (p *Page) refused(checkout *orderv1.Checkout) {
	p.id = ""
	p.env.Replace(addressOf(p.Step))
	sentence := checkout.GetMessage()
	if sentence == "" {
		sentence = "The order could not be placed. You have not been charged."
	}
	switch checkout.GetReason() {
	case "stock_short", "cart_changed", "cart_empty":
		p.shop.Say(p.env, state.Toast{Sentence: sentence, At: "/cart"})
		p.env.Navigate("/cart")
		return
	case "total_changed":
		p.quote(p.Option, func() { p.Wrong = sentence })
		return
	}
	p.token, p.Card.Code = "", ""
	p.env.Replace(addressOf(Payment))
	p.turn(Payment)
	p.Wrong = sentence
}
