package checkout

import (
	"context"
	"slices"
	"strings"

	paymentv1 "github.com/souk-commerce/souk/api/lite/souk/payment/v1"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Way is one way to pay.
type Way struct {
	ID, Label, Provider string
	// Token pays without anything to enter: a method that was kept, or one whose own
	// page asks for all else.
	Token string
	// Where the browser exchanges a card for a token.
	TokenizeURL, Key string
}

// ways asks how this cart can be paid for: it depends on currency, country and amount.
func (p *Page) ways(ctx context.Context, request *paymentv1.GetPaymentConfigRequest) ([]Way, error) {
	client := paymentv1.NewPaymentServiceClient(p.shop.Client)
	config, err := client.GetPaymentConfig(ctx, request)
	if err != nil {
		return nil, err
	}
	var all []Way
	if !p.shop.Guest() {
		// Without what was kept, there is a card to enter.
		saved, _ := client.ListSavedMethods(ctx, &paymentv1.ListSavedMethodsRequest{})
		for _, m := range saved.GetMethods() {
			offered := slices.ContainsFunc(config.GetMethods(), func(o *paymentv1.PaymentMethodOption) bool {
				return o.GetProvider() == m.GetProvider() && o.GetKind() == m.GetKind()
			})
			if offered {
				all = append(all, Way{ID: "way-" + m.GetPaymentMethod(), Label: m.GetSummary(), Provider: m.GetProvider(), Token: m.GetPaymentMethod()})
			}
		}
	}
	for _, m := range config.GetMethods() {
		way := Way{
			ID: "way-" + m.GetProvider() + "-" + strings.ReplaceAll(m.GetLabel(), " ", "-"), Label: m.GetLabel(), Provider: m.GetProvider(),
			Token: m.GetPaymentMethod(), TokenizeURL: m.GetTokenizeUrl(), Key: m.GetPublishableKey(),
		}
		if way.Token != "" || way.TokenizeURL != "" {
			all = append(all, way)
		}
	}
	return all, nil
}

// way is how the shopper pays: as they chose, or the first way.
func (p *Page) way() Way {
	for _, way := range p.Ways {
		if way.ID == p.Way {
			return way
		}
	}
	if len(p.Ways) > 0 {
		return p.Ways[0]
	}
	return Way{}
}

// choose takes another way to pay.
func (p *Page) choose(id string) { p.Way, p.token, p.Wrong, p.Errors = id, "", "", nil }

func (p *Page) payment() ui.Node {
	if len(p.Ways) == 0 {
		return component.Notice("warn", "There is no way yet to pay this here: not in this currency, country or amount.")
	}
	way := p.way()
	return ui.Form(ui.Class("stack"), ui.ID("payment"), ui.Attr("method", "post"), ui.Bool("novalidate", true), ui.OnSubmit(func(map[string]string) { p.payDone() }),
		ui.If(len(p.Ways) > 1, func() ui.Node {
			return ui.Div(ui.Class("stack"), ui.ID("ways"), ui.Role("radiogroup"), ui.Aria("label", "How to pay"), ui.Each(p.Ways, func(_ int, one Way) ui.Node {
				return ui.Label(ui.Class("choice"),
					ui.Input(ui.Type("radio"), ui.ID(one.ID), ui.Name("way"), ui.Value(one.ID), ui.Bool("checked", one.ID == way.ID), ui.On("change", func(ui.Event) { p.choose(one.ID) })),
					ui.Span(ui.Class("strong"), ui.Text(one.Label)))
			}))
		}),
		ui.If(way.Token == "", p.card),
		ui.Div(component.Button("Review order", "", p.busy, nil)))
}

func (p *Page) card() ui.Node {
	return ui.Div(ui.Class("stack"),
		ui.If(p.way().Provider == "sandbox", func() ui.Node {
			return component.Notice("", "No money moves here. 4242 4242 4242 4242 succeeds, 4000 0000 0000 0002 is declined, 4000 0000 0000 3220 asks for 3-D Secure; any date to come, any code.")
		}),
		ui.Div(ui.Class("fields"),
			p.field("card_number", "Card number", "cc-number", &p.Card.Number, component.Input{Wide: true, Required: true, More: numeric}),
			p.field("card_expiry", "Expires (MM / YY)", "cc-exp", &p.Card.Expiry, component.Input{Required: true, More: numeric}),
			p.field("card_code", "Security code", "cc-csc", &p.Card.Code, component.Input{Required: true, More: numeric}),
			p.field("card_name", "Name on card", "cc-name", &p.Card.Name, component.Input{Wide: true}),
		),
		ui.If(p.shop.SignedIn(), func() ui.Node {
			return ui.Label(ui.Class("check"), ui.Input(ui.Type("checkbox"), ui.ID("keep"), ui.BindChecked(&p.Keep)), ui.Span(ui.Text("Keep this card for next time")))
		}),
		ui.P(ui.Class("muted small"), ui.Text("Your card data goes straight to the payment provider.")))
}

var numeric = ui.Attr("inputmode", "numeric")
