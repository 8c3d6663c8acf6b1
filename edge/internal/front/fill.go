package front

import (
	"net/http"

	"github.com/souk-commerce/souk/edge/internal/policy"
)

// asked is what a public request asks for; it travels in the request's context.
type asked struct {
	route policy.Route
	key   string
}

type askedKey struct{}

func askedOf(r *http.Request) asked {
	a, _ := r.Context().Value(askedKey{}).(asked)
	return a
}

func keyOf(r *http.Request) (string, bool) { return askedOf(r).key, true }

// prepare makes the question to a part of one that anybody asks: without anything
// that tells who that is.
func (f *Front) prepare(r *http.Request) *http.Request {
	req := r.Clone(r.Context())
	req.Method, req.Body, req.ContentLength, req.RequestURI = http.MethodGet, http.NoBody, 0, ""
	req.Header = http.Header{"Accept": {"*/*"}, "Accept-Encoding": {"identity"}, "X-Forwarded-Host": {r.Host}}
	for _, name := range f.cookies {
		if c, err := r.Cookie(name); err == nil {
			req.AddCookie(c)
		}
	}
	return req
}

// RoundTrip implements http.RoundTripper: it asks the part that a public request is for.
func (f *Front) RoundTrip(req *http.Request) (*http.Response, error) {
	up := f.upstream(askedOf(req).route.Upstream)
	req.URL.Scheme, req.URL.Host, req.Host = up.URL.Scheme, up.URL.Host, up.URL.Host
	return up.Transport.RoundTrip(req)
}
