package rpc

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/otelconnect"
	"github.com/bufbuild/httplb"

	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/kit/token"
)

// Dialer finds other services by name and calls them as the service that we are.
type Dialer struct {
	self      string
	signer    *token.Signer
	addresses map[string]string
	suffix    string
	balanced  *httplb.Client
	storm     *chaos.Storm

	mu      sync.Mutex
	token   string
	renewAt time.Time
}

const (
	tokenLife  = 5 * time.Minute
	tokenRenew = 4 * time.Minute
)

// NewDialer returns a dialer for the service self. Addresses maps names to
// host:port; names that are not in it are looked up in DNS as name+suffix
// (".internal:8080") and balanced over all addresses found there.
func NewDialer(self string, signer *token.Signer, addresses map[string]string, suffix string) *Dialer {
	return &Dialer{self: self, signer: signer, addresses: addresses, suffix: suffix, balanced: httplb.NewClient(httplb.WithTransport(scheme, pooled{}))}
}

// Disturb lets a storm over the calls of clients. To be called before the first.
func (d *Dialer) Disturb(s *chaos.Storm) { d.storm = s }

// Close gives the connections back.
func (d *Dialer) Close() error { return d.balanced.Close() }

// Client returns what a generated Connect client is built with.
func (d *Dialer) Client(service string) (connect.HTTPClient, string) {
	host, ok := d.addresses[service]
	if !ok {
		host = service + d.suffix
	}
	return client{d}, scheme + "://" + host
}

// scheme stands for calls over HTTP/1.1 connections that are kept: for many small
// calls at once, each with a connection to itself is quicker than all in one.
const scheme = "souk"

// idle is how many connections to one address wait for the next call.
const idle = 64

type pooled struct{}

// NewRoundTripper implements httplb.Transport.
func (pooled) NewRoundTripper(_, _ string, cfg httplb.TransportConfig) httplb.RoundTripperResult {
	t := &http.Transport{
		Proxy: cfg.ProxyFunc, GetProxyConnectHeader: cfg.ProxyConnectHeadersFunc, DialContext: cfg.DialFunc,
		MaxIdleConns: idle, MaxIdleConnsPerHost: idle, IdleConnTimeout: cfg.IdleConnTimeout,
		MaxResponseHeaderBytes: cfg.MaxResponseHeaderBytes, DisableCompression: cfg.DisableCompression,
	}
	return httplb.RoundTripperResult{RoundTripper: t, Scheme: "http", Close: t.CloseIdleConnections}
}

// RoundTripper returns the transport to a part of the shop and where it is, for
// those who pass requests on. It adds no token.
func (d *Dialer) RoundTripper(service string) (http.RoundTripper, *url.URL) {
	host, ok := d.addresses[service]
	if !ok {
		host = service + d.suffix
	}
	return d.balanced.Transport, &url.URL{Scheme: "h2c", Host: host}
}

// ClientOptions returns the options that our own clients are built with: reads
// go by GET, and so are asked for again; calls carry spans. Answers are not
// compressed on the short way between services: packing takes longer than sending.
func ClientOptions() []connect.ClientOption {
	options := []connect.ClientOption{connect.WithHTTPGet(), connect.WithHTTPGetMaxURLSize(8<<10, true), connect.WithAcceptCompression("gzip", nil, nil)}
	if spans, err := otelconnect.NewInterceptor(otelconnect.WithoutMetrics()); err == nil {
		options = append(options, connect.WithInterceptors(spans))
	}
	return options
}

type client struct{ dialer *Dialer }

// readTries is how often a read is asked for before its failure is believed.
const readTries = 3

// Do adds our token to calls that carry none. A read, which is what goes by GET,
// is asked for again when the other side is away for a moment.
func (c client) Do(req *http.Request) (*http.Response, error) {
	if req.Header.Get("Authorization") == "" && c.dialer.signer != nil {
		raw, err := c.dialer.serviceToken()
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+raw)
	}
	for try := 1; ; try++ {
		resp, err := c.dialer.storm.Do(c.dialer.self, req, c.dialer.balanced.Do)
		if try == readTries || req.Method != http.MethodGet || !away(resp, err) || !pause(req.Context(), try) {
			return resp, err
		}
		if resp != nil {
			resp.Body.Close()
		}
	}
}

// away tells whether the other side was not there, rather than of another opinion.
func away(resp *http.Response, err error) bool {
	return err != nil || resp.StatusCode == http.StatusBadGateway || resp.StatusCode == http.StatusServiceUnavailable
}

// pause waits a random while that grows; false when the call has no time for it.
func pause(ctx context.Context, try int) bool {
	wait := rand.N(50*time.Millisecond) << try
	if end, ok := ctx.Deadline(); ok && time.Until(end) < wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (d *Dialer) serviceToken() (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if now.Before(d.renewAt) {
		return d.token, nil
	}
	raw, err := d.signer.Sign(token.Claims{Subject: d.self, Role: string(Service)}, tokenLife)
	if err != nil {
		return "", err
	}
	d.token, d.renewAt = raw, now.Add(tokenRenew)
	return raw, nil
}
