// Package mailrpc answers Connect calls about deliveries.
package mailrpc

import (
	"cmp"
	"context"

	pb "github.com/souk-commerce/souk/api/gen/souk/notification/v1"
	"github.com/souk-commerce/souk/services/notification/internal/mail"
)

// Server implements NotificationAdminService.
type Server struct{ desk *mail.Desk }

// New returns a server.
func New(desk *mail.Desk) *Server { return &Server{desk} }

const defaultPage = 50

// ListDeliveries implements the RPC.
func (s *Server) ListDeliveries(ctx context.Context, req *pb.ListDeliveriesRequest) (*pb.ListDeliveriesResponse, error) {
	before, err := fromToken(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	most := int(cmp.Or(req.GetPageSize(), defaultPage))
	all, err := s.desk.Deliveries(ctx, req.GetRecipient(), before, most+1)
	if err != nil {
		return nil, err
	}
	resp := &pb.ListDeliveriesResponse{}
	if len(all) > most {
		all = all[:most]
		resp.NextPageToken = tokenOf(mail.Place{Created: all[most-1].Created, ID: all[most-1].ID})
	}
	for _, d := range all {
		resp.Deliveries = append(resp.Deliveries, fromDelivery(d))
	}
	return resp, nil
}

// Resend implements the RPC.
func (s *Server) Resend(ctx context.Context, req *pb.ResendRequest) (*pb.ResendResponse, error) {
	d, err := s.desk.Resend(ctx, req.GetId())
	if err != nil {
		return nil, err
	}
	return &pb.ResendResponse{Delivery: fromDelivery(d)}, nil
}
