package bus

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/souk-commerce/souk/kit/fault"
)

// Headers of dead letters, beside those of the event.
const (
	headerReason   = "Souk-Dead-Reason"
	headerBy       = "Souk-Dead-Consumer"
	headerFrom     = "Souk-Dead-Subject"
	headerAttempts = "Souk-Dead-Attempts"
)

// One dead letter for each event and who failed with it: a later one takes the
// place of an earlier one.
func deadConsumer(name, id string) string { return "dead.consumer." + name + "." + word(id) }
func deadRelay(source, id string) string  { return "dead.relay." + source + "." + word(id) }

// resent is where a parked event is sent again, to the one who could not handle it.
func resent(consumer string) string { return "resent." + consumer }

var wordForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// word makes any id one word of a subject.
func word(id string) string {
	if wordForm.MatchString(id) {
		return id
	}
	h := fnv.New128a()
	h.Write([]byte(id))
	return fmt.Sprintf("%x", h.Sum(nil))
}

// DeadLetter is an event that somebody could not handle, or could not tell.
type DeadLetter struct {
	// Its place among the dead letters, by which it is sent again.
	Sequence uint64
	// Who could not handle it. Empty when the service that wrote it could not tell
	// it: then Delivery.Data is the fact, as JSON.
	Consumer string
	Reason   string
	Attempts int
	Parked   time.Time
	Delivery Delivery
}

// DeadLetters returns up to limit parked events behind a sequence, the oldest first.
func (b *Bus) DeadLetters(ctx context.Context, after uint64, limit int) ([]DeadLetter, error) {
	s, err := b.js.Stream(ctx, deadStream)
	if err != nil {
		return nil, fmt.Errorf("dead letters: %w", err)
	}
	var all []DeadLetter
	for next := after + 1; len(all) < limit; {
		raw, err := s.GetMsg(ctx, next, jetstream.WithGetMsgSubject("dead.>"))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("dead letters: %w", err)
		}
		all = append(all, deadLetter(raw))
		next = raw.Sequence + 1
	}
	return all, nil
}

func deadLetter(raw *jetstream.RawStreamMsg) DeadLetter {
	h := raw.Header
	l := DeadLetter{Sequence: raw.Sequence, Consumer: h.Get(headerBy), Reason: h.Get(headerReason), Parked: raw.Time.UTC(), Delivery: fromHeader(h, raw.Data)}
	l.Attempts, _ = strconv.Atoi(h.Get(headerAttempts)) // 0 where it was never heard
	l.Delivery.Subject, l.Delivery.Attempt = h.Get(headerFrom), l.Attempts
	return l
}

var (
	errNoLetter = fault.New(fault.NotFound, "dead_letter_gone", "This event is not among the parked ones; perhaps somebody has sent it again.")
	errUntold   = fault.New(fault.Refused, "dead_letter_untold", "This event was never told. It is told by itself when its service runs a version that can.")
)

// Resend gives a parked event to the consumer that could not handle it, and to
// nobody else, and takes it from the dead letters. Twice is once.
func (b *Bus) Resend(ctx context.Context, sequence uint64) error {
	s, raw, err := b.dead(ctx, sequence)
	if err != nil {
		return err
	}
	by := raw.Header.Get(headerBy)
	if by == "" {
		return errUntold
	}
	again := nats.NewMsg(resent(by))
	again.Data = raw.Data
	for name, values := range raw.Header {
		switch name {
		case headerReason, headerBy, headerAttempts, nats.MsgIdHdr, nats.ExpectedStreamHdr:
		default:
			again.Header[name] = values
		}
	}
	id := fmt.Sprintf("resent-%d", sequence)
	if _, err := b.js.PublishMsg(ctx, again, jetstream.WithMsgID(id), jetstream.WithExpectStream(stream)); err != nil {
		return fmt.Errorf("send dead letter %d again: %w", sequence, err)
	}
	return forget(ctx, s, sequence)
}

// Discard takes a parked event from the dead letters for good.
func (b *Bus) Discard(ctx context.Context, sequence uint64) error {
	s, _, err := b.dead(ctx, sequence)
	if err != nil {
		return err
	}
	return forget(ctx, s, sequence)
}

func (b *Bus) dead(ctx context.Context, sequence uint64) (jetstream.Stream, *jetstream.RawStreamMsg, error) {
	s, err := b.js.Stream(ctx, deadStream)
	if err != nil {
		return nil, nil, fmt.Errorf("dead letter %d: %w", sequence, err)
	}
	raw, err := s.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil, errNoLetter
	}
	if err != nil {
		return nil, nil, fmt.Errorf("dead letter %d: %w", sequence, err)
	}
	return s, raw, nil
}

// forget passes over a letter that is gone: the event failed again already, and
// its new letter has taken the place, or somebody else took it away.
func forget(ctx context.Context, s jetstream.Stream, sequence uint64) error {
	err := s.DeleteMsg(ctx, sequence)
	if err == nil {
		return nil
	}
	if _, gone := s.GetMsg(ctx, sequence); errors.Is(gone, jetstream.ErrMsgNotFound) {
		return nil
	}
	return fmt.Errorf("take dead letter %d away: %w", sequence, err)
}

func (b *Bus) purgeDead(ctx context.Context, subject string) error {
	s, err := b.js.Stream(ctx, deadStream)
	if err != nil {
		return err
	}
	return s.Purge(ctx, jetstream.WithPurgeSubject(subject))
}
