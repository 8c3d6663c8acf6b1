package inventory_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	pb "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
)

func (s shop) verify(t *testing.T, repair bool) *pb.VerifyLedgerResponse {
	t.Helper()
	resp, err := s.admin.VerifyLedger(t.Context(), &pb.VerifyLedgerRequest{Repair: repair})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// Somebody has been in the database.
func TestDriftIsFoundAndRepaired(t *testing.T) {
	s := open(t)
	for n := range 120 { // more than one transaction looks at
		s.set(t, fmt.Sprintf("S-%03d", n), "", 5)
	}
	s.reserve(t, "r", lines("S-007", 2)...)
	s.sold(t, "sold", "S-008", 1)
	s.set(t, "SHORT", "", 2)
	s.reserve(t, "short", lines("SHORT", 2)...)
	if v := s.verify(t, false); v.GetCheckedSkus() != 121 || v.GetDriftCount() != 0 {
		t.Fatalf("good books: %v; want 121 checked and no drift", v)
	}
	for _, change := range []string{
		`UPDATE level SET on_hand = 9 WHERE sku = 'S-001'`,
		`UPDATE level SET reserved = 0 WHERE sku = 'S-007'`,
		`UPDATE item SET available = 77 WHERE sku = 'S-110'`,
		`DELETE FROM level WHERE sku = 'S-100'`,
		`DELETE FROM item WHERE sku = 'S-119'`,
		// One of those reserved was never received: no program may decide that.
		`UPDATE ledger SET units = 1 WHERE sku = 'SHORT'`,
	} {
		if _, err := s.db.Exec(t.Context(), change); err != nil {
			t.Fatal(change, err)
		}
	}
	onHand, reserved, available := pb.DriftKind_DRIFT_KIND_ON_HAND, pb.DriftKind_DRIFT_KIND_RESERVED, pb.DriftKind_DRIFT_KIND_AVAILABLE
	drifts := func(repaired bool) []*pb.Drift {
		return []*pb.Drift{
			{Sku: "S-001", Location: "main", Kind: onHand, Written: 9, Rebuilt: 5, Repaired: repaired},
			{Sku: "S-007", Location: "main", Kind: reserved, Written: 0, Rebuilt: 2, Repaired: repaired},
			{Sku: "S-100", Location: "main", Kind: onHand, Written: 0, Rebuilt: 5, Repaired: repaired},
			{Sku: "S-110", Kind: available, Written: 77, Rebuilt: 5, Repaired: repaired},
			{Sku: "SHORT", Location: "main", Kind: onHand, Written: 2, Rebuilt: 1},
			{Sku: "S-119", Kind: available, Written: 0, Rebuilt: 5, Repaired: repaired},
		}
	}
	for _, repair := range []bool{false, true} {
		v := s.verify(t, repair)
		if diff := cmp.Diff(drifts(repair), v.GetDrifts(), protocmp.Transform()); diff != "" {
			t.Errorf("repair %v (-want +got):\n%s", repair, diff)
		}
	}
	if v := s.verify(t, false); v.GetDriftCount() != 1 || v.GetDrifts()[0].GetSku() != "SHORT" {
		t.Errorf("after the repair: %v; want only what cannot be repaired", v)
	}
	for sku, want := range map[string]int64{"S-001": 5, "S-007": 3, "S-100": 5, "S-110": 5, "S-119": 5} {
		if got := s.available(t, sku); got != want {
			t.Errorf("%s: %d available after the repair, want %d", sku, got, want)
		}
	}
}
