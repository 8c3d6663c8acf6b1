package mailrpc

import (
	"cmp"
	"context"
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/souk-commerce/souk/api/gen/souk/notification/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/notification/internal/mail"
)

// Dead implements DeadLetterService over the stream of parked events.
type Dead struct {
	bus *bus.Bus
	db  *crdb.DB
}

// NewDead returns a server; db remembers what callers with a key asked for.
func NewDead(b *bus.Bus, db *crdb.DB) *Dead { return &Dead{b, db} }

// ListDeadLetters implements the RPC.
func (s *Dead) ListDeadLetters(ctx context.Context, req *pb.ListDeadLettersRequest) (*pb.ListDeadLettersResponse, error) {
	var after uint64
	if token := req.GetPageToken(); token != "" {
		var err error
		if after, err = strconv.ParseUint(token, 10, 63); err != nil {
			return nil, mail.ErrPageToken
		}
	}
	most := int(cmp.Or(req.GetPageSize(), defaultPage))
	all, err := s.bus.DeadLetters(ctx, after, most+1)
	if err != nil {
		return nil, err
	}
	resp := &pb.ListDeadLettersResponse{}
	if len(all) > most {
		all = all[:most]
		resp.NextPageToken = strconv.FormatUint(all[most-1].Sequence, 10)
	}
	for _, l := range all {
		resp.DeadLetters = append(resp.DeadLetters, fromDead(l))
	}
	return resp, nil
}

// ResendDeadLetter implements the RPC.
func (s *Dead) ResendDeadLetter(ctx context.Context, req *pb.ResendDeadLetterRequest) (*pb.ResendDeadLetterResponse, error) {
	return &pb.ResendDeadLetterResponse{}, s.once(ctx, func() error { return s.bus.Resend(ctx, uint64(req.GetId())) })
}

// DiscardDeadLetter implements the RPC.
func (s *Dead) DiscardDeadLetter(ctx context.Context, req *pb.DiscardDeadLetterRequest) (*pb.DiscardDeadLetterResponse, error) {
	return &pb.DiscardDeadLetterResponse{}, s.once(ctx, func() error { return s.bus.Discard(ctx, uint64(req.GetId())) })
}

// once does what cannot be done twice: a caller who asks again with the same key
// is told that it is done, not that the letter is gone.
func (s *Dead) once(ctx context.Context, do func() error) error {
	done := false
	_, err := crdb.Once(ctx, s.db, func(context.Context, crdb.Tx) (bool, error) {
		if !done { // the transaction may run again
			if err := do(); err != nil {
				return false, err
			}
			done = true
		}
		return true, nil
	})
	return err
}

func fromDead(l bus.DeadLetter) *pb.DeadLetter {
	return &pb.DeadLetter{
		Id: int64(l.Sequence), Consumer: l.Consumer, Reason: l.Reason, Attempts: int32(l.Attempts), ParkTime: at(l.Parked),
		EventId: l.Delivery.ID, Source: l.Delivery.Source, Type: l.Delivery.Type, Key: l.Delivery.Key, EventTime: at(l.Delivery.Time),
		Content: readable(l.Delivery),
	}
}

func at(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// readable is an event for people: a fact that was never told is JSON already.
func readable(d bus.Delivery) string {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(d.Type))
	if err == nil {
		m := kind.New().Interface()
		if proto.Unmarshal(d.Data, m) == nil {
			return protojson.Format(m)
		}
	} else if utf8.Valid(d.Data) {
		return string(d.Data)
	}
	return base64.StdEncoding.EncodeToString(d.Data)
}
