// Package account is who shops here: registration, sessions, profiles and
// address books.
package account

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/souk-commerce/souk/api/gen/souk/account/v1/accountv1connect"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/run"
	"github.com/souk-commerce/souk/kit/token"
	"github.com/souk-commerce/souk/services/account/internal/person"
	"github.com/souk-commerce/souk/services/account/internal/personbus"
	"github.com/souk-commerce/souk/services/account/internal/persondb"
	"github.com/souk-commerce/souk/services/account/internal/personrpc"
)

// Deps is what the service leans on.
type Deps struct {
	DB    *crdb.DB
	Bus   *bus.Bus
	RPC   rpc.Deps
	Clock clock.Clock
	Log   *slog.Logger
}

// Service is the running service.
type Service struct {
	desk   *person.Desk
	store  *persondb.Store
	server *personrpc.Server
	signer *token.Signer
	relay  *bus.Relay
	rpc    rpc.Deps
	db     *crdb.DB
	clock  clock.Clock
	log    *slog.Logger
}

// Migrations returns the service's SQL.
func Migrations() fs.FS { return persondb.Migrations() }

// Open makes the service ready; Run starts its workers.
func Open(ctx context.Context, cfg Config, d Deps) (*Service, error) {
	signer, err := token.NewSigner(Issuer, cfg.Key.Reveal(), d.Clock)
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	store := persondb.New(d.DB)
	desk := person.New(person.Deps{Book: store, Clock: d.Clock, Cost: person.DefaultCost})
	if cfg.AdminEmail != "" {
		if err := desk.EnsureAdmin(ctx, cfg.AdminEmail, cfg.AdminPassword.Reveal(), "Administrator"); err != nil {
			return nil, fmt.Errorf("account: first administrator: %w", err)
		}
	}
	return &Service{
		desk: desk, store: store, server: personrpc.New(desk, signer, d.Clock), signer: signer,
		relay: bus.NewRelay(d.Bus, d.DB, "account", personbus.Announce), rpc: d.RPC, db: d.DB, clock: d.Clock, log: d.Log,
	}, nil
}

// EnsureShopper makes a shopper's account unless the address is registered: the
// demo sign-in of a shop on a laptop.
func (s *Service) EnsureShopper(ctx context.Context, email, password, name string) error {
	return s.desk.EnsureShopper(ctx, email, password, name)
}

// Name implements run.Part.
func (s *Service) Name() string { return "account" }

// Handlers returns what the service answers.
func (s *Service) Handlers() []rpc.Mount {
	var mounts []rpc.Mount
	add := func(path string, h http.Handler) { mounts = append(mounts, rpc.Mount{Path: path, Handler: h}) }
	add(accountv1connect.NewSessionServiceHandler(s.server, rpc.Options(s.rpc)...))
	add(accountv1connect.NewAccountServiceHandler(s.server, rpc.Options(s.rpc)...))
	add("/.well-known/jwks.json", http.HandlerFunc(s.keys))
	return mounts
}

// keys publishes the public half of the signing key (RFC 7517).
func (s *Service) keys(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=60")
	json.NewEncoder(w).Encode(s.signer.Keys())
}

const sweepEvery = time.Hour

// Run tells events and forgets what has expired, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	return run.Until(ctx, s.relay, run.Func("account sweeper", s.sweep))
}

func (s *Service) sweep(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if err := s.store.Sweep(ctx, s.clock.Now()); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "expired sessions not removed", "error", err)
		}
		if err := crdb.Sweep(ctx, s.db, s.clock.Now()); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "old answers not removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
