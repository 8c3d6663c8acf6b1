package main

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/cockroach"
	"github.com/souk-commerce/souk/kit/config"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/postgres"
)

// databases are where a shop on a laptop keeps its data.
type databases interface {
	// Name tells people which it is.
	Name() string
	// Ensure makes a database and its role, and returns where it is.
	Ensure(ctx context.Context, name string) (url string, err error)
	Stop() error
}

// openDatabases takes the server that is named; else the machine's CockroachDB,
// else its PostgreSQL, run privately below the data directory. Data that is there
// already, or a PostgreSQL that is named, decides between these two.
func openDatabases(ctx context.Context, address, password config.Secret, bin string, dir *dataDir) (databases, error) {
	if address.Reveal() != "" {
		conn, err := pgx.Connect(ctx, address.Reveal())
		if err != nil {
			return nil, fmt.Errorf("SOUK_DATABASE_URL: %w", err)
		}
		return &sharedServer{conn, address.Reveal(), password.Reveal()}, nil
	}
	if program := cockroach.Find(); program != "" && bin == "" && !exists(dir.in("db")) {
		node, err := cockroach.Start(ctx, cockroach.Config{Dir: dir.in("crdb"), Program: program})
		if err != nil {
			return nil, err
		}
		return private{"CockroachDB", node}, nil
	}
	server, err := postgres.Start(ctx, postgres.Config{Dir: dir.in("db"), Bin: bin})
	if err != nil {
		return nil, err
	}
	return private{"PostgreSQL", server}, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// private is a server of the machine's programs that is ours alone.
type private struct {
	name   string
	server interface {
		EnsureDatabase(ctx context.Context, database, role string) error
		URL(database, role string) string
		Stop() error
	}
}

func (p private) Name() string { return p.name }

func (p private) Stop() error { return p.server.Stop() }

func (p private) Ensure(ctx context.Context, name string) (string, error) {
	return p.server.URL(name, name), p.server.EnsureDatabase(ctx, name, name)
}

// sharedServer is a server that others may use too: names carry ours.
type sharedServer struct {
	conn          *pgx.Conn
	url, password string
}

func (n *sharedServer) Ensure(ctx context.Context, name string) (string, error) {
	name = "souk_" + name
	if err := postgres.Ensure(ctx, n.conn, name, name, n.password); err != nil {
		return "", err
	}
	u, err := url.Parse(n.url)
	if err != nil {
		return "", err
	}
	u.User, u.Path = url.UserPassword(name, n.password), "/"+name
	return u.String(), nil
}

func (n *sharedServer) Name() string { return "as named by SOUK_DATABASE_URL" }

func (n *sharedServer) Stop() error { return n.conn.Close(context.Background()) }

// migrated opens a service's database when it is up to date.
func migrated(ctx context.Context, all databases, r room) (*crdb.DB, error) {
	address, err := all.Ensure(ctx, r.name)
	if err != nil {
		return nil, fmt.Errorf("database of %s: %w", r.name, err)
	}
	db, err := crdb.Open(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("database of %s: %w", r.name, err)
	}
	if err := crdb.Migrate(ctx, db, r.migrations); err != nil {
		db.Close()
		return nil, fmt.Errorf("database of %s: %w", r.name, err)
	}
	return db, nil
}
