// Package paystripe speaks with Stripe.
//
// A payment is one PaymentIntent, created and confirmed in one call whose
// idempotency key is made of our payment's id, and whose metadata names it. So
// the call can be repeated while nobody knows what became of it; after Stripe has
// forgotten the key (a day later), the intent is searched for instead. Cards and
// most wallets are authorized and captured later; bank debits and most redirects
// cannot be, and are captured when the shopper agrees. Capture and cancel need no
// key: an intent is captured once, however often it is asked for.
//
// Nothing is sent again here: whoever asks does that, with patience.
package paystripe

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/stripe/stripe-go/v85"

	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/config"
	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

// Name is what the provider is called.
const Name = "stripe"

// Config says how we are known to Stripe.
type Config struct {
	// Of the API; empty is Stripe's own.
	URL         string
	Publishable string
	// WebhookSecret may list several.
	Secret, WebhookSecret config.Secret
	// Types are the names of methods that the account can take; empty is only cards.
	Types     []string
	Customers pay.Customers
	Clock     clock.Clock
	// What goes wrong on purpose on the way; usually nothing.
	Storm *chaos.Storm
}

// Provider implements pay.Keeper.
type Provider struct {
	cfg     Config
	methods []method
	http    *http.Client

	mu     sync.Mutex
	key    string
	client *stripe.Client
}

// New returns the provider. Types that are not known are an error.
func New(cfg Config) (*Provider, error) {
	methods, err := pick(cfg.Types)
	if err != nil {
		return nil, err
	}
	return &Provider{cfg: cfg, methods: methods, http: &http.Client{
		Transport:     cfg.Storm.Transport("payment", http.DefaultTransport),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Name implements pay.Provider.
func (*Provider) Name() string { return Name }

// api returns a client with the key as it is now: it may change while we run.
func (p *Provider) api() *stripe.Client {
	key := p.cfg.Secret.Reveal()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.client == nil || key != p.key {
		backend := &stripe.BackendConfig{
			EnableTelemetry: stripe.Bool(false), HTTPClient: p.http, MaxNetworkRetries: stripe.Int64(0),
			LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
		}
		if p.cfg.URL != "" {
			backend.URL = stripe.String(strings.TrimSuffix(p.cfg.URL, "/"))
		}
		p.key, p.client = key, stripe.NewClient(key, stripe.WithBackends(stripe.NewBackendsWithConfig(backend)))
	}
	return p.client
}

// Authorize implements pay.Provider. It is also how a payment is found whose
// answer was lost: the same key brings the same answer.
func (p *Provider) Authorize(ctx context.Context, own pay.Payment) (pay.Report, error) {
	params, err := p.create(ctx, own)
	if err != nil {
		return pay.Report{}, err
	}
	intent, err := p.api().V1PaymentIntents.Create(ctx, params)
	if err != nil {
		return refusedIntent(err)
	}
	return p.report(own, intent)
}

// Capture implements pay.Provider.
func (p *Provider) Capture(ctx context.Context, own pay.Payment) (pay.Report, error) {
	params := &stripe.PaymentIntentCaptureParams{Expand: expand}
	intent, err := p.api().V1PaymentIntents.Capture(ctx, own.Reference, params)
	if unexpected(err) {
		return p.retrieve(ctx, own) // captured already, on its way, or lapsed
	}
	if err != nil {
		return pay.Report{}, refusal(err)
	}
	return p.report(own, intent)
}

// Void implements pay.Provider.
func (p *Provider) Void(ctx context.Context, own pay.Payment) (pay.Report, error) {
	intent, err := p.api().V1PaymentIntents.Cancel(ctx, own.Reference, &stripe.PaymentIntentCancelParams{Expand: expand})
	if unexpected(err) {
		return p.retrieve(ctx, own) // voided already, or it was captured after all
	}
	if err != nil {
		return pay.Report{}, refusal(err)
	}
	return p.report(own, intent)
}
