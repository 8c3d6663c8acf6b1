package stockrpc

import (
	"context"
	"time"

	pb "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

type holder struct{ desk *stock.Desk }

// Reserve implements ReservationService.
func (s holder) Reserve(ctx context.Context, req *pb.ReserveRequest) (*pb.ReserveResponse, error) {
	r, err := s.desk.Reserve(ctx, req.GetReservationId(), toLines(req.GetLines()), time.Duration(req.GetHoldSeconds())*time.Second)
	if err != nil {
		return nil, err
	}
	return &pb.ReserveResponse{Reservation: fromReservation(r)}, nil
}

// Release implements ReservationService.
func (s holder) Release(ctx context.Context, req *pb.ReleaseRequest) (*pb.ReleaseResponse, error) {
	r, err := s.desk.Release(ctx, req.GetReservationId())
	if err != nil {
		return nil, err
	}
	return &pb.ReleaseResponse{Reservation: fromReservation(r)}, nil
}

// Commit implements ReservationService.
func (s holder) Commit(ctx context.Context, req *pb.CommitRequest) (*pb.CommitResponse, error) {
	r, err := s.desk.Commit(ctx, req.GetReservationId(), req.GetOrderId(), actor(ctx))
	if err != nil {
		return nil, err
	}
	return &pb.CommitResponse{Reservation: fromReservation(r)}, nil
}

// GetReservation implements ReservationService.
func (s holder) GetReservation(ctx context.Context, req *pb.GetReservationRequest) (*pb.GetReservationResponse, error) {
	r, err := s.desk.Reservation(ctx, req.GetReservationId())
	if err != nil {
		return nil, err
	}
	return &pb.GetReservationResponse{Reservation: fromReservation(r)}, nil
}

// Return implements ReservationService.
func (s holder) Return(ctx context.Context, req *pb.ReturnRequest) (*pb.ReturnResponse, error) {
	err := s.desk.Return(ctx, stock.Return{
		ID: req.GetReturnId(), Reservation: req.GetReservationId(), Actor: actor(ctx),
		Lines: toLines(req.GetLines()), WriteOffs: toLines(req.GetWriteOffs()), Location: stock.Location(req.GetLocation()),
	})
	if err != nil {
		return nil, err
	}
	return &pb.ReturnResponse{}, nil
}
