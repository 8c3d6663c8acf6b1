package main_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/souk-commerce/souk/api/gen/souk/cart/v1/cartv1connect"
	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/api/gen/souk/order/v1/orderv1connect"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/config"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/postgres"
	"github.com/souk-commerce/souk/kit/token"
	"github.com/souk-commerce/souk/services/notification/mailcatcher"
	"github.com/souk-commerce/souk/services/payment/sandbox"
)

// town is a shop whose parts are processes of their own, as on many machines.
type town struct {
	shop
	env       []string
	addresses map[string]string
	databases *postgres.Server
	events    *stream
	layout    map[string][]string // what each process runs
}

// openTown brings up what stands beside a shop: databases, events, mail, and the
// payment provider.
func openTown(t *testing.T, layout map[string][]string) *town {
	t.Helper()
	dir, err := os.MkdirTemp("", "souk-town-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for path, mode := range map[string]os.FileMode{"": 0o755, "keys": 0o700, "mail": 0o700} {
		if err := os.MkdirAll(filepath.Join(dir, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c := &town{shop: shop{t: t, dir: dir, parts: map[string]string{}, out: &lines{}}, addresses: map[string]string{}, layout: layout}
	t.Cleanup(func() {
		if said := c.out.String(); t.Failed() {
			t.Logf("the processes said:\n%s", said[max(0, len(said)-8000):])
		}
	})
	if c.databases, err = postgres.Start(t.Context(), postgres.Config{Dir: filepath.Join(dir, "db")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.databases.Stop() })
	services := []string{"account", "catalog", "inventory", "search", "cart", "payment", "order", "notification"}
	for _, name := range append(services, "sandbox") {
		if err := c.databases.EnsureDatabase(t.Context(), name, name); err != nil {
			t.Fatal(err)
		}
	}
	var known []string
	for _, name := range append(services, "web", "edge") {
		c.addresses[name] = freeAddress(t)
	}
	// Parts that share a process share its address.
	for _, names := range layout {
		for _, name := range names {
			c.addresses[name] = c.addresses[names[0]]
			c.parts[name] = "http://" + c.addresses[name]
			known = append(known, name+"="+c.addresses[name])
		}
	}
	known = append(known, "web="+c.addresses["web"])
	keys := map[string]string{}
	for _, name := range []string{"service", "account"} {
		keys[name] = token.NewSeed()
		if err := os.WriteFile(filepath.Join(dir, "keys", name), []byte(keys[name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.url = "http://" + c.addresses["edge"]
	const secret, webhook = "sk_town", "whsec_town"
	smtp := c.helpers(secret, webhook)
	c.events = openStream(t, filepath.Join(dir, "events"))
	c.env = append(os.Environ(),
		"SOUK_NATS_URL="+c.events.ClientURL(), "SOUK_SERVICES="+strings.Join(known, ";"), "SOUK_SERVICE_KEY="+keys["service"],
		"SOUK_DATABASE_URL="+strings.ReplaceAll(c.databases.URL("SERVICE", "SERVICE"), "SERVICE", "{service}"),
		"SOUK_ACCOUNT_KEY="+keys["account"], "SOUK_ADMIN_EMAIL=admin@souk.example", "SOUK_ADMIN_PASSWORD=town-admin-password",
		"SOUK_SMTP_ADDR="+smtp, "SOUK_SMTP_TLS=none", "SOUK_SHOP_URL="+c.url, "SOUK_ORIGIN="+c.url,
		"SOUK_SANDBOX_URL="+c.dev, "SOUK_SANDBOX_PUBLIC_URL="+c.dev, "SOUK_SANDBOX_PUBLISHABLE_KEY=pk_sandbox",
		"SOUK_SANDBOX_SECRET="+secret, "SOUK_SANDBOX_WEBHOOK_SECRET="+webhook,
		"SOUK_CONNECT_ORIGINS="+c.dev, "SOUK_PAYMENT_ORIGINS="+c.dev, "SOUK_EDGE_RATE=100000", "SOUK_EDGE_BURST=100000")
	return c
}

// processes are the services' processes, and what each of them runs.
var processes = map[string][]string{
	"goods": {"catalog", "inventory"},
	"find":  {"search"},
	"front": {"account", "cart", "notification", "payment"},
	"till":  {"order"},
}

// stream is an event server that is reached over the network.
type stream struct {
	*server.Server
	t    *testing.T
	dir  string
	port int
}

func openStream(t *testing.T, dir string) *stream {
	t.Helper()
	s := &stream{t: t, dir: dir, port: server.RANDOM_PORT}
	s.open()
	t.Cleanup(s.close)
	return s
}

func (s *stream) open() {
	var err error
	if s.Server, err = server.NewServer(&server.Options{Host: "127.0.0.1", Port: s.port, NoSigs: true, NoLog: true, JetStream: true, StoreDir: s.dir}); err != nil {
		s.t.Error(err)
		return
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.t.Error("the event server did not start")
		return
	}
	s.port = s.Addr().(*net.TCPAddr).Port
}

func (s *stream) close() { s.Shutdown(); s.WaitForShutdown() }

// helpers runs a mail server and a payment provider; it returns where mail goes.
func (c *town) helpers(secret, webhook string) (smtp string) {
	t := c.t
	log := slog.New(slog.DiscardHandler)
	catcher, err := mailcatcher.New(mailcatcher.Config{Dir: filepath.Join(c.dir, "mail"), Keep: 1 << 20}, log)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	db, err := crdb.Open(t.Context(), c.databases.URL("sandbox", "sandbox"))
	if err != nil {
		t.Fatal(err)
	}
	if err := crdb.Migrate(t.Context(), db, sandbox.Migrations()); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	outside := httptest.NewServer(mux)
	c.dev = outside.URL
	box := sandbox.New(sandbox.Config{
		PublicURL: c.dev, WebhookURL: "http://" + c.addresses["payment"] + "/webhooks/sandbox",
		Publishable: "pk_sandbox", Secret: config.NewSecret(secret), WebhookSecret: config.NewSecret(webhook),
	}, db, clock.System, log)
	mux.Handle("/mail/", catcher.Handler())
	mux.Handle("/sandbox/", box.Handler())
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = catcher.ServeSMTP(ctx, l) })
	running.Go(func() { _ = box.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait(); outside.Close(); db.Close() })
	return l.Addr().String()
}

var addresses sync.Map // that freeAddress has given

// freeAddress is where nobody listens. It is below the ports that systems give to
// those who call, so that it is still free when a part that died there comes back,
// and it is given once.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000)))
		if err != nil {
			continue
		}
		defer l.Close()
		if _, given := addresses.LoadOrStore(l.Addr().String(), true); !given {
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// part is a process of the town.
type part struct {
	*exec.Cmd
	ended chan error
}

// run starts a part; it is closed when the test ends.
func (c *town) run(listen string, args ...string) *part {
	c.t.Helper()
	p := &part{exec.Command(binary, args...), make(chan error, 1)}
	p.Env = slices.Concat(c.env, []string{"SOUK_LISTEN=" + listen})
	p.Stdout, p.Stderr = c.out, c.out
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() { p.ended <- p.Wait() }()
	c.t.Cleanup(func() {
		p.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-p.ended:
			if err != nil {
				c.t.Errorf("souk %v ended: %v", args, err)
			}
		case <-time.After(time.Minute):
			p.Process.Kill()
			c.t.Errorf("souk %v did not close", args)
		}
	})
	return p
}

// serve runs the services of one process.
func (c *town) serve(process string) *part {
	c.t.Helper()
	return c.run(c.addresses[c.layout[process][0]], append([]string{"serve"}, c.layout[process]...)...)
}

// die ends a part as a machine's death does.
func (p *part) die() {
	p.Process.Kill()
	<-p.ended
	p.ended <- nil
}

// status is what the town answers a GET with.
func (c *town) status(path string) (int, string) {
	resp, err := plenty.Get(c.url + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

func (c *town) waitReady() {
	c.t.Helper()
	waitFor(c.t, "the town to be ready to sell", time.Minute, func() bool { code, _ := c.status("/readyz"); return code == http.StatusOK })
}

const wares = `Handle,Title,Body (HTML),Vendor,Type,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price,Status
lamp,Quiet lamp,<p>A lamp.</p>,Lumen,Lamps,true,Colour,White,LAMP-W,1000,49.00,active
`

// TestSpreadOut runs every part as a process of its own: fills the shop, sells,
// loses processes, and goes on.
func TestSpreadOut(t *testing.T) {
	c := openTown(t, processes)
	migrate := exec.Command(binary, "migrate")
	migrate.Env = c.env
	if out, err := migrate.CombinedOutput(); err != nil {
		t.Fatalf("souk migrate: %v\n%s", err, out)
	}
	c.serve("goods")
	find := c.serve("find")
	c.serve("front")
	till := c.serve("till")
	// A second till that nobody calls: it takes over what the first leaves behind.
	c.run("127.0.0.1:0", append([]string{"serve"}, processes["till"]...)...)
	c.run(c.addresses["web"], "web")
	c.run(c.addresses["edge"], "edge")
	c.waitReady()

	file := filepath.Join(c.dir, "wares.csv")
	if err := os.WriteFile(file, []byte(wares), 0o600); err != nil {
		t.Fatal(err)
	}
	imported := exec.Command(binary, "import", "--mapping", "shopify", "--shop", c.url, file)
	imported.Env = slices.Concat(c.env, []string{"SOUK_DATA_DIR=" + filepath.Join(c.dir, "none")})
	if out, err := imported.CombinedOutput(); err != nil {
		t.Fatalf("souk import: %v\n%s", err, out)
	}
	product := c.productPath()
	waitFor(t, "the product to be found", 20*time.Second, func() bool {
		code, body := c.status("/search?q=lamp")
		return code == http.StatusOK && strings.Contains(body, "Quiet lamp")
	})

	find.die()
	waitFor(t, "the loss of search to be seen", 20*time.Second, func() bool { code, _ := c.status("/readyz"); return code == http.StatusServiceUnavailable })
	if code, body := c.status(product); code != http.StatusOK || !strings.Contains(body, "Quiet lamp") {
		t.Errorf("without search, the product page answers %d", code)
	}
	card := c.cardToken("4242424242424242")
	b := c.buyer()
	req, err := b.request(t.Context(), "LAMP-W", card)
	if err != nil {
		t.Fatalf("without search: %v", err)
	}
	sold, err := b.place(t.Context(), req)
	if err != nil {
		t.Fatalf("without search: %v", err)
	}
	c.settled(sold, false)
	c.serve("find")
	c.waitReady()

	c.loseTill(till, card)
	waitFor(t, "the confirmation", 20*time.Second, func() bool { return len(c.mails(b.id+"@example.com")) == 1 })
}

// loseTill kills the till amid checkouts: the other one ends them without anybody
// asking, and shoppers who ask again get the same order.
func (c *town) loseTill(till *part, card string) {
	t := c.t
	const crowd = 50
	buyers, requests := make([]buyer, crowd), make([]*orderv1.PlaceOrderRequest, crowd)
	for n := range buyers {
		buyers[n] = c.buyer()
		var err error
		if requests[n], err = buyers[n].request(t.Context(), "LAMP-W", card); err != nil {
			t.Fatal(err)
		}
	}
	answers := make(chan error, crowd)
	for n, b := range buyers {
		go func() {
			_, err := b.checkout.PlaceOrder(t.Context(), requests[n])
			answers <- err
		}()
	}
	<-answers
	till.die()
	lost := 0
	for range crowd - 1 {
		if err := <-answers; err != nil {
			lost++
		}
	}
	t.Logf("the till died with %d checkouts unanswered", lost)
	waitFor(t, "the other till to end what was begun", time.Minute, func() bool { _, reserved, _ := c.books("LAMP-W"); return reserved == 0 })
	c.serve("till")
	c.waitReady()
	for n, b := range buyers {
		client := c.shopper(b.id)
		b := buyer{b.id, cartv1connect.NewCartServiceClient(client, c.url), orderv1connect.NewCheckoutServiceClient(client, c.url)}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		again, err := b.place(ctx, requests[n])
		cancel()
		if err != nil {
			t.Fatalf("checkout %d: %v", n, err)
		}
		c.settled(again, false)
	}
	waitFor(t, "nothing to be reserved", time.Minute, func() bool { _, reserved, _ := c.books("LAMP-W"); return reserved == 0 })
	if onHand, _, booked := c.books("LAMP-W"); onHand != 1000-1-crowd || booked != onHand {
		t.Errorf("%d on hand and %d in the ledger after %d sales of 1000", onHand, booked, 1+crowd)
	}
}

// productPath is the lamp's page.
func (c *town) productPath() string {
	c.t.Helper()
	list, err := catalogv1connect.NewProductServiceClient(tokened(""), c.url).ListProducts(c.t.Context(), &catalogv1.ListProductsRequest{})
	if err != nil || len(list.GetProducts()) != 1 {
		c.t.Fatalf("%d products, %v", len(list.GetProducts()), err)
	}
	return fmt.Sprintf("/p/%s", list.GetProducts()[0].GetSlug())
}
