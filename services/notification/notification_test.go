package notification_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountv1 "github.com/souk-commerce/souk/api/gen/souk/account/v1"
	pb "github.com/souk-commerce/souk/api/gen/souk/notification/v1"
	"github.com/souk-commerce/souk/api/gen/souk/notification/v1/notificationv1connect"
	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/run"
	"github.com/souk-commerce/souk/services/notification"
	"github.com/souk-commerce/souk/services/notification/mailcatcher"
)

func TestMain(m *testing.M) { kittest.Main(m) }

// house is the service, running, with a mail server that can be away.
type house struct {
	db      *crdb.DB
	clock   *clock.Fake
	served  *kittest.Served
	catcher *mailcatcher.Catcher
	address string
	// stop ends the service and the relay.
	stop func()
}

func open(t *testing.T) *house {
	t.Helper()
	catcher, err := mailcatcher.New(mailcatcher.Config{Dir: t.TempDir()}, kittest.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t, "127.0.0.1:0")
	address := l.Addr().String()
	l.Close() // nobody is there until start
	h := &house{db: kittest.DB(t, notification.Migrations()), clock: clock.NewFake(time.Now()), catcher: catcher, address: address}
	h.run(t)
	return h
}

// run opens the service on a stream that has heard nothing yet.
func (h *house) run(t *testing.T) {
	t.Helper()
	b := kittest.Bus(t)
	svc, err := notification.Open(t.Context(), notification.Config{
		SMTPAddress: h.address, From: "Souk <orders@shop.example>", ShopName: "Souk", ShopURL: "https://shop.example",
	}, notification.Deps{DB: h.db, Bus: b, RPC: kittest.RPC(t, "notification"), Clock: h.clock, Log: kittest.Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	h.served = kittest.Serve(t, svc.Handlers())
	h.stop = background(t, func(ctx context.Context) error {
		return run.Until(ctx, bus.NewRelay(b, h.db, "test", announce), svc)
	})
}

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// background runs a part until it is stopped, at the test's end at the latest.
func background(t *testing.T, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = func() {
		cancel()
		ended.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// start opens the mail server.
func (h *house) start(t *testing.T) {
	t.Helper()
	l := listen(t, h.address)
	background(t, func(ctx context.Context) error { return h.catcher.ServeSMTP(ctx, l) })
}

var kinds = map[string]func() proto.Message{
	"account.registered": func() proto.Message { return new(accountv1.AccountRegistered) },
	"order.placed":       func() proto.Message { return new(orderv1.OrderPlaced) },
	"order.shipped":      func() proto.Message { return new(orderv1.OrderShipped) },
	"order.delivered":    func() proto.Message { return new(orderv1.OrderDelivered) },
	"order.cancelled":    func() proto.Message { return new(orderv1.OrderCancelled) },
}

func announce(topic, _ string, fact []byte) (bus.Announcement, error) {
	m := kinds[topic]()
	return bus.Announcement{Message: m}, protojson.Unmarshal(fact, m)
}

// tell puts an event into an outbox, as a service would.
func (h *house) tell(t *testing.T, topic string, event proto.Message) {
	t.Helper()
	fact, err := protojson.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	err = crdb.InTx(t.Context(), h.db, func(ctx context.Context, tx crdb.Tx) error {
		return bus.Put(ctx, tx, topic, "one", json.RawMessage(fact))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func order(email string) *orderv1.Order {
	usd := func(n int64) *typev1.Money { return &typev1.Money{CurrencyCode: "USD", MinorUnits: n} }
	return &orderv1.Order{
		Id: "5d2f0c1e-0000-4000-8000-000000000001", Number: "7KQ2-M9XD", Email: email, CreateTime: timestamppb.New(time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)),
		Lines:           []*orderv1.OrderLine{{Sku: "MUG-1", Quantity: 2, Title: "Mug <b>", LineTotal: usd(2500)}},
		Totals:          &orderv1.Totals{Items: usd(2500), Shipping: usd(490), Total: usd(2990)},
		ShippingAddress: &typev1.Address{Name: "Ada Lovelace", Line1: "12 St James's Square", City: "London", PostalCode: "SW1Y 4JH", CountryCode: "GB"},
	}
}

type caught struct{ ID, From, Subject, Text, HTML string }

func (h *house) caught(t *testing.T, to string) []caught {
	t.Helper()
	w := httptest.NewRecorder()
	h.catcher.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/mail/api/messages?to="+url.QueryEscape(to), nil))
	var all []caught
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || w.Code != http.StatusOK {
		t.Fatalf("messages: %d %s, %v", w.Code, w.Body, err)
	}
	return all
}

// until waits for something to become true.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !f() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-ticker.C:
		}
	}
}

func (h *house) admin(t *testing.T) notificationv1connect.NotificationAdminServiceClient {
	return h.as(t, rpc.Principal{Subject: "staff", Role: rpc.Admin})
}

func (h *house) as(t *testing.T, p rpc.Principal) notificationv1connect.NotificationAdminServiceClient {
	return notificationv1connect.NewNotificationAdminServiceClient(h.served.As(t, p), h.served.URL, rpc.ClientOptions()...)
}

func (h *house) log(t *testing.T, recipient string) []*pb.Delivery {
	t.Helper()
	resp, err := h.admin(t).ListDeliveries(t.Context(), &pb.ListDeliveriesRequest{Recipient: recipient})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetDeliveries()
}

func TestAShopperIsWrittenToOnEveryStep(t *testing.T) {
	h := open(t)
	h.start(t)
	o := order("ada@example.com")
	h.tell(t, "account.registered", &accountv1.AccountRegistered{AccountId: "a1", Email: "ada@example.com", Name: "Ada"})
	h.tell(t, "order.placed", &orderv1.OrderPlaced{Order: o})
	h.tell(t, "order.shipped", &orderv1.OrderShipped{Order: o})
	h.tell(t, "order.delivered", &orderv1.OrderDelivered{Order: o})
	h.tell(t, "order.cancelled", &orderv1.OrderCancelled{Order: o})
	until(t, "five mails", func() bool { return len(h.caught(t, "ada@example.com")) == 5 })
	subjects := map[string]caught{}
	for _, m := range h.caught(t, "ada@example.com") {
		subjects[m.Subject] = m
	}
	for _, want := range []string{
		"Welcome to Souk", "Thank you for your order 7KQ2-M9XD", "Your order 7KQ2-M9XD is on its way", "Your order 7KQ2-M9XD has arrived", "Your order 7KQ2-M9XD is cancelled",
	} {
		if _, ok := subjects[want]; !ok {
			t.Errorf("no mail %q", want)
		}
	}
	m := subjects["Thank you for your order 7KQ2-M9XD"]
	for _, want := range []string{"$29.90", "Mug &lt;b&gt;", "https://shop.example/orders/7KQ2-M9XD", "12 St James"} {
		if !strings.Contains(m.HTML, want) {
			t.Errorf("the confirmation lacks %q:\n%s", want, m.HTML)
		}
	}
	if m.From != "orders@shop.example" || !strings.Contains(m.Text, "2 × Mug <b>: $25.00") {
		t.Errorf("the confirmation is from %s and says:\n%s", m.From, m.Text)
	}
	until(t, "five deliveries noted as sent", func() bool {
		sent := 0
		for _, d := range h.log(t, "ADA@example.com") {
			if d.GetState() == pb.DeliveryState_DELIVERY_STATE_SENT && d.GetSentTime() != nil && d.GetAttempts() == 1 {
				sent++
			}
		}
		return sent == 5
	})
}

// The stream is lost and everything is told again, under the same ids.
func TestAnEventHeardTwiceIsOneMail(t *testing.T) {
	for _, c := range []struct{ name, meanwhile string }{
		{"known to the inbox", `SELECT 1`},
		{"known to the deliveries", `DELETE FROM inbox`},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			h.start(t)
			h.tell(t, "order.placed", &orderv1.OrderPlaced{Order: order("ada@example.com")})
			until(t, "the mail", func() bool { return len(h.caught(t, "ada@example.com")) == 1 })
			h.stop()
			if _, err := h.db.Exec(t.Context(), c.meanwhile); err != nil {
				t.Fatal(err)
			}
			h.tell(t, "order.shipped", &orderv1.OrderShipped{Order: order("ada@example.com")})
			h.run(t)
			// It is told behind the one that comes again.
			until(t, "the next event's mail", func() bool {
				all := h.caught(t, "ada@example.com")
				return len(all) > 0 && all[0].Subject == "Your order 7KQ2-M9XD is on its way"
			})
			if all := h.caught(t, "ada@example.com"); len(all) != 2 {
				t.Errorf("%d mails; want 2: %v", len(all), all)
			}
			if log := h.log(t, ""); len(log) != 2 {
				t.Errorf("%d deliveries; want 2", len(log))
			}
		})
	}
}

func TestAMailWaitsForItsServer(t *testing.T) {
	h := open(t)
	h.tell(t, "order.placed", &orderv1.OrderPlaced{Order: order("ada@example.com")})
	tried := func(n int32) func() bool {
		return func() bool {
			log := h.log(t, "ada@example.com")
			return len(log) == 1 && log[0].GetAttempts() == n && log[0].GetLastError() != "" && log[0].GetState() == pb.DeliveryState_DELIVERY_STATE_QUEUED
		}
	}
	until(t, "a try that failed", tried(1))
	h.clock.Advance(time.Minute)
	until(t, "another", tried(2))
	h.start(t)
	h.clock.Advance(time.Hour)
	until(t, "the mail", func() bool { return len(h.caught(t, "ada@example.com")) == 1 })
	until(t, "its note", func() bool { return h.log(t, "")[0].GetState() == pb.DeliveryState_DELIVERY_STATE_SENT })
	if d := h.log(t, "")[0]; d.GetAttempts() != 3 || d.GetLastError() != "" {
		t.Errorf("sent with try %d, error %q; want 3 and none", d.GetAttempts(), d.GetLastError())
	}
}

func TestStaffResendWhatFailed(t *testing.T) {
	h := open(t)
	h.tell(t, "order.placed", &orderv1.OrderPlaced{Order: order("ada@example.com")})
	until(t, "the mail to be given up", func() bool {
		h.clock.Advance(12 * time.Hour)
		log := h.log(t, "ada@example.com")
		return len(log) == 1 && log[0].GetState() == pb.DeliveryState_DELIVERY_STATE_FAILED
	})
	d := h.log(t, "")[0]
	if d.GetAttempts() != 8 {
		t.Errorf("given up after %d tries; want 8", d.GetAttempts())
	}
	h.start(t)
	again, err := h.admin(t).Resend(t.Context(), &pb.ResendRequest{Id: d.GetId()})
	if err != nil || again.GetDelivery().GetState() != pb.DeliveryState_DELIVERY_STATE_QUEUED {
		t.Fatalf("Resend = %v, %v; want a queued delivery", again, err)
	}
	until(t, "the mail", func() bool { return len(h.caught(t, "ada@example.com")) == 1 })
	until(t, "its note", func() bool { return h.log(t, "")[0].GetState() == pb.DeliveryState_DELIVERY_STATE_SENT })
	for _, c := range []struct {
		name, id string
		who      rpc.Principal
		want     connect.Code
	}{
		{"refuses what was sent", d.GetId(), rpc.Principal{Subject: "staff", Role: rpc.Admin}, connect.CodeFailedPrecondition},
		{"does not know others", "5d2f0c1e-0000-4000-8000-000000000001", rpc.Principal{Subject: "staff", Role: rpc.Admin}, connect.CodeNotFound},
		{"does not know what is no id", "x", rpc.Principal{Subject: "staff", Role: rpc.Admin}, connect.CodeNotFound},
		{"is not for shoppers", d.GetId(), rpc.Principal{Subject: "ada", Role: rpc.Shopper}, connect.CodePermissionDenied},
	} {
		if _, err := h.as(t, c.who).Resend(t.Context(), &pb.ResendRequest{Id: c.id}); connect.CodeOf(err) != c.want {
			t.Errorf("Resend %s: %v; want %v", c.name, err, c.want)
		}
	}
}

func TestTheLogHasPages(t *testing.T) {
	h := open(t)
	h.start(t)
	const all = 5
	for i := range all {
		h.tell(t, "account.registered", &accountv1.AccountRegistered{Email: fmt.Sprintf("shopper%d@example.com", i)})
	}
	until(t, "all deliveries", func() bool { return len(h.log(t, "")) == all })
	seen := map[string]bool{}
	token, pages := "", 0
	for {
		resp, err := h.admin(t).ListDeliveries(t.Context(), &pb.ListDeliveriesRequest{PageSize: 2, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, d := range resp.GetDeliveries() {
			seen[d.GetRecipient()] = true
		}
		if token = resp.GetNextPageToken(); token == "" {
			break
		}
	}
	if len(seen) != all || pages != 3 {
		t.Errorf("%d deliveries on %d pages; want %d on 3", len(seen), pages, all)
	}
	if _, err := h.admin(t).ListDeliveries(t.Context(), &pb.ListDeliveriesRequest{PageToken: "bm8"}); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("a token that is not ours: %v; want %v", err, connect.CodeInvalidArgument)
	}
}
