package cart_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	cartv1 "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	"github.com/souk-commerce/souk/api/gen/souk/cart/v1/cartv1connect"
	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/cart"
)

func TestMain(m *testing.M) { kittest.Main(m) }

// market stands in for catalog and inventory.
type market struct {
	catalogv1connect.UnimplementedProductServiceHandler
	inventoryv1connect.UnimplementedStockServiceHandler
	mu     sync.Mutex
	prices map[string]map[string]int64 // by SKU and currency
	stock  map[string]int64
	closed bool
	silent <-chan struct{} // when set, nobody answers before
}

var errDown = connect.NewError(connect.CodeUnavailable, errors.New("down"))

func (m *market) BatchGetVariants(ctx context.Context, req *catalogv1.BatchGetVariantsRequest) (*catalogv1.BatchGetVariantsResponse, error) {
	if err := m.wait(ctx); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, errDown
	}
	resp := &catalogv1.BatchGetVariantsResponse{}
	for _, sku := range req.GetSkus() {
		prices, known := m.prices[sku]
		if !known {
			continue
		}
		v := &catalogv1.SellableVariant{
			Variant: &catalogv1.Variant{Sku: sku}, ProductId: "id-" + sku, ProductSlug: "slug-" + sku,
			ProductTitle: "The " + sku, VariantTitle: "Blue", Image: &catalogv1.Image{Url: "/media/" + sku + ".webp"},
		}
		for currency, minor := range prices {
			v.Variant.Prices = append(v.Variant.Prices, &catalogv1.Price{Amount: &typev1.Money{CurrencyCode: currency, MinorUnits: minor}})
		}
		resp.Variants = append(resp.Variants, v)
	}
	return resp, nil
}

func (m *market) GetAvailability(_ context.Context, req *inventoryv1.GetAvailabilityRequest) (*inventoryv1.GetAvailabilityResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, errDown
	}
	resp := &inventoryv1.GetAvailabilityResponse{}
	for _, sku := range req.GetSkus() {
		resp.Availabilities = append(resp.Availabilities, &inventoryv1.Availability{Sku: sku, Available: m.stock[sku]})
	}
	return resp, nil
}

