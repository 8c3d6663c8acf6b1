package salerpc

import (
	"context"

	pb "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/order/internal/sale"
	"github.com/souk-commerce/souk/services/order/internal/saleproto"
)

type orders struct{ desk *sale.Desk }

func fromOrders(all []sale.Order, as func(sale.Order) *pb.Order) []*pb.Order {
	var list []*pb.Order
	for _, o := range all {
		list = append(list, as(o))
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
	return &pb.ListOrdersResponse{Orders: fromOrders(all, saleproto.FromOrder), NextPageToken: nextToken(p, all)}, nil
}

// CancelOrder implements OrderService.
func (s orders) CancelOrder(ctx context.Context, req *pb.CancelOrderRequest) (*pb.CancelOrderResponse, error) {
	o, err := s.desk.Cancel(ctx, req.GetId(), req.GetReason(), owners(ctx))
	if err != nil {
		return nil, err
	}
	return &pb.CancelOrderResponse{Order: saleproto.FromOrder(o)}, nil
}

// CancelLines implements OrderService.
func (s orders) CancelLines(ctx context.Context, req *pb.CancelLinesRequest) (*pb.CancelLinesResponse, error) {
	o, err := s.desk.CancelUnits(ctx, req.GetId(), saleproto.ToUnits(req.GetLines()), req.GetReason(), owners(ctx))
	if err != nil {
		return nil, err
	}
	return &pb.CancelLinesResponse{Order: saleproto.FromOrder(o)}, nil
}

// RequestReturn implements OrderService.
func (s orders) RequestReturn(ctx context.Context, req *pb.RequestReturnRequest) (*pb.RequestReturnResponse, error) {
	o, err := s.desk.RequestReturn(ctx, req.GetId(), req.GetReturnId(), saleproto.ToAsked(req.GetLines()), owners(ctx))
	if err != nil {
		return nil, err
	}
	return &pb.RequestReturnResponse{Order: saleproto.FromOrder(o)}, nil
}

// CancelReturn implements OrderService.
func (s orders) CancelReturn(ctx context.Context, req *pb.CancelReturnRequest) (*pb.CancelReturnResponse, error) {
	o, err := s.desk.CancelReturn(ctx, req.GetId(), req.GetReturnId(), owners(ctx))
	if err != nil {
		return nil, err
	}
	return &pb.CancelReturnResponse{Order: saleproto.FromOrder(o)}, nil
}

// LookupOrder implements OrderService.
func (s orders) LookupOrder(ctx context.Context, req *pb.LookupOrderRequest) (*pb.LookupOrderResponse, error) {
	o, err := s.desk.Lookup(ctx, req.GetNumber(), req.GetEmail(), rpc.Caller(ctx).Subject)
	if err != nil {
		return nil, err
	}
	return &pb.LookupOrderResponse{Order: saleproto.FromOrder(o)}, nil
}

// GetInvoice implements OrderService.
func (s orders) GetInvoice(ctx context.Context, req *pb.GetInvoiceRequest) (*pb.GetInvoiceResponse, error) {
	o, pdf, err := s.desk.Invoice(ctx, req.GetId(), req.GetNumber(), owners(ctx))
	if err != nil {
		return nil, err
	}
	return &pb.GetInvoiceResponse{Filename: "invoice-" + o.Number + ".pdf", Pdf: pdf}, nil
}
