package bus

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"
)

// Tail hears events from now on until ctx ends, in order, without a durable name.
// It goes on where it was when the connection comes back. What is told before it
// listens, or while this process is away, it does not hear.
func (b *Bus) Tail(ctx context.Context, subject string, f func(Delivery)) error {
	for {
		hearing, err := b.tail(ctx, subject, f)
		if err == nil {
			<-ctx.Done()
			hearing.Stop()
			<-hearing.Closed()
			return nil
		}
		if wait(ctx, retryWait); ctx.Err() != nil {
			return nil
		}
	}
}

func (b *Bus) tail(ctx context.Context, subject string, f func(Delivery)) (jetstream.ConsumeContext, error) {
	ordered, err := b.js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{subject}, DeliverPolicy: jetstream.DeliverNewPolicy,
	})
	if err != nil {
		return nil, err
	}
	return ordered.Consume(func(msg jetstream.Msg) { f(read(msg)) })
}
