package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/souk-commerce/souk/kit/tag"
)

// Say tells an event of somebody who has no database to keep it in until it is told,
// and returns its sequence. An error means that nobody knows whether it was told.
// What is known in a database is told by a Relay.
func (b *Bus) Say(ctx context.Context, source, topic, key string, a Announcement) (sequence uint64, err error) {
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(a.Message)
	if err != nil {
		return 0, err
	}
	id := uuid.NewString()
	msg := nats.NewMsg("souk." + topic)
	msg.Data = data
	for name, value := range map[string]string{
		headerID: id, headerSource: source, headerTime: time.Now().UTC().Format(time.RFC3339Nano), headerSubject: key, headerVersion: "1.0",
		headerType: string(a.Message.ProtoReflect().Descriptor().FullName()), headerContent: "application/protobuf",
	} {
		msg.Header.Set(name, value)
	}
	if len(a.SurrogateKeys) > 0 {
		msg.Header.Set(headerTags, tag.Join(a.SurrogateKeys))
	}
	ack, err := b.js.PublishMsg(ctx, msg, jetstream.WithMsgID(id), jetstream.WithExpectStream(stream))
	if err != nil {
		return 0, fmt.Errorf("tell souk.%s: %w", topic, err)
	}
	return ack.Sequence, nil
}
