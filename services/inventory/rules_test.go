package inventory_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	pb "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/kit/bus"
)

func (s shop) rules(t *testing.T, r *pb.SetStockRulesRequest) {
	t.Helper()
	if _, err := s.admin.SetStockRules(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func (s shop) promised(t *testing.T, sku string) *pb.Availability {
	t.Helper()
	resp, err := s.stock.GetAvailability(t.Context(), &pb.GetAvailabilityRequest{Skus: []string{sku}})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetAvailabilities()[0]
}

func (s shop) try(t *testing.T, id, sku string, units int64) string {
	t.Helper()
	_, err := s.holds.Reserve(t.Context(), &pb.ReserveRequest{ReservationId: id, Lines: lines(sku, units)})
	if err == nil {
		return ""
	}
	return reasonOf(err)
}

func TestBackordersHaveALimit(t *testing.T) {
	s := open(t)
	s.set(t, "JAR", "", 2)
	if _, err := s.admin.SetBackorder(t.Context(), &pb.SetBackorderRequest{Sku: "JAR", Backorder: true, Limit: 3}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		id    string
		units int64
		why   string
		want  *pb.Availability
	}{
		{"one too many", 6, "stock_short", &pb.Availability{Sku: "JAR", Available: 2, Backorder: true, BackorderUnits: 3}},
		{"two and one owed", 3, "", &pb.Availability{Sku: "JAR", Backorder: true, BackorderUnits: 2}},
		{"three owed of two", 3, "stock_short", &pb.Availability{Sku: "JAR", Backorder: true, BackorderUnits: 2}},
		{"two more owed", 2, "", &pb.Availability{Sku: "JAR"}},
		{"none left", 1, "stock_short", &pb.Availability{Sku: "JAR"}},
	} {
		if why := s.try(t, step.id, "JAR", step.units); why != step.why {
			t.Errorf("%s: %q, want %q", step.id, why, step.why)
		}
		if diff := cmp.Diff(step.want, s.promised(t, "JAR"), protocmp.Transform()); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", step.id, diff)
		}
	}
	// A lower limit takes no promise back.
	if _, err := s.admin.SetBackorder(t.Context(), &pb.SetBackorderRequest{Sku: "JAR", Backorder: true, Limit: 1}); err != nil {
		t.Fatal(err)
	}
	s.set(t, "JAR", "", 5)
	if why := s.try(t, "again", "JAR", 2); why != "stock_short" {
		t.Errorf("two, where one may be owed: %q, want stock_short", why)
	}
	if why := s.try(t, "again", "JAR", 1); why != "" {
		t.Errorf("one, where one may be owed: %q", why)
	}
	if l := s.level(t, "JAR", "main"); l.GetBackorderLimit() != 1 || l.GetReserved() != 6 {
		t.Errorf("the level is %v; want a limit of 1 and 6 reserved", l)
	}
}

func TestSafetyStockIsNeverPromised(t *testing.T) {
	s := open(t)
	s.set(t, "MUG", "east", 3)
	s.set(t, "MUG", "west", 2)
	s.rules(t, &pb.SetStockRulesRequest{Sku: "MUG", SafetyUnits: 4})
	if got := s.available(t, "MUG"); got != 1 {
		t.Errorf("%d available of five, four of them kept; want 1", got)
	}
	if why := s.try(t, "two", "MUG", 2); why != "stock_short" {
		t.Errorf("two of one: %q, want stock_short", why)
	}
	if why := s.try(t, "one", "MUG", 1); why != "" {
		t.Errorf("one of one: %q", why)
	}
	s.rules(t, &pb.SetStockRulesRequest{Sku: "MUG", SafetyUnits: 100})
	if got := s.available(t, "MUG"); got != 0 {
		t.Errorf("%d available where more is kept than there is; want 0", got)
	}
	s.rules(t, &pb.SetStockRulesRequest{Sku: "MUG"})
	if got := s.available(t, "MUG"); got != 4 {
		t.Errorf("%d available when nothing is kept; want 4", got)
	}
	if v := s.verify(t, false); v.GetDriftCount() != 0 {
		t.Errorf("the books: %v", v)
	}
}

func TestLowStockIsToldOnceForEachCrossing(t *testing.T) {
	s := open(t)
	heard := make(chan *pb.StockLow, 100)
	ctx, cancel := context.WithCancel(context.Background())
	var tail sync.WaitGroup
	t.Cleanup(func() { cancel(); tail.Wait() })
	tail.Go(func() {
		s.bus.Tail(ctx, "souk.inventory.stock_low", func(d bus.Delivery) {
			m := &pb.StockLow{}
			if err := bus.Decode(d, m); err != nil {
				t.Error(err)
			}
			heard <- m
		})
	})
	n := 0
	waitFor(t, "the tail to listen", func() bool {
		n++
		s.set(t, fmt.Sprint("probe-", n), "", 1)
		s.rules(t, &pb.SetStockRulesRequest{Sku: fmt.Sprint("probe-", n), LowThreshold: 1})
		select {
		case <-heard:
			return true
		case <-time.After(100 * time.Millisecond):
			return false
		}
	})
	s.rules(t, &pb.SetStockRulesRequest{Sku: "MUG", LowThreshold: 3})
	s.set(t, "MUG", "", 5) // 0 was low from the first
	s.reserve(t, "a", lines("MUG", 1)...)
	s.reserve(t, "b", lines("MUG", 2)...) // crosses: 2
	s.reserve(t, "c", lines("MUG", 1)...) // is low already
	s.set(t, "MUG", "", 9)                // 5 again
	s.set(t, "MUG", "", 7)                // crosses: 3
	s.set(t, "MUG", "", 9)
	s.set(t, "MUG", "", 5) // crosses: 1. Events of one SKU come in order, so this is the last
	var got []int64
	for m := range heard {
		if m.GetSku() != "MUG" {
			continue
		}
		got = append(got, m.GetAvailable())
		if m.GetAvailable() == 1 {
			break
		}
	}
	if diff := cmp.Diff([]int64{0, 2, 3, 1}, got); diff != "" {
		t.Errorf("told of MUG (-want +got):\n%s", diff)
	}
}

func TestBulkAdjustmentsHappenOnceEach(t *testing.T) {
	s := open(t)
	received := pb.EntryKind_ENTRY_KIND_RECEIVED
	send := func(all ...*pb.BulkAdjustStockRequest) *pb.BulkAdjustStockResponse {
		t.Helper()
		stream, err := s.admin.BulkAdjustStock(t.Context())
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
	note := func(n int64) *pb.BulkAdjustStockRequest {
		return &pb.BulkAdjustStockRequest{Key: fmt.Sprint("note 17/", n), Sku: fmt.Sprint("S-", n%5), Kind: received, Units: 2, Reason: "note 17", Reference: n}
	}
	var all []*pb.BulkAdjustStockRequest
	for n := range int64(450) {
		all = append(all, note(n))
	}
	all = append(all, note(7),
		&pb.BulkAdjustStockRequest{Key: "long", Sku: strings.Repeat("x", 101), Kind: received, Units: 1, Reference: 901},
		&pb.BulkAdjustStockRequest{Key: "", Sku: "S-1", Kind: received, Units: 1, Reference: 902},
		&pb.BulkAdjustStockRequest{Key: "short", Sku: "S-1", Kind: pb.EntryKind_ENTRY_KIND_ADJUSTED, Units: -1000, Reference: 903},
		&pb.BulkAdjustStockRequest{Key: "note 17/3", Sku: "S-1", Kind: received, Units: 9, Reference: 904},
		&pb.BulkAdjustStockRequest{Key: "nul", Sku: "S-1", Kind: received, Units: 1, Reason: "a\x00b", Reference: 905},
		&pb.BulkAdjustStockRequest{Key: "nul\x00", Sku: "S-1", Kind: received, Units: 1, Reference: 906},
		&pb.BulkAdjustStockRequest{Key: "last", Sku: "S-1", Kind: received, Units: 1, Reference: 907})
	for round, want := range []struct{ adjusted, repeated int32 }{{451, 1}, {0, 452}} {
		r := send(all...)
		failed := map[int64]bool{}
		for _, f := range r.GetFailed() {
			failed[f.GetReference()] = true
		}
		if diff := cmp.Diff(map[int64]bool{901: true, 902: true, 903: true, 904: true, 905: true, 906: true}, failed); diff != "" {
			t.Errorf("round %d: failed (-want +got):\n%s", round, diff)
		}
		if r.GetAdjusted() != want.adjusted || r.GetRepeatedCount() != want.repeated {
			t.Errorf("round %d: %d adjusted, %d repeated; want %v", round, r.GetAdjusted(), r.GetRepeatedCount(), want)
		}
	}
	s.agree(t, "S-0", 180)
	s.agree(t, "S-1", 181)
}
