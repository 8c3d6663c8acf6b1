// Package measure counts and times what the edge answers.
package measure

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/souk-commerce/souk/kit/clock"
)

var answered, _ = otel.Meter("github.com/souk-commerce/souk/edge").Float64Histogram("souk.edge.duration",
	metric.WithUnit("s"), metric.WithDescription("Time to answer a request, by the cache's part in it and the status."),
	metric.WithExplicitBucketBoundaries(.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10))

var hits atomic.Int64

var _, _ = otel.Meter("github.com/souk-commerce/souk/edge").Int64ObservableCounter("souk.edge.hits",
	metric.WithDescription("Plain requests that were answered from memory before anything else; souk.edge.duration has all others."),
	metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error { o.Observe(hits.Load()); return nil }))

// Hit counts an answer from memory that Handler does not see.
func Hit() { hits.Add(1) }

// Handler measures what next answers.
func Handler(next http.Handler, clock clock.Clock) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := clock.Now()
		watch := &watched{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			answered.Record(r.Context(), clock.Now().Sub(began).Seconds(), metric.WithAttributes(
				attribute.String("cache", part(w.Header().Get("Cache-Status"))), attribute.Int("status", watch.status)))
		}()
		next.ServeHTTP(watch, r)
	})
}

// part reads our own Cache-Status (RFC 9211): hit, what it was forwarded for, or none.
func part(status string) string {
	_, did, ours := strings.Cut(status, "souk; ")
	if !ours {
		return "none"
	}
	did, _, _ = strings.Cut(did, ";")
	return did
}

type watched struct {
	http.ResponseWriter
	status int
}

func (w *watched) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what is beneath.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush implements http.Flusher, which proxies of streams ask for.
func (w *watched) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }
