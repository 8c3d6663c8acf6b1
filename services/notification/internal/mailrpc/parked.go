package mailrpc

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/souk-commerce/souk/api/gen/souk/notification/v1"
	"github.com/souk-commerce/souk/services/notification/internal/mail"
)

// Parked implements DeadLetterService.
type Parked struct{ keeper mail.Keeper }

// NewParked returns a server.
func NewParked(k mail.Keeper) *Parked { return &Parked{k} }

// ListDeadLetters implements the RPC.
func (s *Parked) ListDeadLetters(ctx context.Context, req *pb.ListDeadLettersRequest) (*pb.ListDeadLettersResponse, error) {
	var after uint64
	if token := req.GetPageToken(); token != "" {
		var err error
		if after, err = strconv.ParseUint(token, 10, 63); err != nil {
			return nil, mail.ErrPageToken
		}
	}
	most := int(cmp.Or(req.GetPageSize(), defaultPage))
	all, err := s.keeper.Shelf.Parked(ctx, after, most+1)
	if err != nil {
		return nil, err
	}
	resp := &pb.ListDeadLettersResponse{}
	if len(all) > most {
		all = all[:most]
		resp.NextPageToken = strconv.FormatUint(all[most-1].ID, 10)
	}
	for _, p := range all {
		resp.DeadLetters = append(resp.DeadLetters, &pb.DeadLetter{
			Id: int64(p.ID), Consumer: p.Consumer, Reason: p.Reason, Attempts: int32(p.Attempts), ParkTime: at(p.Time),
			EventId: p.Event, Source: p.Source, Type: p.Type, Key: p.Key, EventTime: at(p.Happened), Content: p.Content,
		})
	}
	return resp, nil
}

// ResendDeadLetter implements the RPC.
func (s *Parked) ResendDeadLetter(ctx context.Context, req *pb.ResendDeadLetterRequest) (*pb.ResendDeadLetterResponse, error) {
	return &pb.ResendDeadLetterResponse{}, s.keeper.Resend(ctx, uint64(req.GetId()))
}

// DiscardDeadLetter implements the RPC.
func (s *Parked) DiscardDeadLetter(ctx context.Context, req *pb.DiscardDeadLetterRequest) (*pb.DiscardDeadLetterResponse, error) {
	return &pb.DiscardDeadLetterResponse{}, s.keeper.Discard(ctx, uint64(req.GetId()))
}

func at(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
