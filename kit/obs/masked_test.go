package obs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/souk-commerce/souk/kit/obs"
)

const number = "4242 4242 4242 4242"

func TestCardNumbersAreNotInSpans(t *testing.T) {
	kept := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(obs.Masked(kept)))
	_, span := provider.Tracer("test").Start(t.Context(), "GET /search?q="+number,
		trace.WithAttributes(attribute.String("query", number), attribute.StringSlice("all", []string{"a", number}), attribute.Int("n", 7)),
		trace.WithLinks(trace.Link{Attributes: []attribute.KeyValue{attribute.String("l", number)}}))
	span.RecordError(errors.New("cannot read " + number))
	span.AddEvent("typed "+number, trace.WithAttributes(attribute.String("e", number)))
	span.SetStatus(codes.Error, "no product "+number)
	span.End()
	if err := provider.ForceFlush(context.Background()); err != nil {
		t.Fatal(err)
	}
	spans := kept.GetSpans()
	text := fmt.Sprintf("%+v", spans)
	if len(spans) != 1 || strings.Contains(text, number) || strings.Count(text, "[card number]") != 8 {
		t.Errorf("exported %d spans: %s", len(spans), text)
	}
}

func TestCardNumbersAreNotInLogs(t *testing.T) {
	var to bytes.Buffer
	log := obs.Logger(&to, slog.LevelInfo).With("a", number)
	log.Info("typed "+number, "b", number, "error", errors.New(number), slog.Group("g", "c", number), "any", map[string]string{"d": number})
	if text := to.String(); strings.Contains(text, "4242") || strings.Count(text, "[card number]") != 6 {
		t.Errorf("logged: %s", text)
	}
}
