package salerpc

import (
	"context"

	pb "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/services/order/internal/sale"
	"github.com/souk-commerce/souk/services/order/internal/saleproto"
)

type admin struct{ desk *sale.Desk }

// ListAdminOrders implements OrderAdminService.
func (s admin) ListAdminOrders(ctx context.Context, req *pb.ListAdminOrdersRequest) (*pb.ListAdminOrdersResponse, error) {
	p, err := toPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	all, err := s.desk.AllOrders(ctx, sale.Filter{Status: saleproto.ToStatus(req.GetStatus()), Query: req.GetQuery()}, p)
	if err != nil {
		return nil, err
	}
	return &pb.ListAdminOrdersResponse{Orders: fromOrders(all), NextPageToken: nextToken(p, all)}, nil
}

// GetAdminOrder implements OrderAdminService.
func (s admin) GetAdminOrder(ctx context.Context, req *pb.GetAdminOrderRequest) (*pb.GetAdminOrderResponse, error) {
	o, err := s.desk.AnyOrder(ctx, req.GetId())
	if err != nil {
		return nil, err
	}
	return &pb.GetAdminOrderResponse{Order: saleproto.FromOrder(o)}, nil
}

// StartProcessing implements OrderAdminService.
func (s admin) StartProcessing(ctx context.Context, req *pb.StartProcessingRequest) (*pb.StartProcessingResponse, error) {
	o, err := s.desk.Process(ctx, req.GetId(), req.GetEtag())
	if err != nil {
		return nil, err
	}
	return &pb.StartProcessingResponse{Order: saleproto.FromOrder(o)}, nil
}

// ShipOrder implements OrderAdminService.
func (s admin) ShipOrder(ctx context.Context, req *pb.ShipOrderRequest) (*pb.ShipOrderResponse, error) {
	o, err := s.desk.Ship(ctx, req.GetId(), req.GetEtag(), sale.Tracking{Carrier: req.GetCarrier(), Number: req.GetTrackingNumber(), URL: req.GetTrackingUrl()})
	if err != nil {
		return nil, err
	}
	return &pb.ShipOrderResponse{Order: saleproto.FromOrder(o)}, nil
}

// DeliverOrder implements OrderAdminService.
func (s admin) DeliverOrder(ctx context.Context, req *pb.DeliverOrderRequest) (*pb.DeliverOrderResponse, error) {
	o, err := s.desk.Deliver(ctx, req.GetId(), req.GetEtag())
	if err != nil {
		return nil, err
	}
	return &pb.DeliverOrderResponse{Order: saleproto.FromOrder(o)}, nil
}
