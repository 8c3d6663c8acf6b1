package bus

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TraceOf returns the traceparent of ctx, or nothing.
func TraceOf(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[headerTrace]
}

// span begins the handling of an event as part of the trace in which it happened.
func span(ctx context.Context, parent, consumer string, d Delivery) (context.Context, func(error)) {
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{headerTrace: parent})
	ctx, s := otel.Tracer("github.com/souk-commerce/souk/kit/bus").Start(ctx, consumer+" "+d.Subject, trace.WithSpanKind(trace.SpanKindConsumer))
	return ctx, func(err error) {
		if err != nil {
			s.SetStatus(codes.Error, "not handled")
		}
		s.End()
	}
}
