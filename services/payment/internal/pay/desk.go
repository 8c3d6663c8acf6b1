package pay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/kit/clock"
)

// Provider moves money. Every call names the payment by our own id or by the
// provider's, and may be repeated.
type Provider interface {
	Name() string
	// Methods is what it takes for a purchase, the most usual first. Empty: nothing.
	Methods(p Purchase) []Method
	// Authorize reserves the amount, once for a payment's ID. A definite no is a Refusal.
	Authorize(ctx context.Context, p Payment) (Report, error)
	// Find asks where a payment stands; ErrUnknown when the provider has never heard
	// of it, and a Refusal when it hears of it now and says no.
	Find(ctx context.Context, p Payment) (Report, error)
	// Capture takes what was authorized; a definite no is a Refusal.
	Capture(ctx context.Context, p Payment) (Report, error)
	Void(ctx context.Context, p Payment) (Report, error)
	// Refund gives captured money back, once for a refund's ID; a definite no is a Refusal.
	Refund(ctx context.Context, p Payment, r Refund) (Report, error)
	// List returns the payments that the provider has of a time, in any order.
	List(ctx context.Context, from, to time.Time) iter.Seq2[Entry, error]
	// Webhook checks a message's signature and age and returns what it is about;
	// nothing when it is about no payment.
	Webhook(header map[string][]string, body []byte, now time.Time) (Notice, error)
}

// Notice is what a provider's message is about.
type Notice struct {
	// The message's own ID: the same again is the same message.
	Event string
	// Our payment's ID, or the provider's; one may be missing.
	Payment, Reference string
}

// Store keeps payments.
type Store interface {
	// Begin adds a payment, or returns the one of this ID that is there.
	Begin(ctx context.Context, p Payment) (Payment, error)
	// Change stores what f leaves in the payment, and tells it when f says it
	// changed. f may run more than once. ErrNoPayment when there is none.
	Change(ctx context.Context, id string, f func(*Payment) (told bool, err error)) (Payment, error)
	Payment(ctx context.Context, id string) (Payment, error)
	// Find returns the payment that a provider knows by this reference.
	Find(ctx context.Context, provider, reference string) (Payment, error)
	// Heard tells whether a provider's message was dealt with; Hear notes that it was.
	Heard(ctx context.Context, provider, event string) (bool, error)
	Hear(ctx context.Context, provider, event string, now time.Time) error
	// BeginRefund notes a refund within what was captured, or returns the one of
	// this ID that is there. It is chased when it is due.
	BeginRefund(ctx context.Context, id string, r Refund, due time.Time) (Payment, Refund, error)
	// DelayRefund counts a try and makes the refund due later.
	DelayRefund(ctx context.Context, id, refund string, due time.Time) error
	// DropRefund forgets a refund that the provider has not taken.
	DropRefund(ctx context.Context, id, refund string) error
	// RefundDone notes that the provider has taken a refund.
	RefundDone(ctx context.Context, id, refund string) error
	// Due returns payments that have to be asked for, and refunds not yet taken.
	Due(ctx context.Context, now time.Time, most int) (payments []string, refunds []Owed, err error)
}

// Owed is a refund that the provider has not taken yet.
type Owed struct {
	Payment string
	Refund  Refund
	Tries   int
}

// Deps is what a desk leans on.
type Deps struct {
	Store Store
	// New payments are for the first that takes them.
	Providers []Provider
	// By the providers' names.
	Limits map[string]Limits
	Clock  clock.Clock
	// Patience bounds one call to a provider: well within the caller's deadline.
	Patience time.Duration
}

// Desk is what callers can ask.
type Desk struct{ Deps }

// New returns a desk.
func New(d Deps) *Desk { return &Desk{d} }

// Wish is what a payment is to be.
type Wish struct {
	ID     string
	Amount money.Amount
	// The provider's token, and where it sends the shopper back to.
	Method, ReturnURL string
	// Empty: the first that takes it.
	Provider string
	// Where the shopper is, and who, when that is known.
	Country, Customer string
	// Keep the method for the customer's next payments.
	Save bool
}

// Authorize reserves the amount. A payment that was begun before is never begun
// again: the provider is asked where it stands. No answer is Pending, not an error.
func (d *Desk) Authorize(ctx context.Context, w Wish) (Payment, error) {
	switch {
	case w.Amount.Minor <= 0:
		return Payment{}, ErrAmount
	case w.Save && w.Customer == "":
		return Payment{}, ErrNobody
	}
	provider, err := d.choose(w.Provider, Purchase{Currency: w.Amount.Currency, Country: w.Country, Amount: w.Amount.Minor})
	if err != nil {
		return Payment{}, err
	}
	now := d.Clock.Now()
	own := Payment{
		ID: w.ID, State: Pending, Amount: w.Amount, Provider: provider.Name(), Method: w.Method, ReturnURL: w.ReturnURL,
		Country: w.Country, Customer: w.Customer, Save: w.Save, Created: now,
	}
	own.check(now)
	p, err := d.Store.Begin(ctx, own)
	switch {
	case err != nil:
		return p, err
	case p.State == Voided:
		return p, ErrVoided
	case p.Amount != w.Amount, w.Provider != "" && w.Provider != p.Provider:
		return p, ErrDiffers
	case p.State != Pending:
		return p, nil
	}
	return d.authorize(ctx, p)
}

