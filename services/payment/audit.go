package payment

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

var (
	meter = otel.Meter("github.com/souk-commerce/souk/services/payment")

	compared, _ = meter.Int64Counter("souk.payment.audit.compared",
		metric.WithDescription("Payments that were compared with their provider's."))
	found, _ = meter.Int64Counter("souk.payment.audit.discrepancies",
		metric.WithDescription("Discrepancies that were found, by provider and kind, and whether they were put right."))
	waiting, _ = meter.Int64Gauge("souk.payment.audit.open",
		metric.WithDescription("Discrepancies that wait for a person."))
)

// auditLook is how often an instance looks whether an audit is due.
const auditLook = 5 * time.Second

// audit compares our payments with the providers', one instance at a time.
func (s *Service) audit(ctx context.Context) error {
	if s.cfg.AuditEvery <= 0 {
		<-ctx.Done()
		return nil
	}
	auditor := &pay.Auditor{Desk: s.desk, Store: s.store, Holder: uuid.NewString(), Back: cmp.Or(s.cfg.AuditBack, 72*time.Hour), Every: s.cfg.AuditEvery}
	return every(ctx, min(auditLook, s.cfg.AuditEvery), func() {
		sum, done, err := auditor.Audit(ctx)
		if err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "payments not compared with all providers; it is tried again", "error", err)
		}
		if done {
			s.tell(ctx, sum)
		}
	})
}

func (s *Service) tell(ctx context.Context, sum pay.Audited) {
	compared.Add(ctx, int64(sum.Compared))
	waiting.Record(ctx, int64(sum.Open))
	for _, d := range sum.Found {
		found.Add(ctx, 1, metric.WithAttributes(attribute.String("provider", d.Provider), attribute.String("kind", d.Kind), attribute.Bool("repaired", !d.Repaired.IsZero())))
		s.deps.Log.WarnContext(ctx, "a payment differs from its provider's", "provider", d.Provider, "payment", d.Payment, "kind", d.Kind,
			"ours", d.Ours, "theirs", d.Theirs, "repaired", !d.Repaired.IsZero())
	}
}
