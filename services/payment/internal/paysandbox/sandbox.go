// Package paysandbox speaks with the sandbox provider.
package paysandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/kit/config"
	"github.com/souk-commerce/souk/services/payment/internal/pay"
	"github.com/souk-commerce/souk/services/payment/sandbox"
)

// Config says where the provider is and how we are known to it.
type Config struct {
	// As we reach it, and as browsers do.
	URL, PublicURL        string
	Publishable           string
	Secret, WebhookSecret config.Secret
	// What goes wrong on purpose on the way; usually nothing.
	Storm *chaos.Storm
}

// Provider implements pay.Provider.
type Provider struct {
	cfg    Config
	client *http.Client
}

// idle is how many connections wait for the next call.
const idle = 64

// New returns the provider.
func New(cfg Config) *Provider {
	cfg.URL, cfg.PublicURL = strings.TrimSuffix(cfg.URL, "/"), strings.TrimSuffix(cfg.PublicURL, "/")
	kept := http.DefaultTransport.(*http.Transport).Clone()
	kept.MaxIdleConns, kept.MaxIdleConnsPerHost = idle, idle
	return &Provider{cfg: cfg, client: &http.Client{Transport: cfg.Storm.Transport("payment", kept), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Name implements pay.Provider.
func (*Provider) Name() string { return "sandbox" }

// Methods implements pay.Provider: cards, for whatever there is.
func (p *Provider) Methods(pay.Purchase) []pay.Method {
	return []pay.Method{{Provider: "sandbox", Kind: pay.Card, Label: "Card", TokenizeURL: p.cfg.PublicURL + sandbox.TokensPath, PublishableKey: p.cfg.Publishable}}
}

// Authorize implements pay.Provider.
func (p *Provider) Authorize(ctx context.Context, own pay.Payment) (pay.Report, error) {
	return p.call(ctx, http.MethodPost, sandbox.PaymentsPath, sandbox.PaymentRequest{
		Reference: own.ID, Currency: own.Amount.Currency, Amount: own.Amount.Minor, Token: own.Method, ReturnURL: own.ReturnURL,
		Customer: own.Customer, Save: own.Save,
	})
}

// Find implements pay.Provider.
func (p *Provider) Find(ctx context.Context, own pay.Payment) (pay.Report, error) {
	return p.call(ctx, http.MethodGet, sandbox.PaymentsPath+"?"+url.Values{"reference": {own.ID}}.Encode(), nil)
}

// Capture implements pay.Provider.
func (p *Provider) Capture(ctx context.Context, own pay.Payment) (pay.Report, error) {
	return p.call(ctx, http.MethodPost, p.of(own, "capture"), struct{}{})
}

// Void implements pay.Provider.
func (p *Provider) Void(ctx context.Context, own pay.Payment) (pay.Report, error) {
	return p.call(ctx, http.MethodPost, p.of(own, "void"), struct{}{})
}

// Refund implements pay.Provider.
func (p *Provider) Refund(ctx context.Context, own pay.Payment, r pay.Refund) (pay.Report, error) {
	return p.call(ctx, http.MethodPost, p.of(own, "refunds"), sandbox.RefundRequest{Reference: r.ID, Amount: r.Amount})
}

// Webhook implements pay.Provider.
func (p *Provider) Webhook(header map[string][]string, body []byte, now time.Time) (pay.Notice, error) {
	signature := http.Header(header).Get(sandbox.SignatureHeader)
	if !slices.ContainsFunc(p.cfg.WebhookSecret.RevealAll(), func(secret string) bool { return sandbox.Verify(secret, signature, body, now) }) {
		return pay.Notice{}, pay.ErrSignature
	}
	var e sandbox.Event
	if err := json.Unmarshal(body, &e); err != nil {
		return pay.Notice{}, pay.ErrSignature.Because(err)
	}
	return pay.Notice{Event: e.ID, Payment: e.Payment.Reference, Reference: e.Payment.ID}, nil
}

func (p *Provider) of(own pay.Payment, what string) string {
	return sandbox.PaymentsPath + "/" + url.PathEscape(own.Reference) + "/" + what
}

// SavedMethods implements pay.Keeper.
func (p *Provider) SavedMethods(ctx context.Context, customer string) (all []pay.Saved, err error) {
	var answer struct{ Methods []sandbox.SavedMethod }
	if err := p.ask(ctx, http.MethodGet, sandbox.MethodsPath+"?"+url.Values{"customer": {customer}}.Encode(), nil, &answer); err != nil {
		return nil, err
	}
	for _, m := range answer.Methods {
		all = append(all, pay.Saved{Provider: "sandbox", Token: m.Token, Kind: pay.Card, Summary: m.Card, Month: m.Month, Year: m.Year})
	}
	return all, nil
}

// Forget implements pay.Keeper.
func (p *Provider) Forget(ctx context.Context, customer, token string) error {
	return p.ask(ctx, http.MethodDelete, sandbox.MethodsPath+"/"+url.PathEscape(token)+"?"+url.Values{"customer": {customer}}.Encode(), nil, &struct{}{})
}

const maxAnswer = 1 << 20

// call asks for something to be done with a payment.
func (p *Provider) call(ctx context.Context, method, path string, message any) (pay.Report, error) {
	var answer sandbox.Payment
	if err := p.ask(ctx, method, path, message, &answer); err != nil {
		return pay.Report{}, err
	}
	return report(answer), nil
}

func (p *Provider) ask(ctx context.Context, method, path string, message, answer any) error {
	var body io.Reader
	if message != nil {
		text, err := json.Marshal(message)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, p.cfg.URL+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+p.cfg.Secret.Reveal())
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	return read(resp.StatusCode, text, answer)
}

func read(status int, text []byte, answer any) error {
	if status == http.StatusOK {
		if err := json.Unmarshal(text, answer); err != nil {
			return fmt.Errorf("sandbox answered what cannot be read: %w", err)
		}
		return nil
	}
	var bad sandbox.Error
	_ = json.Unmarshal(text, &bad) // without a code it is somebody else's answer: a proxy's, or a wrong address's
	switch {
	case bad.Error.Code == "":
	case status == http.StatusNotFound:
		return pay.ErrUnknown
	case status == http.StatusUnprocessableEntity, status == http.StatusConflict:
		return pay.Refusal{Reason: bad.Error.Code}
	}
	return fmt.Errorf("sandbox answered %d %s", status, bad.Error.Code)
}

var states = map[string]pay.State{
	sandbox.RequiresAction: pay.Action, sandbox.Authorized: pay.Authorized, sandbox.Captured: pay.Captured,
	sandbox.Voided: pay.Voided, sandbox.Declined: pay.Declined, sandbox.Refunded: pay.Refunded,
}

func report(p sandbox.Payment) pay.Report {
	return pay.Report{
		Reference: p.ID, State: states[p.Status], Captured: p.Captured, Refunded: p.Refunded,
		ActionURL: p.ActionURL, Decline: p.DeclineCode, Summary: p.Card,
	}
}
