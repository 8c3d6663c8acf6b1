package paystripe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"

	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

// keyAge is for how long a call may be repeated under its idempotency key: Stripe
// keeps keys for at least 24 hours.
const keyAge = 23 * time.Hour

// Find implements pay.Provider.
func (p *Provider) Find(ctx context.Context, own pay.Payment) (pay.Report, error) {
	switch {
	case own.Reference != "":
		return p.retrieve(ctx, own)
	case own.State == pay.Voided:
		// What was given up is not authorized only to be voided.
		return p.search(ctx, own)
	case p.cfg.Clock.Now().Sub(own.Created) >= keyAge:
		return p.search(ctx, own)
	}
	report, err := p.Authorize(ctx, own)
	if !stuck(err) {
		return report, err
	}
	// Stripe repeats its own failures under the same key, too.
	if report, searched := p.search(ctx, own); searched == nil {
		return report, nil
	}
	return pay.Report{}, err
}

func (p *Provider) retrieve(ctx context.Context, own pay.Payment) (pay.Report, error) {
	intent, err := p.api().V1PaymentIntents.Retrieve(ctx, own.Reference, &stripe.PaymentIntentRetrieveParams{Expand: expand})
	if err != nil {
		return pay.Report{}, plain(err)
	}
	return p.report(own, intent)
}

// search asks by our id. What was made in the last minute may not be found yet.
func (p *Provider) search(ctx context.Context, own pay.Payment) (pay.Report, error) {
	query := fmt.Sprintf(`metadata["%s"]:"%s"`, ourPayment, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(own.ID))
	params := &stripe.PaymentIntentSearchParams{SearchParams: stripe.SearchParams{Query: query, Limit: stripe.Int64(10)}}
	params.AddExpand("data." + latestCharge)
	list := p.api().V1PaymentIntents.Search(ctx, params)
	if err := list.Err(); err != nil {
		return pay.Report{}, plain(err)
	}
	for _, intent := range list.Data() {
		if intent.Metadata[ourPayment] == own.ID {
			return p.report(own, intent)
		}
	}
	return pay.Report{}, pay.ErrUnknown
}

// stuck tells whether asking again under the same key brings the same failure.
func stuck(err error) bool {
	var f failure
	return errors.As(err, &f) && (f.kind == stripe.ErrorTypeIdempotency && f.code != stripe.ErrorCodeIdempotencyKeyInUse || f.status >= 500)
}