func (d *Desk) authorize(ctx context.Context, p Payment) (Payment, error) {
	provider, err := d.provider(p)
	if err != nil {
		return p, err
	}
	report, err := declined(d.within(ctx, func(ctx context.Context) (Report, error) { return provider.Authorize(ctx, p) }))
	if err != nil {
		return p, nil // it may have got there: it is asked for later
	}
	return d.learn(ctx, p.ID, report)
}

// within bounds a call to a provider, and lets it end when the caller goes away:
// money may move.
func (d *Desk) within(ctx context.Context, f func(ctx context.Context) (Report, error)) (Report, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.Patience)
	defer cancel()
	return f(ctx)
}

// learn stores a report. When the payment was given up meanwhile, what the
// provider holds is voided.
func (d *Desk) learn(ctx context.Context, id string, r Report) (Payment, error) {
	ctx = context.WithoutCancel(ctx)
	p, err := d.Store.Change(ctx, id, func(p *Payment) (bool, error) { return p.Learn(r, d.Clock.Now()), nil })
	if err != nil || p.State != Voided || p.Settled {
		return p, err
	}
	return d.settleVoid(ctx, p, r)
}

// Sync asks the provider where a payment stands.
func (d *Desk) Sync(ctx context.Context, id string) (Payment, error) {
	p, err := d.Store.Payment(ctx, id)
	if err != nil {
		return p, err
	}
	provider, err := d.provider(p)
	if err != nil {
		return p, err
	}
	report, err := declined(d.within(ctx, func(ctx context.Context) (Report, error) { return provider.Find(ctx, p) }))
	switch {
	case errors.Is(err, ErrUnknown):
		return d.Store.Change(ctx, id, func(p *Payment) (bool, error) { return p.Unknown(d.Clock.Now()), nil })
	case err != nil:
		return p, ErrProvider.Because(err)
	}
	return d.learn(ctx, id, report)
}

// Capture takes the authorized amount.
func (d *Desk) Capture(ctx context.Context, id string) (Payment, error) {
	p, err := d.Store.Payment(ctx, id)
	switch {
	case err != nil:
		return p, err
	case p.State == Captured || p.State == Refunded:
		return p, nil
	case p.State != Authorized:
		return p, ErrNotAuthorized
	}
	provider, err := d.provider(p)
	if err != nil {
		return p, err
	}
	report, err := d.within(ctx, func(ctx context.Context) (Report, error) { return provider.Capture(ctx, p) })
	var no Refusal
	switch {
	case errors.As(err, &no):
		return d.uncapturable(ctx, p, provider, no)
	case err != nil:
		return p, ErrProvider.Because(err)
	}
	return d.learn(ctx, id, report)
}

// uncapturable ends an authorization that the provider does not turn into money:
// it has lapsed there, or the bank has thought better of it. What the provider
// still holds is let go.
func (d *Desk) uncapturable(ctx context.Context, p Payment, provider Provider, no Refusal) (Payment, error) {
	report, err := d.within(ctx, func(ctx context.Context) (Report, error) { return provider.Find(ctx, p) })
	if err != nil {
		return p, ErrProvider.Because(err)
	}
	if report.State != Authorized {
		return d.learn(ctx, p.ID, report)
	}
	given, err := d.Store.Change(context.WithoutCancel(ctx), p.ID, func(p *Payment) (bool, error) {
		before := p.State
		if err := p.GiveUp(d.Clock.Now()); err != nil {
			return false, nil // it was captured meanwhile, and that stands
		}
		p.Decline = orDefault(p.Decline, no.Reason)
		return p.State != before, nil
	})
	if err != nil || given.State != Voided || given.Settled {
		return given, err
	}
	return d.settleVoid(ctx, given, report)
}

// Void gives an authorization up. One that was never begun is noted as given up,
// so that a late Authorize of it is refused.
func (d *Desk) Void(ctx context.Context, id string) (Payment, error) {
	now := d.Clock.Now()
	begun, err := d.Store.Begin(ctx, Payment{ID: id, State: Voided, Amount: money.Of("XXX", 0), Provider: d.Providers[0].Name(), Settled: true, Created: now, CheckAt: now})
	if err != nil || begun.State == Voided && begun.Settled {
		return begun, err
	}
	p, err := d.Store.Change(ctx, id, func(p *Payment) (bool, error) {
		before := p.State
		err := p.GiveUp(now)
		return p.State != before, err
	})
	if err != nil || p.State != Voided || p.Settled {
		return p, err
	}
	return d.settleVoid(ctx, p, Report{})
}

