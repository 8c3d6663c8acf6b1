package main_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	accountv1 "github.com/souk-commerce/souk/api/gen/souk/account/v1"
	"github.com/souk-commerce/souk/api/gen/souk/account/v1/accountv1connect"
	cartv1 "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	"github.com/souk-commerce/souk/api/gen/souk/cart/v1/cartv1connect"
	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/api/gen/souk/order/v1/orderv1connect"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/cmd/check"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/postgres"
)

// `make chaos` sets these.
var (
	chaosBuyers   = flag.Int("chaos-checkouts", 120, "how many checkouts there are in the storm")
	chaosGap      = flag.Float64("chaos-gap", 120, "after about how many passes something goes wrong at a point")
	chaosRestarts = flag.Int("chaos-restarts", 1, "how often the databases, and how often the event server, are restarted")
	chaosOutages  = flag.Int("chaos-outages", 0, "how often nobody can tell prices for a while")
	chaosFaults   = flag.Int("chaos-faults", 40, "how many faults there must have been")
	chaosEach     = flag.Int("chaos-each", 0, "how many of them at each point")
	chaosSeed     = flag.Uint64("chaos-seed", 0, "the storm's seed; 0: another one each time")
	chaosJournal  = flag.String("chaos-journal", "", "keep the journal of faults here")
)

// lonely is every service that moves money or goods as a process of its own.
var lonely = map[string][]string{
	"goods": {"catalog", "inventory"}, "find": {"search"}, "front": {"account", "cart"}, "post": {"notification"}, "bank": {"payment"}, "till": {"order"},
}

// calmTime is how long after the storm everything may take to be finished.
const calmTime = time.Minute

// TestOrdersAreNeverWrong has many people buy while processes die, answers are
// lost, calls and events come twice, and databases and the event server are
// restarted. Then it is calm, and soon all books agree.
func TestOrdersAreNeverWrong(t *testing.T) {
	s := openStorm(t)
	began := time.Now()
	s.buy()
	took := time.Since(began)
	s.rest()
	s.report(took)
	s.compare()
}

// storm is a town in which everything goes wrong.
type storm struct {
	*town
	seed          uint64
	journal, calm string
	method        map[string]string // tokens of cards, by what they do
	parts         map[string]*watched

	done      atomic.Int64
	mu        sync.Mutex
	ordered   map[string]string // by checkout, as shoppers were told
	outcomes  map[string]int
	slowest   time.Duration
	restarted int
}

const (
	stormSKUs   = 20
	stormScarce = "STORM-SCARCE"
	stormShelf  = "STORM-SHELF"
)

func openStorm(t *testing.T) *storm {
	s := &storm{town: openTown(t, lonely), seed: *chaosSeed, ordered: map[string]string{}, outcomes: map[string]int{}, method: map[string]string{}, parts: map[string]*watched{}}
	if s.seed == 0 {
		s.seed = rand.Uint64N(1_000_000) + 1
	}
	t.Logf("seed %d", s.seed)
	if s.journal = *chaosJournal; s.journal == "" {
		s.journal = filepath.Join(s.dir, "journal")
	}
	s.calm = filepath.Join(s.dir, "calm")
	s.still(true)
	s.env = append(s.env, fmt.Sprintf("SOUK_CHAOS=seed=%d,gap=%v,growth=1.4,journal=%s,calm=%s", s.seed, *chaosGap, s.journal, s.calm), "SOUK_LOG_LEVEL=error")
	migrate := exec.Command(binary, "migrate")
	migrate.Env = s.env
	if out, err := migrate.CombinedOutput(); err != nil {
		t.Fatalf("souk migrate: %v\n%s", err, out)
	}
	for _, process := range slices.Sorted(maps.Keys(lonely)) {
		s.parts[process] = s.watch(s.addresses[lonely[process][0]], lonely[process]...)
	}
	// A second till that nobody calls: it takes over what the first leaves behind.
	s.parts["second till"] = s.watch("127.0.0.1:0", "order")
	for name := range lonely {
		part := s.town.parts[lonely[name][0]]
		waitFor(t, name+" to be ready", time.Minute, func() bool {
			resp, err := plenty.Get(part + "/readyz")
			if err == nil {
				resp.Body.Close()
			}
			return err == nil && resp.StatusCode == http.StatusOK
		})
	}
	s.fill()
	for what, number := range map[string]string{"pays": "4242424242424242", "asks": "4000000000003220", "declines": "4000000000000002", "silent": "4000000000000119", "uncapturable": "4000000000000341"} {
		s.method[what] = s.cardToken(number)
	}
	return s
}

// still makes it calm, or lets the storm go on.
func (s *storm) still(calm bool) {
	var err error
	if calm {
		err = os.WriteFile(s.calm, nil, 0o644)
	} else {
		err = os.Remove(s.calm)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func stormSKU(n int) string { return fmt.Sprintf("STORM-%02d", n) }

// fill puts what is sold onto the shelves, all at one price.
func (s *storm) fill() {
	stock := inventoryv1connect.NewStockAdminServiceClient(s.staff(), s.town.parts["inventory"])
	skus := []string{stormScarce}
	for n := range stormSKUs {
		skus = append(skus, stormSKU(n))
	}
	for _, sku := range skus {
		units := int64(1_000_000)
		if sku == stormScarce {
			units = int64(*chaosBuyers / 50)
		}
		for where, n := range map[string]int64{"east": units / 2, "west": units - units/2} {
			if _, err := stock.SetStock(s.t.Context(), &inventoryv1.SetStockRequest{Sku: sku, Location: where, OnHand: n}); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	if err := s.offer(s.t.Context(), "Thing", skus...); err != nil {
		s.t.Fatal(err)
	}
}

// offer has products in the catalog, each with its SKU as its slug.
func (s *storm) offer(ctx context.Context, title string, skus ...string) error {
	products, err := catalogv1connect.NewProductAdminServiceClient(s.staff(), s.town.parts["catalog"]).BulkUpsertProducts(ctx)
	if err != nil {
		return err
	}
	for n, sku := range skus {
		price := &catalogv1.Price{Amount: &typev1.Money{CurrencyCode: "USD", MinorUnits: 2000}}
		err := products.Send(&catalogv1.BulkUpsertProductsRequest{Reference: int64(n), NewStatus: catalogv1.ProductStatus_PRODUCT_STATUS_PUBLISHED, Product: &catalogv1.Product{
			Slug: strings.ToLower(sku), Title: title, Variants: []*catalogv1.Variant{{Sku: sku, Prices: []*catalogv1.Price{price}}},
		}})
		if err != nil && !errors.Is(err, io.EOF) { // which tells that the answer has the error
			return err
		}
	}
	made, err := products.CloseAndReceive()
	if err == nil && made.GetFailed() > 0 {
		err = fmt.Errorf("%d products failed: %v", made.GetFailed(), made)
	}
	return err
}

// watched is a process that is started again whenever it ends.
type watched struct {
	mu      sync.Mutex
	cmd     *exec.Cmd
	said    *lines // of this life
	closing bool
	ended   chan struct{}
	deaths  int
}

var errClosing = errors.New("closing")

func (s *storm) watch(listen string, services ...string) *watched {
	w := &watched{ended: make(chan struct{})}
	begin := func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.closing {
			return errClosing
		}
		w.cmd = exec.Command(binary, append([]string{"serve"}, services...)...)
		w.cmd.Env = slices.Concat(s.env, []string{"SOUK_LISTEN=" + listen})
		w.said = &lines{}
		w.cmd.Stdout = io.MultiWriter(s.out, w.said)
		w.cmd.Stderr = w.cmd.Stdout
		w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		return w.cmd.Start()
	}
	go func() {
		defer close(w.ended)
		for {
			switch err := begin(); {
			case errors.Is(err, errClosing):
				return
			case err != nil:
				s.t.Errorf("souk serve %v does not start: %v", services, err)
				return
			}
			err := w.cmd.Wait()
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.ExitCode() == 2 {
				said := w.said.String()
				trace := max(0, strings.Index(said, "panic: "), strings.Index(said, "fatal error: "))
				s.t.Errorf("souk serve %v panicked:\n%s", services, said[trace:min(len(said), trace+8000)])
			}
			w.mu.Lock()
			w.deaths++
			w.mu.Unlock()
		}
	}()
	s.t.Cleanup(func() {
		w.mu.Lock()
		w.closing = true
		w.cmd.Process.Signal(syscall.SIGTERM)
		w.mu.Unlock()
		select {
		case <-w.ended:
		case <-time.After(time.Minute):
			w.cmd.Process.Kill()
			s.t.Errorf("souk serve %v did not close", services)
		}
	})
	return w
}

// buy has all shoppers buy while the storm is on.
func (s *storm) buy() {
	s.still(false)
	ctx, cancel := context.WithTimeout(s.t.Context(), 40*time.Minute)
	defer cancel()
	var next atomic.Int64
	var crowd sync.WaitGroup
	for range 32 {
		crowd.Go(func() {
			for n := next.Add(1); n <= int64(*chaosBuyers); n = next.Add(1) {
				began := time.Now()
				if err := s.shopper(ctx, int(n), func() {}); err != nil {
					s.t.Errorf("shopper %d: %v", n, err)
				}
				s.mu.Lock()
				s.slowest = max(s.slowest, time.Since(began))
				s.mu.Unlock()
				s.done.Add(1)
			}
		})
	}
	crowd.Go(func() { s.restarts(ctx) })
	open, close := context.WithCancel(ctx)
	var staff sync.WaitGroup
	staff.Go(func() { s.routine(open) })
	crowd.Wait()
	close()
	staff.Wait()
	s.still(true)
}

// routine is what happens in a shop while people buy: a shelf is emptied and filled
// again, what lies there gets another name, and somebody opens an account.
func (s *storm) routine(ctx context.Context) {
	stock := inventoryv1connect.NewStockAdminServiceClient(s.staff(), s.town.parts["inventory"])
	accounts := accountv1connect.NewAccountServiceClient(tokened(""), s.town.parts["account"])
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		_, err := insist(ctx, func(ctx context.Context) (*inventoryv1.SetStockResponse, error) {
			return stock.SetStock(ctx, &inventoryv1.SetStockRequest{Sku: stormShelf, Location: "east", OnHand: int64(n % 2)})
		})
		if err == nil && n%5 == 0 {
			_, err = insist(ctx, func(ctx context.Context) (any, error) {
				return nil, s.offer(ctx, fmt.Sprint("Thing of many names, now ", n), stormShelf)
			})
		}
		if err == nil && n%10 == 0 {
			email := uuid.NewString() + "@example.com"
			_, err = once(ctx, func(ctx context.Context) (*accountv1.RegisterResponse, error) {
				return accounts.Register(ctx, &accountv1.RegisterRequest{Email: email, Password: "correct horse battery", Name: "Ada Lovelace"})
			})
		}
		if err != nil && ctx.Err() == nil {
			s.t.Errorf("what happens every day: %v", err)
			return
		}
	}
}

// restarts ends the databases, and the event server, now and then, and has catalog
// and inventory away for a while.
func (s *storm) restarts(ctx context.Context) {
	var deeds []func()
	for n := range max(*chaosRestarts, *chaosOutages) {
		if n < *chaosRestarts {
			deeds = append(deeds, s.restartDatabases, func() { s.events.close(); s.events.open() })
			s.restarted += 2
		}
		if n < *chaosOutages {
			deeds = append(deeds, func() { s.outage(ctx) })
		}
	}
	for n, deed := range deeds {
		due := int64((n + 1) * *chaosBuyers / (len(deeds) + 1))
		ticker := time.NewTicker(50 * time.Millisecond)
		for s.done.Load() < due && ctx.Err() == nil {
			<-ticker.C
		}
		ticker.Stop()
		deed()
	}
}

// outageTime is longer than anybody waits for a service in one step.
const outageTime = 20 * time.Second

// outage takes catalog and inventory away from shoppers who are about to buy, one
// after the other: nobody knows what the order costs until they are back.
func (s *storm) outage(ctx context.Context) {
	const shoppers = 12
	var ready, done sync.WaitGroup
	away := make(chan struct{})
	for n := range shoppers {
		ready.Add(1)
		done.Go(func() {
			arrive := sync.OnceFunc(ready.Done)
			defer arrive() // should they not come that far
			err := s.shopper(ctx, rand.IntN(1<<30), func() {
				arrive()
				<-away
				timer := time.NewTimer(outageTime / 2 / shoppers * time.Duration(n))
				defer timer.Stop()
				<-timer.C
			})
			if err != nil {
				s.t.Errorf("shopper in an outage: %v", err)
			}
		})
	}
	ready.Wait()
	s.parts["goods"].away(ctx, outageTime, away)
	done.Wait()
}

// away ends the process, tells so, and keeps it from beginning again for so long.
func (w *watched) away(ctx context.Context, long time.Duration, told chan<- struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cmd.Process.Kill()
	close(told)
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// restartDatabases ends the server as a crash does, and starts it again.
func (s *storm) restartDatabases() {
	t := s.t
	conn, err := pgx.Connect(t.Context(), s.databases.URL("postgres", postgres.Superuser))
	if err != nil {
		t.Error(err)
		return
	}
	var backend int
	err = conn.QueryRow(t.Context(), `SELECT pg_backend_pid()`).Scan(&backend)
	status, readErr := os.ReadFile(fmt.Sprintf("/proc/%d/status", backend))
	_, after, found := strings.Cut(string(status), "PPid:")
	line, _, _ := strings.Cut(after, "\n")
	server, numErr := strconv.Atoi(strings.TrimSpace(line))
	if err := errors.Join(err, readErr, numErr); err != nil || !found {
		t.Error("who runs the databases? ", err)
		return
	}
	if err := syscall.Kill(server, syscall.SIGQUIT); err != nil { // immediate shutdown
		t.Error(err)
	}
	_ = conn.Close(t.Context())
	_ = s.databases.Stop() // it has ended, or does now
	if s.databases, err = postgres.Start(context.Background(), postgres.Config{Dir: filepath.Join(s.dir, "db")}); err != nil {
		t.Error(err)
	}
}

// insist asks until there is a definite answer.
func insist[T any](ctx context.Context, f func(ctx context.Context) (T, error)) (T, error) {
	for {
		try, cancel := context.WithTimeout(ctx, 20*time.Second)
		answer, err := f(try)
		cancel()
		switch connect.CodeOf(err) {
		case connect.CodeUnavailable, connect.CodeInternal, connect.CodeUnknown, connect.CodeDeadlineExceeded, connect.CodeAborted, connect.CodeCanceled, connect.CodeResourceExhausted:
		default:
			return answer, err
		}
		if err == nil || ctx.Err() != nil {
			return answer, err
		}
		timer := time.NewTimer(50*time.Millisecond + rand.N(200*time.Millisecond))
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// once is insist for calls that have their effect once for a key.
func once[T any](ctx context.Context, f func(ctx context.Context) (T, error)) (T, error) {
	key := uuid.NewString()
	return insist(ctx, func(ctx context.Context) (T, error) {
		ctx, call := connect.NewClientContext(ctx)
		call.RequestHeader().Set("Idempotency-Key", key)
		return f(ctx)
	})
}

// shopper buys one thing, in one of many ways; ready runs before they do.
func (s *storm) shopper(ctx context.Context, n int, ready func()) error {
	dice := rand.New(rand.NewPCG(s.seed, uint64(n)))
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	id := uuid.NewString()
	client := s.town.shopper(id)
	carts := cartv1connect.NewCartServiceClient(client, s.town.parts["cart"])
	checkouts := orderv1connect.NewCheckoutServiceClient(client, s.town.parts["order"])

	sku, way := stormSKU(dice.IntN(stormSKUs)), "pays"
	switch d := dice.IntN(100); {
	case d < 6:
		sku, way = stormScarce, "scarce"
	case d < 14:
		way = "declines"
	case d < 24:
		way = "asks"
	case d < 26:
		way = "uncapturable"
	case d < 28:
		way = "silent"
	case d < 36:
		way = "cancels"
	case d < 44:
		way = "edits"
	}
	units := int32(1)
	if way == "edits" {
		units = 2
	}
	method := s.method[way]
	if method == "" {
		method = s.method["pays"]
	}
	_, err := once(ctx, func(ctx context.Context) (*cartv1.AddLineResponse, error) {
		return carts.AddLine(ctx, &cartv1.AddLineRequest{Sku: sku, Quantity: units, CurrencyCode: "USD"})
	})
	if connect.CodeOf(err) == connect.CodeFailedPrecondition && way == "scarce" {
		return s.ended("sold out in the cart", "", "")
	}
	if err != nil {
		return fmt.Errorf("add to cart: %w", err)
	}
	quote, err := insist(ctx, func(ctx context.Context) (*orderv1.QuoteResponse, error) {
		return checkouts.Quote(ctx, &orderv1.QuoteRequest{ShippingAddress: home(), CurrencyCode: "USD"})
	})
	if err != nil {
		return fmt.Errorf("quote: %w", err)
	}
	req := &orderv1.PlaceOrderRequest{
		CheckoutId: uuid.NewString(), Email: id + "@example.com", ShippingAddress: home(), DeliveryOptionId: quote.GetDeliveryOptionId(),
		CurrencyCode: "USD", PaymentMethod: method, ExpectedTotal: quote.GetTotals().GetTotal(),
	}
	ready()
	place := func(ctx context.Context) (*orderv1.Checkout, error) {
		resp, err := checkouts.PlaceOrder(ctx, req)
		return resp.GetCheckout(), err
	}
	if dice.IntN(10) == 0 { // an impatient one
		var twin sync.WaitGroup
		defer twin.Wait()
		twin.Go(func() { _, _ = place(ctx) })
	}
	c, err := insist(ctx, place)
	for err == nil && (c.GetState() == orderv1.CheckoutState_CHECKOUT_STATE_PENDING || c.GetState() == orderv1.CheckoutState_CHECKOUT_STATE_ACTION_REQUIRED) {
		if c.GetState() == orderv1.CheckoutState_CHECKOUT_STATE_ACTION_REQUIRED {
			s.confirm(ctx, c.GetActionUrl(), dice.IntN(4) > 0)
		}
		timer := time.NewTimer(100 * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("checkout %s is still %v", req.GetCheckoutId(), c.GetState())
		}
		c, err = insist(ctx, func(ctx context.Context) (*orderv1.Checkout, error) {
			again, err := checkouts.ResumeCheckout(ctx, &orderv1.ResumeCheckoutRequest{CheckoutId: req.GetCheckoutId()})
			return again.GetCheckout(), err
		})
	}
	if err != nil {
		return fmt.Errorf("%s: place order: %w", way, err)
	}
	if c.GetState() != orderv1.CheckoutState_CHECKOUT_STATE_PLACED {
		expected := map[string][]string{"scarce": {"stock_short"}, "declines": {"card_declined"}, "asks": nil}[way]
		if way != "asks" && !slices.Contains(expected, c.GetReason()) {
			return fmt.Errorf("%s: checkout %s ended %v: %s", way, c.GetCheckoutId(), c.GetState(), c.GetReason())
		}
		return s.ended(way+": "+c.GetReason(), "", "")
	}
	if way == "cancels" {
		_, err := insist(ctx, func(ctx context.Context) (*orderv1.CancelOrderResponse, error) {
			return orderv1connect.NewOrderServiceClient(client, s.town.parts["order"]).CancelOrder(ctx, &orderv1.CancelOrderRequest{Id: c.GetOrder().GetId()})
		})
		if err != nil {
			return fmt.Errorf("cancel: %w", err)
		}
	}
	if way == "edits" {
		if err := s.edit(ctx, orderv1connect.NewOrderServiceClient(client, s.town.parts["order"]), c.GetOrder().GetId(), 1+dice.IntN(5)); err != nil {
			return fmt.Errorf("edit order %s: %w", c.GetOrder().GetId(), err)
		}
	}
	return s.ended(way+": placed", req.GetCheckoutId(), c.GetOrder().GetId())
}

// edit changes an order of two units, as often as asked for: one is not wanted, some
// money is given back, the other is sent, is to come back, and comes.
func (s *storm) edit(ctx context.Context, own orderv1connect.OrderServiceClient, order string, steps int) error {
	desk := orderv1connect.NewOrderAdminServiceClient(s.staff(), s.town.parts["order"])
	one, refund, back := []*orderv1.LineUnits{{LineId: "1", Units: 1}}, uuid.NewString(), uuid.NewString()
	for n, step := range []func(ctx context.Context) (any, error){
		func(ctx context.Context) (any, error) {
			return own.CancelLines(ctx, &orderv1.CancelLinesRequest{Id: order, Lines: one})
		},
		func(ctx context.Context) (any, error) {
			return desk.RefundOrder(ctx, &orderv1.RefundOrderRequest{Id: order, RefundId: refund, Amount: &typev1.Money{CurrencyCode: "USD", MinorUnits: 100}, Reason: "Sorry."})
		},
		func(ctx context.Context) (any, error) {
			return desk.ShipLines(ctx, &orderv1.ShipLinesRequest{Id: order, Lines: one, Carrier: "Swift Post", TrackingNumber: "RX1"})
		},
		func(ctx context.Context) (any, error) {
			return own.RequestReturn(ctx, &orderv1.RequestReturnRequest{Id: order, ReturnId: back, Lines: []*orderv1.ReturnLine{{LineId: "1", Units: 1, Reason: "Too small."}}})
		},
		func(ctx context.Context) (any, error) {
			return desk.ReceiveReturn(ctx, &orderv1.ReceiveReturnRequest{Id: order, ReturnId: back, Lines: []*orderv1.ReceivedLine{{LineId: "1", Restocked: 1}}})
		},
	}[:steps] {
		if _, err := once(ctx, step); err != nil {
			return fmt.Errorf("step %d: %w", n+1, err)
		}
	}
	return nil
}

// confirm is what shoppers do at their bank.
func (s *storm) confirm(ctx context.Context, address string, yes bool) {
	answer := map[bool]string{true: "confirm", false: "refuse"}[yes]
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(url.Values{"answer": {answer}}.Encode()))
	if err != nil {
		s.t.Error(err)
		return
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if resp, err := plenty.Transport.RoundTrip(req); err == nil {
		resp.Body.Close() // one that does not get through is asked again
	}
}

func (s *storm) ended(how, checkout, order string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcomes[how]++
	if checkout != "" {
		s.ordered[checkout] = order
	}
	return nil
}

// rest waits until all books agree.
func (s *storm) rest() {
	t := s.t
	books := check.Books{Databases: map[string]*crdb.DB{}, Mailbox: s.mailbox, Quiet: true}
	for _, name := range []string{"account", "catalog", "inventory", "search", "cart", "payment", "order", "notification", "sandbox"} {
		db, err := crdb.Open(t.Context(), s.databases.URL(name, name))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		books.Databases[name] = db
	}
	b, err := bus.Dial(t.Context(), s.events.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	books.Bus = b
	began := time.Now()
	found, err := check.Until(t.Context(), books, calmTime)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("after %v of calm there are %d findings", time.Since(began).Round(time.Millisecond), len(found))
	for _, f := range found[:min(len(found), 50)] {
		t.Error(f)
	}
}

// mailbox counts mails by the id of their delivery.
func (s *storm) mailbox() (map[string]int, error) {
	caught, err := filepath.Glob(filepath.Join(s.dir, "mail", "*.mail"))
	if err != nil {
		return nil, err
	}
	box := map[string]int{}
	for _, file := range caught {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		_, after, _ := strings.Cut(string(raw), "\nMessage-ID: <")
		id, _, _ := strings.Cut(after, "@")
		box[id]++
	}
	return box, nil
}

// report says what went wrong, and whether that was enough.
func (s *storm) report(took time.Duration) {
	t := s.t
	counts, err := chaos.Counts(s.journal)
	if err != nil {
		t.Fatal(err)
	}
	total, kinds := s.restarted, map[chaos.Fault]int{}
	var table strings.Builder
	for _, where := range slices.Sorted(maps.Keys(counts)) {
		c := counts[where]
		total += c.Faults
		for kind, n := range c.By {
			kinds[kind] += n
		}
		fmt.Fprintf(&table, "%5d  %s %v\n", c.Faults, where, c.By)
		if c.Faults < *chaosEach {
			t.Errorf("%s was hit %d times, want at least %d", where, c.Faults, *chaosEach)
		}
	}
	for _, where := range stormPoints {
		if c := counts[where]; *chaosEach > 0 && c.By[chaos.Die] == 0 {
			t.Errorf("nobody died at %s: %d passes, %v", where, c.Passes, c.By)
		}
	}
	lives := 0
	for _, w := range s.parts {
		w.mu.Lock()
		lives += w.deaths
		w.mu.Unlock()
	}
	t.Logf("%d checkouts in %v, the slowest took %v: %v", *chaosBuyers, took.Round(time.Millisecond), s.slowest.Round(time.Millisecond), s.outcomes)
	t.Logf("%d faults at %d points: %v, %d restarts of databases and events; processes ended %d times\n%s", total, len(counts), kinds, s.restarted, lives, table.String())
	if total < *chaosFaults {
		t.Errorf("only %d faults, want %d", total, *chaosFaults)
	}
}

// stormPoints are those that a sale passes, where processes have to die in a long storm.
var stormPoints = []string{
	"order/price/before-commit", "order/price/after-commit", "order/authorize/before-commit", "order/authorize/after-commit",
	"order/action/before-commit", "order/action/after-commit", "order/place/before-commit", "order/place/after-commit", "order/commit/before-commit", "order/commit/after-commit",
	"order/reserve/before-commit", "order/reserve/after-commit", "order/capture/before-commit", "order/capture/after-commit",
	"order/ended/before-commit", "order/ended/after-commit", "order/undo/before-commit", "order/undo/after-commit",
	"order/ReservationService.Reserve/before", "order/ReservationService.Reserve/after", "order/ReservationService.Commit/before", "order/ReservationService.Commit/after",
	"order/ReservationService.Release/before", "order/ReservationService.Release/after", "order/ReservationService.Return/before", "order/ReservationService.Return/after", "order/PaymentService.Authorize/before", "order/PaymentService.Authorize/after",
	"order/PaymentService.Capture/before", "order/PaymentService.Capture/after", "order/PaymentService.Void/before", "order/PaymentService.Void/after",
	"order/PaymentService.Refund/before", "order/PaymentService.Refund/after", "order/PaymentService.Sync/before", "order/PaymentService.Sync/after",
	"payment/POST sandbox/v1/payments/before", "payment/POST sandbox/v1/payments/after",
	"payment/POST sandbox/v1/payments/*/capture/before", "payment/POST sandbox/v1/payments/*/capture/after",
	"payment/POST sandbox/v1/payments/*/refunds/before", "payment/POST sandbox/v1/payments/*/refunds/after",
	"order/tells/before", "order/tells/after", "payment/tells/before", "payment/tells/after", "inventory/tells/before", "inventory/tells/after",
	"notification/hears/order.placed/before", "notification/hears/order.placed/after", "cart/hears/order.placed/before", "cart/hears/order.placed/after",
	"order/hears/payment.changed/before", "order/hears/payment.changed/after", "notification/mail/before", "notification/mail/after",
}

// compare has what shoppers were told agree with what the shop has.
func (s *storm) compare() {
	t := s.t
	conn, err := pgx.Connect(t.Context(), s.databases.URL("order", "order"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	found, err := conn.Query(t.Context(), `SELECT checkout::TEXT, id::TEXT FROM sale_order`)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]string{}
	var checkout, order string
	if _, err := pgx.ForEachRow(found, []any{&checkout, &order}, func() error { kept[checkout] = order; return nil }); err != nil {
		t.Fatal(err)
	}
	for checkout, order := range s.ordered {
		if kept[checkout] != order {
			t.Errorf("the shopper of checkout %s was told of order %s; the shop has %q", checkout, order, kept[checkout])
		}
		delete(kept, checkout)
	}
	for checkout, order := range kept {
		t.Errorf("nobody was told of order %s of checkout %s", order, checkout)
	}
}
