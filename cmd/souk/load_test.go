package main_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	cartv1 "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	"github.com/souk-commerce/souk/api/gen/souk/cart/v1/cartv1connect"
	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/api/gen/souk/order/v1/orderv1connect"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/postgres"
	"github.com/souk-commerce/souk/kit/token"
)

// `make bench-checkout` sets these; docs/benchmarks.md explains what is measured.
var (
	loadCSV     = flag.String("load-csv", "", "measure checkouts under load, and write every figure to this file")
	loadRounds  = flag.Int("load-rounds", 5, "how many rounds of all measurements")
	loadTime    = flag.Duration("load-time", 5*time.Second, "how long one measurement takes")
	loadScale   = flag.Int("load-scale", 50, "scale of pgbench's tables")
	loadOnly    = flag.String("load-only", "", "a regular expression of the measurements to make; empty: all")
	loadProfile = flag.String("load-profile", "", "folder for a CPU profile of the shop during each measurement of the last round")
)

const (
	loadSKUs  = 1000
	loadHot   = "LOAD-0HOT" // as long as the others: a cart of one is made into one of another
	loadGone  = "LOAD-GONE"
	loadLines = 3
	loadStock = 500_000_000
)

// BenchmarkCheckouts has crowds buy in the whole shop, on a PostgreSQL with fsync
// that pgbench uses in turns with them.
func BenchmarkCheckouts(b *testing.B) {
	if *loadCSV == "" {
		b.Skip("run by make bench-checkout")
	}
	l := openLoad(b)
	legs := l.legs()
	legs = slices.DeleteFunc(legs, func(g leg) bool {
		return g.name != yardstick && !regexp.MustCompile(*loadOnly).MatchString(g.name)
	})
	for b.Loop() {
		for round := range *loadRounds {
			for _, g := range legs {
				l.measure(g, round)
			}
		}
	}
	b.ReportMetric(0, "ns/op") // says nothing
	l.report(legs)
}

// load is a shop under load.
type load struct {
	*shop
	t     *testing.B
	admin *pgx.Conn
	bench string // pgbench's database

	postmaster string // its process
	pg         string // pgbench itself

	staffed connect.HTTPClient

	signer       *token.Signer
	serviceToken string
	cart         []byte // as the shop keeps it, with sku(0), sku(1), …
	total        *typev1.Money
	delivery     string
	method       string

	shoppers map[string][]shopper // with full carts, of each leg
	rates    map[string]float64
	calm     float64 // transactions per second of a shop without customers
	figures  []figure
}

// shopper stands before the till with a full cart.
type shopper struct {
	token string
	req   *orderv1.PlaceOrderRequest
}

// leg is one thing that is measured.
type leg struct {
	name    string
	clients int
	// What each of the lines of a cart is; nil when nobody has one.
	cart func(line int) string
	// What is done with each shopper; nil for pgbench.
	do func(ctx context.Context, c *client, who shopper) error
}

// figure is what came of a leg in a round.
type figure struct {
	leg              string
	round, done      int
	perSecond, ratio float64
	p50, p99         time.Duration
	// For each thing done.
	retries, transactions, calls float64
	// Milliseconds of processor time for each, of the shop and of the database.
	shopTime, databaseTime float64
	// How long the shop worked on, telling and hearing of what had happened.
	settled time.Duration
}

const yardstick = "pgbench TPC-B"

func (l *load) legs() []leg {
	random := func(int) string { return sku(rand.IntN(loadSKUs)) }
	hot := func(line int) string {
		if line == 0 {
			return loadHot
		}
		return random(line)
	}
	gone := func(line int) string {
		if line == 0 {
			return loadGone
		}
		return random(line)
	}
	place := func(ctx context.Context, c *client, who shopper) error { return c.place(ctx, who, "") }
	return []leg{
		{yardstick, 16, nil, nil},
		{"checkout", 16, random, place},
		{"checkout, crowd", 64, random, place},
		{"checkout, hot SKU", 64, hot, place},
		{"reserve", 64, nil, l.reserve},
		{"sold out", 64, gone, func(ctx context.Context, c *client, who shopper) error {
			return c.place(ctx, who, "stock_short")
		}},
	}
}

func sku(n int) string { return fmt.Sprintf("LOAD-%04d", n) }

