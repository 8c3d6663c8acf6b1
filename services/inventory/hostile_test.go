package inventory_test

import (
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
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/inventory"
)

// What nobody can have written is the caller's mistake, not ours.
func TestOddNamesAreRefused(t *testing.T) {
	s := open(t)
	const odd = "A\x00B"
	for name, call := range map[string]func() error{
		"read": func() error {
			_, err := s.stock.GetAvailability(t.Context(), &pb.GetAvailabilityRequest{Skus: []string{odd}})
			return err
		},
		"ledger": func() error {
			_, err := s.admin.ListLedger(t.Context(), &pb.ListLedgerRequest{Sku: odd})
			return err
		},
		"count": func() error {
			_, err := s.admin.SetStock(t.Context(), &pb.SetStockRequest{Sku: odd, OnHand: 1})
			return err
		},
		"place": func() error {
			_, err := s.admin.SetStock(t.Context(), &pb.SetStockRequest{Sku: "A", Location: "a\nb", OnHand: 1})
			return err
		},
		"blank SKU": func() error {
			_, err := s.admin.SetStock(t.Context(), &pb.SetStockRequest{Sku: " ", OnHand: 1})
			return err
		},
		"blank place": func() error {
			_, err := s.admin.SetStock(t.Context(), &pb.SetStockRequest{Sku: "A", Location: "  ", OnHand: 1})
			return err
		},
		"blank location": func() error {
			_, err := s.admin.UpsertLocation(t.Context(), &pb.UpsertLocationRequest{Location: &pb.Location{Id: "\u00a0"}})
			return err
		},
		"adjust": func() error {
			_, err := s.admin.AdjustStock(t.Context(), &pb.AdjustStockRequest{Sku: odd, Kind: pb.EntryKind_ENTRY_KIND_RECEIVED, Units: 1})
			return err
		},
		"reason": func() error {
			_, err := s.admin.AdjustStock(t.Context(), &pb.AdjustStockRequest{Sku: "A", Reason: odd, Kind: pb.EntryKind_ENTRY_KIND_RECEIVED, Units: 1})
			return err
		},
		"backorder": func() error {
			_, err := s.admin.SetBackorder(t.Context(), &pb.SetBackorderRequest{Sku: odd})
			return err
		},
		"reserve": func() error {
			_, err := s.holds.Reserve(t.Context(), &pb.ReserveRequest{ReservationId: "r", Lines: []*pb.StockLine{{Sku: odd, Units: 1}}})
			return err
		},
	} {
		if err := call(); connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("%s: %v; want invalid_argument", name, err)
		}
	}
}

// One caller's text that cannot be written does not cost the others their stock.
func TestABadAppleDoesNotSpoilTheCrowd(t *testing.T) {
	s := open(t)
	s.set(t, "A", "", 100)
	var crowd sync.WaitGroup
	for n := range 60 {
		crowd.Go(func() {
			id := fmt.Sprint("r", n)
			if n%5 == 0 {
				id += "\x00"
			}
			_, err := s.holds.Reserve(t.Context(), &pb.ReserveRequest{ReservationId: id, Lines: []*pb.StockLine{{Sku: "A", Units: 1}}})
			if want := n%5 == 0; (err != nil) != want {
				t.Errorf("Reserve(%q): %v", id, err)
			}
		})
	}
	crowd.Wait()
	if got := s.available(t, "A"); got != 52 {
		t.Errorf("%d left of 100 after 48 reservations", got)
	}
}

