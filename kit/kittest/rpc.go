package kittest

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/token"
)

const issuer = "kittest"

var signer = sync.OnceValue(func() *token.Signer {
	s, err := token.NewSigner(issuer, token.NewSeed(), clock.System)
	if err != nil {
		panic(err)
	}
	return s
})

// Verifier believes the tokens that As makes, and no others.
func Verifier() *token.Verifier {
	return token.NewVerifier(clock.System, token.Issuer{
		Name: issuer, Roles: []string{"guest", "shopper", "admin", "service"}, Static: signer().Keys(),
	})
}

// RPC returns what rpc.Options needs in a test.
func RPC(t testing.TB, service string) rpc.Deps {
	return rpc.Deps{Service: service, Verifier: Verifier(), Log: Log(t)}
}

// Log writes into the test's log.
func Log(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// Token returns a token by which p is known for an hour.
func Token(t testing.TB, p rpc.Principal) string {
	t.Helper()
	raw, err := signer().Sign(token.Claims{Subject: p.Subject, Role: string(p.Role), Session: p.Session, Guest: p.Guest}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Served is a set of handlers behind a real socket.
type Served struct {
	URL   string
	Mux   *http.ServeMux
	plain *http.Client
}

// Serve puts mounts behind a socket on loopback, over HTTP/1.1 and h2c, until
// the test ends.
func Serve(t testing.TB, mounts []rpc.Mount) *Served {
	t.Helper()
	mux := http.NewServeMux()
	for _, m := range mounts {
		mux.Handle(m.Path, m.Handler)
	}
	server := httptest.NewUnstartedServer(mux)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return &Served{URL: server.URL, Mux: mux, plain: server.Client()}
}

// Addr is host:port, as rpc.NewDialer's addresses want it.
func (s *Served) Addr() string { return strings.TrimPrefix(s.URL, "http://") }

// As returns an HTTP client whose calls are made as p; the zero Principal is
// somebody without a token. Build a generated Connect client with it and s.URL.
func (s *Served) As(t testing.TB, p rpc.Principal) connect.HTTPClient {
	if p.Role == "" {
		return s.plain
	}
	return bearer{s.plain, Token(t, p)}
}

type bearer struct {
	client *http.Client
	token  string
}

func (b bearer) Do(req *http.Request) (*http.Response, error) {
	req.Header.Set("Authorization", "Bearer "+b.token)
	return b.client.Do(req)
}

// Dialer returns a dialer of the service self that finds the servers given by name.
func Dialer(t testing.TB, self string, servers map[string]*Served) *rpc.Dialer {
	t.Helper()
	addresses := map[string]string{}
	for name, s := range servers {
		addresses[name] = s.Addr()
	}
	d := rpc.NewDialer(self, signer(), addresses, ".invalid:1")
	t.Cleanup(func() { d.Close() })
	return d
}
