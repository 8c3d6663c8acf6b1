// Package access gives each request an id and writes some of them down.
package access

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/souk-commerce/souk/kit/clock"
)

// Header carries a request's id: to the parts behind, and back to who asked.
const Header = "X-Request-Id"

// slow is what is written down whatever the share.
const slow = 2 * time.Second

// Log is what writes requests down.
type Log struct {
	To *slog.Logger
	// Share of requests that are written down, from 0 to 1. Those that fail, or take
	// long, always are.
	Share float64
	Clock clock.Clock
}

// Handler gives requests ids and writes them down. What is asked for behind the path
// is left out: it may be somebody's own.
func (l Log) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.NewString()
		r.Header.Set(Header, id)
		w.Header().Set(Header, id)
		began := l.Clock.Now()
		seen := &writer{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			took := l.Clock.Now().Sub(began)
			if seen.status < http.StatusInternalServerError && took < slow && rand.Float64() >= l.Share {
				return
			}
			l.To.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("id", id), slog.String("method", r.Method), slog.String("host", r.Host), slog.String("path", r.URL.Path), slog.String("proto", r.Proto),
				slog.Int("status", seen.status), slog.Int64("bytes", seen.bytes), slog.Float64("ms", float64(took.Microseconds())/1000),
				slog.String("cache", w.Header().Get("Cache-Status")), slog.String("agent", agent(r.UserAgent())))
		}()
		next.ServeHTTP(seen, r)
	})
}

// agent is what a client says it is, in short.
func agent(text string) string {
	const most = 200
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(text, "?")
}

type writer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader implements http.ResponseWriter.
func (w *writer) WriteHeader(status int) {
	if status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (w *writer) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach what is beneath.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush implements http.Flusher, which proxies of streams ask for.
func (w *writer) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }
