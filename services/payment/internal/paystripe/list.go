package paystripe

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"

	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

const (
	pageSize = 100
	// For all pages of a piece of time.
	listTime = 5 * time.Minute
)

// List implements pay.Provider.
func (p *Provider) List(ctx context.Context, from, to time.Time) iter.Seq2[pay.Entry, error] {
	return func(yield func(pay.Entry, error) bool) {
		ctx, cancel := context.WithTimeout(ctx, listTime)
		defer cancel()
		params := &stripe.PaymentIntentListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: from.Unix(), LesserThan: to.Unix()}}
		params.Limit = stripe.Int64(pageSize)
		params.AddExpand("data." + latestCharge)
		for intent, err := range p.api().V1PaymentIntents.List(ctx, params).All(ctx) {
			if err != nil {
				yield(pay.Entry{}, plain(err))
				return
			}
			currency := strings.ToUpper(string(intent.Currency))
			if !yield(pay.Entry{
				Payment: intent.Metadata[ourPayment], Amount: money.Of(currency, minor(currency, intent.Amount)),
				Report: tell(currency, intent), Created: time.Unix(intent.Created, 0).UTC(),
			}, nil) {
				return
			}
		}
	}
}
