package bus

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Watcher is told by Watch what has happened, and how far it can rely on that.
type Watcher interface {
	// Began says that everything behind a sequence is told from now on. What was told
	// since an earlier beginning may have gaps, and its sequences another meaning.
	Began(sequence uint64)
	Heard(d Delivery)
	// Lost says that nothing is heard; Back that all that was told meanwhile was heard.
	Lost()
	Back()
}

const (
	// How often it is looked whether we hear all that is told, and how long that may take.
	watchEvery = 500 * time.Millisecond
	watchTime  = time.Second
)

var errGap = errors.New("bus: events were missed")

// Watch tells w of all events from now on, in their order and without a durable name,
// until ctx ends. Unlike Tail it notices when it does not hear what is told: because
// the connection is lost, the stream was made anew, or its server has forgotten what
// it had not synced.
func (b *Bus) Watch(ctx context.Context, w Watcher) error {
	for {
		if err := b.watch(ctx, w); ctx.Err() != nil {
			return nil
		} else if err != nil {
			w.Lost()
		}
		wait(ctx, retryWait)
	}
}

// heard is the last event that was heard.
type heard struct {
	mu  sync.Mutex
	seq uint64
	at  time.Time
	gap bool
}

func (h *heard) last() (seq uint64, at time.Time, gap bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seq, h.at, h.gap
}

func (b *Bus) watch(ctx context.Context, w Watcher) error {
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return err
	}
	info := s.CachedInfo()
	created, lives := info.Created, b.lives.Load()
	last := &heard{seq: info.State.LastSeq}
	if last.at, err = toldAt(ctx, s, last.seq); err != nil {
		return err
	}
	// Behind a sequence that is known, so that a consumer that is made again before
	// it heard anything misses nothing.
	ordered, err := s.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: last.seq + 1})
	if err != nil {
		return err
	}
	w.Began(last.seq)
	hearing, err := ordered.Consume(func(msg jetstream.Msg) {
		d := read(msg)
		meta, err := msg.Metadata()
		last.mu.Lock()
		defer last.mu.Unlock()
		if err != nil || d.Sequence != last.seq+1 {
			last.gap = true
		}
		if last.gap {
			return // they are heard from a new beginning
		}
		w.Heard(d)
		last.seq, last.at = d.Sequence, meta.Timestamp
	})
	if err != nil {
		return err
	}
	defer func() {
		hearing.Stop()
		<-hearing.Closed()
	}()
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	lost, before := false, uint64(0)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		told, err := look(ctx, s)
		seq, at, gap := last.last()
		switch {
		case err != nil:
			if !lost && ctx.Err() == nil {
				w.Lost()
			}
			lost = true
			continue
		case gap || !told.Created.Equal(created) || told.State.LastSeq < seq:
			return errGap
		case b.lives.Load() != lives:
			was, err := toldAt(ctx, s, seq)
			if err != nil {
				continue
			}
			if !was.Equal(at) {
				return errGap
			}
			lives = b.lives.Load()
		}
		behind := seq < told.State.LastSeq
		switch {
		case lost && !behind:
			lost = false
			w.Back()
		case !lost && behind && seq == before: // for two looks
			lost = true
			w.Lost()
		}
		before = seq
	}
}

func look(ctx context.Context, s jetstream.Stream) (*jetstream.StreamInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, watchTime)
	defer cancel()
	return s.Info(ctx)
}

// toldAt is when an event was told; zero when it is not there.
func toldAt(ctx context.Context, s jetstream.Stream, seq uint64) (time.Time, error) {
	if seq == 0 {
		return time.Time{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, watchTime)
	defer cancel()
	msg, err := s.GetMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return msg.Time, nil
}
