package mailbus

import (
	"context"
	"encoding/base64"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/services/notification/internal/mail"
)

// Shelf implements mail.Shelf over the stream of dead letters.
type Shelf struct{ bus *bus.Bus }

// NewShelf returns the shelf of all services.
func NewShelf(b *bus.Bus) *Shelf { return &Shelf{b} }

// Parked implements mail.Shelf.
func (s *Shelf) Parked(ctx context.Context, after uint64, most int) ([]mail.Parked, error) {
	letters, err := s.bus.DeadLetters(ctx, after, most)
	if err != nil {
		return nil, err
	}
	var all []mail.Parked
	for _, l := range letters {
		d := l.Delivery
		all = append(all, mail.Parked{
			ID: l.Sequence, Consumer: l.Consumer, Reason: l.Reason, Attempts: l.Attempts, Time: l.Parked,
			Event: d.ID, Source: d.Source, Type: d.Type, Key: d.Key, Content: readable(d), Happened: d.Time,
		})
	}
	return all, nil
}

// Resend implements mail.Shelf.
func (s *Shelf) Resend(ctx context.Context, id uint64) error { return s.bus.Resend(ctx, id) }

// Discard implements mail.Shelf.
func (s *Shelf) Discard(ctx context.Context, id uint64) error { return s.bus.Discard(ctx, id) }

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
