package obs

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/souk-commerce/souk/kit/mask"
)

// Masked keeps numbers of payment cards out of the spans that an exporter gets:
// errors and addresses may have in them what a person typed.
func Masked(to sdktrace.SpanExporter) sdktrace.SpanExporter { return masked{to} }

type masked struct{ sdktrace.SpanExporter }

// ExportSpans implements sdktrace.SpanExporter.
func (m masked) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	clean := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		clean[i] = maskedSpan{s}
	}
	return m.SpanExporter.ExportSpans(ctx, clean)
}

type maskedSpan struct{ sdktrace.ReadOnlySpan }

// Name implements sdktrace.ReadOnlySpan.
func (s maskedSpan) Name() string { return mask.Text(s.ReadOnlySpan.Name()) }

// Attributes implements sdktrace.ReadOnlySpan.
func (s maskedSpan) Attributes() []attribute.KeyValue { return maskAll(s.ReadOnlySpan.Attributes()) }

// Status implements sdktrace.ReadOnlySpan.
func (s maskedSpan) Status() sdktrace.Status {
	status := s.ReadOnlySpan.Status()
	status.Description = mask.Text(status.Description)
	return status
}

// Events implements sdktrace.ReadOnlySpan.
func (s maskedSpan) Events() []sdktrace.Event {
	events := s.ReadOnlySpan.Events()
	clean := make([]sdktrace.Event, len(events))
	for i, e := range events {
		e.Name, e.Attributes = mask.Text(e.Name), maskAll(e.Attributes)
		clean[i] = e
	}
	return clean
}

// Links implements sdktrace.ReadOnlySpan.
func (s maskedSpan) Links() []sdktrace.Link {
	links := s.ReadOnlySpan.Links()
	clean := make([]sdktrace.Link, len(links))
	for i, l := range links {
		l.Attributes = maskAll(l.Attributes)
		clean[i] = l
	}
	return clean
}

func maskAll(all []attribute.KeyValue) []attribute.KeyValue {
	clean := make([]attribute.KeyValue, len(all))
	for i, kv := range all {
		switch kv.Value.Type() {
		case attribute.STRING:
			kv.Value = attribute.StringValue(mask.Text(kv.Value.AsString()))
		case attribute.STRINGSLICE:
			texts := kv.Value.AsStringSlice()
			for n := range texts {
				texts[n] = mask.Text(texts[n])
			}
			kv.Value = attribute.StringSliceValue(texts)
		}
		clean[i] = kv
	}
	return clean
}
