package payment

import (
	"errors"
	"fmt"

	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/services/payment/internal/pay"
	"github.com/souk-commerce/souk/services/payment/internal/paysandbox"
	"github.com/souk-commerce/souk/services/payment/internal/paystripe"
)

// open returns the providers that have settings, in the order that the settings name.
func open(cfg Config, customers pay.Customers, d Deps) (providers []pay.Provider, limits map[string]pay.Limits, err error) {
	limits = map[string]pay.Limits{}
	names := cfg.Providers
	if len(names) == 0 {
		names = []string{"sandbox", paystripe.Name}
	}
	for _, name := range names {
		var provider pay.Provider
		var only Only
		switch name {
		case "sandbox":
			provider, only, err = openSandbox(cfg.Sandbox, d.RPC.Storm)
		case paystripe.Name:
			provider, only, err = openStripe(cfg.Stripe, customers, d)
		default:
			err = fmt.Errorf("payment: there is no provider %q", name)
		}
		if err != nil {
			return nil, nil, err
		}
		if provider != nil {
			providers = append(providers, provider)
			limits[name] = pay.Limits{Currencies: only.Currencies, Countries: only.Countries}
		}
	}
	if len(providers) == 0 {
		return nil, nil, errors.New("payment: no provider: set SOUK_STRIPE_SECRET and SOUK_STRIPE_WEBHOOK_SECRET, or SOUK_SANDBOX_URL, SOUK_SANDBOX_PUBLIC_URL, SOUK_SANDBOX_SECRET and SOUK_SANDBOX_WEBHOOK_SECRET")
	}
	return providers, limits, nil
}

func openSandbox(s Sandbox, storm *chaos.Storm) (pay.Provider, Only, error) {
	if s.URL == "" || s.PublicURL == "" || s.Secret.Reveal() == "" || s.WebhookSecret.Reveal() == "" {
		return nil, Only{}, nil
	}
	return paysandbox.New(paysandbox.Config{URL: s.URL, PublicURL: s.PublicURL, Publishable: s.Publishable, Secret: s.Secret, WebhookSecret: s.WebhookSecret, Storm: storm}), s.Only, nil
}

func openStripe(s Stripe, customers pay.Customers, d Deps) (pay.Provider, Only, error) {
	if s.Secret.Reveal() == "" || s.WebhookSecret.Reveal() == "" {
		return nil, Only{}, nil
	}
	provider, err := paystripe.New(paystripe.Config{
		URL: s.URL, Publishable: s.Publishable, Secret: s.Secret, WebhookSecret: s.WebhookSecret, Types: s.Methods, Customers: customers, Clock: d.Clock, Storm: d.RPC.Storm,
	})
	return provider, s.Only, err
}
