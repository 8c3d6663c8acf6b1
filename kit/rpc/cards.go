package rpc

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/mask"
)

var errCard = fault.New(fault.Invalid, "card_number", "This looks like the number of a payment card. It does not belong here, and has not been kept.")

// withoutCards refuses a message from outside that would have the number of a
// payment card kept: in a name, an address, a note. Reads keep nothing; services
// send each other what was looked at when it came in.
func withoutCards(ctx context.Context, rule Rule, m proto.Message) error {
	if rule.Read || Caller(ctx).Role == Service {
		return nil
	}
	var fields []fault.Field
	walk(m.ProtoReflect(), "", func(path, text string) {
		if mask.Has(text) {
			fields = append(fields, fault.Field{Path: path, Sentence: errCard.Sentence})
		}
	})
	if len(fields) == 0 {
		return nil
	}
	found := *errCard
	found.Fields = fields
	return &found
}

// walk shows each string of a message, with the path that violations have.
func walk(m protoreflect.Message, path string, see func(path, text string)) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		own := string(f.Name())
		if path != "" {
			own = path + "." + own
		}
		switch {
		case f.IsList():
			for n := range v.List().Len() {
				each(f, v.List().Get(n), fmt.Sprintf("%s[%d]", own, n), see)
			}
		case f.IsMap():
			v.Map().Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
				see(own, key.String())
				each(f.MapValue(), value, own, see)
				return true
			})
		default:
			each(f, v, own, see)
		}
		return true
	})
}

func each(f protoreflect.FieldDescriptor, v protoreflect.Value, path string, see func(path, text string)) {
	switch f.Kind() {
	case protoreflect.StringKind:
		see(path, v.String())
	case protoreflect.MessageKind, protoreflect.GroupKind:
		walk(v.Message(), path, see)
	}
}

// careful looks at each message of a stream.
type careful struct {
	connect.StreamingHandlerConn
	ctx  context.Context
	rule Rule
}

// Receive implements connect.StreamingHandlerConn.
func (c careful) Receive(message any) error {
	if err := c.StreamingHandlerConn.Receive(message); err != nil {
		return err
	}
	if m, ok := message.(proto.Message); ok {
		return withoutCards(c.ctx, c.rule, m)
	}
	return nil
}
