// Package basketrpc answers Connect calls about carts.
package basketrpc

import (
	"context"

	pb "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/cart/internal/basket"
)

// Server implements CartService.
type Server struct{ desk *basket.Desk }

// New returns a server.
func New(desk *basket.Desk) *Server { return &Server{desk} }

// who is calling: nobody ever names a cart but their own.
func who(ctx context.Context) basket.Who {
	c := rpc.Caller(ctx)
	return basket.Who{Owner: basket.Owner(c.Subject), Guest: basket.Owner(c.Guest)}
}

// GetCart implements CartService.
func (s *Server) GetCart(ctx context.Context, req *pb.GetCartRequest) (*pb.GetCartResponse, error) {
	v, err := s.desk.Cart(ctx, who(ctx), req.GetCurrencyCode())
	if err != nil {
		return nil, err
	}
	return &pb.GetCartResponse{Cart: fromView(v)}, nil
}

// AddLine implements CartService.
func (s *Server) AddLine(ctx context.Context, req *pb.AddLineRequest) (*pb.AddLineResponse, error) {
	v, err := s.desk.Add(ctx, who(ctx), basket.SKU(req.GetSku()), req.GetQuantity(), req.GetCurrencyCode())
	if err != nil {
		return nil, err
	}
	return &pb.AddLineResponse{Cart: fromView(v)}, nil
}

// SetQuantity implements CartService.
func (s *Server) SetQuantity(ctx context.Context, req *pb.SetQuantityRequest) (*pb.SetQuantityResponse, error) {
	v, err := s.desk.Set(ctx, who(ctx), basket.SKU(req.GetSku()), req.GetQuantity())
	if err != nil {
		return nil, err
	}
	return &pb.SetQuantityResponse{Cart: fromView(v)}, nil
}

// RemoveLine implements CartService.
func (s *Server) RemoveLine(ctx context.Context, req *pb.RemoveLineRequest) (*pb.RemoveLineResponse, error) {
	v, err := s.desk.Remove(ctx, who(ctx), basket.SKU(req.GetSku()))
	if err != nil {
		return nil, err
	}
	return &pb.RemoveLineResponse{Cart: fromView(v)}, nil
}

// GetCartFor implements CartService.
func (s *Server) GetCartFor(ctx context.Context, req *pb.GetCartForRequest) (*pb.GetCartForResponse, error) {
	look := s.desk.CartOf
	if req.GetLinesOnly() {
		look = s.desk.LinesOf
	}
	v, err := look(ctx, basket.Owner(req.GetOwner()), req.GetCurrencyCode())
	if err != nil {
		return nil, err
	}
	return &pb.GetCartForResponse{Cart: fromView(v)}, nil
}
