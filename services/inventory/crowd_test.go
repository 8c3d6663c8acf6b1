package inventory_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	pb "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/inventory"
)

// Sixty-four clients make 20,000 reservations of the same twenty SKUs, which lie at
// two locations, at two instances of the service, and sell or release some of them.
// There is not enough for all. Nobody sees anything but success and a short stock,
// and in the end every unit is accounted for.
func TestTwentyThousandReservationsOfTwentySKUs(t *testing.T) {
	const clients, reservations, skus, each = 64, 20_000, 20, 800
	db, events, now := kittest.DB(t, inventory.Migrations()), kittest.Bus(t), clock.NewFake(time.Now())
	var holds []inventoryv1connect.ReservationServiceClient
	s := shop{clock: now}
	for range 2 {
		svc, err := inventory.Open(t.Context(), inventory.Config{ExpireEvery: 20 * time.Millisecond}, inventory.Deps{DB: db, Bus: events, RPC: kittest.RPC(t, "inventory"), Clock: now, Log: kittest.Log(t)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { svc.Run(ctx) })
		t.Cleanup(func() { cancel(); running.Wait() })
		served := kittest.Serve(t, svc.Handlers())
		client, url := kittest.Dialer(t, "order", map[string]*kittest.Served{"inventory": served}).Client("inventory")
		holds = append(holds, inventoryv1connect.NewReservationServiceClient(client, url, rpc.ClientOptions()...))
		s.admin = inventoryv1connect.NewStockAdminServiceClient(served.As(t, rpc.Principal{Subject: "boss", Role: rpc.Admin}), served.URL, rpc.ClientOptions()...)
	}
	name := func(n int) string { return fmt.Sprint("HOT-", n) }
	for n := range skus {
		s.set(t, name(n), "east", each*3/4)
		s.set(t, name(n), "west", each/4)
	}
	var next, refused, kept atomic.Int64
	var sold [skus]atomic.Int64
	var crowd sync.WaitGroup
	began := time.Now()
	for range clients {
		crowd.Go(func() {
			dice := rand.New(rand.NewPCG(rand.Uint64(), 0))
			for next.Add(1) <= reservations && !t.Failed() {
				id, first := uuid.NewString(), dice.IntN(skus)
				var lines []*pb.StockLine
				for n := range 1 + dice.IntN(3) {
					lines = append(lines, &pb.StockLine{Sku: name((first + 7*n) % skus), Units: 1 + dice.Int64N(2)})
				}
				_, err := holds[dice.IntN(2)].Reserve(t.Context(), &pb.ReserveRequest{ReservationId: id, Lines: lines, HoldSeconds: 600})
				if connect.CodeOf(err) == connect.CodeFailedPrecondition && reasonOf(err) == "stock_short" {
					refused.Add(1)
					continue
				}
				if err != nil {
					t.Errorf("reserve: %v", err)
					return
				}
				kept.Add(1)
				switch d := dice.IntN(10); {
				case d < 5:
					_, err = holds[dice.IntN(2)].Commit(t.Context(), &pb.CommitRequest{ReservationId: id, OrderId: id})
					for n, l := range lines {
						sold[(first+7*n)%skus].Add(l.GetUnits())
					}
				case d < 9:
					_, err = holds[dice.IntN(2)].Release(t.Context(), &pb.ReleaseRequest{ReservationId: id})
				} // the rest is left to expire
				if err != nil {
					t.Errorf("commit or release: %v", err)
					return
				}
			}
		})
	}
	crowd.Wait()
	t.Logf("%d reserved, %d refused, in %v", kept.Load(), refused.Load(), time.Since(began).Round(time.Millisecond))
	if kept.Load() == 0 || refused.Load() == 0 {
		t.Error("all of them got it, or nobody: that is no contest")
	}
	now.Advance(time.Hour)
	waitFor(t, "what nobody bought to be back", func() bool {
		levels, err := s.admin.ListLevels(t.Context(), &pb.ListLevelsRequest{PageSize: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range levels.GetLevels() {
			if l.GetOnHand() < 0 || l.GetReserved() < 0 {
				t.Errorf("below zero: %v", l)
			}
			if l.GetReserved() > 0 {
				return false
			}
		}
		return true
	})
	for n := range skus {
		s.agree(t, name(n), each-sold[n].Load())
	}
	if drift, err := s.admin.VerifyLedger(t.Context(), &pb.VerifyLedgerRequest{}); err != nil || len(drift.GetDrifts()) > 0 {
		t.Errorf("levels and ledger differ: %v, %v", drift, err)
	}
}
