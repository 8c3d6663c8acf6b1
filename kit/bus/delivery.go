package bus

import (
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/souk-commerce/souk/kit/tag"
)

// Header names, after CloudEvents' protocol binding for NATS.
const (
	headerID      = "ce-id"
	headerSource  = "ce-source"
	headerType    = "ce-type"
	headerTime    = "ce-time"
	headerSubject = "ce-subject"
	headerVersion = "ce-specversion"
	headerContent = "content-type"
	headerTrace   = "traceparent"
	headerTags    = "Souk-Surrogate-Keys"
)

// Delivery is an event as it is heard.
type Delivery struct {
	// Unique for each event, the same whenever it is delivered again.
	ID string
	// "souk.catalog.product_changed"
	Subject string
	// The name of its message: "souk.catalog.v1.ProductChanged".
	Type string
	// The aggregate that it is about.
	Key string
	// The service that tells it.
	Source string
	// When it happened.
	Time          time.Time
	Data          []byte
	SurrogateKeys []string
	// Its place in the stream; grows.
	Sequence uint64
	// 1 the first time.
	Attempt int
}

func read(msg jetstream.Msg) Delivery {
	d := fromHeader(msg.Headers(), msg.Data())
	d.Subject = msg.Subject()
	if meta, err := msg.Metadata(); err == nil {
		d.Sequence, d.Attempt = meta.Sequence.Stream, int(meta.NumDelivered)
	}
	if d.ID == "" { // not told by a relay
		d.ID = fmt.Sprintf("%s-%d", stream, d.Sequence)
	}
	return d
}

func fromHeader(h nats.Header, data []byte) Delivery {
	d := Delivery{
		ID: h.Get(headerID), Type: h.Get(headerType), Key: h.Get(headerSubject), Source: h.Get(headerSource),
		Data: data, SurrogateKeys: tag.Split(h.Get(headerTags)),
	}
	d.Time, _ = time.Parse(time.RFC3339Nano, h.Get(headerTime)) // zero where nobody said
	return d
}

// Decode reads the event's message. A message that cannot be read is poison.
func Decode(d Delivery, m proto.Message) error {
	if err := proto.Unmarshal(d.Data, m); err != nil {
		return Poison(fmt.Errorf("decode %s %s: %w", d.Subject, d.ID, err))
	}
	return nil
}

type poison struct{ error }

func (p poison) Unwrap() error { return p.error }

// Poison marks an error that trying again cannot mend: the event is parked at once.
func Poison(err error) error { return poison{err} }
