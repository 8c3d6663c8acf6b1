package paystripe

import (
	"context"

	"github.com/stripe/stripe-go/v85"

	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

// Refund implements pay.Provider. It looks first whether the refund was made: the
// idempotency key is forgotten after a day, the refund is not.
func (p *Provider) Refund(ctx context.Context, own pay.Payment, r pay.Refund) (pay.Report, error) {
	amount, ok := units(own.Amount.Currency, r.Amount)
	if !ok {
		return pay.Report{}, pay.Refusal{Reason: "amount_invalid"}
	}
	made, err := p.refund(ctx, own, r)
	if err != nil {
		return pay.Report{}, err
	}
	if made == nil {
		params := &stripe.RefundCreateParams{
			Amount: stripe.Int64(amount), PaymentIntent: stripe.String(own.Reference), Metadata: map[string]string{ourPayment: own.ID, ourRefund: r.ID},
		}
		params.IdempotencyKey = stripe.String("souk-refund-" + own.ID + "-" + r.ID)
		if made, err = p.api().V1Refunds.Create(ctx, params); err != nil {
			return pay.Report{}, refusal(err)
		}
	}
	switch made.Status {
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		return pay.Report{}, pay.Refusal{Reason: "refund_" + string(made.Status)}
	}
	return p.retrieve(ctx, own)
}

// mostRefunds is more than a payment has.
const mostRefunds = 100

// refund finds a refund by our id.
func (p *Provider) refund(ctx context.Context, own pay.Payment, r pay.Refund) (*stripe.Refund, error) {
	params := &stripe.RefundListParams{PaymentIntent: stripe.String(own.Reference)}
	params.Limit = stripe.Int64(mostRefunds)
	list := p.api().V1Refunds.List(ctx, params)
	for made, err := range list.All(ctx) {
		if err != nil {
			return nil, plain(err)
		}
		if made.Metadata[ourRefund] == r.ID {
			return made, nil
		}
	}
	return nil, nil
}
