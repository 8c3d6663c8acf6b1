//go:build !wasm

package shell

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/souk-commerce/souk/web/rpc"
)

// The cookies of a session, as the account service sets them.
const (
	accessCookie  = "souk_at"
	refreshCookie = "souk_rt"
)

const ensureSession = "/souk.account.v1.SessionService/EnsureSession"

// Session is a Transport that makes calls as the browser that sent a request.
// When its access token has run out, the session is renewed on the way; Apply
// hands the new cookies to the browser. A page may make several calls at once.
type Session struct {
	find func(procedure string) (rpc.Doer, string)
	// Begin makes a guest's session where there is none.
	Begin bool

	mutex   sync.Mutex
	header  http.Header
	renews  bool
	renewed bool
	cookies []string
}

// NewSession returns the session of r.
func NewSession(find func(procedure string) (rpc.Doer, string), r *http.Request) *Session {
	s := &Session{find: find, header: http.Header{}}
	for _, name := range []string{"Authorization", "Cookie", "Traceparent", "Tracestate", "X-Forwarded-For", "X-Forwarded-Proto", "User-Agent"} {
		if values := r.Header.Values(name); len(values) > 0 {
			s.header[name] = values
		}
	}
	if cookie, err := r.Cookie(accessCookie); err == nil && r.Header.Get("Authorization") == "" {
		s.header.Set("Authorization", "Bearer "+cookie.Value)
	}
	_, err := r.Cookie(refreshCookie)
	s.renews = err == nil
	return s
}

// Unary implements rpc.Transport.
func (s *Session) Unary(ctx context.Context, call rpc.Call) ([]byte, error) {
	answer, err := s.link().Unary(ctx, call)
	if !rpc.NeedsSession(err) || !s.renew(ctx) {
		return answer, err
	}
	return s.link().Unary(ctx, call)
}

// Stream implements rpc.Transport.
func (s *Session) Stream(ctx context.Context, call rpc.Call, each func([]byte) error) error {
	return s.link().Stream(ctx, call, each)
}

// link returns a link with the session's header as it is now.
func (s *Session) link() *rpc.Link {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return &rpc.Link{Find: s.find, Header: s.header, Seen: s.seen}
}

// seen notes the cookies that a service sets.
func (s *Session) seen(_ string, header http.Header) {
	if cookies := header.Values("Set-Cookie"); len(cookies) > 0 {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.cookies = append(s.cookies, cookies...)
	}
}

// renew gets a new access token, once, and reports whether there is one.
func (s *Session) renew(ctx context.Context) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.renewed || !s.renews && !s.Begin {
		return s.renewed
	}
	header := maps.Clone(s.header)
	header.Del("Authorization")
	var cookies []string
	link := &rpc.Link{Find: s.find, Header: header, Seen: func(_ string, header http.Header) { cookies = header.Values("Set-Cookie") }}
	s.renews, s.Begin = false, false
	if _, err := link.Unary(ctx, rpc.Call{Procedure: ensureSession}); err != nil {
		return false
	}
	s.cookies = append(s.cookies, cookies...)
	for _, cookie := range cookies {
		pair, _, _ := strings.Cut(cookie, ";")
		if name, value, _ := strings.Cut(pair, "="); name == accessCookie && value != "" {
			header.Set("Authorization", "Bearer "+value)
			s.header, s.renewed = header, true
		}
	}
	return s.renewed
}

// Apply sets the cookies that services set meanwhile.
func (s *Session) Apply(w http.ResponseWriter) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, cookie := range s.cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
}
