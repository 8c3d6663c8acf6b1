package pay

import (
	"context"
	"errors"

	"github.com/souk-commerce/souk/kit/fault"
)

// Webhook takes a provider's message in. The message is only a reason to ask: it
// may be late, come twice, or before the call that caused it has returned. What
// it is believed is the provider's own id of the payment, since it is signed.
func (d *Desk) Webhook(ctx context.Context, provider string, header map[string][]string, body []byte) error {
	p, err := d.provider(Payment{Provider: provider})
	if err != nil {
		return err
	}
	n, err := p.Webhook(header, body, d.Clock.Now())
	if err != nil || n.Payment == "" && n.Reference == "" {
		return err
	}
	if n.Event != "" {
		if heard, err := d.Store.Heard(ctx, provider, n.Event); heard || err != nil {
			return err
		}
	}
	own, err := d.about(ctx, provider, n)
	if fault.KindOf(err) == fault.NotFound {
		return nil // not one of ours
	}
	if err != nil {
		return err
	}
	if _, err := d.Sync(ctx, own.ID); err != nil || n.Event == "" {
		return err
	}
	return d.Store.Hear(ctx, provider, n.Event, d.Clock.Now())
}

// about is the payment that a notice is about, with the provider's own id.
func (d *Desk) about(ctx context.Context, provider string, n Notice) (Payment, error) {
	if n.Payment == "" {
		return d.Store.Find(ctx, provider, n.Reference)
	}
	p, err := d.Store.Payment(ctx, n.Payment)
	switch {
	case err != nil:
		return p, err
	case p.Provider != provider:
		return p, ErrNoPayment
	case n.Reference == "" || p.Reference != "":
		return p, nil
	}
	return d.Store.Change(ctx, p.ID, func(p *Payment) (bool, error) {
		p.Reference = orDefault(p.Reference, n.Reference)
		return false, nil
	})
}

// declined turns a provider's definite no to an authorization into what it means.
func declined(r Report, err error) (Report, error) {
	var no Refusal
	if errors.As(err, &no) {
		return Report{Reference: r.Reference, State: Declined, Decline: no.Reason}, nil
	}
	return r, err
}
