package paystripe

import (
	"context"
	"errors"

	"github.com/stripe/stripe-go/v85"

	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

// customer is Stripe's id of who pays. They become a customer of Stripe's when
// they first keep a method.
func (p *Provider) customer(ctx context.Context, own pay.Payment) (string, error) {
	if own.Customer == "" {
		return "", nil
	}
	reference, err := p.cfg.Customers.Customer(ctx, Name, own.Customer)
	if err != nil || reference != "" || !own.Save {
		return reference, err
	}
	params := &stripe.CustomerCreateParams{Metadata: map[string]string{ourCustomer: own.Customer}}
	params.IdempotencyKey = stripe.String("souk-customer-" + own.Customer)
	made, err := p.api().V1Customers.Create(ctx, params)
	if err != nil {
		return "", plain(err)
	}
	return p.cfg.Customers.KeepCustomer(ctx, Name, own.Customer, made.ID)
}

// mostSaved bounds how many methods of a customer are listed.
const mostSaved = 100

// SavedMethods implements pay.Keeper.
func (p *Provider) SavedMethods(ctx context.Context, customer string) (all []pay.Saved, err error) {
	reference, err := p.cfg.Customers.Customer(ctx, Name, customer)
	if err != nil || reference == "" {
		return nil, err
	}
	params := &stripe.PaymentMethodListParams{Customer: stripe.String(reference)}
	params.Limit = stripe.Int64(mostSaved)
	list := p.api().V1PaymentMethods.List(ctx, params)
	if err := list.Err(); err != nil {
		return nil, plain(err)
	}
	for _, m := range list.Data() {
		own := pay.Saved{Provider: Name, Token: m.ID, Kind: kindOf(string(m.Type)), Summary: saved(m)}
		if m.Card != nil {
			own.Month, own.Year = int(m.Card.ExpMonth), int(m.Card.ExpYear)
		}
		all = append(all, own)
	}
	return all, nil
}

// Forget implements pay.Keeper.
func (p *Provider) Forget(ctx context.Context, customer, token string) error {
	reference, err := p.cfg.Customers.Customer(ctx, Name, customer)
	if err != nil || reference == "" {
		return err
	}
	m, err := p.api().V1PaymentMethods.Retrieve(ctx, token, nil)
	if missing(err) {
		return nil
	}
	if err != nil {
		return plain(err)
	}
	if m.Customer == nil || m.Customer.ID != reference {
		return nil
	}
	if _, err := p.api().V1PaymentMethods.Detach(ctx, token, nil); err != nil && !missing(err) {
		return plain(err)
	}
	return nil
}

func missing(err error) bool {
	var said *stripe.Error
	return errors.As(err, &said) && said.Code == stripe.ErrorCodeResourceMissing
}
