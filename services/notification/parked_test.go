package notification_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"

	pb "github.com/souk-commerce/souk/api/gen/souk/notification/v1"
	"github.com/souk-commerce/souk/api/gen/souk/notification/v1/notificationv1connect"
	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/notification"
)

// keyOf has each call carry an idempotency key.
func keyOf(key string) connect.ClientOption {
	return connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			req.Header().Set("Idempotency-Key", key)
			return next(ctx, req)
		}
	}))
}

func TestStaffSendParkedEventsAgain(t *testing.T) {
	h, b := &house{db: kittest.DB(t, notification.Migrations()), clock: clock.NewFake(clock.System.Now())}, kittest.Bus(t)
	svc, err := notification.Open(t.Context(), notification.Config{SMTPAddress: "127.0.0.1:1", From: "Souk <a@shop.example>", ShopName: "Souk", ShopURL: "https://shop.example"},
		notification.Deps{DB: h.db, Bus: b, RPC: kittest.RPC(t, "notification"), Clock: h.clock, Log: kittest.Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	h.served = kittest.Serve(t, svc.Handlers())
	var broken atomic.Bool
	broken.Store(true)
	var heard atomic.Int64
	background(t, bus.NewRelay(b, h.db, "test", announce).Run)
	background(t, bus.NewConsumer(b, "parcels", map[string]bus.Handler{"souk.order.shipped": func(context.Context, bus.Delivery) error {
		if broken.Load() {
			return bus.Poison(errors.New("no such carrier"))
		}
		heard.Add(1)
		return nil
	}}).Run)
	for _, to := range []string{"ada@example.com", "bea@example.com", "eve@example.com"} {
		h.tell(t, "order.shipped", &orderv1.OrderShipped{Order: order(to)})
	}
	client := func(who rpc.Principal, more ...connect.ClientOption) notificationv1connect.DeadLetterServiceClient {
		return notificationv1connect.NewDeadLetterServiceClient(h.served.As(t, who), h.served.URL, more...)
	}
	staff := rpc.Principal{Subject: "staff", Role: rpc.Admin}
	var parked []*pb.DeadLetter
	list := func() int {
		parked = nil
		for token, more := "", true; more; more = token != "" {
			page, err := client(staff).ListDeadLetters(t.Context(), &pb.ListDeadLettersRequest{PageSize: 2, PageToken: token})
			if err != nil {
				t.Fatal(err)
			}
			parked, token = append(parked, page.GetDeadLetters()...), page.GetNextPageToken()
		}
		return len(parked)
	}
	until(t, "three parked events", func() bool { return list() == 3 })
	l := parked[0]
	if l.GetConsumer() != "parcels" || !strings.Contains(l.GetReason(), "no such carrier") || l.GetType() != "souk.order.v1.OrderShipped" ||
		l.GetSource() != "test" || !strings.Contains(l.GetContent(), "ada@example.com") || l.GetParkTime() == nil || l.GetEventTime() == nil {
		t.Errorf("the parked event is %v", l)
	}

	broken.Store(false)
	resend := &pb.ResendDeadLetterRequest{Id: l.GetId()}
	for n := range 2 { // the answer was lost: the same key is the same wish
		if _, err := client(staff, keyOf("once-more")).ResendDeadLetter(t.Context(), resend); err != nil {
			t.Fatalf("sent again, try %d: %v", n, err)
		}
	}
	until(t, "the event to be heard", func() bool { return heard.Load() == 1 })
	if _, err := client(staff).ResendDeadLetter(t.Context(), resend); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("sent again though it is gone: %v", err)
	}
	if _, err := client(staff).DiscardDeadLetter(t.Context(), &pb.DiscardDeadLetterRequest{Id: parked[1].GetId()}); err != nil {
		t.Error(err)
	}
	last := parked[2].GetId()
	if list() != 1 || parked[0].GetId() != last || heard.Load() != 1 {
		t.Errorf("%d are parked and %d were heard; want 1 and 1", len(parked), heard.Load())
	}
	if _, err := client(staff).ListDeadLetters(t.Context(), &pb.ListDeadLettersRequest{PageToken: "second"}); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("a page token of somebody's own: %v", err)
	}
	if _, err := client(rpc.Principal{Subject: "ada", Role: rpc.Shopper}).ResendDeadLetter(t.Context(), resend); connect.CodeOf(err) != connect.CodePermissionDenied {
		t.Errorf("sent again by a shopper: %v", err)
	}
}
