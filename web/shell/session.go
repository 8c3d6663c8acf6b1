package shell

import (
	"context"
	"net/http"
	"strings"

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
// hands the new cookies to the browser.
type Session struct {
	link *rpc.Link
	// Begin makes a guest's session where there is none.
	Begin   bool
	renews  bool
	cookies []string
}

// NewSession returns the session of r.
func NewSession(find func(procedure string) (rpc.Doer, string), r *http.Request) *Session {
	s := &Session{link: &rpc.Link{Find: find, Header: http.Header{}}}
	s.link.Seen = func(_ string, header http.Header) { s.cookies = append(s.cookies, header.Values("Set-Cookie")...) }
	for _, name := range []string{"Authorization", "Cookie", "Traceparent", "Tracestate", "X-Forwarded-For", "User-Agent"} {
		if values := r.Header.Values(name); len(values) > 0 {
			s.link.Header[name] = values
		}
	}
	if cookie, err := r.Cookie(accessCookie); err == nil && r.Header.Get("Authorization") == "" {
		s.link.Header.Set("Authorization", "Bearer "+cookie.Value)
	}
	_, err := r.Cookie(refreshCookie)
	s.renews = err == nil
	return s
}

// Unary implements rpc.Transport.
func (s *Session) Unary(ctx context.Context, call rpc.Call) ([]byte, error) {
	answer, err := s.link.Unary(ctx, call)
	if rpc.CodeOf(err) != rpc.Unauthenticated || !s.renews && !s.Begin {
		return answer, err
	}
	s.renews = false
	if !s.renew(ctx) {
		return nil, err
	}
	return s.link.Unary(ctx, call)
}

// Stream implements rpc.Transport.
func (s *Session) Stream(ctx context.Context, call rpc.Call, each func([]byte) error) error {
	return s.link.Stream(ctx, call, each)
}

func (s *Session) renew(ctx context.Context) bool {
	s.link.Header.Del("Authorization")
	s.Begin = false
	if _, err := s.link.Unary(ctx, rpc.Call{Procedure: ensureSession}); err != nil {
		return false
	}
	for _, cookie := range s.cookies {
		pair, _, _ := strings.Cut(cookie, ";")
		if name, value, _ := strings.Cut(pair, "="); name == accessCookie && value != "" {
			s.link.Header.Set("Authorization", "Bearer "+value)
			return true
		}
	}
	return false
}

// Apply sets the cookies that services set meanwhile.
func (s *Session) Apply(w http.ResponseWriter) {
	for _, cookie := range s.cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
}
