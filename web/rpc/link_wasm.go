//go:build wasm

package rpc

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/souk-commerce/souk/web/browser"
)

// ensureSession begins a guest's session, or goes on with the one of the refresh
// cookie. Its answer sets cookies, which programs cannot see.
const ensureSession = "/souk.account.v1.SessionService/EnsureSession"

// Link sends calls with fetch, to the page's own origin.
type Link struct {
	mutex sync.Mutex
	// renewing is closed when the renewal that goes on is done.
	renewing chan struct{}
	renewed  error
}

// Unary implements Transport. When the session has run out, it is renewed and the
// call made once more: its idempotency key is the same, so nothing happens twice.
func (l *Link) Unary(ctx context.Context, call Call) ([]byte, error) {
	message, err := l.once(ctx, call)
	if !NeedsSession(err) || call.Procedure == ensureSession {
		return message, err
	}
	if renewErr := l.renew(ctx); renewErr != nil {
		return nil, err
	}
	return l.once(ctx, call)
}

// patience is how long an answer may take: nobody waits longer, and a connection that
// died quietly would be waited for for ever.
const patience = 30 * time.Second

func (l *Link) once(ctx context.Context, call Call) ([]byte, error) {
	r := unaryRequest(ctx, call)
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	response, err := browser.Fetch(ctx, browser.Request{Method: r.method, URL: r.path, Header: r.header, Body: r.body})
	if err != nil {
		return nil, broken(whole, err)
	}
	return answer(response.Status, response.ContentType, response.Body)
}

// renew gets new cookies; callers that come at the same time share one call.
func (l *Link) renew(ctx context.Context) error {
	l.mutex.Lock()
	if done := l.renewing; done != nil {
		l.mutex.Unlock()
		select {
		case <-done:
			return l.renewed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	done := make(chan struct{})
	l.renewing = done
	l.mutex.Unlock()

	_, l.renewed = l.once(ctx, Call{Procedure: ensureSession})
	l.mutex.Lock()
	l.renewing = nil
	l.mutex.Unlock()
	close(done)
	return l.renewed
}

// Stream implements Transport.
func (l *Link) Stream(ctx context.Context, call Call, each func([]byte) error) error {
	r := streamRequest(ctx, call)
	cut := &envelopes{each: each}
	status, body, err := browser.FetchStream(ctx, browser.Request{Method: r.method, URL: r.path, Header: r.header, Body: r.body}, func(chunk []byte) (more bool, err error) {
		err = cut.write(chunk)
		return !cut.ended, err
	})
	var told *Error
	switch {
	case errors.As(err, &told):
		return told
	case err != nil:
		return broken(ctx, err)
	case status != 200:
		return errorOf(status, body)
	}
	return cut.close()
}

// broken is the error of a call that got no answer.
func broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Error{Code: Unavailable, Message: err.Error()}
}
