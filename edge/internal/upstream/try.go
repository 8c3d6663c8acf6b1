package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// ErrAway and ErrSlow say that the part took too long to be reached, or to answer.
var (
	ErrAway = errors.New("could not be reached in time")
	ErrSlow = errors.New("did not begin to answer in time")
)

// try asks once, and tells breaker and limiter what came of it.
func (u *Upstream) try(req *http.Request) (*http.Response, error) {
	p, err := u.breaker.enter(u.clock.Now())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	if err := u.limiter.enter(req.Context()); err != nil {
		closeBody(req)
		return nil, err
	}
	limit := u.config.FirstByte
	if p.limit > 0 {
		limit = min(limit, p.limit)
	}
	began := u.clock.Now()
	resp, blame, err := u.ask(req, limit)
	now := u.clock.Now()
	took := now.Sub(began)
	u.breaker.leave(p, blame, now)
	switch {
	case blame == good && req.Method == http.MethodGet:
		u.late.learn(took)
	case blame == bad && !errors.Is(err, ErrSlow):
		took = -1 // failures are quick, and no sign of room
	case blame == neither:
		took = -1
	}
	u.limiter.leave(took, now)
	return resp, err
}

// ask sends the request within its time limits, and finds who is to blame when
// there is no answer.
func (u *Upstream) ask(req *http.Request, limit time.Duration) (*http.Response, outcome, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	w := &watch{limit: limit, timer: time.AfterFunc(limit, func() { cancel(ErrSlow) })}
	away := time.AfterFunc(u.config.Connect, func() { cancel(ErrAway) })
	out := req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { away.Stop() }}))
	if hasBody(req) {
		out.Body = &sent{ReadCloser: req.Body, watch: w}
	}
	resp, err := u.next.RoundTrip(out)
	away.Stop()
	theirs := w.stop()
	if err == nil && ctx.Err() != nil {
		// The limit passed while the answer came; its body could not be read.
		resp.Body.Close()
		err = ctx.Err()
	}
	if err != nil {
		// The caller's own end comes before ours.
		blame := bad
		switch cause := context.Cause(ctx); {
		case errors.Is(req.Context().Err(), context.Canceled), theirs:
			blame = neither
		case cause != nil && req.Context().Err() == nil:
			err = cause
		}
		cancel(nil)
		return nil, blame, err
	}
	resp.Body = &body{resp.Body, func() { cancel(nil) }}
	switch resp.StatusCode {
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return resp, bad, nil
	case http.StatusServiceUnavailable:
		// It answers: somebody behind it may be away, and other calls do not need them.
		return resp, neither, nil
	}
	return resp, good, nil
}

// body gives back what its request holds when it is closed.
type body struct {
	io.ReadCloser
	done func()
}

// Close implements io.Closer.
func (b *body) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}

// watch is the time limit of a request. It rests while the caller's body is
// waited for: that is not the part's slowness.
type watch struct {
	limit time.Duration
	timer *time.Timer

	mu     sync.Mutex
	ended  bool
	failed bool
}

// stop ends the watch, and tells whether the caller's body failed.
func (w *watch) stop() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.timer.Stop()
	return w.failed
}

func (w *watch) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
}

func (w *watch) resume(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = w.failed || err != nil && !errors.Is(err, io.EOF) && !w.ended
	if !w.ended {
		w.timer.Reset(w.limit)
	}
}

// sent is the caller's body on its way to the part.
type sent struct {
	io.ReadCloser
	watch *watch
}

// Read implements io.Reader.
func (s *sent) Read(p []byte) (int, error) {
	s.watch.rest()
	n, err := s.ReadCloser.Read(p)
	s.watch.resume(err)
	return n, err
}
