package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/config"
	"github.com/souk-commerce/souk/kit/obs"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/token"
	"github.com/souk-commerce/souk/services/account"
)

// serviceIssuer is the name under which the shop's own parts sign tokens.
const serviceIssuer = "souk/service"

// sharedConfig is what every part that is run by itself has to know.
type sharedConfig struct {
	Nats       string            `help:"Address of the NATS JetStream cluster." default:"nats://nats.internal:4222" env:"SOUK_NATS_URL"`
	Services   map[string]string `help:"Addresses of services by name (catalog=host:port;…); others are looked up in DNS." env:"SOUK_SERVICES"`
	DNSSuffix  string            `name:"dns-suffix" help:"What follows a service's name in DNS, with the port." default:".internal:8080" env:"SOUK_DNS_SUFFIX"`
	ServiceKey config.Secret     `help:"Ed25519 seed in base64 that signs the tokens between services; @file reads it from a file." env:"SOUK_SERVICE_KEY"`
	LogLevel   slog.Level        `help:"debug, info, warn or error." default:"info" env:"SOUK_LOG_LEVEL"`
	// Not for the public: what it says is of use to attackers, too.
	MetricsListen string `help:"Address at which Prometheus finds /metrics, and go tool pprof /debug/pprof/; empty: nowhere." env:"SOUK_METRICS_LISTEN"`
	// For tests: what goes wrong on purpose, as kit/chaos reads it.
	Chaos string `hidden:"" env:"SOUK_CHAOS"`
}

// platform is what parts lean on.
type platform struct {
	bus      *bus.Bus
	verifier *token.Verifier
	signer   *token.Signer
	dial     func(self string) *rpc.Dialer
	clock    clock.Clock
	storm    *chaos.Storm // usually none
	log      *slog.Logger
}

// rpc is what a service's interceptors need.
func (p *platform) rpc(service string) rpc.Deps {
	return rpc.Deps{Service: service, Verifier: p.verifier, Log: p.log, Storm: p.storm}
}

func webServer(l net.Listener, handler http.Handler, p *platform) *rpc.Server {
	return rpc.NewServer("web", l, mountAll(handler), always, p.log)
}

func (c sharedConfig) open(ctx context.Context, name string) (*platform, func(), error) {
	log := obs.Logger(os.Stderr, c.LogLevel).With("service", name)
	slog.SetDefault(log)
	flush, err := obs.Trace(ctx, name, version)
	if err != nil {
		return nil, nil, err
	}
	metrics, err := c.measure(name, log)
	if err != nil {
		return nil, nil, err
	}
	b, err := bus.Dial(ctx, c.Nats)
	if err != nil {
		return nil, nil, err
	}
	storm, err := brew(c.Chaos, name)
	if err != nil {
		b.Close()
		return nil, nil, err
	}
	p, err := newPlatform(b, c.ServiceKey, c.Services, c.DNSSuffix, storm, log)
	if err != nil {
		b.Close()
		return nil, nil, err
	}
	return p, func() {
		metrics()
		b.Close()
		if err := flush(context.WithoutCancel(ctx)); err != nil {
			log.Warn("spans not sent", "error", err)
		}
	}, nil
}

// measure shows numbers at an address of their own; the function returned ends it.
func (c sharedConfig) measure(name string, log *slog.Logger) (func(), error) {
	if c.MetricsListen == "" {
		return func() {}, nil
	}
	handler, stop, err := obs.Measure(name, version)
	if err != nil {
		return nil, err
	}
	l, err := listen(c.MetricsListen, "--metrics-listen")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", handler)
	mux.Handle("GET "+obs.ProfilePath, obs.Profile())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	go server.Serve(l)
	return func() {
		server.Close()
		_ = stop(context.Background())
	}, nil
}

func newPlatform(b *bus.Bus, key config.Secret, addresses map[string]string, suffix string, storm *chaos.Storm, log *slog.Logger) (*platform, error) {
	signer, err := token.NewSigner(serviceIssuer, key.Reveal(), clock.System)
	if err != nil {
		return nil, fmt.Errorf("SOUK_SERVICE_KEY: %w", err)
	}
	p := &platform{bus: b, signer: signer, clock: clock.System, storm: storm, log: log}
	b.Disturb(storm)
	p.dial = func(self string) *rpc.Dialer {
		d := rpc.NewDialer(self, signer, addresses, suffix)
		d.Disturb(storm)
		return d
	}
	// Keys are public: they are asked for without a token.
	transport, base := p.dial("keys").RoundTripper("account")
	p.verifier = token.NewVerifier(clock.System,
		token.Issuer{Name: account.Issuer, Roles: []string{"guest", "shopper", "admin"}, Fetch: token.FetchURL(transport, base.JoinPath("/.well-known/jwks.json").String())},
		token.Issuer{Name: serviceIssuer, Roles: []string{"service", "admin"}, Static: signer.Keys()})
	return p, nil
}

// brew makes the storm that is asked for; usually none.
func brew(chaosText, part string) (*chaos.Storm, error) {
	cfg, wanted, err := chaos.Parse(chaosText)
	if err != nil || !wanted {
		return nil, err
	}
	return chaos.New(cfg, part)
}

// listen says clearly when an address is taken.
func listen(address, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		if strings.Contains(err.Error(), "address already in use") {
			return nil, fmt.Errorf("%s is in use by another program; stop that one, or choose another address with %s", address, flag)
		}
		return nil, fmt.Errorf("cannot listen on %s (%s): %w", address, flag, err)
	}
	return l, nil
}
