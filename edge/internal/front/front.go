// Package front is the door that faces the internet: every request is limited,
// cleaned, identified and routed here, and public answers come from memory.
package front

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/souk-commerce/souk/edge/cache"
	"github.com/souk-commerce/souk/edge/internal/limit"
	"github.com/souk-commerce/souk/edge/internal/policy"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/token"
)

// Upstream is one part of the shop behind the edge.
type Upstream struct {
	URL       *url.URL
	Transport http.RoundTripper
}

// Deps is what a Front is made of.
type Deps struct {
	Table    *policy.Table
	Store    *cache.Store
	Limiter  *limit.Limiter
	Verifier *token.Verifier
	// Own answers the calls that are for the edge itself.
	Own http.Handler
	// Upstream finds a part by name.
	Upstream func(name string) Upstream
	Security Security
	// Origins of other sites that may call; Hosts that are answered, empty: any.
	Origins, Hosts []string
	// Cookies that public pages are made from.
	Cookies []string
	// Proxies in front whose X-Forwarded-For is believed.
	TrustedProxies int
	// Closed tells whether the shop is being worked on; nil is never.
	Closed func() bool
	Clock  clock.Clock
	Log    *slog.Logger
}

// Front is an http.Handler.
type Front struct {
	table    *policy.Table
	cache    *cache.Cache
	limiter  *limit.Limiter
	verifier *token.Verifier
	own      http.Handler
	upstream func(string) Upstream
	security Security
	origins  []string
	hosts    []string
	cookies  []string
	proxies  int
	closed   func() bool
	clock    clock.Clock
	log      *slog.Logger
	csrf     *http.CrossOriginProtection
	buffers  buffers
	names    names
}

// AccessCookie is where browsers keep their access token.
const AccessCookie = "souk_at"

// ownName is what the edge's own part of the API is called.
const ownName = "edge"

// maxBody bounds what may be sent in one request that is not a stream.
const maxBody = 8 << 20

// New returns a front.
func New(d Deps) *Front {
	f := &Front{
		table: d.Table, limiter: d.Limiter, verifier: d.Verifier, own: d.Own, upstream: d.Upstream, security: d.Security,
		origins: d.Origins, hosts: d.Hosts, cookies: d.Cookies, proxies: d.TrustedProxies, closed: d.Closed, clock: d.Clock, log: d.Log,
		csrf: http.NewCrossOriginProtection(),
	}
	if f.closed == nil {
		f.closed = func() bool { return false }
	}
	f.cache = cache.New(cache.Config{
		Origin: f, Store: d.Store, Clock: d.Clock, Log: d.Log, Key: keyOf, WholeKey: true, Prepare: f.prepare, Storable: policy.Storable, Outbound: outbound,
		Failed: func(w http.ResponseWriter, r *http.Request, err error) { f.down(w, r, askedOf(r).route, err) }, Compress: true, Tags: tagsOf,
	})
	return f
}

// ServeHTTP implements http.Handler.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	client := f.client(r)
	secure := r.TLS != nil || f.proxies > 0 && r.Header.Get("X-Forwarded-Proto") == "https"
	w = &guarded{ResponseWriter: w, security: f.security, secure: secure}
	left, ok := f.limiter.Take(household(client), f.clock.Now())
	if !ok {
		f.tellLimit(w.Header(), left)
		w.Header().Set("Retry-After", strconv.Itoa(seconds(left.Wait)))
		f.refuse(w, r, connect.CodeResourceExhausted, "Too many requests; please wait a moment.")
		return
	}
	if len(f.hosts) > 0 && !slices.Contains(f.hosts, hostOnly(r.Host)) || !cleanPath(r.URL) {
		f.refuse(w, r, connect.CodeInvalidArgument, "This address is not one of ours.")
		return
	}
	stripInbound(r.Header)
	if secure {
		r.Header.Set("X-Forwarded-Proto", "https")
	}
	r.Header.Set("X-Forwarded-For", client)
	r.Header.Set("X-Forwarded-Host", r.Host)
	if cors(f.origins, w, r) {
		return
	}
	route, ok := f.table.Find(r)
	if !ok {
		f.refuse(w, r, connect.CodeUnimplemented, "There is no such call.")
		return
	}
	if route.Public {
		f.public(w, r, route)
		return
	}
	if route.Procedure != "" {
		f.tellLimit(w.Header(), left)
	}
	f.private(w, r, route)
}

