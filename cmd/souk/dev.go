package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/souk-commerce/souk/edge"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/config"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/obs"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/run"
	"github.com/souk-commerce/souk/services/account"
	"github.com/souk-commerce/souk/services/notification/mailcatcher"
	"github.com/souk-commerce/souk/services/payment"
	"github.com/souk-commerce/souk/services/payment/sandbox"
	"github.com/souk-commerce/souk/web"
)

type devCmd struct {
	DataDir     string        `help:"Folder of the shop's data." default:".souk" env:"SOUK_DATA_DIR" type:"path"`
	DevListen   string        `help:"Address of the caught mails and of the payment sandbox." default:"127.0.0.1:8081" env:"SOUK_DEV_LISTEN"`
	DatabaseURL config.Secret `name:"database-url" help:"Server to make the shop's databases on, as a role that may; empty: CockroachDB or PostgreSQL of this machine, run privately." env:"SOUK_DATABASE_URL"`
	PostgresBin string        `help:"Folder of PostgreSQL's programs, to run that one privately; empty: found by itself." env:"SOUK_POSTGRES_BIN" type:"path"`
	Demo        bool          `help:"Fill a new shop with the demo catalog." default:"true" negatable:"" env:"SOUK_DEMO"`
	PublicURL   string        `help:"Address that shoppers see; empty: http:// and the address listened on." env:"SOUK_PUBLIC_URL"`
	Chaos       string        `help:"Have things go wrong on purpose, by this seed: calls and events are lost, late or come twice, and the shop dies and opens again." placeholder:"SEED"`
	Storm       string        `hidden:"" env:"SOUK_CHAOS"`
	LogLevel    slog.Level    `help:"debug, info, warn or error." default:"warn" env:"SOUK_LOG_LEVEL"`
	edge.Config
}

// The demo's sign-in. Everybody may know it: it is for a shop on loopback.
const (
	demoEmail    = "demo@souk.example"
	demoPassword = "demo-shopper"
	adminEmail   = "admin@souk.example"
)

// Run runs the whole shop until it is told to stop.
func (c *devCmd) Run(ctx context.Context) error {
	if c.Chaos != "" && c.Storm == "" {
		return c.weather(ctx)
	}
	began := time.Now()
	log := obs.Logger(os.Stderr, c.LogLevel)
	slog.SetDefault(log)
	flush, err := obs.Trace(ctx, "souk", version)
	if err != nil {
		return err
	}
	defer flush(context.WithoutCancel(ctx))
	metrics, stop, err := obs.Measure("souk", version)
	if err != nil {
		return err
	}
	defer stop(context.WithoutCancel(ctx))
	d := &dev{devCmd: c, log: log, metrics: metrics, out: os.Stdout, began: began, addresses: map[string]string{}}
	if d.storm, err = brew(c.Storm, "dev"); err != nil {
		return err
	}
	d.storm.Still(true) // until the shop is open
	defer d.close()
	return d.run(ctx)
}

// dev is the whole shop in one process. What is opened is closed in reverse.
type dev struct {
	*devCmd
	log   *slog.Logger
	out   io.Writer
	began time.Time
	// The program's numbers.
	metrics http.Handler

	dir       *dataDir
	keys      keys
	shop, own net.Listener // the edge's, and the sandbox's
	databases databases
	storm     *chaos.Storm
	platform  *platform
	account   *account.Service
	catcher   *mailcatcher.Catcher

	addresses map[string]string
	listeners map[string]net.Listener
	servers   []run.Part // of the services
	parts     []run.Part
	closers   []func()
}

func (d *dev) onClose(f func()) { d.closers = append(d.closers, f) }

func (d *dev) close() {
	for n := len(d.closers) - 1; n >= 0; n-- {
		d.closers[n]()
	}
}

func (d *dev) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{d.ground, d.events, d.store, d.helpers, d.services, d.front} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	d.parts = append(d.parts, run.Func("welcome", d.welcome))
	err := run.Until(ctx, d.parts...)
	if ctx.Err() != nil {
		fmt.Fprintln(d.out, "\nThe shop is closed.")
	}
	return err
}

// ground takes what the machine may refuse: addresses, the folder, the database.
func (d *dev) ground(ctx context.Context) (err error) {
	if d.dir, err = openDataDir(d.DataDir); err != nil {
		return err
	}
	d.onClose(d.dir.close)
	if d.shop, err = listen(d.Listen, "--listen"); err != nil {
		return err
	}
	d.onClose(func() { d.shop.Close() })
	if d.own, err = listen(d.DevListen, "--dev-listen"); err != nil {
		return err
	}
	d.onClose(func() { d.own.Close() })
	if d.keys, err = d.dir.keys(); err != nil {
		return err
	}
	if d.databases, err = openDatabases(ctx, d.DatabaseURL, d.keys.database, d.PostgresBin, d.dir); err != nil {
		return err
	}
	d.onClose(func() {
		if err := d.databases.Stop(); err != nil {
			d.log.Error("database not stopped", "error", err)
		}
	})
	d.say("database", d.databases.Name())
	return nil
}

func (d *dev) say(part, where string) { fmt.Fprintf(d.out, "ready  %-13s %s\n", part, where) }

