package salebus

import (
	"context"
	"time"

	"github.com/google/uuid"

	paymentv1 "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/crdb"
)

// Waker is what a payment's news do: the checkout goes on.
type Waker interface {
	Wake(ctx context.Context, id string, now time.Time) error
}

// NewPayments returns the consumer that wakes checkouts whose payment has moved.
func NewPayments(b *bus.Bus, db *crdb.DB, store Waker, c clock.Clock) *bus.Consumer {
	changed := func(ctx context.Context, d bus.Delivery) error {
		var m paymentv1.PaymentChanged
		if err := bus.Decode(d, &m); err != nil {
			return err
		}
		id, err := uuid.Parse(m.GetPayment().GetPaymentId())
		if err != nil {
			return nil // not a checkout's
		}
		switch m.GetPayment().GetState() {
		case paymentv1.PaymentState_PAYMENT_STATE_CAPTURED, paymentv1.PaymentState_PAYMENT_STATE_REFUNDED:
			return nil // we know: it was we who asked
		}
		return store.Wake(ctx, id.String(), c.Now())
	}
	return bus.NewConsumer(b, "order", map[string]bus.Handler{"souk.payment.changed": changed}, bus.WithInbox(db))
}
