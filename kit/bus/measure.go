package bus

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/souk-commerce/souk/kit/crdb"
)

var meter = otel.Meter("github.com/souk-commerce/souk/kit/bus")

var (
	toldEvents, _ = meter.Int64Counter("souk.events.told",
		metric.WithDescription("Events that the stream acknowledged, by their message's name."))
	heardEvents, _ = meter.Int64Counter("souk.events.heard",
		metric.WithDescription("Events that a consumer was given, by what became of them: done, repeated, failed (comes again) or parked."))
	waitingEvents, _ = meter.Int64Gauge("souk.outbox.waiting",
		metric.WithDescription("Events in a service's outbox that are not told yet; counted up to 10000."))
)

func (c *Consumer) count(ctx context.Context, subject, outcome string) {
	heardEvents.Add(ctx, 1, metric.WithAttributes(attribute.String("consumer", c.name), attribute.String("subject", subject), attribute.String("outcome", outcome)))
}

func (r *Relay) count(ctx context.Context, kind string) {
	toldEvents.Add(ctx, 1, metric.WithAttributes(attribute.String("source", r.source), attribute.String("type", kind)))
}

const countWaiting = `SELECT count(*) FROM (SELECT w.id FROM outbox AS w WHERE w.published_at IS NULL LIMIT 10000) AS waiting`

// measure notes how long the outbox is.
func (r *Relay) measure(ctx context.Context) error {
	var n int64
	err := r.locked(ctx, func(tx crdb.Tx) error { return tx.QueryRow(ctx, countWaiting).Scan(&n) })
	if err == nil {
		waitingEvents.Record(ctx, n, metric.WithAttributes(attribute.String("source", r.source)))
	}
	return err
}
