package inventory_test

import (
	"fmt"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	pb "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
)

func (s shop) locate(t *testing.T, l *pb.Location) {
	t.Helper()
	if _, err := s.admin.UpsertLocation(t.Context(), &pb.UpsertLocationRequest{Location: l}); err != nil {
		t.Fatal(err)
	}
}

func (s shop) reserve(t *testing.T, id string, wanted ...*pb.StockLine) []*pb.Allocation {
	t.Helper()
	r, err := s.holds.Reserve(t.Context(), &pb.ReserveRequest{ReservationId: id, Lines: wanted})
	if err != nil {
		t.Fatal(err)
	}
	return r.GetReservation().GetAllocations()
}

func TestLocations(t *testing.T) {
	s := open(t)
	s.set(t, "MUG", "attic", 3) // nobody has described it
	s.locate(t, &pb.Location{Id: "berlin", Name: "Berlin", CountryCode: "DE", Priority: 7, Active: true})
	s.locate(t, &pb.Location{Id: "berlin", Name: "Berlin Mitte", CountryCode: "DE", Priority: 8, Active: true})
	got, err := s.admin.ListLocations(t.Context(), &pb.ListLocationsRequest{})
	want := &pb.ListLocationsResponse{Locations: []*pb.Location{
		{Id: "berlin", Name: "Berlin Mitte", CountryCode: "DE", Priority: 8, Active: true},
		{Id: "attic", Name: "attic", Active: true},
		{Id: "main", Name: "main", Active: true},
	}}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" || err != nil {
		t.Errorf("ListLocations: %v (-want +got):\n%s", err, diff)
	}
	for name, l := range map[string]*pb.Location{
		"no location": nil, "no id": {Name: "x"}, "a country that is none": {Id: "x", CountryCode: "Germany"},
		"a priority below zero": {Id: "x", Priority: -1}, "an odd id": {Id: "a\nb"}, "an odd name": {Id: "x", Name: "a\x00b"},
	} {
		if _, err := s.admin.UpsertLocation(t.Context(), &pb.UpsertLocationRequest{Location: l}); connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("%s: %v; want invalid_argument", name, err)
		}
	}
}

// Two lines travel together from the one place that has both.
func TestAnOrderTravelsInAsFewShipmentsAsCanBe(t *testing.T) {
	s := open(t)
	s.locate(t, &pb.Location{Id: "east", Priority: 9, Active: true})
	s.locate(t, &pb.Location{Id: "west", Priority: 5, Active: true})
	s.set(t, "MUG", "east", 5)
	s.set(t, "MUG", "west", 5)
	s.set(t, "JAR", "west", 5)
	for name, c := range map[string]struct {
		lines []*pb.StockLine
		want  []*pb.Allocation
	}{
		"both":  {[]*pb.StockLine{{Sku: "MUG", Units: 1}, {Sku: "JAR", Units: 1}}, []*pb.Allocation{{Sku: "JAR", Location: "west", Units: 1}, {Sku: "MUG", Location: "west", Units: 1}}},
		"one":   {lines("MUG", 1), []*pb.Allocation{{Sku: "MUG", Location: "east", Units: 1}}},
		"split": {lines("MUG", 7), []*pb.Allocation{{Sku: "MUG", Location: "east", Units: 5}, {Sku: "MUG", Location: "west", Units: 2}}},
	} {
		if diff := cmp.Diff(c.want, s.reserve(t, name, c.lines...), protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if _, err := s.holds.Release(t.Context(), &pb.ReleaseRequest{ReservationId: name}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatLiesAtAClosedLocationIsNotSold(t *testing.T) {
	s := open(t)
	s.locate(t, &pb.Location{Id: "east", Active: true})
	s.set(t, "MUG", "east", 5)
	s.set(t, "MUG", "west", 2)
	s.reserve(t, "before", lines("MUG", 3)...)
	stream, err := s.admin.BulkSetStock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := range 450 { // more than go in one transaction
		if err := stream.Send(&pb.BulkSetStockRequest{Sku: fmt.Sprint("S-", n), Location: "east", OnHand: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := stream.CloseAndReceive(); err != nil || r.GetChanged() != 450 {
		t.Fatal(r, err)
	}
	s.locate(t, &pb.Location{Id: "east"})
	if mug, s0, s449 := s.available(t, "MUG"), s.available(t, "S-0"), s.available(t, "S-449"); mug != 2 || s0 != 0 || s449 != 0 {
		t.Errorf("available: %d of MUG, %d and %d of what only lies there; want 2, 0 and 0", mug, s0, s449)
	}
	if _, err := s.holds.Reserve(t.Context(), &pb.ReserveRequest{ReservationId: "more", Lines: lines("MUG", 3)}); reasonOf(err) != "stock_short" {
		t.Errorf("three of two: %v; want stock_short", err)
	}
	s.set(t, "NEW", "east", 4) // counted where nothing is sold from
	if got := s.available(t, "NEW"); got != 0 {
		t.Errorf("%d of what came to a closed location are available; want 0", got)
	}
	if _, err := s.holds.Commit(t.Context(), &pb.CommitRequest{ReservationId: "before", OrderId: "o"}); err != nil {
		t.Errorf("what was reserved before is not sold: %v", err)
	}
	s.locate(t, &pb.Location{Id: "east", Active: true})
	if mug, fresh, s449 := s.available(t, "MUG"), s.available(t, "NEW"), s.available(t, "S-449"); mug != 4 || fresh != 4 || s449 != 1 {
		t.Errorf("open again: %d of MUG, %d of NEW, %d of S-449; want 4, 4 and 1", mug, fresh, s449)
	}
}