func (s shop) bulk(t *testing.T, all ...*pb.BulkSetStockRequest) *pb.BulkSetStockResponse {
	t.Helper()
	stream, err := s.admin.BulkSetStock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if err := stream.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := stream.CloseAndReceive()
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestBulkCountsWhateverIsWrongWithOne(t *testing.T) {
	s := open(t)
	s.set(t, "SOLD", "", 5)
	if _, err := s.holds.Reserve(t.Context(), &pb.ReserveRequest{ReservationId: "r", Lines: []*pb.StockLine{{Sku: "SOLD", Units: 5}}}); err != nil {
		t.Fatal(err)
	}
	short := &pb.BulkSetStockRequest{Sku: "SOLD", OnHand: 1, Reference: 7}
	if r := s.bulk(t, short); len(r.GetFailed()) != 1 || r.GetFailed()[0].GetReference() != 7 {
		t.Errorf("one that is refused, alone: %v; want it named", r)
	}
	odd := &pb.BulkSetStockRequest{Sku: "A\x00", OnHand: 1, Reference: 8}
	if r := s.bulk(t, odd, &pb.BulkSetStockRequest{Sku: "A", OnHand: 1}, short); r.GetChanged() != 1 || len(r.GetFailed()) != 2 {
		t.Errorf("one good of three: %v; want 1 changed and 2 named", r)
	}
	if r := s.bulk(t, odd); len(r.GetFailed()) != 1 || strings.Contains(r.GetFailed()[0].GetError(), "SQLSTATE") {
		t.Errorf("odd alone: %v; want a sentence", r)
	}
}

func TestCountsSayWhetherMoreMayBeSold(t *testing.T) {
	s := open(t)
	count := func(units int64, rule pb.BackorderRule) *pb.BulkSetStockResponse {
		return s.bulk(t, &pb.BulkSetStockRequest{Sku: "A", OnHand: units, Backorder: rule})
	}
	reserve := func(id string, units int64) error {
		_, err := s.holds.Reserve(t.Context(), &pb.ReserveRequest{ReservationId: id, Lines: []*pb.StockLine{{Sku: "A", Units: units}}})
		return err
	}
	for n, c := range []struct {
		units   int64
		rule    pb.BackorderRule
		changed int32
	}{
		{2, pb.BackorderRule_BACKORDER_RULE_ALLOWED, 1},
		{2, pb.BackorderRule_BACKORDER_RULE_ALLOWED, 0},
		{2, pb.BackorderRule_BACKORDER_RULE_UNSPECIFIED, 0},
		{2, pb.BackorderRule_BACKORDER_RULE_REFUSED, 1},
		{1, pb.BackorderRule_BACKORDER_RULE_ALLOWED, 1},
	} {
		if r := count(c.units, c.rule); r.GetChanged() != c.changed || len(r.GetFailed()) != 0 {
			t.Errorf("count %d: %v; want %d changed", n, r, c.changed)
		}
	}
	if err := reserve("r", 3); err != nil {
		t.Fatalf("more than there is: %v; want it reserved", err)
	}
	if r := count(2, pb.BackorderRule_BACKORDER_RULE_REFUSED); len(r.GetFailed()) != 1 {
		t.Errorf("no more backorders while one is owed: %v; want it refused", r)
	}
	if r := count(3, pb.BackorderRule_BACKORDER_RULE_REFUSED); r.GetChanged() != 1 {
		t.Errorf("no more backorders, and enough for what is owed: %v; want it done", r)
	}
	if err := reserve("r2", 1); reasonOf(err) != "stock_short" {
		t.Errorf("one too many: %v; want stock_short", err)
	}
}

func TestASKUMayHaveACommaAndSpaces(t *testing.T) {
	s := open(t)
	_, err := s.holds.Reserve(t.Context(), &pb.ReserveRequest{ReservationId: "r", Lines: []*pb.StockLine{{Sku: "MUG, RED", Units: 1}, {Sku: "JAR", Units: 1}}})
	f, _ := fault.As(rpc.FaultOf(err))
	if f == nil || f.Meta["skus"] != "JAR\nMUG, RED" {
		t.Errorf("refused with %v; want both SKUs, one a line", err)
	}
}

// Two instances of the service sell the same shelf.
func TestTwoInstancesDoNotOversell(t *testing.T) {
	db, b := kittest.DB(t, inventory.Migrations()), kittest.Bus(t)
	var holds []inventoryv1connect.ReservationServiceClient
	var s shop
	for range 2 {
		svc, err := inventory.Open(t.Context(), inventory.Config{}, inventory.Deps{DB: db, Bus: b, RPC: kittest.RPC(t, "inventory"), Clock: clock.NewFake(time.Now()), Log: kittest.Log(t)})
		if err != nil {
			t.Fatal(err)
		}
		served := kittest.Serve(t, svc.Handlers())
		holds = append(holds, inventoryv1connect.NewReservationServiceClient(served.As(t, rpc.Principal{Subject: "order", Role: rpc.Service}), served.URL, rpc.ClientOptions()...))
		s.admin = inventoryv1connect.NewStockAdminServiceClient(served.As(t, rpc.Principal{Subject: "boss", Role: rpc.Admin}), served.URL, rpc.ClientOptions()...)
	}
	s.set(t, "A", "", 30)
	s.set(t, "B", "", 20)
	var got atomic.Int64
	var crowd sync.WaitGroup
	for n := range 100 {
		crowd.Go(func() {
			id := uuid.NewString()
			lines := []*pb.StockLine{{Sku: "A", Units: 1}, {Sku: "B", Units: 1}}
			_, err := holds[n%2].Reserve(t.Context(), &pb.ReserveRequest{ReservationId: id, Lines: lines})
			if err != nil {
				if reasonOf(err) != "stock_short" {
					t.Error(err)
				}
				return
			}
			got.Add(1)
			// The other instance hears of the sale.
			if _, err := holds[(n+1)%2].Commit(t.Context(), &pb.CommitRequest{ReservationId: id, OrderId: id}); err != nil {
				t.Error(err)
			}
		})
	}
	crowd.Wait()
	if got.Load() != 20 {
		t.Errorf("%d sold, want 20", got.Load())
	}
	s.agree(t, "A", 10)
	s.agree(t, "B", 0)
}
