package payrpc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

const usualPage = 50

// farAhead is after everything that was found.
var farAhead = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)

// ListDiscrepancies implements PaymentService.
func (s server) ListDiscrepancies(ctx context.Context, req *pb.ListDiscrepanciesRequest) (*pb.ListDiscrepanciesResponse, error) {
	most := int(req.GetPageSize())
	if most == 0 {
		most = usualPage
	}
	before, err := toPlace(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	all, err := s.audits.Discrepancies(ctx, req.GetIncludeEnded(), before, most+1)
	if err != nil {
		return nil, err
	}
	resp := &pb.ListDiscrepanciesResponse{}
	if len(all) > most {
		all = all[:most]
		resp.NextPageToken = fromPlace(all[most-1])
	}
	for _, d := range all {
		resp.Discrepancies = append(resp.Discrepancies, fromDiscrepancy(d))
	}
	return resp, nil
}

// place is where a page ends.
type place struct {
	Found                   time.Time
	Provider, Payment, Kind string
}

func fromPlace(d pay.Discrepancy) string {
	text, _ := json.Marshal(place{d.Found, d.Provider, d.Payment, d.Kind}) // strings and a time can be written
	return base64.RawURLEncoding.EncodeToString(text)
}

func toPlace(token string) (pay.Discrepancy, error) {
	p := place{Found: farAhead}
	if token != "" {
		text, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || json.Unmarshal(text, &p) != nil {
			return pay.Discrepancy{}, pay.ErrPageToken
		}
	}
	return pay.Discrepancy{Found: p.Found, Provider: p.Provider, Payment: p.Payment, Kind: p.Kind}, nil
}

func fromDiscrepancy(d pay.Discrepancy) *pb.Discrepancy {
	m := &pb.Discrepancy{
		Provider: d.Provider, PaymentId: d.Payment, ProviderReference: d.Reference, Kind: d.Kind, Ours: d.Ours, Theirs: d.Theirs, FindTime: timestamppb.New(d.Found),
	}
	if !d.Repaired.IsZero() {
		m.RepairTime = timestamppb.New(d.Repaired)
	}
	if !d.Ended.IsZero() {
		m.EndTime = timestamppb.New(d.Ended)
	}
	return m
}
