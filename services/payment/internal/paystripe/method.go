package paystripe

import (
	"fmt"
	"slices"

	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

// method is one way to pay through Stripe.
type method struct {
	// Ours, for the settings; and Stripe's type, where several are one.
	name, stripe string
	kind         pay.Kind
	label        string
	// Where it is used; empty is everywhere.
	currencies, countries []string
	// The money can be reserved now and taken later.
	later bool
	// It needs nothing to be entered: the shopper is sent to a page.
	plain bool
	// How it is kept for a customer's next payments; empty when it cannot be.
	keep string
}

var (
	euroArea = []string{"AT", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PT", "SI", "SK"}
	europe   = slices.Concat(euroArea, []string{"CZ", "DK", "HU", "PL", "RO", "SE", "IS", "LI", "NO"})
	sepa     = slices.Concat(europe, []string{"GB", "CH", "MC", "SM", "AD", "VA", "GI"})
)

// methods is what Stripe takes, where, and how: docs.stripe.com/payments/payment-methods/payment-method-support.
// Those that need more than a page to go to are entered with Stripe's own
// elements in the browser, which make a token of them.
var methods = []method{
	{name: "card", stripe: "card", kind: pay.Card, label: "Card", later: true, keep: "on_session"},
	{name: "apple_pay", stripe: "card", kind: pay.Wallet, label: "Apple Pay", later: true, keep: "on_session"},
	{name: "google_pay", stripe: "card", kind: pay.Wallet, label: "Google Pay", later: true, keep: "on_session"},
	{name: "link", stripe: "link", kind: pay.Wallet, label: "Link", later: true, keep: "off_session"},
	{name: "paypal", stripe: "paypal", kind: pay.Wallet, label: "PayPal", later: true, plain: true, keep: "off_session",
		currencies: []string{"EUR", "GBP", "USD", "CHF", "CZK", "DKK", "NOK", "PLN", "SEK", "AUD", "CAD", "HKD", "NZD", "SGD"}},
	{name: "cashapp", stripe: "cashapp", kind: pay.Wallet, label: "Cash App Pay", later: true, plain: true, keep: "on_session",
		currencies: []string{"USD"}, countries: []string{"US"}},
	{name: "amazon_pay", stripe: "amazon_pay", kind: pay.Wallet, label: "Amazon Pay", later: true, plain: true, keep: "off_session",
		currencies: []string{"USD", "EUR", "GBP", "AUD", "CHF", "DKK", "HKD", "JPY", "NOK", "NZD", "SEK", "ZAR"}},
	{name: "revolut_pay", stripe: "revolut_pay", kind: pay.Wallet, label: "Revolut Pay", later: true, plain: true, keep: "off_session",
		currencies: []string{"EUR", "GBP", "HUF", "PLN", "RON", "DKK"}, countries: slices.Concat(europe, []string{"GB"})},
	{name: "alipay", stripe: "alipay", kind: pay.Wallet, label: "Alipay", plain: true,
		currencies: []string{"CNY", "AUD", "CAD", "EUR", "GBP", "HKD", "JPY", "MYR", "NZD", "SGD", "USD"}, countries: []string{"CN", "HK", "MO"}},
	{name: "us_bank_account", stripe: "us_bank_account", kind: pay.BankDebit, label: "US bank account", keep: "on_session",
		currencies: []string{"USD"}, countries: []string{"US"}},
	{name: "sepa_debit", stripe: "sepa_debit", kind: pay.BankDebit, label: "SEPA Direct Debit", keep: "on_session",
		currencies: []string{"EUR"}, countries: sepa},
	{name: "bacs_debit", stripe: "bacs_debit", kind: pay.BankDebit, label: "Bacs Direct Debit", keep: "on_session",
		currencies: []string{"GBP"}, countries: []string{"GB"}},
	{name: "au_becs_debit", stripe: "au_becs_debit", kind: pay.BankDebit, label: "BECS Direct Debit", keep: "on_session",
		currencies: []string{"AUD"}, countries: []string{"AU"}},
	{name: "acss_debit", stripe: "acss_debit", kind: pay.BankDebit, label: "Canadian pre-authorized debit", keep: "on_session",
		currencies: []string{"CAD"}, countries: []string{"CA"}},
	{name: "ideal", stripe: "ideal", kind: pay.Redirect, label: "iDEAL", plain: true, currencies: []string{"EUR"}, countries: []string{"NL"}},
	{name: "twint", stripe: "twint", kind: pay.Redirect, label: "TWINT", plain: true, currencies: []string{"CHF"}, countries: []string{"CH", "LI"}},
	{name: "bancontact", stripe: "bancontact", kind: pay.Redirect, label: "Bancontact", currencies: []string{"EUR"}, countries: []string{"BE"}},
	{name: "eps", stripe: "eps", kind: pay.Redirect, label: "EPS", currencies: []string{"EUR"}, countries: []string{"AT"}},
	{name: "p24", stripe: "p24", kind: pay.Redirect, label: "Przelewy24", currencies: []string{"EUR", "PLN"}, countries: []string{"PL"}},
	{name: "klarna", stripe: "klarna", kind: pay.Redirect, label: "Klarna", later: true,
		currencies: []string{"EUR", "USD", "GBP", "DKK", "SEK", "NOK", "CZK", "RON", "PLN", "CHF", "AUD", "CAD", "NZD"},
		countries:  slices.Concat(europe, []string{"US", "GB", "CH", "AU", "CA", "NZ"})},
}

// pick returns the methods of these names, in this order.
func pick(names []string) (picked []method, err error) {
	if len(names) == 0 {
		names = []string{"card"}
	}
	for _, name := range names {
		i := slices.IndexFunc(methods, func(m method) bool { return m.name == name })
		if i < 0 {
			return nil, fmt.Errorf("stripe has no method %q that we know", name)
		}
		picked = append(picked, methods[i])
	}
	return picked, nil
}

// offered are the methods that a purchase can be paid with.
func (p *Provider) offered(q pay.Purchase) (all []method) {
	if q.Amount > 0 && q.Currency != "" && !payable(q.Currency, q.Amount) {
		return nil
	}
	in := func(list []string, s string) bool { return len(list) == 0 || s == "" || slices.Contains(list, s) }
	for _, m := range p.methods {
		if in(m.currencies, q.Currency) && in(m.countries, q.Country) {
			all = append(all, m)
		}
	}
	return all
}

// tokenizePath is where Stripe's elements send what was entered.
const tokenizePath = "/v1/payment_methods"

// Methods implements pay.Provider.
func (p *Provider) Methods(q pay.Purchase) (all []pay.Method) {
	base := p.cfg.URL
	if base == "" {
		base = "https://api.stripe.com"
	}
	for _, m := range p.offered(q) {
		own := pay.Method{Provider: Name, Kind: m.kind, Label: m.label, PublishableKey: p.cfg.Publishable}
		if m.plain {
			own.Token = plainToken + m.stripe
		} else {
			own.TokenizeURL = base + tokenizePath
		}
		all = append(all, own)
	}
	return all
}

// label is what a type is called when nothing better is known of them.
func label(stripeType string) string {
	for _, m := range methods {
		if m.stripe == stripeType {
			return m.label
		}
	}
	return "Payment"
}

func kindOf(stripeType string) pay.Kind {
	for _, m := range methods {
		if m.stripe == stripeType {
			return m.kind
		}
	}
	return pay.Redirect
}
