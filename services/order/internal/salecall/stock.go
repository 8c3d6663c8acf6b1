package salecall

import (
	"context"
	"fmt"
	"time"

	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/order/internal/sale"
)

// Stock implements sale.Stock.
type Stock struct {
	holds inventoryv1connect.ReservationServiceClient
}

// NewStock returns the inventory that is found through the dialer.
func NewStock(d *rpc.Dialer) *Stock {
	client, url := d.Client("inventory")
	return &Stock{inventoryv1connect.NewReservationServiceClient(client, url, rpc.ClientOptions()...)}
}

func toLines(wanted []sale.Wanted) []*inventoryv1.StockLine {
	var lines []*inventoryv1.StockLine
	for _, w := range wanted {
		lines = append(lines, &inventoryv1.StockLine{Sku: w.SKU, Units: w.Quantity})
	}
	return lines
}

// explain names the service in an error, and keeps its fault.
func explain(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, rpc.FaultOf(err))
}

// Reserve implements sale.Stock.
func (s *Stock) Reserve(ctx context.Context, id string, lines []sale.Wanted, hold time.Duration) error {
	_, err := s.holds.Reserve(ctx, &inventoryv1.ReserveRequest{ReservationId: id, Lines: toLines(lines), HoldSeconds: int32(hold.Seconds())})
	return explain("reserve", err)
}

// Release implements sale.Stock.
func (s *Stock) Release(ctx context.Context, id string) error {
	_, err := s.holds.Release(ctx, &inventoryv1.ReleaseRequest{ReservationId: id})
	return explain("release", err)
}

// Commit implements sale.Stock.
func (s *Stock) Commit(ctx context.Context, id, order string) error {
	_, err := s.holds.Commit(ctx, &inventoryv1.CommitRequest{ReservationId: id, OrderId: order})
	return explain("commit", err)
}

// Return implements sale.Stock.
func (s *Stock) Return(ctx context.Context, id, back string, lines, writeOffs []sale.Wanted) error {
	_, err := s.holds.Return(ctx, &inventoryv1.ReturnRequest{ReturnId: back, ReservationId: id, Lines: toLines(lines), WriteOffs: toLines(writeOffs)})
	return explain("return", err)
}
