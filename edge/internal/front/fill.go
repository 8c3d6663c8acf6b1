package front

import (
	"net/http"

	"github.com/souk-commerce/souk/edge/internal/key"
	"github.com/souk-commerce/souk/edge/internal/policy"
	"github.com/souk-commerce/souk/edge/internal/purge"
)

// asked is what a public request asks for; it travels in the request's context.
type asked struct {
	route policy.Route
	key   string
	// Of a call: what its part is asked instead of what the client wrote.
	query string
}

type askedKey struct{}

func askedOf(r *http.Request) asked {
	a, _ := r.Context().Value(askedKey{}).(asked)
	return a
}

// asks tells what a request to a public route asks for; false when it is not written
// as it should be.
func (f *Front) asks(r *http.Request, route policy.Route) (a asked, ok bool) {
	a.route = route
	if route.Procedure != "" {
		a.key, a.query, ok = key.OfCall(r, route.Method)
		return a, ok
	}
	a.key, ok = key.OfPage(r, f.cookies)
	return a, ok
}

// tagsOf are surrogate keys that answers have by what was asked for.
func tagsOf(r *http.Request) []string {
	if askedOf(r).route.Procedure != "" {
		return nil
	}
	return []string{purge.PathKey(r.URL.Path)}
}

func keyOf(r *http.Request) (string, bool) { return askedOf(r).key, true }

// prepare makes the question to a part of one that anybody asks: without anything
// that tells who that is.
func (f *Front) prepare(r *http.Request) *http.Request {
	req := r.Clone(r.Context())
	req.Method, req.Body, req.ContentLength, req.RequestURI = http.MethodGet, http.NoBody, 0, ""
	req.Header = http.Header{"Accept": {"*/*"}, "Accept-Encoding": {"identity"}, "X-Forwarded-Host": {r.Host}}
	if a := askedOf(r); a.query != "" {
		req.URL.RawQuery = a.query
	}
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