func openLoad(b *testing.B) *load {
	dir := b.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil { // the database runs as another user
			b.Fatal(err)
		}
	}
	server, err := postgres.Start(b.Context(), postgres.Config{Dir: filepath.Join(dir, "pg")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { server.Stop() })
	l := &load{t: b, pg: pgbench(b), bench: server.URL("bench", postgres.Superuser), shoppers: map[string][]shopper{}, rates: map[string]float64{}}
	if text, err := os.ReadFile(filepath.Join(dir, "pg", "pg", "postmaster.pid")); err == nil {
		l.postmaster, _, _ = strings.Cut(string(text), "\n")
	}
	if l.admin, err = pgx.Connect(b.Context(), server.URL("postgres", postgres.Superuser)); err != nil {
		b.Fatal(err)
	}
	l.exec(l.admin, "CREATE DATABASE bench")
	out, err := exec.Command(l.pg, "-i", "-q", "-s", strconv.Itoa(*loadScale), l.bench).CombinedOutput()
	if err != nil {
		b.Fatalf("pgbench: %v\n%s", err, out)
	}
	l.shop = start(b, dir, "--no-demo", "--database-url", server.URL("postgres", postgres.Superuser))
	b.Cleanup(func() { l.stop() })
	l.staffed = l.staff()
	l.signer, l.serviceToken = l.keys()
	l.fill()
	l.sample()
	l.calm = l.idle()
	return l
}

// pgbench finds the program; Debian keeps it off the PATH.
func pgbench(b *testing.B) string {
	if path, err := exec.LookPath("pgbench"); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if len(found) == 0 {
		b.Fatal("pgbench is not installed")
	}
	return found[len(found)-1]
}

func (l *load) exec(conn *pgx.Conn, statement string, args ...any) {
	l.t.Helper()
	if _, err := conn.Exec(l.t.Context(), statement, args...); err != nil {
		l.t.Fatal(err)
	}
}

func (l *load) keys() (account *token.Signer, service string) {
	signer := func(key, issuer string) *token.Signer {
		seed, err := os.ReadFile(filepath.Join(l.dir, "keys", key))
		if err != nil {
			l.t.Fatal(err)
		}
		s, err := token.NewSigner(issuer, strings.TrimSpace(string(seed)), clock.System)
		if err != nil {
			l.t.Fatal(err)
		}
		return s
	}
	service, err := signer("service", "souk/service").Sign(token.Claims{Subject: "test", Role: "service"}, 24*time.Hour)
	if err != nil {
		l.t.Fatal(err)
	}
	return signer("account", "souk/account"), service
}

