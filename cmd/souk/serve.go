package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"

	"github.com/souk-commerce/souk/edge"
	"github.com/souk-commerce/souk/kit/config"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/run"
	"github.com/souk-commerce/souk/services/payment"
	"github.com/souk-commerce/souk/web"
)

// databaseConfig says where each service's database is.
type databaseConfig struct {
	DatabaseURL config.Secret            `name:"database-url" help:"Database of each service; {service} stands for its name." env:"SOUK_DATABASE_URL"`
	Databases   map[string]config.Secret `help:"Databases of single services (catalog=postgres://…;…)." env:"SOUK_DATABASES"`
}

func (c databaseConfig) open(ctx context.Context, service string) (*crdb.DB, error) {
	url := c.Databases[service].Reveal()
	if url == "" {
		url = strings.ReplaceAll(c.DatabaseURL.Reveal(), "{service}", service)
	}
	if url == "" {
		return nil, fmt.Errorf("no database for %s: set SOUK_DATABASE_URL", service)
	}
	db, err := crdb.Open(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", service, err)
	}
	return db, nil
}

type serveCmd struct {
	Names  []string `arg:"" name:"service" help:"Services to run: account, cart, catalog, inventory, notification, order, payment, search."`
	Listen string   `help:"Address to listen on." default:":8080" env:"SOUK_LISTEN"`
	sharedConfig
	databaseConfig
	serviceConfig
}

// Run serves until it is told to stop.
func (c *serveCmd) Run(ctx context.Context) error {
	var chosen []room
	for _, name := range c.Names {
		r, err := findRoom(name)
		if err != nil {
			return err
		}
		if r.open == nil {
			return fmt.Errorf("%s runs within souk dev only", name)
		}
		chosen = append(chosen, r)
	}
	p, closing, err := c.sharedConfig.open(ctx, strings.Join(c.Names, "+"))
	if err != nil {
		return err
	}
	defer closing()
	listener, err := listen(c.Listen, "--listen")
	if err != nil {
		return err
	}
	var (
		parts  []run.Part
		mounts []rpc.Mount
		dbs    []*crdb.DB
	)
	for _, r := range chosen {
		db, err := c.databaseConfig.open(ctx, r.name)
		if err != nil {
			return err
		}
		db.Disturb(p.storm)
		defer db.Close()
		s, err := r.open(ctx, c.serviceConfig, p, db)
		if err != nil {
			return err
		}
		dbs, parts, mounts = append(dbs, db), append(parts, s), append(mounts, s.Handlers()...)
	}
	p.log.Info("listening", "address", listener.Addr().String(), "services", c.Names)
	// Stopped first, so that no call comes while the services go to sleep.
	return run.Until(ctx, append(parts, rpc.NewServer("http", listener, mounts, ready(dbs...), p.log))...)
}

type migrateCmd struct {
	Names []string `arg:"" optional:"" name:"service" help:"Services whose databases to bring up to date; all when none is named."`
	databaseConfig
}

// Run brings databases up to date; doing it again does no harm.
func (c *migrateCmd) Run(ctx context.Context) error {
	names := c.Names
	if len(names) == 0 {
		names = roomNames()
	}
	for _, name := range names {
		r, err := findRoom(name)
		if err != nil {
			return err
		}
		db, err := c.open(ctx, name)
		if err != nil {
			return err
		}
		err = crdb.Migrate(ctx, db, r.migrations)
		db.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Println("up to date:", name)
	}
	return nil
}

type edgeCmd struct {
	sharedConfig
	edge.Config
}

// Run serves the public address until it is told to stop.
func (c *edgeCmd) Run(ctx context.Context) error {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(c.Config.Memory())
	}
	p, closing, err := c.sharedConfig.open(ctx, "edge")
	if err != nil {
		return err
	}
	defer closing()
	listener, err := listen(c.Listen, "--listen")
	if err != nil {
		return err
	}
	e, err := openEdge(c.Config, listener, p, roomNames())
	if err != nil {
		return err
	}
	p.log.Info("listening", "address", e.Addr())
	return run.Until(ctx, e)
}

// openEdge opens the edge; sellers are the parts without which nothing can be sold.
func openEdge(cfg edge.Config, listener net.Listener, p *platform, sellers []string) (*edge.Edge, error) {
	return edge.Open(cfg, edge.Deps{
		Bus: p.bus, Dialer: p.dial("edge"), Verifier: p.verifier, PublicPaths: web.PublicPaths(), PublicCookies: web.PublicCookies(),
		Routes: map[string]string{payment.WebhookPath: "payment"}, Parts: append([]string{"web"}, sellers...),
		Listener: listener, Clock: p.clock, Log: p.log,
	})
}

type webCmd struct {
	Listen string `help:"Address to listen on." default:":8080" env:"SOUK_LISTEN"`
	sharedConfig
	web.Config
}

// Run serves pages until it is told to stop.
func (c *webCmd) Run(ctx context.Context) error {
	p, closing, err := c.sharedConfig.open(ctx, "web")
	if err != nil {
		return err
	}
	defer closing()
	handler, err := web.Open(ctx, c.Config, web.Deps{Reach: p.dial("web").RoundTripper, Log: p.log})
	if err != nil {
		return err
	}
	listener, err := listen(c.Listen, "--listen")
	if err != nil {
		return err
	}
	p.log.Info("listening", "address", listener.Addr().String())
	return run.Until(ctx, webServer(listener, handler, p))
}

// always is ready: pages are drawn also when services are down.
func always(context.Context) error { return nil }

func mountAll(handler http.Handler) []rpc.Mount { return []rpc.Mount{{Path: "/", Handler: handler}} }