// tellLimit says what a client has left (draft-ietf-httpapi-ratelimit-headers).
func (f *Front) tellLimit(h http.Header, left limit.Left) {
	calls, within := f.limiter.Burst()
	h.Set("RateLimit-Policy", `"client";q=`+strconv.Itoa(calls)+";w="+strconv.Itoa(seconds(within)))
	h.Set("RateLimit", `"client";r=`+strconv.Itoa(left.Calls)+";t="+strconv.Itoa(seconds(left.Full)))
}

// seconds rounds up: who waits so long has waited long enough.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// client is the address that limits apply to.
func (f *Front) client(r *http.Request) string {
	if f.proxies > 0 {
		hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
		if at := len(hops) - f.proxies; at >= 0 && at < len(hops) {
			return strings.TrimSpace(hops[at])
		}
	}
	return hostOnly(r.RemoteAddr)
}

// household is what a limit applies to: an address, and of IPv6 the network of one
// house, which has more addresses than anybody counts.
func household(client string) string {
	if !strings.Contains(client, ":") {
		return client
	}
	a, err := netip.ParseAddr(client)
	if err != nil || a.Is4In6() {
		return client
	}
	network, err := a.Prefix(64)
	if err != nil {
		return client
	}
	return network.Addr().String()
}

func hostOnly(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return hostport
}

// cleanPath refuses paths that two programs could read in two ways.
func cleanPath(u *url.URL) bool {
	if u.Path == "" || u.Path[0] != '/' || strings.ContainsAny(u.Path, "\\\x00") || strings.Contains(strings.ToLower(u.EscapedPath()), "%2f") {
		return false
	}
	if strings.Contains(u.Path, "//") {
		return false
	}
	for part := range strings.SplitSeq(u.Path, "/") {
		if part == "." || part == ".." {
			return false
		}
	}
	return true
}

// public answers from memory, or fills it.
func (f *Front) public(w http.ResponseWriter, r *http.Request, route policy.Route) {
	a, ok := f.asks(r, route)
	if !ok {
		f.refuse(w, r, connect.CodeInvalidArgument, "The address has parameters that mean nothing here.")
		return
	}
	if f.closed() {
		if _, kept := f.cache.Fresh(a.key, f.clock.Now()); !kept {
			f.comeBack(w, r)
			return
		}
	}
	f.cache.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), askedKey{}, a)))
}

// private passes a request on as its sender.
func (f *Front) private(w http.ResponseWriter, r *http.Request, route policy.Route) {
	if route.Procedure == "" || !isGRPC(r) && !isStream(r) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	}
	role, err := f.identify(r, route)
	if err != nil {
		f.refuse(w, r, connect.CodePermissionDenied, "This request did not come from one of the shop's own pages.")
		return
	}
	if f.closed() && role != rpc.Admin && !opens(route) {
		f.comeBack(w, r)
		return
	}
	if route.Upstream == ownName {
		f.own.ServeHTTP(w, r)
		return
	}
	up := f.upstream(route.Upstream)
	proxy := httputil.ReverseProxy{
		Transport: up.Transport, FlushInterval: -1, BufferPool: &f.buffers, ErrorLog: slog.NewLogLogger(f.log.Handler(), slog.LevelDebug),
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(up.URL)
			p.Out.Host = up.URL.Host
			for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"} {
				if v := p.In.Header.Get(name); v != "" {
					p.Out.Header.Set(name, v)
				}
			}
		},
		ModifyResponse: func(resp *http.Response) error {
			stripOutbound(resp.Header)
			if resp.Header.Get("Cache-Control") == "" {
				resp.Header.Set("Cache-Control", "private, no-store")
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) { f.down(w, r, route, err) },
	}
	proxy.ServeHTTP(w, r)
}