// fill puts what is sold onto the shelves, all at one price.
func (l *load) fill() {
	goods := catalogv1connect.NewProductAdminServiceClient(l.staffed, l.parts["catalog"])
	products, err := goods.BulkUpsertProducts(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	levels, err := inventoryv1connect.NewStockAdminServiceClient(l.staffed, l.parts["inventory"]).BulkSetStock(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	skus := []string{loadHot, loadGone}
	for n := range loadSKUs {
		skus = append(skus, sku(n))
	}
	for n, sku := range skus {
		price := &catalogv1.Price{Amount: &typev1.Money{CurrencyCode: "USD", MinorUnits: 2000}}
		err := products.Send(&catalogv1.BulkUpsertProductsRequest{Reference: int64(n), NewStatus: catalogv1.ProductStatus_PRODUCT_STATUS_PUBLISHED, Product: &catalogv1.Product{
			Title: "Thing " + sku, Variants: []*catalogv1.Variant{{Sku: sku, Prices: []*catalogv1.Price{price}}},
		}})
		units := int64(loadStock)
		if sku == loadGone {
			units = 0
		}
		if err := errors.Join(err, levels.Send(&inventoryv1.BulkSetStockRequest{Sku: sku, OnHand: units})); err != nil {
			l.t.Fatal(err)
		}
	}
	made, err := products.CloseAndReceive()
	if err != nil || made.GetFailed() > 0 {
		l.t.Fatal(made, err)
	}
	set, err := levels.CloseAndReceive()
	if err != nil || len(set.GetFailed()) > 0 {
		l.t.Fatal(set, err)
	}
}

// sample has one shopper fill a cart and ask for its price: the carts of all
// others are made after this one.
func (l *load) sample() {
	who := uuid.NewString()
	client := l.shopper(who)
	carts := cartv1connect.NewCartServiceClient(client, l.parts["cart"])
	for n := range loadLines {
		if _, err := carts.AddLine(l.t.Context(), &cartv1.AddLineRequest{Sku: sku(n), Quantity: 1, CurrencyCode: "USD"}); err != nil {
			l.t.Fatal(err)
		}
	}
	quote, err := orderv1connect.NewCheckoutServiceClient(client, l.parts["order"]).Quote(l.t.Context(), &orderv1.QuoteRequest{ShippingAddress: home(), CurrencyCode: "USD"})
	if err != nil {
		l.t.Fatal(err)
	}
	l.total, l.delivery, l.method = quote.GetTotals().GetTotal(), quote.GetDeliveryOptionId(), l.cardToken("4242424242424242")
	conn := l.database("cart")
	defer conn.Close(l.t.Context())
	if err := conn.QueryRow(l.t.Context(), `SELECT body FROM cart WHERE owner = $1`, who).Scan(&l.cart); err != nil {
		l.t.Fatal(err)
	}
}

func (l *load) database(service string) *pgx.Conn {
	config := l.admin.Config()
	config.Database = "souk_" + service
	conn, err := pgx.ConnectConfig(l.t.Context(), config)
	if err != nil {
		l.t.Fatal(err)
	}
	return conn
}

// gather has at least n shoppers stand before the till of a leg, with tokens.
func (l *load) gather(g leg, n int) {
	missing := n - len(l.shoppers[g.name])
	if missing <= 0 || g.cart == nil {
		return
	}
	var carts [][]any
	for range missing {
		id := uuid.NewString()
		cart := l.cart
		for n := range loadLines {
			cart = bytes.ReplaceAll(cart, []byte(sku(n)), []byte(g.cart(n)))
		}
		carts = append(carts, []any{id, "USD", "[]", cart, int64(1), time.Now()})
		raw, err := l.signer.Sign(token.Claims{Subject: id, Role: "shopper"}, time.Hour)
		if err != nil {
			l.t.Fatal(err)
		}
		l.shoppers[g.name] = append(l.shoppers[g.name], shopper{raw, &orderv1.PlaceOrderRequest{
			CheckoutId: uuid.NewString(), Email: id + "@example.com", ShippingAddress: home(), DeliveryOptionId: l.delivery,
			CurrencyCode: "USD", PaymentMethod: l.method, ExpectedTotal: l.total,
		}})
	}
	conn := l.database("cart")
	defer conn.Close(l.t.Context())
	if _, err := conn.CopyFrom(l.t.Context(), pgx.Identifier{"cart"}, []string{"owner", "currency", "lines", "body", "version", "touched_at"}, pgx.CopyFromRows(carts)); err != nil {
		l.t.Fatal(err)
	}
	l.exec(conn, "ANALYZE cart")
}

// place buys as who; the checkout is refused for the reason, if there is one.
func (c *client) place(ctx context.Context, who shopper, refused string) error {
	ctx, call := connect.NewClientContext(ctx)
	call.RequestHeader().Set("Authorization", "Bearer "+who.token)
	resp, err := c.checkout.PlaceOrder(ctx, who.req)
	if err != nil {
		return err
	}
	done := resp.GetCheckout()
	if refused == "" && done.GetState() == orderv1.CheckoutState_CHECKOUT_STATE_PLACED || refused != "" && done.GetReason() == refused {
		return nil
	}
	return fmt.Errorf("the checkout is %v", done)
}

// reserve sets aside what would be in the cart.
func (l *load) reserve(ctx context.Context, c *client, _ shopper) error {
	ctx, call := connect.NewClientContext(ctx)
	call.RequestHeader().Set("Authorization", "Bearer "+l.serviceToken)
	req := &inventoryv1.ReserveRequest{ReservationId: uuid.NewString(), HoldSeconds: 1800}
	for len(req.Lines) < loadLines {
		req.Lines = append(req.Lines, &inventoryv1.StockLine{Sku: sku(rand.IntN(loadSKUs)), Units: 1})
	}
	_, err := c.stock.Reserve(ctx, req)
	return err
}

// measure makes one figure. Nothing else is under way when it begins.
func (l *load) measure(g leg, round int) {
	f := figure{leg: g.name, round: round}
	if g.do == nil {
		before := l.databaseTime()
		f.perSecond = l.pgbench(g.clients)
		f.databaseTime = (l.databaseTime() - before) / (f.perSecond * loadTime.Seconds())
		l.rates[g.name] = f.perSecond
		f.ratio = 1
		l.figures = append(l.figures, f)
		return
	}
	most := int(max(l.rates[g.name]*loadTime.Seconds()*1.5, 2000))
	l.gather(g, most)
	l.rest()
	before := l.count()
	if *loadProfile != "" && round == *loadRounds-1 {
		defer l.profile(g.name)()
	}
	took, times := l.crowd(g, l.shoppers[g.name])
	l.shoppers[g.name] = l.shoppers[g.name][min(len(times), len(l.shoppers[g.name])):]
	counted := l.count()
	f.settled = l.rest()
	f.done, f.perSecond = len(times), float64(len(times))/took.Seconds()
	slices.Sort(times)
	f.p50, f.p99 = times[len(times)/2], times[len(times)*99/100]
	f.ratio = f.perSecond / l.rates[yardstick]
	l.rates[g.name] = f.perSecond
	each := func(a, b float64) float64 { return (b - a) / float64(f.done) }
	f.retries, f.calls = each(before.retries, counted.retries), each(before.calls, counted.calls)
	f.transactions = each(before.transactions, counted.transactions)
	f.shopTime, f.databaseTime = each(before.shopTime, counted.shopTime), each(before.databaseTime, counted.databaseTime)
	l.figures = append(l.figures, f)
	fmt.Fprintf(os.Stderr, "round %d  %-20s %8.0f/s  %.2f of %s\n", round+1, g.name, f.perSecond, f.ratio, yardstick)
}

// crowd has clients do what the leg does until its time is up, or no shopper is
// left, and returns how long each took.
func (l *load) crowd(g leg, all []shopper) (took time.Duration, times []time.Duration) {
	var next atomic.Int64
	var mu sync.Mutex
	var clients sync.WaitGroup
	began := time.Now()
	for range g.clients {
		clients.Go(func() {
			var own []time.Duration
			c := l.client()
			defer c.close()
			for time.Since(began) < *loadTime {
				var who shopper
				if n := int(next.Add(1)) - 1; n < len(all) {
					who = all[n]
				} else if g.cart != nil {
					break
				}
				start := time.Now()
				if err := g.do(l.t.Context(), c, who); err != nil {
					l.t.Errorf("%s: %v", g.name, err)
				}
				own = append(own, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			times = append(times, own...)
		})
	}
	clients.Wait()
	return time.Since(began), times
}

var tps = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)

func (l *load) pgbench(clients int) float64 {
	l.rest()
	out, err := exec.Command(l.pg, "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "2", "-T", strconv.Itoa(int(loadTime.Seconds())), l.bench).CombinedOutput()
	found := tps.FindSubmatch(out)
	if err != nil || found == nil {
		l.t.Fatalf("pgbench: %v\n%s", err, out)
	}
	rate, _ := strconv.ParseFloat(string(found[1]), 64)
	return rate
}

// counts is what the shop and the database have counted so far.
type counts struct{ retries, calls, transactions, shopTime, databaseTime float64 }

var (
	retriesLine = regexp.MustCompile(`(?m)^souk_db_retries_total\{.*\} (\S+)$`)
	timeLine    = regexp.MustCompile(`(?m)^process_cpu_seconds_total (\S+)$`)
	callsLine   = regexp.MustCompile(`(?m)^rpc_server_\w*duration_\w*count\{.*\} (\S+)$`)
)

func (l *load) count() (c counts) {
	resp, err := plenty.Get(l.dev + "/metrics")
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	sum := func(line *regexp.Regexp) (total float64) {
		for _, m := range line.FindAllSubmatch(page, -1) {
			n, _ := strconv.ParseFloat(string(m[1]), 64)
			total += n
		}
		return total
	}
	return counts{sum(retriesLine), sum(callsLine), l.transactions(), 1000 * sum(timeLine), l.databaseTime()}
}

// databaseTime is what the database's processes have taken of the processor, in
// milliseconds; those that have ended count for their parent. 0 where there is no
// /proc.
func (l *load) databaseTime() (total float64) {
	const tick = 10 // milliseconds, on every Linux
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		f := strings.Fields(rest)
		pid := strings.Split(path, "/")[2]
		if len(f) < 15 || f[1] != l.postmaster && pid != l.postmaster {
			continue
		}
		times := f[11:13]
		if pid == l.postmaster {
			times = f[11:15] // and its children's
		}
		for _, t := range times {
			n, _ := strconv.ParseFloat(t, 64)
			total += n * tick
		}
	}
	return total
}

func (l *load) transactions() (n float64) {
	const all = `SELECT sum(xact_commit + xact_rollback)::FLOAT8 FROM pg_stat_database WHERE datname LIKE 'souk_%'`
	if err := l.admin.QueryRow(l.t.Context(), all).Scan(&n); err != nil {
		l.t.Fatal(err)
	}
	return n
}

// idle is how many transactions a second there are without customers.
func (l *load) idle() float64 {
	least := 1e9
	for range 8 {
		least = min(least, l.pace())
	}
	return least
}

const paceTime = time.Second

func (l *load) pace() float64 {
	before := l.transactions()
	<-time.After(paceTime)
	return (l.transactions() - before) / paceTime.Seconds()
}

// rest waits until everything that has happened is told, heard and done with.
func (l *load) rest() time.Duration {
	began := time.Now()
	for l.pace() > l.calm*1.5+10 {
		if time.Since(began) > 5*time.Minute {
			l.t.Fatal("the shop does not come to rest")
		}
	}
	return time.Since(began)
}

// profile keeps where the shop's processor time goes while a leg is measured.
func (l *load) profile(name string) func() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		resp, err := http.Get(fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", l.dev, int(loadTime.Seconds())-1))
		if err != nil {
			l.t.Error(err)
			return
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		path := filepath.Join(*loadProfile, strings.ReplaceAll(strings.ReplaceAll(name, ",", ""), " ", "-")+".prof")
		if err := errors.Join(err, os.WriteFile(path, body, 0o644)); err != nil {
			l.t.Error(err)
		}
	}()
	return func() { <-done }
}

// report prints medians, and writes all figures.
func (l *load) report(legs []leg) {
	file, err := os.Create(*loadCSV)
	if err != nil {
		l.t.Fatal(err)
	}
	defer file.Close()
	w := csv.NewWriter(file)
	w.Write([]string{"measurement", "round", "done", "per_second", "ratio_to_tpcb", "p50_ms", "p99_ms", "retries_each", "transactions_each", "rpcs_each", "shop_cpu_ms_each", "database_cpu_ms_each", "settled_s"})
	for _, f := range l.figures {
		w.Write([]string{
			f.leg, strconv.Itoa(f.round + 1), strconv.Itoa(f.done), fmt.Sprintf("%.1f", f.perSecond), fmt.Sprintf("%.3f", f.ratio), fmt.Sprintf("%.2f", ms(f.p50)), fmt.Sprintf("%.2f", ms(f.p99)),
			fmt.Sprintf("%.4f", f.retries), fmt.Sprintf("%.2f", f.transactions), fmt.Sprintf("%.2f", f.calls),
			fmt.Sprintf("%.3f", f.shopTime), fmt.Sprintf("%.3f", f.databaseTime), fmt.Sprintf("%.1f", f.settled.Seconds()),
		})
	}
	if w.Flush(); w.Error() != nil {
		l.t.Fatal(w.Error())
	}
	fmt.Printf("\n%-20s %8s %8s %8s %8s %8s %9s %9s %6s %9s %9s\n", "median of rounds", "clients", "per s", "to TPC-B", "p50, ms", "p99, ms", "retries", "commits", "calls", "shop, ms", "db, ms")
	for _, g := range legs {
		m := func(of func(figure) float64) float64 { return median(l.figures, g.name, of) }
		fmt.Printf("%-20s %8d %8.0f %8.2f %8.1f %8.1f %9.4f %9.1f %6.1f %9.2f %9.2f\n", g.name, g.clients, m(func(f figure) float64 { return f.perSecond }), m(func(f figure) float64 { return f.ratio }),
			m(func(f figure) float64 { return ms(f.p50) }), m(func(f figure) float64 { return ms(f.p99) }),
			m(func(f figure) float64 { return f.retries }), m(func(f figure) float64 { return f.transactions }), m(func(f figure) float64 { return f.calls }),
			m(func(f figure) float64 { return f.shopTime }), m(func(f figure) float64 { return f.databaseTime }))
	}
	fmt.Println("\nRetries, commits of the database, calls between services and processor time are for each.")
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func median(all []figure, leg string, of func(figure) float64) float64 {
	var values []float64
	for _, f := range all {
		if f.leg == leg {
			values = append(values, of(f))
		}
	}
	slices.SortFunc(values, cmp.Compare)
	return values[len(values)/2]
}
