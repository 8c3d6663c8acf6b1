package salerpc

import (
	"context"

	pb "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/services/order/internal/sale"
	"github.com/souk-commerce/souk/services/order/internal/saleproto"
)

type orders struct{ desk *sale.Desk }

func fromOrders(all []sale.Order) []*pb.Order {
	var list []*pb.Order
	for _, o := range all {
		list = append(list, saleproto.FromOrder(o))
	}
	return list
}

// GetOrder implements OrderService.
func (s orders) GetOrder(ctx context.Context, req *pb.GetOrderRequest) (*pb.GetOrderResponse, error) {
	o, err := s.desk.Order(ctx, req.GetId(), req.GetNumber(), owners(ctx))
	if err != nil {
		return nil, err
	}
	return &pb.GetOrderResponse{Order: saleproto.FromOrder(o)}, nil
}

// ListOrders implements OrderService.
func (s orders) ListOrders(ctx context.Context, req *pb.ListOrdersRequest) (*pb.ListOrdersResponse, error) {
	p, err := toPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	all, err := s.desk.Orders(ctx, owners(ctx), p)
	if err != nil {
		return nil, err
	}
	return &pb.ListOrdersResponse{Orders: fromOrders(all), NextPageToken: nextToken(p, all)}, nil
}

// CancelOrder implements OrderService.
func (s orders) CancelOrder(ctx context.Context, req *pb.CancelOrderRequest) (*pb.CancelOrderResponse, error) {
	o, err := s.desk.Cancel(ctx, req.GetId(), req.GetReason(), owners(ctx))
	if err != nil {
		return nil, err
	}
	return &pb.CancelOrderResponse{Order: saleproto.FromOrder(o)}, nil
}