var errForeign = errors.New("request of another site")

// identify returns whom it believes to be asking; it turns the access cookie into a bearer token, unless another site
// made the browser send it, and drops tokens that are not to be believed. Forms
// of other sites are refused without cookies too: browsers keep ours back there,
// and nobody is to be signed in as somebody else.
func (f *Front) identify(r *http.Request, route policy.Route) (rpc.Role, error) {
	raw, byHeader := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !byHeader {
		r.Header.Del("Authorization")
		if (len(r.Header["Cookie"]) > 0 || route.Upstream == "web") && f.csrf.Check(r) != nil {
			return rpc.Anyone, errForeign
		}
		c, err := r.Cookie(AccessCookie)
		if err != nil {
			return rpc.Anyone, nil
		}
		raw = c.Value
	}
	claims, err := f.verifier.Verify(r.Context(), raw)
	// Whom we cannot judge just now, services do; they are not signed out for it.
	if err != nil && !errors.Is(err, token.ErrUnknown) || claims.Role == string(rpc.Service) {
		r.Header.Del("Authorization")
		return rpc.Anyone, nil
	}
	r.Header.Set("Authorization", "Bearer "+raw)
	return rpc.Role(claims.Role), nil
}

func isGRPC(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
}

func isStream(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/connect+")
}

// down tells that a part of the shop does not answer.
func (f *Front) down(w http.ResponseWriter, r *http.Request, route policy.Route, err error) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		f.refuseAs(w, r, connect.CodeResourceExhausted, http.StatusRequestEntityTooLarge, "The request is too large.")
		return
	}
	f.log.WarnContext(r.Context(), "upstream failed", "upstream", route.Upstream, "error", err)
	w.Header().Set("Retry-After", "5")
	f.refuse(w, r, connect.CodeUnavailable, "This part of the shop is away for a moment; please try again.")
}

var statuses = map[connect.Code]int{
	connect.CodeResourceExhausted: http.StatusTooManyRequests,
	connect.CodeInvalidArgument:   http.StatusBadRequest,
	connect.CodePermissionDenied:  http.StatusForbidden,
	connect.CodeUnimplemented:     http.StatusNotFound,
	connect.CodeUnavailable:       http.StatusServiceUnavailable,
}

// refuse answers in the caller's own protocol.
func (f *Front) refuse(w http.ResponseWriter, r *http.Request, code connect.Code, sentence string) {
	f.refuseAs(w, r, code, statuses[code], sentence)
}

func (f *Front) refuseAs(w http.ResponseWriter, r *http.Request, code connect.Code, status int, sentence string) {
	w.Header().Set("Cache-Control", "no-store")
	writer := connect.NewErrorWriter()
	if strings.HasPrefix(r.URL.Path, "/souk.") && writer.IsSupported(r) {
		writer.Write(w, r, connect.NewError(code, errors.New(sentence)))
		return
	}
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>%d</title><main><h1>One moment, please</h1><p>%s</p><p><a href=\"/\">To the shop</a></p></main></html>", status, sentence)
		return
	}
	http.Error(w, sentence, status)
}

// guarded adds the security headers to whatever is answered.
type guarded struct {
	http.ResponseWriter
	security Security
	secure   bool
	wrote    bool
}

func (g *guarded) WriteHeader(status int) {
	if !g.wrote && status >= 200 {
		g.wrote = true
		g.security.write(g.Header(), g.secure)
	}
	g.ResponseWriter.WriteHeader(status)
}

func (g *guarded) Write(b []byte) (int, error) {
	if !g.wrote {
		g.WriteHeader(http.StatusOK)
	}
	return g.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (g *guarded) Unwrap() http.ResponseWriter { return g.ResponseWriter }

// Flush implements http.Flusher.
func (g *guarded) Flush() { http.NewResponseController(g.ResponseWriter).Flush() }

var _ io.Writer = (*guarded)(nil)
