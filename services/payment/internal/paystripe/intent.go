package paystripe

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/stripe/stripe-go/v85"

	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

// What our ids are called in Stripe's metadata.
const (
	ourPayment  = "souk_payment"
	ourRefund   = "souk_refund"
	ourCustomer = "souk_customer"
)

const latestCharge = "latest_charge"

var expand = []*string{stripe.String(latestCharge)}

// plainToken begins the token of a method that needs no data: the rest is its type.
const plainToken = "type:"

// create is what Stripe is asked for: the same for the same payment, always.
func (p *Provider) create(ctx context.Context, own pay.Payment) (*stripe.PaymentIntentCreateParams, error) {
	amount, ok := units(own.Amount.Currency, own.Amount.Minor)
	if !ok {
		return nil, pay.Refusal{Reason: "amount_invalid"}
	}
	offered := p.offered(purchase(own))
	params := &stripe.PaymentIntentCreateParams{
		Amount: stripe.Int64(amount), Currency: stripe.String(strings.ToLower(own.Amount.Currency)), Confirm: stripe.Bool(true),
		Metadata: map[string]string{ourPayment: own.ID}, Expand: expand,
	}
	params.IdempotencyKey = stripe.String("souk-payment-" + own.ID)
	if own.ReturnURL != "" {
		params.ReturnURL = stripe.String(own.ReturnURL)
	}
	only, plain := strings.CutPrefix(own.Method, plainToken)
	switch {
	case plain:
		params.PaymentMethodData = &stripe.PaymentIntentCreatePaymentMethodDataParams{Type: stripe.String(only)}
	case strings.HasPrefix(own.Method, "ctoken_"):
		params.ConfirmationToken = stripe.String(own.Method)
	default:
		params.PaymentMethod = stripe.String(own.Method)
	}
	reference, err := p.customer(ctx, own)
	if err != nil {
		return nil, err
	}
	if reference != "" {
		params.Customer = stripe.String(reference)
	}
	seen := map[string]bool{}
	for _, m := range offered {
		if seen[m.stripe] || plain && (m.stripe != only || !m.plain) || own.Save && m.keep == "" {
			continue
		}
		seen[m.stripe] = true
		params.PaymentMethodTypes = append(params.PaymentMethodTypes, stripe.String(m.stripe))
		if m.later {
			params.AddExtra("payment_method_options["+m.stripe+"][capture_method]", "manual")
		}
		if own.Save {
			params.AddExtra("payment_method_options["+m.stripe+"][setup_future_usage]", m.keep)
		}
	}
	if len(seen) == 0 {
		return nil, pay.Refusal{Reason: "method_not_offered"}
	}
	return params, nil
}

func purchase(own pay.Payment) pay.Purchase {
	return pay.Purchase{Currency: own.Amount.Currency, Country: own.Country, Amount: own.Amount.Minor}
}

// report is what an intent says. One that is not the payment's is an error.
func (p *Provider) report(own pay.Payment, intent *stripe.PaymentIntent) (pay.Report, error) {
	if id := intent.Metadata[ourPayment]; id != own.ID {
		return pay.Report{}, fmt.Errorf("stripe's %s is not of payment %s but of %q", intent.ID, own.ID, id)
	}
	r := tell(own.Amount.Currency, intent)
	if r.State == "" {
		return r, fmt.Errorf("stripe's %s is in a status we do not know: %q", intent.ID, intent.Status)
	}
	return r, nil
}

func tell(currency string, intent *stripe.PaymentIntent) pay.Report {
	r := pay.Report{Reference: intent.ID, Captured: minor(currency, intent.AmountReceived)}
	if c := intent.LatestCharge; c != nil {
		r.Refunded, r.Summary = minor(currency, c.AmountRefunded), summary(c.PaymentMethodDetails)
	}
	switch intent.Status {
	case stripe.PaymentIntentStatusRequiresPaymentMethod:
		// Without an error it has only been made; with one, that try has failed.
		if r.State = pay.Pending; intent.LastPaymentError != nil {
			r.State, r.Decline = pay.Declined, reason(intent.LastPaymentError)
		}
	case stripe.PaymentIntentStatusRequiresConfirmation:
		r.State = pay.Pending
	case stripe.PaymentIntentStatusRequiresAction:
		// An action without a page is none that our shopper can do.
		if r.State, r.ActionURL = pay.Action, actionURL(intent.NextAction); r.ActionURL == "" {
			r.State = pay.Pending
		}
	case stripe.PaymentIntentStatusProcessing:
		// The bank was told to pay: nothing is missing but time, days for debits.
		r.State = pay.Authorized
	case stripe.PaymentIntentStatusRequiresCapture:
		r.State = pay.Authorized
	case stripe.PaymentIntentStatusSucceeded:
		if r.State = pay.Captured; r.Refunded > 0 && r.Refunded >= r.Captured {
			r.State = pay.Refunded
		}
	case stripe.PaymentIntentStatusCanceled:
		if r.State = pay.Voided; intent.CancellationReason == stripe.PaymentIntentCancellationReasonAutomatic || intent.CancellationReason == stripe.PaymentIntentCancellationReasonExpired {
			r.Decline = "authorization_expired"
		}
	}
	return r
}

// actionURL is the page that the shopper has to visit.
func actionURL(a *stripe.PaymentIntentNextAction) string {
	switch {
	case a == nil:
		return ""
	case a.RedirectToURL != nil:
		return a.RedirectToURL.URL
	case a.AlipayHandleRedirect != nil:
		return a.AlipayHandleRedirect.URL
	case a.CashAppHandleRedirectOrDisplayQRCode != nil:
		return a.CashAppHandleRedirectOrDisplayQRCode.HostedInstructionsURL
	case a.SwishHandleRedirectOrDisplayQRCode != nil:
		return a.SwishHandleRedirectOrDisplayQRCode.HostedInstructionsURL
	case a.VerifyWithMicrodeposits != nil:
		return a.VerifyWithMicrodeposits.HostedVerificationURL
	}
	return ""
}

// refusedIntent is what an error of Create means. A decline comes with the
// intent that stays behind.
func refusedIntent(err error) (r pay.Report, _ error) {
	var said *stripe.Error
	if errors.As(err, &said) && said.PaymentIntent != nil {
		r.Reference = said.PaymentIntent.ID
	}
	return r, refusal(err)
}
