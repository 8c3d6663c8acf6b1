package pay

import (
	"context"
	"errors"
	"slices"
)

// Kind is what sort of thing a shopper pays with.
type Kind string

// The kinds.
const (
	Card      Kind = "card"
	Wallet    Kind = "wallet"
	BankDebit Kind = "bank_debit"
	// The shopper pays on a page of their bank's.
	Redirect Kind = "redirect"
)

// Purchase is what is to be paid, as far as it is known: what is empty limits nothing.
type Purchase struct {
	Currency, Country string
	Amount            int64
}

// Method is one way to pay.
type Method struct {
	Provider string
	Kind     Kind
	// For people: "Card".
	Label string
	// What to authorize with, when nothing has to be entered first.
	Token string
	// Where a browser posts card data to, and the key that it shows there.
	TokenizeURL, PublishableKey string
}

// Limits are the currencies and countries that the shop uses a provider for.
// Empty ones limit nothing.
type Limits struct{ Currencies, Countries []string }

func (l Limits) allow(p Purchase) bool {
	in := func(list []string, s string) bool { return len(list) == 0 || s == "" || slices.Contains(list, s) }
	return in(l.Currencies, p.Currency) && in(l.Countries, p.Country)
}

// Methods is what can be paid with, in the order of the providers.
func (d *Desk) Methods(p Purchase) (all []Method) {
	for _, provider := range d.Providers {
		all = append(all, d.methods(provider, p)...)
	}
	return all
}

func (d *Desk) methods(provider Provider, p Purchase) []Method {
	if !d.Limits[provider.Name()].allow(p) {
		return nil
	}
	return provider.Methods(p)
}

// choose returns the provider of this name, or the first, that takes the purchase.
func (d *Desk) choose(name string, p Purchase) (Provider, error) {
	for _, provider := range d.Providers {
		if (name == "" || name == provider.Name()) && len(d.methods(provider, p)) > 0 {
			return provider, nil
		}
	}
	if name != "" {
		if _, err := d.provider(Payment{Provider: name}); err != nil {
			return nil, err
		}
	}
	return nil, ErrNotOffered
}

// Customers remembers by which id of its own a provider knows a customer of ours.
type Customers interface {
	// Customer returns nothing when the provider does not know them yet.
	Customer(ctx context.Context, provider, customer string) (reference string, err error)
	// KeepCustomer returns what was kept first.
	KeepCustomer(ctx context.Context, provider, customer, reference string) (kept string, err error)
}

// Saved is what a customer has kept to pay with.
type Saved struct {
	Provider, Token string
	Kind            Kind
	// "Visa ending in 4242"
	Summary string
	// Of a card.
	Month, Year int
}

// Keeper is a Provider that keeps customers' methods. Authorize keeps a
// payment's method when Save says so.
type Keeper interface {
	Provider
	SavedMethods(ctx context.Context, customer string) ([]Saved, error)
	// Forget forgets a method if it is the customer's.
	Forget(ctx context.Context, customer, token string) error
}

// Saved returns what a customer has kept. Providers that do not answer are left
// out; it is an error when none does.
func (d *Desk) Saved(ctx context.Context, customer string) (all []Saved, err error) {
	asked, failed := 0, []error{}
	for _, provider := range d.Providers {
		keeper, ok := provider.(Keeper)
		if !ok {
			continue
		}
		asked++
		some, err := d.saved(ctx, keeper, customer)
		if err != nil {
			failed = append(failed, err)
		}
		all = append(all, some...)
	}
	if asked > 0 && len(failed) == asked {
		return nil, ErrProvider.Because(errors.Join(failed...))
	}
	return all, nil
}

func (d *Desk) saved(ctx context.Context, keeper Keeper, customer string) ([]Saved, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Patience)
	defer cancel()
	return keeper.SavedMethods(ctx, customer)
}

// Forget makes a provider forget a customer's method. One that is not theirs
// stays, and that is no error.
func (d *Desk) Forget(ctx context.Context, customer, provider, token string) error {
	p, err := d.provider(Payment{Provider: provider})
	if err != nil {
		return err
	}
	keeper, ok := p.(Keeper)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, d.Patience)
	defer cancel()
	if err := keeper.Forget(ctx, customer, token); err != nil {
		return ErrProvider.Because(err)
	}
	return nil
}
