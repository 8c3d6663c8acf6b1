package checkout

import (
	"context"

	orderv1 "github.com/souk-commerce/souk/api/lite/souk/order/v1"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/state"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Back is the page that the payment provider sends the shopper back to: it goes
// on with the checkout.
type Back struct {
	shop *state.Shop
	env  *site.Env
	id   string
	// Wrong is why there is no order.
	Wrong string
	// Confirm is where the shopper has to confirm the payment, still.
	Confirm string
}

// LoadBack gets the page.
func LoadBack(shop *state.Shop) func(context.Context, *site.Env) (site.View, error) {
	return func(_ context.Context, env *site.Env) (site.View, error) {
		return &Back{shop: shop, env: env, id: env.Param("id")}, nil
	}
}

// Head implements site.View.
func (b *Back) Head() site.Head {
	return site.Head{Title: "Checkout · Souk", Description: "Your payment is being confirmed.", Canonical: "/checkout", Private: true}
}

// Awake implements site.Awaker.
func (b *Back) Awake() { b.resume() }

func (b *Back) resume() {
	b.Wrong, b.Confirm = "", ""
	b.env.Go(func(ctx context.Context) func() {
		client := orderv1.NewCheckoutServiceClient(b.shop.Client)
		answer, err := client.ResumeCheckout(ctx, &orderv1.ResumeCheckoutRequest{CheckoutId: b.id})
		checkout := answer.GetCheckout()
		if err == nil {
			checkout, err = settle(ctx, client, checkout)
		}
		return func() { b.outcome(checkout, err) }
	})
}

func (b *Back) outcome(checkout *orderv1.Checkout, err error) {
	switch {
	case rpc.CodeOf(err) == rpc.NotFound:
		b.Wrong = "Nothing was ordered, and you have not been charged."
	case err != nil:
		b.Wrong = rpc.Sentence(err)
	case checkout.GetState() == orderv1.CheckoutState_CHECKOUT_STATE_PLACED:
		b.shop.Remember("")
		bought(b.shop, b.env, checkout)
	case checkout.GetState() == orderv1.CheckoutState_CHECKOUT_STATE_ACTION_REQUIRED:
		b.Wrong, b.Confirm = "Your bank wants you to confirm the payment.", checkout.GetActionUrl()
	case checkout.GetState() == orderv1.CheckoutState_CHECKOUT_STATE_PENDING:
		b.Wrong = "This takes longer than usual. Ask again in a moment: you will not be charged twice."
	case checkout.GetMessage() != "":
		b.Wrong = checkout.GetMessage()
	default:
		b.Wrong = "The payment was not confirmed. You have not been charged."
	}
}

// Body implements site.View.
func (b *Back) Body() ui.Node {
	if b.Wrong != "" {
		return ui.Div(ui.Class("stack"), ui.H1(ui.Text("Not paid yet")), component.Notice("wrong", b.Wrong),
			ui.Div(ui.Class("row"),
				ui.If(b.Confirm != "", func() ui.Node { return component.ButtonLink("Confirm the payment", b.Confirm, "") }),
				ui.If(b.Confirm == "", func() ui.Node { return component.ButtonLink("Back to checkout", addressOf(Payment), "") }),
				component.Button("Ask again", "button--quiet", false, b.resume)))
	}
	return ui.Div(ui.Class("stack"), ui.Aria("busy", "true"), ui.H1(ui.Text("One moment")),
		ui.P(ui.Class("muted"), ui.Text("Your payment is being confirmed.")), ui.Div(ui.Class("skeleton")))
}