// events starts the stream, and finds addresses for all parts.
func (d *dev) events(ctx context.Context) error {
	server, err := bus.Embedded(d.dir.in("events"))
	if err != nil {
		return err
	}
	d.onClose(server.Close)
	b, err := server.Dial(ctx)
	if err != nil {
		return err
	}
	d.onClose(b.Close)
	d.listeners = map[string]net.Listener{}
	for _, name := range append(roomNames(), "web") {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		d.onClose(func() { l.Close() })
		d.listeners[name], d.addresses[name] = l, l.Addr().String()
	}
	if d.platform, err = newPlatform(b, d.keys.service, d.addresses, "", d.storm, d.log); err != nil {
		return err
	}
	d.say("events", "")
	return nil
}

// store makes the folder of pictures.
func (d *dev) store(context.Context) error { return d.pictures() }

// helpers are what the shop needs from outside, here played by ourselves: a mail
// server and a payment provider.
func (d *dev) helpers(ctx context.Context) (err error) {
	if d.catcher, err = mailcatcher.New(mailcatcher.Config{Dir: d.dir.in("mail")}, d.log); err != nil {
		return err
	}
	smtp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	d.addresses["smtp"] = smtp.Addr().String()
	db, err := d.database(ctx, sandboxRoom)
	if err != nil {
		return err
	}
	box := sandbox.New(sandbox.Config{
		PublicURL: d.ownURL(), WebhookURL: "http://" + d.addresses["payment"] + payment.WebhookPath + "sandbox",
		Publishable: publishable, Secret: d.keys.sandbox, WebhookSecret: d.keys.webhook,
	}, db, clock.System, d.log)
	mounts := []rpc.Mount{{Path: "/mail/", Handler: d.catcher.Handler()}, {Path: "/sandbox/", Handler: box.Handler()},
		{Path: "GET /metrics", Handler: d.metrics}, {Path: "GET " + obs.ProfilePath, Handler: obs.Profile()},
		{Path: "/{$}", Handler: http.RedirectHandler("/mail/", http.StatusFound)}}
	d.parts = append(d.parts,
		run.Func("mail catcher", func(ctx context.Context) error { return d.catcher.ServeSMTP(ctx, smtp) }),
		box, rpc.NewServer("sandbox server", d.own, mounts, ready(db), d.log))
	return nil
}

const publishable = "pk_sandbox"

func (d *dev) ownURL() string { return "http://" + d.own.Addr().String() }

// shopURL is the shop as browsers on this machine reach it.
func (d *dev) shopURL() string {
	if d.PublicURL != "" {
		return d.PublicURL
	}
	host, port, err := net.SplitHostPort(d.shop.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return "http://" + net.JoinHostPort("127.0.0.1", port)
	}
	return "http://" + d.shop.Addr().String()
}

func (d *dev) database(ctx context.Context, name string) (*crdb.DB, error) {
	r, err := findRoom(name)
	if err != nil {
		return nil, err
	}
	db, err := migrated(ctx, d.databases, r)
	if err != nil {
		return nil, err
	}
	d.onClose(db.Close)
	return db, nil
}

func (d *dev) services(ctx context.Context) error {
	var c serviceConfig
	c.Account.Key, c.Account.AdminEmail, c.Account.AdminPassword = d.keys.account, adminEmail, d.keys.admin
	c.Notification.SMTPAddress, c.Notification.SMTPTLS = d.addresses["smtp"], "none"
	c.Notification.From, c.Notification.ShopName, c.Notification.ShopURL = "Souk <shop@souk.example>", "Souk", d.shopURL()
	c.Order.Origin, c.Order.Home = d.shopURL(), "US"
	c.Payment.Sandbox = payment.Sandbox{URL: d.ownURL(), PublicURL: d.ownURL(), Publishable: publishable, Secret: d.keys.sandbox, WebhookSecret: d.keys.webhook}
	c.Payment.AuditEvery = 10 * time.Minute
	var workers []run.Part
	for _, r := range rooms {
		db, err := d.database(ctx, r.name)
		if err != nil {
			return err
		}
		db.Disturb(d.storm)
		s, err := r.open(ctx, c, d.platform, db)
		if err != nil {
			return err
		}
		if a, ok := s.(*account.Service); ok {
			d.account = a
		}
		workers = append(workers, s)
		d.servers = append(d.servers, rpc.NewServer(r.name+" server", d.listeners[r.name], s.Handlers(), ready(db), d.log))
	}
	d.parts = append(d.parts, run.Together("services", workers...))
	return nil
}

// front is what people see.
func (d *dev) front(ctx context.Context) error {
	pages, err := web.Open(ctx, web.Config{Origin: d.shopURL(), Media: d.dir.in(mediaDir), Gallery: true, Payment: []string{d.ownURL()}}, web.Deps{Reach: d.platform.dial("web").RoundTripper, Log: d.log})
	if err != nil {
		return err
	}
	d.parts = append(d.parts, run.Together("servers", append(d.servers, webServer(d.listeners["web"], pages, d.platform))...))
	cfg := d.Config
	cfg.Connect = append(cfg.Connect, d.ownURL())
	e, err := openEdge(cfg, d.shop, d.platform, roomNames())
	if err != nil {
		return err
	}
	d.parts = append(d.parts, e)
	return nil
}