// settleVoid makes the provider let go of a payment that was given up. What does
// not succeed now is tried again by Chase, so it is no error for the caller.
func (d *Desk) settleVoid(ctx context.Context, p Payment, known Report) (Payment, error) {
	provider, err := d.provider(p)
	if err != nil {
		return p, err
	}
	report, err := d.within(ctx, func(ctx context.Context) (r Report, err error) {
		if r = known; r.State == "" {
			if r, err = provider.Find(ctx, p); err != nil {
				return r, err
			}
		}
		p.Reference = orDefault(p.Reference, r.Reference)
		switch r.State {
		case Captured:
			// It was taken after all: what is left is given back.
			return provider.Refund(ctx, p, Refund{ID: "void-" + p.ID, Amount: r.Captured - r.Refunded})
		case Voided, Declined, Refunded:
			return r, nil
		}
		return provider.Void(ctx, p)
	})
	return d.Store.Change(context.WithoutCancel(ctx), p.ID, func(p *Payment) (bool, error) {
		now := d.Clock.Now()
		switch {
		case errors.Is(err, ErrUnknown):
			p.Unknown(now)
		case err != nil:
			p.Tries++
			p.check(now)
		default:
			if report.State == Refunded {
				report.State = Voided
			}
			p.Learn(report, now)
		}
		return false, nil // that it is voided was told when it was given up
	})
}

// Refund gives captured money back, once for a refund's ID.
func (d *Desk) Refund(ctx context.Context, id, refund string, amount money.Amount) (Payment, error) {
	if amount.Minor <= 0 {
		return Payment{}, ErrAmount
	}
	p, err := d.Store.Payment(ctx, id)
	if err != nil {
		return p, err
	}
	if p.Amount.Currency != amount.Currency {
		return p, ErrAmount
	}
	p, r, err := d.Store.BeginRefund(ctx, id, Refund{ID: refund, Amount: amount.Minor}, d.Clock.Now().Add(refundPatience))
	if err != nil || r.Done {
		return p, err
	}
	return d.refund(ctx, p, r)
}

func (d *Desk) refund(ctx context.Context, p Payment, r Refund) (Payment, error) {
	provider, err := d.provider(p)
	if err != nil {
		return p, err
	}
	report, err := d.within(ctx, func(ctx context.Context) (Report, error) { return provider.Refund(ctx, p, r) })
	var no Refusal
	switch {
	case errors.As(err, &no):
		return p, d.unrefundable(ctx, p, r, no)
	case err != nil:
		return p, ErrProvider.Because(err)
	}
	if p, err = d.learn(ctx, p.ID, report); err != nil {
		return p, err // it is not done before it is known, and so repeated
	}
	return p, d.Store.RefundDone(context.WithoutCancel(ctx), p.ID, r.ID)
}

// unrefundable forgets a refund that the provider refuses. Mostly the money was
// given back on its side already, so it is asked where the payment stands.
func (d *Desk) unrefundable(ctx context.Context, p Payment, r Refund, no Refusal) error {
	if _, err := d.Sync(ctx, p.ID); err != nil {
		return err
	}
	if err := d.Store.DropRefund(context.WithoutCancel(ctx), p.ID, r.ID); err != nil {
		return err
	}
	return ErrRefundRefused.Because(no)
}

// Payment returns a payment as we know it.
func (d *Desk) Payment(ctx context.Context, id string) (Payment, error) {
	return d.Store.Payment(ctx, id)
}

// chaseMost bounds how much one round takes on.
const chaseMost = 50

// Chase asks for payments without an answer, voids what was given up, and sends
// refunds that have not arrived. It tells how much there was to do.
func (d *Desk) Chase(ctx context.Context) (int, error) {
	payments, refunds, err := d.Store.Due(ctx, d.Clock.Now(), chaseMost)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, id := range payments {
		errs = append(errs, d.chase(ctx, id))
	}
	for _, owed := range refunds {
		errs = append(errs, d.chaseRefund(ctx, owed))
	}
	return len(payments) + len(refunds), errors.Join(errs...)
}

func (d *Desk) chase(ctx context.Context, id string) error {
	p, err := d.Store.Change(ctx, id, func(p *Payment) (bool, error) {
		p.Tries++ // the next look comes later, whatever this one brings
		p.check(d.Clock.Now())
		return false, nil
	})
	if err != nil {
		return err
	}
	if p.State == Voided {
		_, err = d.settleVoid(ctx, p, Report{})
	} else {
		_, err = d.Sync(ctx, id)
	}
	if err != nil {
		return fmt.Errorf("chase payment %s: %w", id, err)
	}
	return nil
}

func (d *Desk) chaseRefund(ctx context.Context, o Owed) error {
	// The next try comes later, whatever this one brings.
	if err := d.Store.DelayRefund(ctx, o.Payment, o.Refund.ID, d.Clock.Now().Add(max(refundPatience, wait(o.Tries)))); err != nil {
		return err
	}
	p, err := d.Store.Payment(ctx, o.Payment)
	if err == nil {
		_, err = d.refund(ctx, p, o.Refund)
	}
	if err != nil {
		return fmt.Errorf("chase refund %s of payment %s: %w", o.Refund.ID, o.Payment, err)
	}
	return nil
}

func (d *Desk) provider(p Payment) (Provider, error) {
	for _, provider := range d.Providers {
		if provider.Name() == p.Provider {
			return provider, nil
		}
	}
	return nil, ErrNoProvider
}
