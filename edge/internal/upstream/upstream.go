// Package upstream is the way inward: it passes requests to one part of the
// shop, and keeps a part in trouble from taking callers, or itself, down with it.
//
// A call goes through the breaker (does the part answer at all?), the limiter
// (has it room?) and a time limit to the first byte. Reads are asked again, or
// twice, within a budget. All of it is about the time until the answer begins:
// bodies flow as slowly as they like, and streams and upgrades only ask the breaker.
//
// It is written here rather than taken from a library since the pieces share one
// outcome of each try: who is to blame for an error, the part or its caller.
package upstream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/souk-commerce/souk/kit/clock"
)

// Config is how long a part may take. Zero values mean the defaults.
type Config struct {
	// Connect bounds the wait for a connection: a second.
	Connect time.Duration
	// FirstByte bounds the wait for an answer's beginning: 15 seconds.
	FirstByte time.Duration
	// Hedge asks for reads that are late a second time. It helps parts of several
	// instances; to a single one it is more work.
	Hedge bool
}

// Upstream is an http.RoundTripper to one part.
type Upstream struct {
	name    string
	next    http.RoundTripper
	config  Config
	clock   clock.Clock
	breaker breaker
	limiter limiter
	budget  budget
	late    late
	meter   meter
}

// New returns the way to the part called name, over next.
func New(name string, next http.RoundTripper, cfg Config, clock clock.Clock) *Upstream {
	if cfg.Connect <= 0 {
		cfg.Connect = time.Second
	}
	if cfg.FirstByte <= 0 {
		cfg.FirstByte = 15 * time.Second
	}
	m := newMeter(name)
	m.limit(firstLimit)
	return &Upstream{
		name: name, next: next, config: cfg, clock: clock, meter: m,
		breaker: breaker{changed: m.turned},
		limiter: limiter{limit: firstLimit, moved: m.limit, flying: m.flying},
		budget:  budget{saved: mostSaved, at: clock.Now()},
	}
}

type repeatable struct{}

// Repeatable marks calls that are safe to repeat though they are no GET.
func Repeatable(ctx context.Context) context.Context {
	return context.WithValue(ctx, repeatable{}, true)
}

// RoundTrip implements http.RoundTripper.
func (u *Upstream) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := u.send(req)
	if err != nil {
		if reason := refusal(err); reason != "" {
			u.meter.refused(reason)
		}
		return nil, fmt.Errorf("%s: %w", u.name, err)
	}
	return resp, nil
}

func (u *Upstream) send(req *http.Request) (*http.Response, error) {
	if isStream(req) {
		if !u.breaker.closedOrDue(u.clock.Now()) {
			closeBody(req)
			return nil, ErrOpen
		}
		return u.next.RoundTrip(req)
	}
	u.budget.call(u.clock.Now())
	if !mayRepeat(req) {
		return u.try(req)
	}
	return u.repeat(req)
}

func isStream(req *http.Request) bool {
	kind := req.Header.Get("Content-Type")
	return strings.HasPrefix(kind, "application/grpc") || strings.HasPrefix(kind, "application/connect+") || req.Header.Get("Upgrade") != ""
}

func mayRepeat(req *http.Request) bool {
	marked, _ := req.Context().Value(repeatable{}).(bool)
	return (marked || req.Method == http.MethodGet || req.Method == http.MethodHead) && (!hasBody(req) || req.GetBody != nil)
}

func hasBody(req *http.Request) bool { return req.Body != nil && req.Body != http.NoBody }

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

const (
	mostTries = 3
	// Pauses between tries are random, up to this and then twice it.
	pauseTime = 25 * time.Millisecond
)

// repeat asks until there is an answer, as far as tries and budget go.
func (u *Upstream) repeat(req *http.Request) (*http.Response, error) {
	defer closeBody(req) // tries read copies
	for try := 1; ; try++ {
		resp, err := u.hedged(req)
		if try == mostTries || !worthAnother(req.Context(), resp, err) || !u.budget.spend(u.clock.Now()) {
			return resp, err
		}
		timer := time.NewTimer(rand.N(pauseTime) * time.Duration(try))
		select {
		case <-req.Context().Done():
			timer.Stop()
			return resp, err
		case <-timer.C:
		}
		if resp != nil {
			resp.Body.Close()
		}
		u.meter.retried()
	}
}

// worthAnother tells whether a try failed before its answer in a way that the
// next may not. A part that says itself when to come back is not asked sooner.
func worthAnother(ctx context.Context, resp *http.Response, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		return !errors.Is(err, ErrOpen) && !errors.Is(err, ErrBusy) && !errors.Is(err, ErrSlow)
	}
	return resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == ""
}

type answer struct {
	resp *http.Response
	err  error
	from int
}

// hedged asks a second time when the first is late. The first good answer wins,
// and the other try is cancelled.
func (u *Upstream) hedged(req *http.Request) (*http.Response, error) {
	after, known := u.late.after()
	if !u.config.Hedge || !known {
		return u.tryCopy(req.Context(), req)
	}
	answers := make(chan answer, 2)
	var cancels []context.CancelFunc
	ask := func() {
		ctx, cancel := context.WithCancel(req.Context())
		from := len(cancels)
		cancels = append(cancels, cancel)
		go func() {
			resp, err := u.tryCopy(ctx, req)
			answers <- answer{resp, err, from}
		}()
	}
	ask()
	timer := time.NewTimer(after)
	defer timer.Stop()
	for asked, heard := 1, 0; ; {
		select {
		case <-timer.C:
			if u.budget.spend(u.clock.Now()) {
				u.meter.hedged()
				ask()
				asked++
			}
		case a := <-answers:
			heard++
			failed := a.err != nil || a.resp.StatusCode >= http.StatusInternalServerError
			if failed && heard < asked {
				cancels[a.from]()
				if a.resp != nil {
					a.resp.Body.Close()
				}
				continue
			}
			for from, cancel := range cancels {
				if from != a.from {
					cancel()
				}
			}
			if heard < asked {
				go drop(answers)
			}
			if a.err != nil {
				cancels[a.from]()
				return nil, a.err
			}
			a.resp.Body = &body{a.resp.Body, cancels[a.from]}
			return a.resp, nil
		}
	}
}

// drop closes the answer of a try that was cancelled too late.
func drop(answers <-chan answer) {
	if a := <-answers; a.resp != nil {
		a.resp.Body.Close()
	}
}

// tryCopy leaves req as it is, for the next try.
func (u *Upstream) tryCopy(ctx context.Context, req *http.Request) (*http.Response, error) {
	out := req.Clone(ctx)
	if hasBody(req) {
		copied, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		out.Body = copied
	}
	return u.try(out)
}
