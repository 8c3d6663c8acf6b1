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
	return &pb.ListAdminOrdersResponse{Orders: fromOrders(all, saleproto.FromOrderForStaff), NextPageToken: nextToken(p, all)}, nil
}

// GetAdminOrder implements OrderAdminService.
func (s admin) GetAdminOrder(ctx context.Context, req *pb.GetAdminOrderRequest) (*pb.GetAdminOrderResponse, error) {
	o, err := s.desk.AnyOrder(ctx, req.GetId())
	if err != nil {
		return nil, err
	}
	return &pb.GetAdminOrderResponse{Order: saleproto.FromOrderForStaff(o)}, nil
}

// StartProcessing implements OrderAdminService.
func (s admin) StartProcessing(ctx context.Context, req *pb.StartProcessingRequest) (*pb.StartProcessingResponse, error) {
	o, err := s.desk.Process(ctx, req.GetId(), req.GetEtag())
	if err != nil {
		return nil, err
	}
	return &pb.StartProcessingResponse{Order: saleproto.FromOrderForStaff(o)}, nil
}

// ShipOrder implements OrderAdminService.
func (s admin) ShipOrder(ctx context.Context, req *pb.ShipOrderRequest) (*pb.ShipOrderResponse, error) {
	o, err := s.desk.Ship(ctx, req.GetId(), req.GetEtag(), sale.Tracking{Carrier: req.GetCarrier(), Number: req.GetTrackingNumber(), URL: req.GetTrackingUrl()})
	if err != nil {
		return nil, err
	}
	return &pb.ShipOrderResponse{Order: saleproto.FromOrderForStaff(o)}, nil
}

// DeliverOrder implements OrderAdminService.
func (s admin) DeliverOrder(ctx context.Context, req *pb.DeliverOrderRequest) (*pb.DeliverOrderResponse, error) {
	o, err := s.desk.Deliver(ctx, req.GetId(), req.GetEtag())
	if err != nil {
		return nil, err
	}
	return &pb.DeliverOrderResponse{Order: saleproto.FromOrderForStaff(o)}, nil
}

// ShipLines implements OrderAdminService.
func (s admin) ShipLines(ctx context.Context, req *pb.ShipLinesRequest) (*pb.ShipLinesResponse, error) {
	o, err := s.desk.ShipUnits(ctx, req.GetId(), req.GetEtag(), saleproto.ToUnits(req.GetLines()), sale.Tracking{Carrier: req.GetCarrier(), Number: req.GetTrackingNumber(), URL: req.GetTrackingUrl()})
	if err != nil {
		return nil, err
	}
	return &pb.ShipLinesResponse{Order: saleproto.FromOrderForStaff(o)}, nil
}

// DeliverShipment implements OrderAdminService.
func (s admin) DeliverShipment(ctx context.Context, req *pb.DeliverShipmentRequest) (*pb.DeliverShipmentResponse, error) {
	o, err := s.desk.DeliverShipment(ctx, req.GetId(), req.GetEtag(), req.GetShipmentId())
	if err != nil {
		return nil, err
	}
	return &pb.DeliverShipmentResponse{Order: saleproto.FromOrderForStaff(o)}, nil
}

// CancelOrderLines implements OrderAdminService.
func (s admin) CancelOrderLines(ctx context.Context, req *pb.CancelOrderLinesRequest) (*pb.CancelOrderLinesResponse, error) {
	o, err := s.desk.CancelUnitsFor(ctx, req.GetId(), req.GetEtag(), saleproto.ToUnits(req.GetLines()), req.GetReason())
	if err != nil {
		return nil, err
	}
	return &pb.CancelOrderLinesResponse{Order: saleproto.FromOrderForStaff(o)}, nil
}

// ApproveReturn implements OrderAdminService.
func (s admin) ApproveReturn(ctx context.Context, req *pb.ApproveReturnRequest) (*pb.ApproveReturnResponse, error) {
	o, err := s.desk.ApproveReturn(ctx, req.GetId(), req.GetEtag(), req.GetReturnId(), req.GetNote())
	if err != nil {
		return nil, err
	}
	return &pb.ApproveReturnResponse{Order: saleproto.FromOrderForStaff(o)}, nil
}

// RejectReturn implements OrderAdminService.
func (s admin) RejectReturn(ctx context.Context, req *pb.RejectReturnRequest) (*pb.RejectReturnResponse, error) {
	o, err := s.desk.RejectReturn(ctx, req.GetId(), req.GetEtag(), req.GetReturnId(), req.GetNote())
	if err != nil {
		return nil, err
	}
	return &pb.RejectReturnResponse{Order: saleproto.FromOrderForStaff(o)}, nil
}

// ReceiveReturn implements OrderAdminService.
func (s admin) ReceiveReturn(ctx context.Context, req *pb.ReceiveReturnRequest) (*pb.ReceiveReturnResponse, error) {
	o, err := s.desk.ReceiveReturn(ctx, req.GetId(), req.GetEtag(), req.GetReturnId(), saleproto.ToReceived(req.GetLines()))
	if err != nil {
		return nil, err
	}
	return &pb.ReceiveReturnResponse{Order: saleproto.FromOrderForStaff(o)}, nil
}

// RefundOrder implements OrderAdminService.
func (s admin) RefundOrder(ctx context.Context, req *pb.RefundOrderRequest) (*pb.RefundOrderResponse, error) {
	o, err := s.desk.Refund(ctx, req.GetId(), req.GetEtag(), req.GetRefundId(), saleproto.ToAmount(req.GetAmount()), req.GetReason())
	if err != nil {
		return nil, err
	}
	return &pb.RefundOrderResponse{Order: saleproto.FromOrderForStaff(o)}, nil
}

// AddNote implements OrderAdminService.
func (s admin) AddNote(ctx context.Context, req *pb.AddNoteRequest) (*pb.AddNoteResponse, error) {
	o, err := s.desk.AddNote(ctx, req.GetId(), req.GetText())
	if err != nil {
		return nil, err
	}
	return &pb.AddNoteResponse{Order: saleproto.FromOrderForStaff(o)}, nil
}

// GetPackingSlip implements OrderAdminService.
func (s admin) GetPackingSlip(ctx context.Context, req *pb.GetPackingSlipRequest) (*pb.GetPackingSlipResponse, error) {
	o, pdf, err := s.desk.PackingSlip(ctx, req.GetId(), req.GetShipmentId())
	if err != nil {
		return nil, err
	}
	return &pb.GetPackingSlipResponse{Filename: "packing-slip-" + o.Number + ".pdf", Pdf: pdf}, nil
}
