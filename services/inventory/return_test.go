package inventory_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
)

func lines(sku string, units int64) []*pb.StockLine {
	return []*pb.StockLine{{Sku: sku, Units: units}}
}

// sold makes a sale of units of a SKU.
func (s shop) sold(t *testing.T, id, sku string, units int64) *pb.Reservation {
	t.Helper()
	if _, err := s.holds.Reserve(t.Context(), &pb.ReserveRequest{ReservationId: id, Lines: lines(sku, units)}); err != nil {
		t.Fatal(err)
	}
	resp, err := s.holds.Commit(t.Context(), &pb.CommitRequest{ReservationId: id, OrderId: "order of " + id})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetReservation()
}

// Of three that came back, one is broken; they came to the workshop.
func TestWhatIsBrokenIsReturnedButNotSoldAgain(t *testing.T) {
	s := open(t)
	s.set(t, "LAMP", "east", 5)
	s.sold(t, "r", "LAMP", 4)
	back := &pb.ReturnRequest{ReturnId: "back", ReservationId: "r", Lines: lines("LAMP", 2), WriteOffs: lines("LAMP", 1), Location: "workshop"}
	for range 2 { // once for the id
		if _, err := s.holds.Return(t.Context(), back); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.available(t, "LAMP"); got != 3 {
		t.Errorf("%d available; want the one left and two that came back", got)
	}
	s.agree(t, "LAMP", 3)
	if l := s.level(t, "LAMP", "workshop"); l.GetOnHand() != 2 {
		t.Errorf("at the workshop: %v; want 2", l)
	}
	for name, more := range map[string]*pb.ReturnRequest{
		"as sound":  {ReturnId: "more", ReservationId: "r", Lines: lines("LAMP", 2)},
		"as broken": {ReturnId: "more", ReservationId: "r", WriteOffs: lines("LAMP", 2)},
		"as both":   {ReturnId: "more", ReservationId: "r", Lines: lines("LAMP", 1), WriteOffs: lines("LAMP", 1)},
	} {
		if _, err := s.holds.Return(t.Context(), more); reasonOf(err) != "return_too_many" {
			t.Errorf("two more %s: %v; want return_too_many", name, err)
		}
	}
	if _, err := s.holds.Return(t.Context(), &pb.ReturnRequest{ReturnId: "none", ReservationId: "r"}); reasonOf(err) != "units_zero" {
		t.Errorf("nothing at all: %v; want units_zero", err)
	}
	if _, err := s.holds.Return(t.Context(), &pb.ReturnRequest{ReturnId: "last", ReservationId: "r", WriteOffs: lines("LAMP", 1)}); err != nil {
		t.Errorf("the last one, broken: %v", err)
	}
	s.agree(t, "LAMP", 3)
	ledger, err := s.admin.ListLedger(t.Context(), &pb.ListLedgerRequest{Sku: "LAMP"})
	if err != nil {
		t.Fatal(err)
	}
	booked := map[pb.EntryKind]int64{}
	for _, e := range ledger.GetEntries() {
		booked[e.GetKind()] += e.GetUnits()
		if e.GetActor() == "" || e.GetReason() == "" {
			t.Errorf("%v does not say who and why", e)
		}
	}
	want := map[pb.EntryKind]int64{
		pb.EntryKind_ENTRY_KIND_ADJUSTED: 5, pb.EntryKind_ENTRY_KIND_SOLD: -4,
		pb.EntryKind_ENTRY_KIND_RETURNED: 4, pb.EntryKind_ENTRY_KIND_WRITTEN_OFF: -2,
	}
	if diff := cmp.Diff(want, booked); diff != "" {
		t.Errorf("the ledger (-want +got):\n%s", diff)
	}
}

func (s shop) level(t *testing.T, sku, where string) *pb.Level {
	t.Helper()
	levels, err := s.admin.ListLevels(t.Context(), &pb.ListLevelsRequest{Skus: []string{sku}})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range levels.GetLevels() {
		if l.GetLocation() == where {
			return l
		}
	}
	return nil
}

func TestAReservationSaysWhereItLies(t *testing.T) {
	s := open(t)
	s.set(t, "MUG", "east", 2)
	s.set(t, "MUG", "west", 3)
	want := []*pb.Allocation{{Sku: "MUG", Location: "west", Units: 3}, {Sku: "MUG", Location: "east", Units: 1}}
	r, err := s.holds.Reserve(t.Context(), &pb.ReserveRequest{ReservationId: "r", Lines: lines("MUG", 4)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, r.GetReservation().GetAllocations(), protocmp.Transform()); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	sold, err := s.holds.Commit(t.Context(), &pb.CommitRequest{ReservationId: "r", OrderId: "o"})
	if diff := cmp.Diff(want, sold.GetReservation().GetAllocations(), protocmp.Transform()); diff != "" || err != nil {
		t.Errorf("sold: %v (-want +got):\n%s", err, diff)
	}
	if _, err := s.holds.Reserve(t.Context(), &pb.ReserveRequest{ReservationId: "other", Lines: lines("MUG", 1)}); err != nil {
		t.Fatal(err)
	}
	freed, err := s.holds.Release(t.Context(), &pb.ReleaseRequest{ReservationId: "other"})
	if err != nil || len(freed.GetReservation().GetAllocations()) != 0 {
		t.Errorf("given back, and still held: %v, %v", freed, err)
	}
}

func TestShoppersLearnWhenBackordersCome(t *testing.T) {
	s := open(t)
	spring := timestamppb.New(time.Date(2027, 3, 20, 0, 0, 0, 0, time.UTC))
	expected := func() *timestamppb.Timestamp {
		t.Helper()
		resp, err := s.stock.GetAvailability(t.Context(), &pb.GetAvailabilityRequest{Skus: []string{"JAR"}})
		if err != nil {
			t.Fatal(err)
		}
		return resp.GetAvailabilities()[0].GetExpectedTime()
	}
	rule := func(r *pb.SetBackorderRequest) {
		t.Helper()
		if _, err := s.admin.SetBackorder(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	rule(&pb.SetBackorderRequest{Sku: "JAR", Backorder: true})
	if got := expected(); got != nil {
		t.Errorf("nobody knows, but %v is told", got)
	}
	rule(&pb.SetBackorderRequest{Sku: "JAR", Backorder: true, ExpectedTime: spring})
	s.set(t, "JAR", "", 1) // what else happens does not forget it
	if got := expected(); !cmp.Equal(got, spring, protocmp.Transform()) {
		t.Errorf("expected %v, want %v", got, spring)
	}
	rule(&pb.SetBackorderRequest{Sku: "JAR", ExpectedTime: spring})
	if got := expected(); got != nil {
		t.Errorf("no backorder any more, but %v is told", got)
	}
}
