// Package stockrpc answers Connect calls about stock.
package stockrpc

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	pb "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

// Mounts returns the handlers of the service's three APIs.
func Mounts(desk *stock.Desk, options ...connect.HandlerOption) []rpc.Mount {
	var mounts []rpc.Mount
	add := func(path string, h http.Handler) { mounts = append(mounts, rpc.Mount{Path: path, Handler: h}) }
	add(inventoryv1connect.NewStockServiceHandler(reader{desk}, options...))
	add(inventoryv1connect.NewReservationServiceHandler(holder{desk}, options...))
	add(inventoryv1connect.NewStockAdminServiceHandler(admin{desk}, options...))
	return mounts
}

type reader struct{ desk *stock.Desk }

// GetAvailability implements StockService.
func (s reader) GetAvailability(ctx context.Context, req *pb.GetAvailabilityRequest) (*pb.GetAvailabilityResponse, error) {
	skus := make([]stock.SKU, len(req.GetSkus()))
	for n, sku := range req.GetSkus() {
		skus[n] = stock.SKU(sku)
		rpc.Tag(ctx, "sku/"+sku)
	}
	all, err := s.desk.Availability(ctx, skus)
	if err != nil {
		return nil, err
	}
	resp := &pb.GetAvailabilityResponse{}
	for _, a := range all {
		resp.Availabilities = append(resp.Availabilities, &pb.Availability{Sku: string(a.SKU), Available: a.Available, Backorder: a.Backorder, ExpectedTime: fromTime(a.Expected), BackorderUnits: a.Left})
	}
	return resp, nil
}

// actor is whose name goes into the ledger.
func actor(ctx context.Context) string {
	c := rpc.Caller(ctx)
	if c.Service != "" {
		return c.Service
	}
	return c.Subject
}
