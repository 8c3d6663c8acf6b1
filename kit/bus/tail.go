package bus

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"
)

// Tail hears events from now on until ctx ends, in order, without a durable name.
// It goes on where it was when the connection comes back. What is told before it
// listens, or while this process is away, it does not hear: listening, if given,
// is called once with the sequence behind which everything is heard.
func (b *Bus) Tail(ctx context.Context, subject string, f func(Delivery), listening ...func(sequence uint64)) error {
	for {
		hearing, from, err := b.tail(ctx, subject, f)
		if err == nil {
			for _, l := range listening {
				l(from)
			}
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

// tail begins behind a sequence that is known, so that a consumer that is made
// again before it heard anything misses nothing.
func (b *Bus) tail(ctx context.Context, subject string, f func(Delivery)) (hearing jetstream.ConsumeContext, from uint64, err error) {
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return nil, 0, err
	}
	from = s.CachedInfo().State.LastSeq
	ordered, err := s.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{subject}, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from + 1,
	})
	if err != nil {
		return nil, 0, err
	}
	hearing, err = ordered.Consume(func(msg jetstream.Msg) { f(read(msg)) })
	return hearing, from, err
}
