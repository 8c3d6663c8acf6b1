package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/souk-commerce/souk/cmd/check"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
)

type checkCmd struct {
	DataDir string        `help:"Folder of a shop of souk dev that is closed; empty: the databases of the settings." type:"path"`
	Nats    string        `help:"Address of NATS, to look at what was not heard, too; empty: that is left out." env:"SOUK_NATS_URL"`
	Calm    time.Duration `help:"Nobody is buying: wait so long for everything to be finished."`
	databaseConfig
}

// errUntrue ends the program after findings have been printed.
var errUntrue = errors.New("the books do not agree")

// Run looks into all books and prints what cannot be true.
func (c *checkCmd) Run(ctx context.Context) error {
	books, done, err := c.books(ctx)
	defer done()
	if err != nil {
		return err
	}
	books.Quiet = c.Calm > 0
	found, err := check.Until(ctx, books, c.Calm)
	if err != nil {
		return err
	}
	for _, f := range found {
		fmt.Fprintln(os.Stdout, f)
	}
	if len(found) > 0 {
		return fmt.Errorf("%w: %d findings", errUntrue, len(found))
	}
	fmt.Fprintln(os.Stdout, "all books agree")
	return nil
}

// books opens what is looked into; done is to be called in any case.
func (c *checkCmd) books(ctx context.Context) (b check.Books, done func(), err error) {
	var closers []func()
	done = func() {
		for n := len(closers) - 1; n >= 0; n-- {
			closers[n]()
		}
	}
	b.Databases = map[string]*crdb.DB{}
	open := c.databaseConfig.open
	names := roomNames()
	if c.DataDir != "" {
		dir, err := openDataDir(c.DataDir)
		if err != nil {
			return b, done, err
		}
		closers = append(closers, dir.close)
		keys, err := dir.keys()
		if err != nil {
			return b, done, err
		}
		all, err := openDatabases(ctx, c.DatabaseURL, keys.database, "", dir)
		if err != nil {
			return b, done, err
		}
		closers = append(closers, func() { _ = all.Stop() })
		names = append(names, sandboxRoom)
		open = func(ctx context.Context, name string) (*crdb.DB, error) {
			address, err := all.Ensure(ctx, name)
			if err != nil {
				return nil, err
			}
			return crdb.Open(ctx, address)
		}
	}
	if _, named := c.Databases[sandboxRoom]; named && c.DataDir == "" {
		names = append(names, sandboxRoom)
	}
	for _, name := range names {
		db, err := open(ctx, name)
		if err != nil {
			return b, done, err
		}
		closers = append(closers, db.Close)
		b.Databases[name] = db
	}
	if c.Nats != "" && c.DataDir == "" {
		if b.Bus, err = bus.Dial(ctx, c.Nats); err != nil {
			return b, done, err
		}
		closers = append(closers, b.Bus.Close)
	}
	return b, done, nil
}
