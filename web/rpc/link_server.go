//go:build !wasm

package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Doer sends HTTP requests.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Link sends calls over net/http for one request of a browser.
type Link struct {
	// Find returns where a procedure is served, and what to send with.
	Find func(procedure string) (client Doer, base string)
	// Header goes along with each call: the browser's Authorization, say.
	Header http.Header
	// Seen is called with the header of each answer; it may be nil.
	Seen func(procedure string, header http.Header)
}

// Unary implements Transport.
func (l *Link) Unary(ctx context.Context, call Call) ([]byte, error) {
	response, err := l.send(ctx, call, unaryRequest(ctx, call))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, broken(ctx, call, err)
	}
	return answer(response.StatusCode, response.Header.Get("Content-Type"), body)
}

// Stream implements Transport.
func (l *Link) Stream(ctx context.Context, call Call, each func([]byte) error) error {
	response, err := l.send(ctx, call, streamRequest(ctx, call))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		return errorOf(response.StatusCode, body)
	}
	cut := &envelopes{each: each}
	buffer := make([]byte, 32<<10)
	for !cut.ended {
		n, err := response.Body.Read(buffer)
		if failed := cut.write(buffer[:n]); failed != nil {
			return failed
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return broken(ctx, call, err)
		}
	}
	return cut.close()
}

func (l *Link) send(ctx context.Context, call Call, r request) (*http.Response, error) {
	client, base := l.Find(call.Procedure)
	request, err := http.NewRequestWithContext(ctx, r.method, base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", call.Procedure, err)
	}
	for name, values := range l.Header {
		request.Header[name] = values
	}
	for name, value := range r.header {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, broken(ctx, call, err)
	}
	if l.Seen != nil {
		l.Seen(call.Procedure, response.Header)
	}
	return response, nil
}

// broken is the error of a call that got no answer.
func broken(ctx context.Context, call Call, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("call %s: %w", call.Procedure, ctx.Err())
	}
	return fmt.Errorf("call %s: %w (%w)", call.Procedure, &Error{Code: Unavailable}, err)
}
