// Package notification writes to shoppers: what they ordered, where it is, that
// they are welcome.
package notification

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/souk-commerce/souk/api/gen/souk/notification/v1/notificationv1connect"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/run"
	"github.com/souk-commerce/souk/services/notification/internal/mail"
	"github.com/souk-commerce/souk/services/notification/internal/mailbus"
	"github.com/souk-commerce/souk/services/notification/internal/maildb"
	"github.com/souk-commerce/souk/services/notification/internal/mailrpc"
	"github.com/souk-commerce/souk/services/notification/internal/mailsmtp"
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
	server   *mailrpc.Server
	parked   *mailrpc.Parked
	store    *maildb.Store
	consumer *bus.Consumer
	worker   *worker
	keep     time.Duration
	deps     Deps
}

// Migrations returns the service's SQL.
func Migrations() fs.FS { return maildb.Migrations() }

const defaultKeep = 90 * 24 * time.Hour

// Open makes the service ready; Run starts its workers.
func Open(_ context.Context, cfg Config, d Deps) (*Service, error) {
	if u, err := url.Parse(cfg.ShopURL); err != nil || u.Host == "" {
		return nil, fmt.Errorf("notification: the shop's URL %q: want https://host", cfg.ShopURL)
	}
	sender, err := mailsmtp.New(mailsmtp.Config{
		Address: cfg.SMTPAddress, Username: cfg.SMTPUsername, Password: cfg.SMTPPassword.Reveal(), TLS: mailsmtp.TLS(cfg.SMTPTLS), From: cfg.From,
	})
	if err != nil {
		return nil, fmt.Errorf("notification: %w", err)
	}
	store := maildb.New(d.DB)
	desk := mail.New(mail.Deps{
		Outbox: store, Sender: stormy{sender, d.RPC.Storm}, Writer: mail.NewWriter(mail.Shop{Name: cfg.ShopName, URL: cfg.ShopURL}), Clock: d.Clock,
	})
	return &Service{
		server: mailrpc.New(desk), parked: mailrpc.NewParked(mail.Keeper{Shelf: mailbus.NewShelf(d.Bus), Memory: store}), store: store, worker: newWorker(desk, d.DB, d.Log),
		consumer: bus.NewConsumer(d.Bus, "notification", mailbus.Handlers(desk), bus.WithInbox(d.DB)),
		keep:     cmp.Or(cfg.KeepDeliveries, defaultKeep), deps: d,
	}, nil
}

// Name implements run.Part.
func (s *Service) Name() string { return "notification" }

// Handlers returns what the service answers.
func (s *Service) Handlers() []rpc.Mount {
	var mounts []rpc.Mount
	add := func(path string, h http.Handler) { mounts = append(mounts, rpc.Mount{Path: path, Handler: h}) }
	add(notificationv1connect.NewNotificationAdminServiceHandler(s.server, rpc.Options(s.deps.RPC)...))
	add(notificationv1connect.NewDeadLetterServiceHandler(s.parked, rpc.Options(s.deps.RPC)...))
	return mounts
}

const sweepEvery = time.Hour

// Run hears events and sends mails, until ctx ends and what was begun is finished.
func (s *Service) Run(ctx context.Context) error {
	defer s.store.Wait() // by now nobody calls
	return run.Until(ctx, run.Func("mail worker", s.worker.run), s.consumer, run.Func("notification sweeper", s.sweep))
}

func (s *Service) sweep(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		now := s.deps.Clock.Now()
		if err := s.store.Sweep(ctx, now.Add(-s.keep)); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "old deliveries not removed", "error", err)
		}
		if err := crdb.Sweep(ctx, s.deps.DB, now); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "old answers not removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
