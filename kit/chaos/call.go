package chaos

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"path"
	"strings"
	"time"
)

// Doer sends a request and returns the answer.
type Doer func(*http.Request) (*http.Response, error)

// lateTime is how long the second of two equal requests may be under way.
const lateTime = 10 * time.Second

// Do sends a request through a point: it may not be sent, be sent a second time
// later, or its answer be lost.
func (s *Storm) Do(from string, req *http.Request, do Doer) (*http.Response, error) {
	if s == nil {
		return do(req)
	}
	place := from + "/" + CallName(req)
	twice, err := s.At(req.Context(), place, "before", Die, Lose, Twice, Delay)
	if err != nil {
		return nil, err
	}
	if twice {
		if err := again(req, do, s.someTime()); err != nil {
			return nil, err
		}
	}
	resp, err := do(req)
	if err != nil {
		return nil, err
	}
	if err := s.Pass(req.Context(), place, "after", Die, Lose, Delay); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

func (s *Storm) someTime() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Duration(s.dice.Int64N(int64(s.cfg.Longest)))
}

// again has a request sent once more in a while, as if the network had kept a copy.
// Whatever comes back, nobody waits for it.
func again(req *http.Request, do Doer, in time.Duration) error {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return err
		}
		req.Body.Close()
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	copied := req.Clone(context.WithoutCancel(req.Context()))
	if body != nil {
		copied.Body = io.NopCloser(bytes.NewReader(body))
	}
	time.AfterFunc(in, func() {
		ctx, cancel := context.WithTimeout(copied.Context(), lateTime)
		defer cancel()
		if resp, err := do(copied.WithContext(ctx)); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	})
	return nil
}

// CallName names what a request asks for: of an RPC the service and the method,
// of others the path without ids.
func CallName(req *http.Request) string {
	if service := path.Base(path.Dir(req.URL.Path)); strings.Contains(service, ".") {
		return service[strings.LastIndexByte(service, '.')+1:] + "." + path.Base(req.URL.Path)
	}
	words := strings.Split(strings.Trim(req.URL.Path, "/"), "/")
	for n, w := range words {
		if len(w) > 12 && strings.ContainsAny(w, "0123456789") {
			words[n] = "*"
		}
	}
	return req.Method + " " + strings.Join(words, "/")
}

// Transport passes requests to next through points named for the one who asks.
func (s *Storm) Transport(from string, next http.RoundTripper) http.RoundTripper {
	if s == nil {
		return next
	}
	return transport{s, from, next}
}

type transport struct {
	storm *Storm
	from  string
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	return t.storm.Do(t.from, req, t.next.RoundTrip)
}
