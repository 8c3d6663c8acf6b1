package stockrpc

import (
	"context"

	pb "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

// ListLocations implements StockAdminService.
func (s admin) ListLocations(ctx context.Context, _ *pb.ListLocationsRequest) (*pb.ListLocationsResponse, error) {
	places, err := s.desk.Places(ctx)
	if err != nil {
		return nil, err
	}
	resp := &pb.ListLocationsResponse{}
	for _, p := range places {
		resp.Locations = append(resp.Locations, fromPlace(p))
	}
	return resp, nil
}

// UpsertLocation implements StockAdminService.
func (s admin) UpsertLocation(ctx context.Context, req *pb.UpsertLocationRequest) (*pb.UpsertLocationResponse, error) {
	p, err := s.desk.SetPlace(ctx, toPlace(req.GetLocation()))
	if err != nil {
		return nil, err
	}
	return &pb.UpsertLocationResponse{Location: fromPlace(p)}, nil
}

func fromPlace(p stock.Place) *pb.Location {
	return &pb.Location{Id: string(p.ID), Name: p.Name, CountryCode: p.Country, Priority: p.Priority, Active: p.Active}
}

func toPlace(l *pb.Location) stock.Place {
	return stock.Place{ID: stock.Location(l.GetId()), Name: l.GetName(), Country: l.GetCountryCode(), Priority: l.GetPriority(), Active: l.GetActive()}
}
