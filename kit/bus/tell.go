package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/souk-commerce/souk/kit/tag"
)

// outcome is what became of a batch; rows in neither list wait.
type outcome struct{ published, parked []row }

var errAway = errors.New("the connection to the stream was lost")

// tell publishes rows in waves, each with at most one row of a key, and waits for
// the acknowledgements of a wave before the next. So no event of a key is in the
// stream before the one that happened earlier, whatever fails in between. Keys
// are mostly different: there are few waves.
func (r *Relay) tell(ctx context.Context, rows []row) (told outcome, err error) {
	held := map[string]bool{}
	for _, wave := range waves(rows) {
		if r.bus.lives.Load() != r.life {
			return outcome{}, errAway
		}
		if err := r.send(ctx, wave, held, &told); err != nil || r.doubt {
			return told, err
		}
	}
	return told, nil
}

func waves(rows []row) (all [][]row) {
	depth := map[string]int{}
	for _, o := range rows {
		n := depth[o.key]
		depth[o.key]++
		if n == len(all) {
			all = append(all, nil)
		}
		all[n] = append(all[n], o)
	}
	return all
}

// send publishes one wave. Keys whose row has to be tried again are held.
func (r *Relay) send(ctx context.Context, wave []row, held map[string]bool, told *outcome) (failure error) {
	type sending struct {
		row    row
		kind   string
		future jetstream.PubAckFuture
	}
	var sent []sending
	for _, o := range wave {
		if held[o.key] {
			continue
		}
		msg, err := r.message(o)
		var future jetstream.PubAckFuture
		if err == nil {
			future, err = r.bus.js.PublishMsgAsync(msg, jetstream.WithMsgID(o.id.String()), jetstream.WithExpectStream(stream))
			if err != nil && !ownFault(err) {
				failure = err
				break
			}
		}
		if err != nil {
			held[o.key] = !r.park(ctx, o, err, told)
			continue
		}
		sent = append(sent, sending{o, msg.Header.Get(headerType), future})
	}
	for _, s := range sent {
		select {
		case ack := <-s.future.Ok():
			told.published = append(told.published, s.row)
			r.acknowledged(ack)
			r.count(ctx, s.kind)
		case err := <-s.future.Err():
			if ownFault(err) {
				held[s.row.key] = !r.park(ctx, s.row, err, told)
				continue
			}
			failure = err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return failure
}

// acknowledged notices a stream that has become shorter.
func (r *Relay) acknowledged(ack *jetstream.PubAck) {
	if !ack.Duplicate && ack.Sequence <= r.sequence {
		r.doubt = true
	}
	r.sequence = max(r.sequence, ack.Sequence)
}

// tooLong is JetStream's code for a message that its stream does not take.
const tooLong = 10054

// ownFault tells whether an error is the message's and not the stream's.
func ownFault(err error) bool {
	var refused *jetstream.APIError
	return errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrBadSubject) ||
		errors.As(err, &refused) && refused.ErrorCode == tooLong
}

func (r *Relay) message(o row) (msg *nats.Msg, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the announcer panicked: %v", p)
		}
	}()
	a, err := r.announce(o.topic, o.key, o.fact)
	if err != nil {
		return nil, err
	}
	if a.Message == nil {
		return nil, errors.New("the announcer gave no message")
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(a.Message)
	if err != nil {
		return nil, err
	}
	msg = r.envelope("souk."+o.topic, o)
	msg.Data = data
	msg.Header.Set(headerType, string(a.Message.ProtoReflect().Descriptor().FullName()))
	msg.Header.Set(headerContent, "application/protobuf")
	if len(a.SurrogateKeys) > 0 {
		msg.Header.Set(headerTags, tag.Join(a.SurrogateKeys))
	}
	return msg, nil
}

func (r *Relay) envelope(subject string, o row) *nats.Msg {
	msg := nats.NewMsg(subject)
	msg.Header.Set(headerID, o.id.String())
	msg.Header.Set(headerSource, r.source)
	msg.Header.Set(headerTime, o.created.UTC().Format(time.RFC3339Nano))
	msg.Header.Set(headerSubject, o.key)
	msg.Header.Set(headerVersion, "1.0")
	if o.trace != "" {
		msg.Header.Set(headerTrace, o.trace)
	}
	return msg
}

// park takes a row that cannot be told out of the way after some tries: a fact
// that our own code cannot read will not get better by waiting, and everything
// behind it would wait too. The row stays in the outbox for a version that can
// read it; the dead letter is there to be seen.
func (r *Relay) park(ctx context.Context, o row, why error, told *outcome) bool {
	r.failed.Add(1)
	r.tries[o.id]++
	if r.tries[o.id] < tellTries {
		return false
	}
	dead := r.envelope(deadRelay(r.source, o.id.String()), o)
	dead.Header.Set(headerFrom, "souk."+o.topic)
	dead.Header.Set(headerReason, oneLine(why))
	if len(o.fact) <= maxFact {
		dead.Data = o.fact
	}
	if _, err := r.bus.js.PublishMsg(ctx, dead, jetstream.WithExpectStream(deadStream)); err != nil {
		return false
	}
	r.log.ErrorContext(ctx, "event parked: it cannot be told", "source", r.source, "topic", o.topic, "key", o.key, "id", o.id, "error", why)
	told.parked = append(told.parked, o)
	return true
}

// maxFact bounds the fact in a dead letter of a relay; the outbox has it all.
const maxFact = 256 << 10

// remember counts what is committed, and takes away the dead letters of rows
// that could be told after all.
func (r *Relay) remember(ctx context.Context, told outcome) {
	r.published.Add(int64(len(told.published)))
	r.parkings.Add(int64(len(told.parked)))
	for _, o := range told.parked {
		delete(r.tries, o.id)
		r.parked[o.id] = true
	}
	for _, o := range told.published {
		delete(r.tries, o.id)
		if !r.parked[o.id] {
			continue
		}
		if err := r.bus.purgeDead(ctx, deadRelay(r.source, o.id.String())); err != nil {
			r.log.WarnContext(ctx, "dead letter of a told event stays", "source", r.source, "id", o.id, "error", err)
		}
		delete(r.parked, o.id)
	}
}

func oneLine(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) > 500 {
		text = strings.ToValidUTF8(text[:500], "")
	}
	return text
}
