package inventory_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	pb "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/inventory"
)

func TestMain(m *testing.M) { kittest.Main(m) }

type shop struct {
	stock inventoryv1connect.StockServiceClient
	holds inventoryv1connect.ReservationServiceClient
	admin inventoryv1connect.StockAdminServiceClient
	clock *clock.Fake
	bus   *bus.Bus
	db    *crdb.DB
}

func open(t *testing.T) shop {
	t.Helper()
	s := shop{clock: clock.NewFake(time.Now()), bus: kittest.Bus(t), db: kittest.DB(t, inventory.Migrations())}
	svc, err := inventory.Open(t.Context(), inventory.Config{ExpireEvery: 20 * time.Millisecond}, inventory.Deps{
		DB: s.db, Bus: s.bus, RPC: kittest.RPC(t, "inventory"), Clock: s.clock, Log: kittest.Log(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { svc.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	served := kittest.Serve(t, svc.Handlers())
	as := func(role rpc.Role) connect.HTTPClient {
		return served.As(t, rpc.Principal{Subject: "order", Role: role})
	}
	s.stock = inventoryv1connect.NewStockServiceClient(as(""), served.URL, rpc.ClientOptions()...)
	s.holds = inventoryv1connect.NewReservationServiceClient(as(rpc.Service), served.URL, rpc.ClientOptions()...)
	s.admin = inventoryv1connect.NewStockAdminServiceClient(as(rpc.Admin), served.URL, rpc.ClientOptions()...)
	return s
}

func (s shop) set(t *testing.T, sku, where string, units int64) {
	t.Helper()
	if _, err := s.admin.SetStock(t.Context(), &pb.SetStockRequest{Sku: sku, Location: where, OnHand: units}); err != nil {
		t.Fatal(err)
	}
}

func (s shop) available(t *testing.T, sku string) int64 {
	t.Helper()
	resp, err := s.stock.GetAvailability(t.Context(), &pb.GetAvailabilityRequest{Skus: []string{sku}})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetAvailabilities()[0].GetAvailable()
}

func reasonOf(err error) string {
	f, _ := fault.As(rpc.FaultOf(err))
	if f == nil {
		return fmt.Sprint(err)
	}
	return f.Reason
}

// Two hundred want one each, fifty are there.
func TestACrowdNeverOversells(t *testing.T) {
	s := open(t)
	s.set(t, "HOT", "east", 30)
	s.set(t, "HOT", "west", 20)
	var got, short atomic.Int64
	var crowd sync.WaitGroup
	for range 200 {
		crowd.Go(func() {
			id := uuid.NewString()
			req := &pb.ReserveRequest{ReservationId: id, Lines: []*pb.StockLine{{Sku: "HOT", Units: 1}}}
			_, err := s.holds.Reserve(t.Context(), req)
			switch {
			case err == nil:
				got.Add(1)
				if _, err := s.holds.Commit(t.Context(), &pb.CommitRequest{ReservationId: id, OrderId: id}); err != nil {
					t.Error(err)
				}
			case connect.CodeOf(err) == connect.CodeFailedPrecondition && reasonOf(err) == "stock_short":
				short.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	crowd.Wait()
	if got.Load() != 50 || short.Load() != 150 {
		t.Errorf("%d reserved, %d refused; want 50 and 150", got.Load(), short.Load())
	}
	s.agree(t, "HOT", 0)
}

// agree compares the ledger with the levels.
func (s shop) agree(t *testing.T, sku string, want int64) {
	t.Helper()
	levels, err := s.admin.ListLevels(t.Context(), &pb.ListLevelsRequest{Skus: []string{sku}})
	if err != nil {
		t.Fatal(err)
	}
	var onHand, booked int64
	for _, l := range levels.GetLevels() {
		onHand += l.GetOnHand()
		if l.GetReserved() != 0 {
			t.Errorf("%s: %d still reserved at %s", sku, l.GetReserved(), l.GetLocation())
		}
	}
	for token, more := "", true; more; more = token != "" {
		page, err := s.admin.ListLedger(t.Context(), &pb.ListLedgerRequest{Sku: sku, PageSize: 7, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.GetEntries() {
			booked += e.GetUnits()
		}
		token = page.GetNextPageToken()
	}
	if onHand != want || booked != want {
		t.Errorf("%s: %d on hand, %d in the ledger; want %d", sku, onHand, booked, want)
	}
}

func TestAllLinesOrNone(t *testing.T) {
	s := open(t)
	s.set(t, "A", "", 5)
	s.set(t, "B", "", 1)
	req := &pb.ReserveRequest{ReservationId: "r1", Lines: []*pb.StockLine{{Sku: "A", Units: 2}, {Sku: "B", Units: 2}}}
	_, err := s.holds.Reserve(t.Context(), req)
	f, _ := fault.As(rpc.FaultOf(err))
	if f == nil || f.Reason != "stock_short" || f.Meta["skus"] != "B" {
		t.Fatalf("Reserve = %v; want stock_short naming B", err)
	}
	if got := s.available(t, "A"); got != 5 {
		t.Errorf("%d of A available after a refusal, want 5", got)
	}
	req.Lines[1].Units = 1
	for range 2 {
		if _, err := s.holds.Reserve(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.available(t, "A"); got != 3 {
		t.Errorf("%d of A available after the same reservation twice, want 3", got)
	}
	if _, err := s.holds.Commit(t.Context(), &pb.CommitRequest{ReservationId: "r1", OrderId: "o1"}); err != nil {
		t.Fatal(err)
	}
	back := &pb.ReturnRequest{ReturnId: "back", ReservationId: "r1", Lines: []*pb.StockLine{{Sku: "A", Units: 2}}}
	for range 2 {
		if _, err := s.holds.Return(t.Context(), back); err != nil {
			t.Fatal(err)
		}
	}
	s.agree(t, "A", 5)
	s.agree(t, "B", 0)
}

func TestOverdueReservationsGoBack(t *testing.T) {
	s := open(t)
	s.set(t, "A", "", 1)
	req := &pb.ReserveRequest{ReservationId: "r", Lines: []*pb.StockLine{{Sku: "A", Units: 1}}, HoldSeconds: 60}
	if _, err := s.holds.Reserve(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(2 * time.Minute)
	waitFor(t, "the units to come back", func() bool { return s.available(t, "A") == 1 })
	if r, err := s.holds.GetReservation(t.Context(), &pb.GetReservationRequest{ReservationId: "r"}); err != nil || r.GetReservation().GetState() != pb.ReservationState_RESERVATION_STATE_EXPIRED {
		t.Errorf("reservation is %v, %v; want expired", r.GetReservation().GetState(), err)
	}
	// Late, but nobody else took it.
	if _, err := s.holds.Commit(t.Context(), &pb.CommitRequest{ReservationId: "r", OrderId: "o"}); err != nil {
		t.Error(err)
	}
	s.agree(t, "A", 0)
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !done() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestChangesAreTold(t *testing.T) {
	s := open(t)
	heard := make(chan bus.Delivery, 100)
	var tail sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); tail.Wait() })
	tail.Go(func() { s.bus.Tail(ctx, "souk.inventory.>", func(d bus.Delivery) { heard <- d }) })
	var last *pb.AvailabilityChanged
	n := int64(0)
	waitFor(t, "an event", func() bool {
		n++
		s.set(t, "A", "", n)
		select {
		case d := <-heard:
			last = &pb.AvailabilityChanged{}
			if err := bus.Decode(d, last); err != nil {
				t.Fatal(err)
			}
			if len(d.SurrogateKeys) != 1 || d.SurrogateKeys[0] != "sku/A" {
				t.Errorf("keys %v, want sku/A", d.SurrogateKeys)
			}
			return true
		case <-time.After(100 * time.Millisecond):
			return false
		}
	})
	if last.GetSku() != "A" || last.GetAvailable() != last.GetVersion() {
		t.Errorf("told %v; want a version for every change", last)
	}
}

func TestBulkCountsTakeWhatIsGood(t *testing.T) {
	s := open(t)
	count := func() *pb.BulkSetStockResponse {
		stream, err := s.admin.BulkSetStock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for n := range int64(450) {
			if err := stream.Send(&pb.BulkSetStockRequest{Sku: fmt.Sprint("S-", n), OnHand: n % 10, Reference: n}); err != nil {
				t.Fatal(err)
			}
		}
		if err := stream.Send(&pb.BulkSetStockRequest{Sku: strings.Repeat("x", 101), Reference: 999}); err != nil {
			t.Fatal(err)
		}
		resp, err := stream.CloseAndReceive()
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	if r := count(); r.GetChanged() != 450 || len(r.GetFailed()) != 1 || r.GetFailed()[0].GetReference() != 999 {
		t.Errorf("first: %d changed, failed %v", r.GetChanged(), r.GetFailed())
	}
	if r := count(); r.GetChanged() != 0 || r.GetUnchanged() != 450 {
		t.Errorf("again: %d changed, %d unchanged; want 0 and 450", r.GetChanged(), r.GetUnchanged())
	}
	var all int
	for token, more := "", true; more; more = token != "" {
		page, err := s.admin.ListLevels(t.Context(), &pb.ListLevelsRequest{PageSize: 100, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		all += len(page.GetLevels())
		token = page.GetNextPageToken()
	}
	if all != 450 {
		t.Errorf("listed %d levels, want 450", all)
	}
}

func TestAdjustmentsWithOneKeyHappenOnce(t *testing.T) {
	s := open(t)
	for range 3 {
		ctx, call := connect.NewClientContext(t.Context())
		call.RequestHeader().Set("Idempotency-Key", "delivery-17")
		resp, err := s.admin.AdjustStock(ctx, &pb.AdjustStockRequest{Sku: "A", Kind: pb.EntryKind_ENTRY_KIND_RECEIVED, Units: 4})
		if err != nil || resp.GetLevel().GetOnHand() != 4 {
			t.Errorf("AdjustStock = %v, %v; want 4 on hand", resp.GetLevel(), err)
		}
	}
	if _, err := s.admin.AdjustStock(t.Context(), &pb.AdjustStockRequest{Sku: "A", Kind: pb.EntryKind_ENTRY_KIND_ADJUSTED, Units: -5}); reasonOf(err) != "stock_short" {
		t.Errorf("taking 5 of 4 away: %v, want stock_short", err)
	}
	if _, err := s.admin.SetBackorder(t.Context(), &pb.SetBackorderRequest{Sku: "A", Backorder: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.holds.Reserve(t.Context(), &pb.ReserveRequest{ReservationId: "r", Lines: []*pb.StockLine{{Sku: "A", Units: 9}}}); err != nil {
		t.Errorf("a backorder was refused: %v", err)
	}
}
