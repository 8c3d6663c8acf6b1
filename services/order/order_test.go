package order_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	pb "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/api/gen/souk/order/v1/orderv1connect"
	paymentv1 "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/order"
)

func TestMain(m *testing.M) { kittest.Main(m) }

type shop struct {
	t      *testing.T
	db     *crdb.DB
	till   *crdb.DB // where the payment service tells its news from
	served *kittest.Served
	clock  *clock.Fake
	others *others

	mu   sync.Mutex
	told []bus.Delivery
}

func open(t *testing.T) *shop {
	t.Helper()
	s := &shop{
		t: t, db: kittest.DB(t, order.Migrations()), till: kittest.DB(t, fstest.MapFS{}), clock: clock.NewFake(time.Now()),
		others: &others{
			carts: map[string]map[string]int32{"ada": {"mug": 2, "pen": 1}}, prices: map[string]int64{"mug": 1000, "pen": 150, "rope, red": 700},
			stock: map[string]int64{"mug": 100, "pen": 100, "rope, red": 100}, holds: map[string]*hold{}, payments: map[string]*paymentv1.Payment{}, refunds: map[string]int64{}, asked: map[string]*paymentv1.AuthorizeRequest{},
		},
	}
	b := kittest.Bus(t)
	svc, err := order.Open(t.Context(), order.Config{Origin: "https://shop.example/", Home: "US"}, order.Deps{
		DB: s.db, Bus: b, RPC: kittest.RPC(t, "order"), Dialer: kittest.Dialer(t, "order", s.others.serve(t)), Clock: s.clock, Log: kittest.Log(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.served = kittest.Serve(t, svc.Handlers())
	news := bus.NewRelay(b, s.till, "payment", func(_, _ string, fact []byte) (a bus.Announcement, err error) {
		var id string
		err = json.Unmarshal(fact, &id)
		return bus.Announcement{Message: &paymentv1.PaymentChanged{Payment: &paymentv1.Payment{PaymentId: id}}}, err
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, run := range []func(context.Context) error{svc.Run, news.Run} {
		running.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	listening := make(chan uint64, 1)
	running.Go(func() {
		b.Tail(ctx, "souk.order.>", s.hear, func(n uint64) { listening <- n })
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	<-listening
	return s
}

func (s *shop) hear(d bus.Delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, d)
}

// heardOf waits for the first event about an order and reads it into m.
func (s *shop) heardOf(subject, id string, m proto.Message) {
	s.t.Helper()
	var found *bus.Delivery
	s.waitFor(subject, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, d := range s.told {
			if d.Subject == subject && d.Key == id {
				found = &d
				return true
			}
		}
		return false
	})
	if err := bus.Decode(*found, m); err != nil {
		s.t.Fatal(err)
	}
}

// heard waits for an event about an order and reads it into m.
func (s *shop) heard(subject, id string, m proto.Message) {
	s.t.Helper()
	var found []bus.Delivery
	s.waitFor(subject, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		found = nil
		for _, d := range s.told {
			if d.Subject == subject && d.Key == id {
				found = append(found, d)
			}
		}
		return len(found) > 0
	})
	if len(found) != 1 || found[0].Source != "order" || len(found[0].SurrogateKeys) != 0 {
		s.t.Errorf("%s: %+v; want it once, from order, and no cache told", subject, found)
	}
	if err := bus.Decode(found[0], m); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) waitFor(what string, done func() bool) {
	s.t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("waited in vain for %s", what)
		}
	}
}

var (
	ada   = rpc.Principal{Subject: "ada", Role: rpc.Shopper}
	eve   = rpc.Principal{Subject: "eve", Role: rpc.Shopper}
	guest = rpc.Principal{Subject: "guest-1", Role: rpc.Guest}
	admin = rpc.Principal{Subject: "root", Role: rpc.Admin}
)

func (s *shop) checkout(p rpc.Principal) orderv1connect.CheckoutServiceClient {
	return orderv1connect.NewCheckoutServiceClient(s.served.As(s.t, p), s.served.URL, rpc.ClientOptions()...)
}

func (s *shop) orders(p rpc.Principal) orderv1connect.OrderServiceClient {
	return orderv1connect.NewOrderServiceClient(s.served.As(s.t, p), s.served.URL, rpc.ClientOptions()...)
}

func (s *shop) desk() orderv1connect.OrderAdminServiceClient {
	return orderv1connect.NewOrderAdminServiceClient(s.served.As(s.t, admin), s.served.URL, rpc.ClientOptions()...)
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

func usd(minor int64) *typev1.Money { return &typev1.Money{CurrencyCode: "USD", MinorUnits: minor} }

func home() *typev1.Address {
	return &typev1.Address{Name: "Ada Lovelace", Line1: "1 Main St", City: "Sacramento", Region: "California", PostalCode: "95814", CountryCode: "US"}
}

// total is two mugs and a pen, standard delivery, and 7.25 % on each line.
const total = 2000 + 150 + 495 + 145 + 11

func wish(method string) *pb.PlaceOrderRequest {
	return &pb.PlaceOrderRequest{
		CheckoutId: uuid.NewString(), Email: "Ada@Example.com", ShippingAddress: home(), DeliveryOptionId: "standard", CurrencyCode: "USD",
		PaymentMethod: method, ExpectedTotal: usd(total), ReturnPath: "/checkout/return",
	}
}

func (s *shop) begin(p rpc.Principal, w *pb.PlaceOrderRequest) *pb.Checkout {
	s.t.Helper()
	resp, err := s.checkout(p).PlaceOrder(s.t.Context(), w)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.GetCheckout()
}

// place buys what ada has in her cart.
func (s *shop) place() *pb.Order {
	s.t.Helper()
	c := s.begin(ada, wish("tok_visa"))
	if c.GetState() != pb.CheckoutState_CHECKOUT_STATE_PLACED {
		s.t.Fatalf("checkout = %v; want it placed", c)
	}
	return c.GetOrder()
}

func (s *shop) state(id string) pb.CheckoutState {
	s.t.Helper()
	resp, err := s.checkout(ada).GetCheckout(s.t.Context(), &pb.GetCheckoutRequest{CheckoutId: id})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.GetCheckout().GetState()
}

// ended waits until nothing is left to do for any checkout.
func (s *shop) ended() {
	s.t.Helper()
	s.waitFor("all checkouts to end", func() bool {
		var open int
		if err := s.db.QueryRow(s.t.Context(), `SELECT count(*) FROM checkout WHERE step <> 'ended'`).Scan(&open); err != nil {
			s.t.Fatal(err)
		}
		s.clock.Advance(time.Second)
		return open == 0
	})
}

// books tells what money is held or kept, and what is not on the shelf.
func (s *shop) books() (held, kept, gone int64) {
	s.others.set(func(o *others) {
		for _, p := range o.payments {
			if p.GetState() == authorized || p.GetState() == action {
				held += p.GetAmount().GetMinorUnits()
			}
			kept += p.GetCaptured().GetMinorUnits() - p.GetRefunded().GetMinorUnits()
		}
		for _, units := range o.stock {
			gone += 100 - units
		}
	})
	return held, kept, gone
}

func (s *shop) nothingIsKept() {
	s.t.Helper()
	if held, kept, gone := s.books(); held != 0 || kept != 0 || gone != 0 {
		s.t.Errorf("%d is held, %d kept, %d units are gone; want nothing", held, kept, gone)
	}
}

func reason(err error) string {
	f, ok := fault.As(rpc.FaultOf(err))
	if !ok {
		return fmt.Sprint(err)
	}
	return f.Kind.String() + " " + f.Reason
}

const (
	pending = pb.CheckoutState_CHECKOUT_STATE_PENDING
	acting  = pb.CheckoutState_CHECKOUT_STATE_ACTION_REQUIRED
	placed  = pb.CheckoutState_CHECKOUT_STATE_PLACED
	refused = pb.CheckoutState_CHECKOUT_STATE_REFUSED
)

func TestAShopperBuysACart(t *testing.T) {
	s := open(t)
	quote, err := s.checkout(ada).Quote(t.Context(), &pb.QuoteRequest{ShippingAddress: home()})
	if err != nil || quote.GetTotals().GetTotal().GetMinorUnits() != total || quote.GetDeliveryOptionId() != "standard" || quote.GetCurrencyCode() != "USD" || len(quote.GetDeliveryOptions()) != 2 {
		t.Fatalf("Quote = %v, %v; want %d", quote, err, total)
	}
	w := wish("tok_visa")
	c := s.begin(ada, w)
	o := c.GetOrder()
	if c.GetState() != placed || c.GetCheckoutId() != w.GetCheckoutId() || o.GetStatus() != pb.OrderStatus_ORDER_STATUS_PLACED || !o.GetCaptured() || !o.GetCancellable() {
		t.Fatalf("PlaceOrder = %v", c)
	}
	if o.GetPaymentSummary() != "Visa ending in 4242" || o.GetEmail() != "Ada@Example.com" || !proto.Equal(o.GetTotals(), quote.GetTotals()) ||
		!proto.Equal(o.GetShippingAddress(), home()) || !proto.Equal(o.GetBillingAddress(), home()) || o.GetDelivery().GetId() != "standard" {
		t.Errorf("order = %v", o)
	}
	if l := o.GetLines()[0]; len(o.GetLines()) != 2 || l.GetSku() != "mug" || l.GetQuantity() != 2 || l.GetLineTotal().GetMinorUnits() != 2000 || l.GetTax().GetMinorUnits() != 145 ||
		l.GetTitle() != "The mug" || l.GetProductSlug() != "slug-mug" || l.GetProductId() != "id-mug" || l.GetVariantTitle() != "Blue" || l.GetImageUrl() != "/media/mug" {
		t.Errorf("lines = %v", o.GetLines())
	}
	if h := o.GetHistory(); len(h) != 1 || h[0].GetActor() != "shopper" || !h[0].GetTime().AsTime().Equal(s.clock.Now()) || !o.GetCreateTime().AsTime().Equal(s.clock.Now()) {
		t.Errorf("history = %v, made %v; want now, %v", h, o.GetCreateTime(), s.clock.Now())
	}
	byID, err := s.orders(ada).GetOrder(t.Context(), &pb.GetOrderRequest{Id: o.GetId()})
	if err != nil || !proto.Equal(byID.GetOrder(), o) {
		t.Errorf("by id: %v, %v", byID, err)
	}
	byNumber, err := s.orders(ada).GetOrder(t.Context(), &pb.GetOrderRequest{Number: strings.ToLower(o.GetNumber())})
	if err != nil || !proto.Equal(byNumber.GetOrder(), o) {
		t.Errorf("by number: %v, %v", byNumber, err)
	}
	if held, kept, gone := s.books(); held != 0 || kept != total || gone != 3 {
		t.Errorf("%d held, %d kept, %d units gone; want 0, %d, 3", held, kept, gone, total)
	}
	var event pb.OrderPlaced
	s.heard("souk.order.placed", o.GetId(), &event)
	if event.GetOwner() != "ada" || event.GetCheckoutId() != w.GetCheckoutId() || event.GetOrder().GetNumber() != o.GetNumber() || len(event.GetOrder().GetLines()) != 2 {
		t.Errorf("order.placed = %v", &event)
	}
	// The provider's token is needed no more.
	for _, table := range []string{"checkout", "sale_order", "outbox", "idempotency"} {
		var n int
		if err := s.db.QueryRow(t.Context(), `SELECT count(*) FROM `+table+` AS x WHERE row_to_json(x)::TEXT LIKE '%tok_visa%'`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows of %s have the token, %v", n, table, err)
		}
	}
}

func TestARefreshDoesNotPayTwice(t *testing.T) {
	s := open(t)
	w := wish("tok_visa")
	client := orderv1connect.NewCheckoutServiceClient(keyed{s.served.As(t, ada), "k1"}, s.served.URL)
	var mu sync.Mutex
	seen := map[string]int{}
	var calls sync.WaitGroup
	for n := range 12 {
		calls.Go(func() {
			c := client
			if n%2 == 0 { // the checkout's id is a key, too
				c = s.checkout(ada)
			}
			resp, err := c.PlaceOrder(t.Context(), w)
			if err != nil || resp.GetCheckout().GetState() != placed && resp.GetCheckout().GetState() != pending {
				t.Errorf("PlaceOrder = %v, %v", resp, err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen[resp.GetCheckout().GetOrder().GetId()]++
		})
	}
	calls.Wait()
	s.ended()
	again := s.begin(ada, w)
	delete(seen, "") // was pending
	if len(seen) != 1 || seen[again.GetOrder().GetId()] == 0 {
		t.Errorf("orders %v; want one, %s", seen, again.GetOrder().GetId())
	}
	s.others.set(func(o *others) {
		if o.charged != 1 || o.stock["mug"] != 98 {
			t.Errorf("charged %d times, %d mugs left; want once, 98", o.charged, o.stock["mug"])
		}
	})
	if resp, err := client.PlaceOrder(t.Context(), w); err != nil || !proto.Equal(resp.GetCheckout(), again) {
		t.Errorf("later, by key: %v, %v; want %v", resp, err, again)
	}
	other := proto.CloneOf(w)
	other.Email = "other@example.com"
	if _, err := s.checkout(ada).PlaceOrder(t.Context(), other); reason(err) != "refused checkout_differs" {
		t.Errorf("the same id with another wish: %v", err)
	}
	other.CheckoutId = uuid.NewString()
	if _, err := client.PlaceOrder(t.Context(), other); reason(err) != "refused idempotency_key_reused" {
		t.Errorf("the same key for another checkout: %v", err)
	}
	if list, err := s.orders(ada).ListOrders(t.Context(), &pb.ListOrdersRequest{}); err != nil || len(list.GetOrders()) != 1 {
		t.Errorf("ada has %d orders, %v; want one", len(list.GetOrders()), err)
	}
}

func TestNobodySeesAnothersOrders(t *testing.T) {
	s := open(t)
	s.others.set(func(o *others) { o.carts["guest-1"] = o.carts["ada"] })
	w := wish("tok_visa")
	o := s.begin(guest, w).GetOrder()
	for name, p := range map[string]rpc.Principal{"eve": eve, "staff, shopping": admin, "another guest": {Subject: "guest-2", Role: rpc.Guest}} {
		checkout, orders := s.checkout(p), s.orders(p)
		calls := map[string]func() error{
			"PlaceOrder": func() error { _, err := checkout.PlaceOrder(t.Context(), w); return err },
			"ResumeCheckout": func() error {
				_, err := checkout.ResumeCheckout(t.Context(), &pb.ResumeCheckoutRequest{CheckoutId: w.GetCheckoutId()})
				return err
			},
			"GetCheckout": func() error {
				_, err := checkout.GetCheckout(t.Context(), &pb.GetCheckoutRequest{CheckoutId: w.GetCheckoutId()})
				return err
			},
			"GetOrder": func() error { _, err := orders.GetOrder(t.Context(), &pb.GetOrderRequest{Id: o.GetId()}); return err },
			"by number": func() error {
				_, err := orders.GetOrder(t.Context(), &pb.GetOrderRequest{Number: o.GetNumber()})
				return err
			},
			"CancelOrder": func() error {
				_, err := orders.CancelOrder(t.Context(), &pb.CancelOrderRequest{Id: o.GetId()})
				return err
			},
		}
		for call, do := range calls {
			if err := do(); connect.CodeOf(err) != connect.CodeNotFound {
				t.Errorf("%s: %s: %v; want not found", name, call, err)
			}
		}
		if list, err := orders.ListOrders(t.Context(), &pb.ListOrdersRequest{}); err != nil || len(list.GetOrders()) != 0 {
			t.Errorf("%s: ListOrders = %v, %v; want none", name, list, err)
		}
	}
	// The guest has signed in.
	signedIn := rpc.Principal{Subject: "ada", Guest: "guest-1", Role: rpc.Shopper}
	if got, err := s.orders(signedIn).GetOrder(t.Context(), &pb.GetOrderRequest{Id: o.GetId()}); err != nil || !proto.Equal(got.GetOrder(), o) {
		t.Errorf("GetOrder by the guest who signed in = %v, %v", got, err)
	}
	if got, err := s.checkout(signedIn).ResumeCheckout(t.Context(), &pb.ResumeCheckoutRequest{CheckoutId: w.GetCheckoutId()}); err != nil || got.GetCheckout().GetOrder().GetId() != o.GetId() {
		t.Errorf("ResumeCheckout by the guest who signed in = %v, %v", got, err)
	}
	// Only staff stand at the desk.
	for name, p := range map[string]rpc.Principal{"denied": ada, "stranger": {}} {
		desk := orderv1connect.NewOrderAdminServiceClient(s.served.As(t, p), s.served.URL, rpc.ClientOptions()...)
		for call, do := range map[string]func() error{
			"ListAdminOrders": func() error { _, err := desk.ListAdminOrders(t.Context(), &pb.ListAdminOrdersRequest{}); return err },
			"GetAdminOrder": func() error {
				_, err := desk.GetAdminOrder(t.Context(), &pb.GetAdminOrderRequest{Id: o.GetId()})
				return err
			},
			"StartProcessing": func() error {
				_, err := desk.StartProcessing(t.Context(), &pb.StartProcessingRequest{Id: o.GetId()})
				return err
			},
			"DeliverOrder": func() error {
				_, err := desk.DeliverOrder(t.Context(), &pb.DeliverOrderRequest{Id: o.GetId()})
				return err
			},
			"ShipOrder": func() error {
				_, err := desk.ShipOrder(t.Context(), &pb.ShipOrderRequest{Id: o.GetId(), Carrier: "x", TrackingNumber: "y"})
				return err
			},
		} {
			if err := do(); !strings.HasPrefix(reason(err), name) {
				t.Errorf("%s by %q: %v; want %s", call, p.Subject, err, name)
			}
		}
	}
	for _, req := range []*pb.GetOrderRequest{{}, {Id: o.GetId(), Number: o.GetNumber()}} {
		if _, err := s.orders(guest).GetOrder(t.Context(), req); reason(err) != "invalid id_or_number" {
			t.Errorf("GetOrder(%v): %v", req, err)
		}
	}
	for _, id := range []string{"x", uuid.NewString(), "urn:uuid:" + o.GetId()} {
		if _, err := s.orders(guest).GetOrder(t.Context(), &pb.GetOrderRequest{Id: id}); reason(err) != "not found order_not_found" {
			t.Errorf("GetOrder of %q: %v", id, err)
		}
		if _, err := s.desk().StartProcessing(t.Context(), &pb.StartProcessingRequest{Id: id}); reason(err) != "not found order_not_found" {
			t.Errorf("StartProcessing of %q: %v", id, err)
		}
	}
}

// Who pays, from where and through whom, gets to the payment service; a guest is
// nobody whose card is kept.
func TestWhoPaysIsTold(t *testing.T) {
	s := open(t)
	s.others.set(func(o *others) { o.carts["guest-1"] = map[string]int32{"mug": 2, "pen": 1} })
	for _, c := range []struct {
		name     string
		who      rpc.Principal
		customer string
	}{{"a shopper", ada, "ada"}, {"a guest", guest, ""}} {
		w := wish("tok_visa")
		w.PaymentProvider, w.SavePaymentMethod = "stripe", true
		if got := s.begin(c.who, w); got.GetState() != placed {
			t.Fatalf("%s: %v", c.name, got)
		}
		s.others.set(func(o *others) {
			if r := o.asked[w.GetCheckoutId()]; r.GetProvider() != "stripe" || r.GetCountryCode() != "US" || r.GetCustomerId() != c.customer || r.GetSaveMethod() != (c.customer != "") {
				t.Errorf("%s: %v", c.name, r)
			}
		})
	}
}

func TestRefusedCheckoutsKeepNothing(t *testing.T) {
	s := open(t)
	for _, c := range []struct {
		name    string
		wish    func(*pb.PlaceOrderRequest)
		others  func(*others)
		reason  string
		message string
		short   []string
	}{
		{"the card is declined", func(w *pb.PlaceOrderRequest) { w.PaymentMethod = "tok_declined" }, nil, "card_declined", "declined", nil},
		{"the shelves are empty", nil, func(o *others) { o.stock = map[string]int64{"mug": 1, "rope, red": 0, "pen": 100} }, "stock_short", "just been sold", []string{"mug", "rope, red"}},
		{"the price went up", nil, func(o *others) { o.prices["pen"] = 151 }, "total_changed", "Prices have changed", nil},
		{"another currency was shown", func(w *pb.PlaceOrderRequest) { w.CurrencyCode = "EUR" }, nil, "total_changed", "Prices have changed", nil},
		{"something is no longer sold", nil, func(o *others) { delete(o.prices, "mug") }, "cart_changed", "no longer sold", nil},
		{"the cart is empty", nil, func(o *others) { o.carts["ada"] = nil }, "cart_empty", "cart is empty", nil},
		{"nobody delivers that way", func(w *pb.PlaceOrderRequest) { w.DeliveryOptionId = "international" }, nil, "delivery_option_unknown", "delivery", nil},
		{"nothing is sold for that money", func(w *pb.PlaceOrderRequest) { w.CurrencyCode = "JPY" }, nil, "cart_changed", "no longer sold", nil},
	} {
		var shelves map[string]int64
		s.others.set(func(o *others) {
			shelves = o.stock
			o.carts = map[string]map[string]int32{"ada": {"mug": 2, "pen": 1, "rope, red": 1}}
			o.prices = map[string]int64{"mug": 1000, "pen": 150, "rope, red": 700}
			if c.others != nil {
				c.others(o)
			}
		})
		w := wish("tok_visa")
		w.ExpectedTotal = usd(total + 700 + 51)
		if c.wish != nil {
			c.wish(w)
		}
		got := s.begin(ada, w)
		if got.GetState() != refused || got.GetReason() != c.reason || !strings.Contains(got.GetMessage(), c.message) || !slices.Equal(got.GetShortSkus(), c.short) {
			t.Errorf("%s: %v; want %s, %q, short of %q", c.name, got, c.reason, c.message, c.short)
		}
		if again := s.begin(ada, w); !proto.Equal(again, got) {
			t.Errorf("%s: %v when asked again; want %v", c.name, again, got)
		}
		s.others.set(func(o *others) { o.stock = shelves })
	}
	s.ended()
	s.nothingIsKept()
	if list, err := s.orders(ada).ListOrders(t.Context(), &pb.ListOrdersRequest{}); err != nil || len(list.GetOrders()) != 0 {
		t.Errorf("orders = %v, %v; want none", list, err)
	}
}

func TestRequestsThatMakeNoSense(t *testing.T) {
	s := open(t)
	for name, c := range map[string]struct {
		change func(*pb.PlaceOrderRequest)
		want   string
	}{
		"a name with a NUL":       {func(w *pb.PlaceOrderRequest) { w.ShippingAddress.Name = "A\x00da" }, "invalid text"},
		"no state":                {func(w *pb.PlaceOrderRequest) { w.ShippingAddress.Region = "" }, "invalid region_unknown"},
		"a state that is none":    {func(w *pb.PlaceOrderRequest) { w.ShippingAddress.Region = "Kalifornien" }, "invalid region_unknown"},
		"back to somewhere else":  {func(w *pb.PlaceOrderRequest) { w.ReturnPath = "//evil.example" }, "invalid invalid_request"},
		"a checkout without name": {func(w *pb.PlaceOrderRequest) { w.CheckoutId = "1" }, "invalid invalid_request"},
		"a country of three":      {func(w *pb.PlaceOrderRequest) { w.ShippingAddress.CountryCode = "USA" }, "invalid invalid_request"},
	} {
		w := wish("tok_visa")
		c.change(w)
		_, err := s.checkout(ada).PlaceOrder(t.Context(), w)
		if reason(err) != c.want {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
		if f, ok := fault.As(rpc.FaultOf(err)); c.want == "invalid region_unknown" && (!ok || len(f.Fields) != 1 || f.Fields[0].Path != "shipping_address.region") {
			t.Errorf("%s: %+v; want it said at the field", name, f)
		}
	}
	if _, err := s.checkout(ada).Quote(t.Context(), &pb.QuoteRequest{ShippingAddress: &typev1.Address{CountryCode: "US"}}); reason(err) != "invalid region_unknown" {
		t.Errorf("Quote for no state: %v", err)
	}
	if _, err := s.checkout(eve).Quote(t.Context(), &pb.QuoteRequest{}); reason(err) != "refused cart_empty" {
		t.Errorf("Quote of an empty cart: %v", err)
	}
	if q, err := s.checkout(ada).Quote(t.Context(), &pb.QuoteRequest{CurrencyCode: "EUR", DeliveryOptionId: "express"}); err != nil || q.GetTotals().GetTotal().GetCurrencyCode() != "EUR" || q.GetDeliveryOptionId() != "express" {
		t.Errorf("Quote in EUR = %v, %v", q, err)
	}
}

func TestThreeDSecure(t *testing.T) {
	s := open(t)
	confirm := func(p *paymentv1.Payment) { p.State = authorized }
	refuse := func(p *paymentv1.Payment) { p.State, p.DeclineReason = declined, "authentication_failed" }
	wait := func(*paymentv1.Payment) {}
	decided := func(id string) {
		t.Helper()
		s.waitFor("an outcome", func() bool { now := s.state(id); return now == placed || now == refused })
	}
	news := func(id string) {
		if err := crdb.InTx(t.Context(), s.till, func(ctx context.Context, tx crdb.Tx) error { return bus.Put(ctx, tx, "payment.changed", id, id) }); err != nil {
			t.Fatal(err)
		}
		decided(id)
	}
	shopper := func(id string) {
		if _, err := s.checkout(ada).ResumeCheckout(t.Context(), &pb.ResumeCheckoutRequest{CheckoutId: id}); err != nil {
			t.Fatal(err)
		}
	}
	minute := func(id string) { s.clock.Advance(time.Minute); decided(id) }
	hour := func(id string) { s.clock.Advance(time.Hour); decided(id) }
	orders := int64(0)
	for _, c := range []struct {
		name string
		bank func(*paymentv1.Payment)
		then func(id string)
		want pb.CheckoutState
	}{
		{"confirmed, and the provider tells", confirm, news, placed},
		{"confirmed, and the shopper comes back", confirm, shopper, placed},
		{"confirmed, and nobody tells", confirm, minute, placed},
		{"refused, and the provider tells", refuse, news, refused},
		{"refused, and the shopper comes back", refuse, shopper, refused},
		{"the shopper never comes back", wait, hour, refused},
		{"not yet", wait, shopper, acting},
	} {
		w := wish("tok_3ds")
		if got := s.begin(ada, w); got.GetState() != acting || got.GetActionUrl() != "https://bank.example/?back=https://shop.example/checkout/return" {
			t.Fatalf("%s: PlaceOrder = %v; want an action", c.name, got)
		}
		s.others.set(func(o *others) { c.bank(o.payments[w.GetCheckoutId()]) })
		c.then(w.GetCheckoutId())
		if got := s.state(w.GetCheckoutId()); got != c.want {
			t.Errorf("%s: %v; want %v", c.name, got, c.want)
		}
		var waiting int64
		switch c.want {
		case placed:
			orders++
			s.ended()
		case refused:
			s.ended()
		case acting:
			waiting++
		}
		if held, kept, gone := s.books(); held != waiting*total || kept != orders*total || gone != 3*(orders+waiting) {
			t.Errorf("%s: %d is held, %d kept, %d units are gone after %d orders", c.name, held, kept, gone, orders)
		}
	}
}

// Every call of a checkout is lost once: first on the way there, then on the way back.
func TestLostAnswersAreNoAnswers(t *testing.T) {
	for _, way := range []string{"there", "back"} {
		t.Run(way, func(t *testing.T) {
			s := open(t)
			var mu sync.Mutex
			lost := map[string]bool{"cart": true, "catalog": true} // which are asked again at once
			lose := func(call string) error {
				mu.Lock()
				defer mu.Unlock()
				if lost[call] {
					return nil
				}
				lost[call] = true
				return errDown
			}
			s.others.set(func(o *others) {
				if way == "there" {
					o.before = lose
				} else {
					o.after = lose
				}
			})
			w := wish("tok_visa")
			if got := s.begin(ada, w); got.GetState() != pending {
				t.Errorf("PlaceOrder = %v; want it pending", got)
			}
			s.ended()
			got := s.begin(ada, w)
			if held, kept, gone := s.books(); got.GetState() != placed || !got.GetOrder().GetCaptured() || held != 0 || kept != total || gone != 3 {
				t.Errorf("checkout = %v, %d held, %d kept, %d gone", got, held, kept, gone)
			}
			if _, err := s.orders(ada).CancelOrder(t.Context(), &pb.CancelOrderRequest{Id: got.GetOrder().GetId()}); err != nil {
				t.Fatal(err)
			}
			s.ended()
			s.nothingIsKept()
			s.others.set(func(o *others) {
				if o.charged != 1 || len(o.refunds) != 1 {
					t.Errorf("charged %d times, given back %v", o.charged, o.refunds)
				}
			})
			want := 2 + 8
			if way == "back" {
				want-- // the release is refused, as it was sold: there is no answer to lose
			}
			if len(lost) < want {
				t.Errorf("lost only %v", lost)
			}
		})
	}
}

// An instance that stopped in the middle is not waited for.
func TestADeadHoldersCheckoutIsTakenOver(t *testing.T) {
	s := open(t)
	stuck, asked := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	s.others.set(func(o *others) {
		o.after = func(call string) error {
			if call == "authorize" && first.CompareAndSwap(false, true) {
				close(asked)
				<-stuck
			}
			return nil
		}
	})
	w := wish("tok_visa")
	answer := make(chan *pb.Checkout, 1)
	go func() {
		resp, err := s.checkout(ada).PlaceOrder(context.Background(), w)
		if err != nil {
			t.Errorf("whoever was overtaken: %v", err)
		}
		answer <- resp.GetCheckout()
	}()
	<-asked
	if got := s.begin(ada, w); got.GetState() != pending {
		t.Errorf("while it is held: %v; want it pending", got)
	}
	s.clock.Advance(time.Minute)
	s.waitFor("another to take over", func() bool { return s.state(w.GetCheckoutId()) == placed })
	close(stuck)
	if late := <-answer; late.GetState() != placed {
		t.Errorf("whoever was overtaken is told %v; want that it is placed", late)
	}
	s.ended()
	s.others.set(func(o *others) {
		if o.charged != 1 || len(o.payments) != 1 {
			t.Errorf("charged %d times over %d payments", o.charged, len(o.payments))
		}
	})
	if list, err := s.orders(ada).ListOrders(t.Context(), &pb.ListOrdersRequest{}); err != nil || len(list.GetOrders()) != 1 {
		t.Errorf("orders = %v, %v; want one", list, err)
	}
}

func TestACancelledOrderGivesEverythingBack(t *testing.T) {
	s := open(t)
	o := s.place()
	s.others.set(func(others *others) { // staff have given something back already
		for id := range others.payments {
			if err := others.refund(id, "staff", usd(100)); err != nil {
				t.Error(err)
			}
		}
	})
	client := orderv1connect.NewOrderServiceClient(keyed{s.served.As(t, ada), "cancel"}, s.served.URL)
	var first *pb.Order
	for range 3 {
		resp, err := client.CancelOrder(t.Context(), &pb.CancelOrderRequest{Id: o.GetId(), Reason: "too blue"})
		if err != nil {
			t.Fatal(err)
		}
		got := resp.GetOrder()
		if h := got.GetHistory(); got.GetStatus() != pb.OrderStatus_ORDER_STATUS_CANCELLED || got.GetCancellable() || len(h) != 2 || h[1].GetActor() != "shopper" || h[1].GetNote() != "too blue" {
			t.Fatalf("CancelOrder = %v", got)
		}
		if first == nil {
			first = got
		}
		if !proto.Equal(first, got) {
			t.Errorf("again = %v; want %v", got, first)
		}
	}
	if resp, err := s.orders(ada).CancelOrder(t.Context(), &pb.CancelOrderRequest{Id: o.GetId(), Reason: "another"}); err != nil || !proto.Equal(resp.GetOrder(), first) {
		t.Errorf("once more = %v, %v; want it as it was", resp, err)
	}
	s.ended()
	s.nothingIsKept()
	var event pb.OrderCancelled
	s.heard("souk.order.cancelled", o.GetId(), &event)
	if event.GetOwner() != "ada" || event.GetOrder().GetHistory()[1].GetNote() != "too blue" {
		t.Errorf("order.cancelled = %v", &event)
	}
	for name, call := range map[string]func() error{
		"StartProcessing": func() error {
			_, err := s.desk().StartProcessing(t.Context(), &pb.StartProcessingRequest{Id: o.GetId()})
			return err
		},
		"DeliverOrder": func() error {
			_, err := s.desk().DeliverOrder(t.Context(), &pb.DeliverOrderRequest{Id: o.GetId()})
			return err
		},
	} {
		if err := call(); reason(err) != "refused order_status" {
			t.Errorf("%s of a cancelled order: %v", name, err)
		}
	}
}

// The shopper cancels while the money is being taken, before or after it is.
func TestCancelRacesCapture(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		t.Run(when, func(t *testing.T) {
			s := open(t)
			hold, asked := make(chan struct{}), make(chan struct{}, 1)
			block := func(call string) error {
				if call == "capture" {
					asked <- struct{}{}
					<-hold
				}
				return nil
			}
			s.others.set(func(o *others) {
				if when == "before" {
					o.before = block
				} else {
					o.after = block
				}
			})
			w := wish("tok_visa")
			answer := make(chan *pb.Checkout, 1)
			go func() {
				resp, err := s.checkout(ada).PlaceOrder(context.Background(), w)
				if err != nil {
					t.Error(err)
				}
				answer <- resp.GetCheckout()
			}()
			<-asked
			got, err := s.checkout(ada).GetCheckout(t.Context(), &pb.GetCheckoutRequest{CheckoutId: w.GetCheckoutId()})
			o := got.GetCheckout().GetOrder()
			if err != nil || o.GetCaptured() {
				t.Fatalf("meanwhile: %v, %v; want the order, not captured", got, err)
			}
			if _, err := s.desk().ShipOrder(t.Context(), &pb.ShipOrderRequest{Id: o.GetId(), Carrier: "DHL", TrackingNumber: "1"}); reason(err) != "refused order_status" {
				t.Errorf("ShipOrder before it is paid: %v", err)
			}
			if _, err := s.orders(ada).CancelOrder(t.Context(), &pb.CancelOrderRequest{Id: o.GetId()}); err != nil {
				t.Fatal(err)
			}
			close(hold)
			if c := <-answer; c.GetState() != placed || c.GetOrder().GetStatus() != pb.OrderStatus_ORDER_STATUS_CANCELLED {
				t.Errorf("PlaceOrder = %v; want the order, cancelled", c)
			}
			s.ended()
			s.nothingIsKept()
		})
	}
}

func TestAnOrderGoesItsWay(t *testing.T) {
	s := open(t)
	o := s.place()
	desk := s.desk()
	read := o.GetEtag()
	processing, err := desk.StartProcessing(t.Context(), &pb.StartProcessingRequest{Id: o.GetId(), Etag: read})
	if err != nil || processing.GetOrder().GetStatus() != pb.OrderStatus_ORDER_STATUS_PROCESSING || !processing.GetOrder().GetCancellable() || processing.GetOrder().GetEtag() == read {
		t.Fatalf("StartProcessing = %v, %v", processing, err)
	}
	ship := &pb.ShipOrderRequest{Id: o.GetId(), Etag: read, Carrier: "DHL", TrackingNumber: "JD01", TrackingUrl: "https://dhl.example/JD01"}
	if _, err := desk.ShipOrder(t.Context(), ship); reason(err) != "raced order_changed" {
		t.Errorf("ShipOrder of what was read before: %v", err)
	}
	ship.Etag = processing.GetOrder().GetEtag()
	repeating := orderv1connect.NewOrderAdminServiceClient(keyed{s.served.As(t, admin), "ship"}, s.served.URL)
	for range 2 { // with a key it is the same shipment, though the etag is old by then
		shipped, err := repeating.ShipOrder(t.Context(), ship)
		tracking := shipped.GetOrder().GetTracking()
		if err != nil || shipped.GetOrder().GetStatus() != pb.OrderStatus_ORDER_STATUS_SHIPPED || tracking.GetNumber() != "JD01" || tracking.GetCarrier() != "DHL" || tracking.GetUrl() != ship.TrackingUrl {
			t.Fatalf("ShipOrder = %v, %v", shipped, err)
		}
	}
	var shipped pb.OrderShipped
	s.heard("souk.order.shipped", o.GetId(), &shipped)
	if shipped.GetOwner() != "ada" || shipped.GetOrder().GetTracking().GetNumber() != "JD01" || shipped.GetOrder().GetEmail() != "Ada@Example.com" {
		t.Errorf("order.shipped = %v", &shipped)
	}
	if _, err := s.orders(ada).CancelOrder(t.Context(), &pb.CancelOrderRequest{Id: o.GetId()}); reason(err) != "refused order_not_cancellable" {
		t.Errorf("CancelOrder of what is on its way: %v", err)
	}
	if _, err := desk.ShipOrder(t.Context(), &pb.ShipOrderRequest{Id: o.GetId(), Carrier: "UPS", TrackingNumber: "2"}); reason(err) != "refused order_status" {
		t.Errorf("ShipOrder again: %v", err)
	}
	delivered, err := desk.DeliverOrder(t.Context(), &pb.DeliverOrderRequest{Id: o.GetId()})
	if err != nil || delivered.GetOrder().GetStatus() != pb.OrderStatus_ORDER_STATUS_DELIVERED {
		t.Fatalf("DeliverOrder = %v, %v", delivered, err)
	}
	var arrived pb.OrderDelivered
	s.heard("souk.order.delivered", o.GetId(), &arrived)
	var actors []string
	for _, h := range arrived.GetOrder().GetHistory() {
		actors = append(actors, h.GetActor()+" "+h.GetStatus().String())
	}
	want := []string{"shopper ORDER_STATUS_PLACED", "admin ORDER_STATUS_PROCESSING", "admin ORDER_STATUS_SHIPPED", "admin ORDER_STATUS_DELIVERED"}
	if !slices.Equal(actors, want) || arrived.GetOwner() != "ada" {
		t.Errorf("order.delivered = %v", &arrived)
	}
	if got, err := desk.GetAdminOrder(t.Context(), &pb.GetAdminOrderRequest{Id: o.GetId()}); err != nil || !proto.Equal(got.GetOrder(), delivered.GetOrder()) {
		t.Errorf("GetAdminOrder = %v, %v", got, err)
	}
	s.ended()
	if held, kept, gone := s.books(); held != 0 || kept != total || gone != 3 {
		t.Errorf("%d held, %d kept, %d units gone", held, kept, gone)
	}
}

func TestListsGoBackInTime(t *testing.T) {
	s := open(t)
	var all []string
	for n := range 13 {
		s.clock.Advance(time.Duration(n%3) * time.Nanosecond) // some at the same time
		all = append(all, s.place().GetId())
	}
	s.others.set(func(o *others) { o.carts["eve"] = o.carts["ada"] })
	evesWish := wish("tok_visa")
	evesWish.Email = "eve@example.com"
	eves := s.begin(eve, evesWish).GetOrder()
	mine := func(size int32, token string) ([]*pb.Order, string, error) {
		resp, err := s.orders(ada).ListOrders(t.Context(), &pb.ListOrdersRequest{PageSize: size, PageToken: token})
		return resp.GetOrders(), resp.GetNextPageToken(), err
	}
	everybodys := func(size int32, token string) ([]*pb.Order, string, error) {
		resp, err := s.desk().ListAdminOrders(t.Context(), &pb.ListAdminOrdersRequest{PageSize: size, PageToken: token})
		return resp.GetOrders(), resp.GetNextPageToken(), err
	}
	for _, c := range []struct {
		name string
		list func(int32, string) ([]*pb.Order, string, error)
		want int
	}{{"ada's", mine, 13}, {"all", everybodys, 14}} {
		for _, size := range []int32{0, 1, 5, 13, 14} {
			seen := map[string]bool{}
			last := s.clock.Now()
			for token, more := "", true; more; more = token != "" {
				page, next, err := c.list(size, token)
				if err != nil || size > 0 && len(page) > int(size) {
					t.Fatalf("%s by %d: %d orders, %v", c.name, size, len(page), err)
				}
				for _, o := range page {
					if seen[o.GetId()] || o.GetCreateTime().AsTime().Truncate(time.Microsecond).After(last) {
						t.Errorf("%s by %d: %s again, or out of order", c.name, size, o.GetNumber())
					}
					seen[o.GetId()], last = true, o.GetCreateTime().AsTime()
				}
				token = next
			}
			if len(seen) != c.want {
				t.Errorf("%s by %d: %d orders; want %d", c.name, size, len(seen), c.want)
			}
		}
	}
	for _, token := range []string{
		"!", "bnVsbA", base64.RawURLEncoding.EncodeToString([]byte(`{"ID":"x"}`)), base64.RawURLEncoding.EncodeToString([]byte(`{"Created":"never"}`)),
	} {
		if _, _, err := mine(5, token); reason(err) != "invalid page_token" {
			t.Errorf("page %q: %v", token, err)
		}
		if _, _, err := everybodys(5, token); reason(err) != "invalid page_token" {
			t.Errorf("page %q of all: %v", token, err)
		}
	}
	odd := base64.RawURLEncoding.EncodeToString([]byte(`{"Created":"2999-01-01T00:00:00+14:00","ID":"urn:uuid:` + eves.GetId() + `"}`))
	if page, _, err := mine(100, odd); err != nil || len(page) != 13 {
		t.Errorf("a page token spelled oddly: %d orders, %v; want all", len(page), err)
	}
	if _, err := s.orders(ada).CancelOrder(t.Context(), &pb.CancelOrderRequest{Id: all[4]}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		req  *pb.ListAdminOrdersRequest
		want []string
	}{
		"cancelled":       {&pb.ListAdminOrdersRequest{Status: pb.OrderStatus_ORDER_STATUS_CANCELLED}, []string{all[4]}},
		"by e-mail":       {&pb.ListAdminOrdersRequest{Query: "EVE@example.com"}, []string{eves.GetId()}},
		"by number":       {&pb.ListAdminOrdersRequest{Query: strings.ToLower(eves.GetNumber())}, []string{eves.GetId()}},
		"of eve, shipped": {&pb.ListAdminOrdersRequest{Query: "eve@example.com", Status: pb.OrderStatus_ORDER_STATUS_SHIPPED}, nil},
		"of nobody":       {&pb.ListAdminOrdersRequest{Query: "%"}, nil},
	} {
		resp, err := s.desk().ListAdminOrders(t.Context(), c.req)
		var ids []string
		for _, o := range resp.GetOrders() {
			ids = append(ids, o.GetId())
		}
		if err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, ids, err, c.want)
		}
	}
}