func (m *market) wait(ctx context.Context) error {
	m.mu.Lock()
	silent := m.silent
	m.mu.Unlock()
	if silent != nil {
		select {
		case <-silent:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (m *market) now(change func(*market)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

type shop struct {
	served *kittest.Served
	market *market
	clock  *clock.Fake
	nats   *server.Server
}

// listen starts a stream that the test can speak to past the bus.
func listen(t *testing.T) (*server.Server, *bus.Bus) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the stream does not start")
	}
	b, err := bus.Dial(t.Context(), s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return s, b
}

func open(t *testing.T, settings ...func(*cart.Config)) *shop {
	t.Helper()
	var cfg cart.Config
	for _, set := range settings {
		set(&cfg)
	}
	s := &shop{clock: clock.NewFake(time.Now()), market: &market{
		prices: map[string]map[string]int64{"mug": {"USD": 1000, "EUR": 900}, "pen": {"USD": 150}, "vase": {"USD": 4000}},
		stock:  map[string]int64{"mug": 10, "pen": 5000, "vase": 1},
	}}
	var mounts []rpc.Mount
	add := func(path string, h http.Handler) { mounts = append(mounts, rpc.Mount{Path: path, Handler: h}) }
	add(catalogv1connect.NewProductServiceHandler(s.market, rpc.Options(kittest.RPC(t, "catalog"))...))
	add(inventoryv1connect.NewStockServiceHandler(s.market, rpc.Options(kittest.RPC(t, "inventory"))...))
	others := kittest.Serve(t, mounts)
	var events *bus.Bus
	s.nats, events = listen(t)
	svc, err := cart.Open(t.Context(), cfg, cart.Deps{
		DB: kittest.DB(t, cart.Migrations()), Bus: events, RPC: kittest.RPC(t, "cart"), Clock: s.clock, Log: kittest.Log(t),
		Dialer: kittest.Dialer(t, "cart", map[string]*kittest.Served{"catalog": others, "inventory": others}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- svc.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	s.served = kittest.Serve(t, svc.Handlers())
	return s
}

var (
	guest  = rpc.Principal{Subject: "guest-1", Role: rpc.Guest}
	ada    = rpc.Principal{Subject: "ada", Role: rpc.Shopper}
	adaNew = rpc.Principal{Subject: "ada", Guest: "guest-1", Role: rpc.Shopper} // just signed in
	eve    = rpc.Principal{Subject: "eve", Role: rpc.Shopper}
	order  = rpc.Principal{Subject: "order", Role: rpc.Service}
)

func (s *shop) as(t *testing.T, p rpc.Principal) cartv1connect.CartServiceClient {
	return cartv1connect.NewCartServiceClient(s.served.As(t, p), s.served.URL, rpc.ClientOptions()...)
}

func (s *shop) add(t *testing.T, p rpc.Principal, sku string, units int32) *cartv1.Cart {
	t.Helper()
	resp, err := s.as(t, p).AddLine(t.Context(), &cartv1.AddLineRequest{Sku: sku, Quantity: units})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetCart()
}

func (s *shop) get(t *testing.T, p rpc.Principal) *cartv1.Cart {
	t.Helper()
	resp, err := s.as(t, p).GetCart(t.Context(), &cartv1.GetCartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetCart()
}

func line(c *cartv1.Cart, sku string) *cartv1.CartLine {
	for _, l := range c.GetLines() {
		if l.GetSku() == sku {
			return l
		}
	}
	return nil
}

func reason(err error) string {
	f, ok := fault.As(rpc.FaultOf(err))
	if !ok {
		return fmt.Sprint(err)
	}
	return f.Kind.String() + " " + f.Reason
}

func TestAGuestFillsACartAndSignsIn(t *testing.T) {
	s := open(t)
	if c := s.get(t, guest); c.GetId() != "guest-1" || c.GetCurrencyCode() != "USD" || c.GetVersion() != 0 || c.GetReady() || len(c.GetLines()) != 0 {
		t.Errorf("before anything: %v", c)
	}
	s.add(t, guest, "mug", 2)
	c := s.add(t, guest, "pen", 3)
	if l := line(c, "mug"); l.GetTitle() != "The mug" || l.GetVariantTitle() != "Blue" || l.GetProductSlug() != "slug-mug" || l.GetImageUrl() != "/media/mug.webp" ||
		l.GetLineTotal().GetMinorUnits() != 2000 || l.GetAddedUnitPrice().GetMinorUnits() != 1000 || l.GetAvailable() != 10 || l.GetCompareAt() != nil {
		t.Errorf("the line of two mugs = %v", l)
	}
	if c.GetSubtotal().GetMinorUnits() != 2450 || c.GetUnits() != 5 || !c.GetReady() {
		t.Errorf("the guest's cart = %v; want 5 units for 2450, ready", c)
	}
	s.add(t, ada, "mug", 1)
	s.add(t, ada, "vase", 1)
	if c := s.get(t, eve); len(c.GetLines()) != 0 {
		t.Errorf("eve sees %v", c)
	}
	// Twenty tabs at once: reads, additions and a removal of what is not there.
	var tabs sync.WaitGroup
	start := make(chan struct{})
	for i := range 20 {
		tabs.Go(func() {
			<-start
			var err error
			switch client := s.as(t, adaNew); i % 3 {
			case 0:
				_, err = client.GetCart(t.Context(), &cartv1.GetCartRequest{})
			case 1:
				_, err = client.AddLine(t.Context(), &cartv1.AddLineRequest{Sku: "pen", Quantity: 1})
			case 2:
				_, err = client.RemoveLine(t.Context(), &cartv1.RemoveLineRequest{Sku: "rope"})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	tabs.Wait()
	c = s.get(t, adaNew)
	if line(c, "mug").GetQuantity() != 3 || line(c, "pen").GetQuantity() != 3+7 || line(c, "vase").GetQuantity() != 1 || len(c.GetLines()) != 3 {
		t.Errorf("after signing in: %v; want 3 mugs, 10 pens and a vase", c)
	}
	if c := s.get(t, guest); len(c.GetLines()) != 0 {
		t.Errorf("the guest still has %v", c)
	}
	if c := s.get(t, eve); len(c.GetLines()) != 0 {
		t.Errorf("eve sees %v", c)
	}
}

func TestARefusedCallMergesToo(t *testing.T) {
	s := open(t)
	s.add(t, guest, "pen", 999)
	s.add(t, ada, "pen", 5)
	if _, err := s.as(t, adaNew).AddLine(t.Context(), &cartv1.AddLineRequest{Sku: "rope", Quantity: 1}); reason(err) != "not found sku_unknown" {
		t.Errorf("AddLine of a rope: %v", err)
	}
	if c := s.get(t, ada); line(c, "pen").GetQuantity() != 999 {
		t.Errorf("cart = %v; want 999 pens", c)
	}
}

func TestLinesSayWhatChanged(t *testing.T) {
	s := open(t)
	for _, sku := range []string{"mug", "pen", "vase"} {
		s.add(t, ada, sku, 1)
	}
	s.market.now(func(m *market) { m.prices["mug"]["USD"], m.stock["vase"] = 1200, 0; delete(m.prices, "pen") })
	c := s.get(t, ada)
	for sku, want := range map[string]cartv1.LineChange{
		"mug": cartv1.LineChange_LINE_CHANGE_PRICE_UP, "vase": cartv1.LineChange_LINE_CHANGE_SOLD_OUT, "pen": cartv1.LineChange_LINE_CHANGE_GONE,
	} {
		if l := line(c, sku); !slices.Equal(l.GetChanges(), []cartv1.LineChange{want}) {
			t.Errorf("%s: %v; want %v", sku, l.GetChanges(), want)
		}
	}
	if l := line(c, "mug"); l.GetUnitPrice().GetMinorUnits() != 1200 || l.GetAddedUnitPrice().GetMinorUnits() != 1000 {
		t.Errorf("mug = %v; want 1200 now, 1000 then", l)
	}
	if l := line(c, "pen"); l.GetUnitPrice() != nil || l.GetTitle() != "The pen" {
		t.Errorf("pen = %v; want its title and no price", l)
	}
	if c.GetReady() || c.GetSubtotal().GetMinorUnits() != 1200 || c.GetUnits() != 3 {
		t.Errorf("cart = %v; want 1200 over what can be bought, not ready", c)
	}
}

func TestRefusals(t *testing.T) {
	s := open(t)
	client := s.as(t, ada)
	s.add(t, ada, "mug", 8)
	for _, c := range []struct {
		name     string
		sku      string
		units    int32
		currency string
		want     string
	}{
		{"more than there is", "mug", 3, "", "refused stock_short"},
		{"more than a line holds", "pen", 1000, "", "invalid invalid_request"},
		{"nothing", "pen", 0, "", "invalid invalid_request"},
		{"another currency", "vase", 1, "EUR", "refused not_sold"},
		{"the unknown", "rope", 1, "", "not found sku_unknown"},
		{"the unspeakable", "mug\x00", 1, "", "not found sku_unknown"},
	} {
		_, err := client.AddLine(t.Context(), &cartv1.AddLineRequest{Sku: c.sku, Quantity: c.units, CurrencyCode: c.currency})
		if reason(err) != c.want {
			t.Errorf("AddLine of %s: %v; want %s", c.name, err, c.want)
		}
	}
	_, err := client.SetQuantity(t.Context(), &cartv1.SetQuantityRequest{Sku: "mug", Quantity: 11})
	f, ok := fault.As(rpc.FaultOf(err))
	if !ok || f.Reason != "stock_short" || f.Meta["sku"] != "mug" || f.Meta["available"] != "10" {
		t.Errorf("SetQuantity to 11 of 10: %v; want stock_short about mug, 10", err)
	}
	if _, err := client.SetQuantity(t.Context(), &cartv1.SetQuantityRequest{Sku: "pen", Quantity: 1}); reason(err) != "not found not_in_cart" {
		t.Errorf("SetQuantity of what is not there: %v", err)
	}
	if c := s.get(t, ada); c.GetVersion() != 1 || c.GetCurrencyCode() != "USD" || c.GetUnits() != 8 {
		t.Errorf("after refusals: %v; want nothing changed", c)
	}
	resp, err := client.SetQuantity(t.Context(), &cartv1.SetQuantityRequest{Sku: "mug", Quantity: 0})
	if err != nil || len(resp.GetCart().GetLines()) != 0 || resp.GetCart().GetVersion() != 2 {
		t.Errorf("SetQuantity to 0 = %v, %v; want it removed", resp, err)
	}
	if _, err := s.as(t, rpc.Principal{}).GetCart(t.Context(), &cartv1.GetCartRequest{}); reason(err) != "stranger sign_in" {
		t.Errorf("GetCart of nobody: %v", err)
	}
	if _, err := client.GetCartFor(t.Context(), &cartv1.GetCartForRequest{Owner: "eve"}); reason(err) != "denied not_allowed" {
		t.Errorf("GetCartFor by a shopper: %v", err)
	}
}

func TestAnotherCurrencyPricesAnew(t *testing.T) {
	s := open(t)
	s.add(t, ada, "mug", 2)
	s.add(t, ada, "pen", 1)
	seen, err := s.as(t, order).GetCartFor(t.Context(), &cartv1.GetCartForRequest{Owner: "ada", CurrencyCode: "EUR"})
	if err != nil || seen.GetCart().GetSubtotal().GetMinorUnits() != 1800 {
		t.Fatalf("GetCartFor = %v, %v; want 1800", seen, err)
	}
	if c := s.get(t, ada); c.GetCurrencyCode() != "USD" {
		t.Errorf("another's look made the cart %s", c.GetCurrencyCode())
	}
	resp, err := s.as(t, ada).GetCart(t.Context(), &cartv1.GetCartRequest{CurrencyCode: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	c := resp.GetCart()
	if c.GetSubtotal().GetMinorUnits() != 1800 || c.GetReady() || !slices.Contains(line(c, "pen").GetChanges(), cartv1.LineChange_LINE_CHANGE_GONE) {
		t.Errorf("in EUR: %v; want 18 EUR and the pen gone", c)
	}
	if c := s.get(t, ada); c.GetCurrencyCode() != "EUR" || c.GetVersion() != 3 {
		t.Errorf("afterwards: %v; want EUR", c)
	}
}

// keyed sends an idempotency key with each call.
type keyed struct {
	connect.HTTPClient
	key string
}

func (k keyed) Do(req *http.Request) (*http.Response, error) {
	req.Header.Set("Idempotency-Key", k.key)
	return k.HTTPClient.Do(req)
}

func TestARepeatedCallAddsOnce(t *testing.T) {
	s := open(t)
	client := cartv1connect.NewCartServiceClient(keyed{s.served.As(t, ada), "k1"}, s.served.URL)
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			resp, err := client.AddLine(t.Context(), &cartv1.AddLineRequest{Sku: "mug", Quantity: 10})
			if err != nil || resp.GetCart().GetUnits() != 10 || resp.GetCart().GetVersion() != 1 {
				t.Errorf("AddLine = %v, %v; want 10 mugs at version 1", resp, err)
			}
		})
	}
	calls.Wait()
	// The answer is the first one, though the mugs are gone and the market is closed.
	s.market.now(func(m *market) { m.stock["mug"], m.closed = 0, true })
	resp, err := client.AddLine(t.Context(), &cartv1.AddLineRequest{Sku: "mug", Quantity: 10})
	if err != nil || resp.GetCart().GetUnits() != 10 {
		t.Errorf("AddLine again = %v, %v; want the first answer", resp, err)
	}
	if _, err := client.AddLine(t.Context(), &cartv1.AddLineRequest{Sku: "mug", Quantity: 1}); reason(err) != "refused idempotency_key_reused" {
		t.Errorf("the key with another request: %v", err)
	}
}

func TestTheCartIsShownWhenTheMarketIsClosed(t *testing.T) {
	s := open(t)
	s.add(t, ada, "mug", 2)
	s.market.now(func(m *market) { m.closed = true })
	c := s.get(t, ada)
	l := line(c, "mug")
	if c.GetReady() || c.GetSubtotal().GetMinorUnits() != 2000 || l.GetTitle() != "The mug" || l.GetUnitPrice().GetMinorUnits() != 1000 || len(l.GetChanges()) != 0 {
		t.Errorf("cart = %v; want two mugs as they were, not ready", c)
	}
	client := s.as(t, ada)
	if _, err := client.AddLine(t.Context(), &cartv1.AddLineRequest{Sku: "pen", Quantity: 1}); reason(err) != "busy market_closed" {
		t.Errorf("AddLine: %v; want busy", err)
	}
	if resp, err := client.SetQuantity(t.Context(), &cartv1.SetQuantityRequest{Sku: "mug", Quantity: 1}); err != nil || resp.GetCart().GetUnits() != 1 {
		t.Errorf("SetQuantity to fewer = %v, %v", resp, err)
	}
	resp, err := client.GetCart(t.Context(), &cartv1.GetCartRequest{CurrencyCode: "EUR"})
	if err != nil || resp.GetCart().GetCurrencyCode() != "USD" {
		t.Errorf("GetCart in EUR = %v, %v; want what is known, in USD", resp, err)
	}
	s.market.now(func(m *market) { m.closed = false })
	if c := s.get(t, ada); !c.GetReady() {
		t.Errorf("open again: %v; want it ready", c)
	}
}

func TestNobodyWaitsLongForTheMarket(t *testing.T) {
	s := open(t)
	s.add(t, ada, "mug", 2)
	answer := make(chan struct{})
	t.Cleanup(func() { close(answer) })
	s.market.now(func(m *market) { m.silent = answer })
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	resp, err := s.as(t, ada).GetCart(ctx, &cartv1.GetCartRequest{})
	if err != nil || resp.GetCart().GetUnits() != 2 || resp.GetCart().GetReady() {
		t.Errorf("GetCart = %v, %v; want two mugs, not ready", resp, err)
	}
}

// until waits for what becomes true by itself.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// teller tells of orders of somebody, by an event's id.
func (s *shop) teller(t *testing.T, owner string) func(id, sku string, units int32) {
	t.Helper()
	conn, err := nats.Connect(s.nats.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return func(id, sku string, units int32) {
		data, err := proto.Marshal(&orderv1.OrderPlaced{Owner: owner, Order: &orderv1.Order{Id: id, Lines: []*orderv1.OrderLine{{Sku: sku, Quantity: units}}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.PublishMsg(&nats.Msg{Subject: "souk.order.placed", Data: data, Header: nats.Header{"ce-id": {id}}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatAGuestBoughtLeavesTheCartThatTheirsWentInto(t *testing.T) {
	s := open(t)
	s.add(t, guest, "mug", 2)
	s.add(t, guest, "pen", 1)
	s.add(t, ada, "mug", 3)
	if c := s.get(t, adaNew); line(c, "mug").GetQuantity() != 5 {
		t.Fatalf("merged cart = %v; want 5 mugs", c)
	}
	// Only now comes the word of what the guest bought before signing in.
	tell := s.teller(t, "guest-1")
	tell("first", "mug", 2)
	tell("second", "pen", 1)
	until(t, "the pen to go", func() bool { return line(s.get(t, ada), "pen") == nil })
	if c := s.get(t, ada); line(c, "mug").GetQuantity() != 3 {
		t.Errorf("cart = %v; want ada's own 3 mugs", c)
	}
	if c := s.get(t, guest); len(c.GetLines()) != 0 {
		t.Errorf("the guest's cart is back: %v", c)
	}
}

func TestWhatWasBoughtLeavesTheCartOnce(t *testing.T) {
	s := open(t)
	s.add(t, ada, "mug", 5)
	s.add(t, ada, "pen", 1)
	s.add(t, eve, "mug", 5)
	tell := s.teller(t, "ada")
	tell("first", "mug", 2)
	tell("first", "mug", 2)
	tell("second", "pen", 1)
	// The pen goes last: then the mugs have gone as often as they will.
	until(t, "the pen to go", func() bool { return line(s.get(t, ada), "pen") == nil })
	if c := s.get(t, ada); line(c, "mug").GetQuantity() != 3 {
		t.Errorf("cart = %v; want 3 mugs left", c)
	}
	if c := s.get(t, eve); line(c, "mug").GetQuantity() != 5 {
		t.Errorf("eve's cart = %v; want 5 mugs", c)
	}
}

func TestTheCartHasRoomForAHundredLines(t *testing.T) {
	s := open(t)
	s.market.now(func(m *market) {
		for i := range 101 {
			sku := fmt.Sprint("sku-", i)
			m.prices[sku], m.stock[sku] = map[string]int64{"USD": 1}, 1
		}
	})
	for i := range 100 {
		s.add(t, ada, fmt.Sprint("sku-", i), 1)
	}
	if _, err := s.as(t, ada).AddLine(t.Context(), &cartv1.AddLineRequest{Sku: "sku-100", Quantity: 1}); reason(err) != "refused cart_full" {
		t.Errorf("line 101: %v", err)
	}
	if c := s.get(t, ada); c.GetUnits() != 100 || !c.GetReady() || c.GetSubtotal().GetMinorUnits() != 100 {
		t.Errorf("cart: %d units for %v", c.GetUnits(), c.GetSubtotal())
	}
}
