package upstream

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

var (
	instruments = otel.Meter("github.com/souk-commerce/souk/edge")
	limits, _   = instruments.Int64Gauge("souk.edge.upstream.limit", metric.WithDescription("Calls that may be in flight to a part at once."))
	flying, _   = instruments.Int64UpDownCounter("souk.edge.upstream.in_flight", metric.WithDescription("Calls to a part whose answer has not begun."))
	turns, _    = instruments.Int64Counter("souk.edge.upstream.breaker", metric.WithDescription("Times that a part's breaker opened or closed."))
	retries, _  = instruments.Int64Counter("souk.edge.upstream.retries", metric.WithDescription("Calls to a part that were tried again."))
	hedges, _   = instruments.Int64Counter("souk.edge.upstream.hedges", metric.WithDescription("Reads of a part that were late and asked a second time."))
	refusals, _ = instruments.Int64Counter("souk.edge.upstream.refused", metric.WithDescription("Calls that got no answer of a part because of our own limits, by reason."))
)

// meter counts what happens on the way to one part.
type meter struct{ part attribute.KeyValue }

func newMeter(name string) meter { return meter{attribute.String("part", name)} }

func (m meter) limit(n int)     { limits.Record(context.Background(), int64(n), m.with()) }
func (m meter) flying(more int) { flying.Add(context.Background(), int64(more), m.with()) }
func (m meter) retried()        { retries.Add(context.Background(), 1, m.with()) }
func (m meter) hedged()         { hedges.Add(context.Background(), 1, m.with()) }

func (m meter) turned(open bool) {
	state := "closed"
	if open {
		state = "open"
	}
	turns.Add(context.Background(), 1, m.with(attribute.String("state", state)))
}

func (m meter) refused(reason string) {
	refusals.Add(context.Background(), 1, m.with(attribute.String("reason", reason)))
}

func (m meter) with(more ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributes(append(more, m.part)...)
}

// refusal is the reason that metrics know an error of ours by; empty for others'.
func refusal(err error) string {
	for reason, known := range map[string]error{"open": ErrOpen, "busy": ErrBusy, "away": ErrAway, "slow": ErrSlow} {
		if errors.Is(err, known) {
			return reason
		}
	}
	return ""
}
