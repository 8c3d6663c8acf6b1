package bus

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/kit/crdb"
)

// Announcement is an event as it is told.
type Announcement struct {
	Message proto.Message
	// What caches must forget: "product/42".
	SurrogateKeys []string
}

// Announcer turns a stored fact into the message of the API. It must be able to
// read the facts of the version before, which may still be in the outbox.
type Announcer func(topic, key string, fact []byte) (Announcement, error)

// Relay publishes the outbox of one service. Many may run on one outbox.
type Relay struct {
	bus      *Bus
	db       *crdb.DB
	source   string
	announce Announcer
	wake     chan struct{}
	log      *slog.Logger
	keep     time.Duration

	// Only Run's goroutine uses these.
	doubt    bool              // whether the stream may have lost what it acknowledged
	life     int64             // of the connection, when doubt was last removed
	sequence uint64            // the highest that was acknowledged
	tries    map[uuid.UUID]int // of rows that cannot be told
	parked   map[uuid.UUID]bool

	published, failed, parkings, doubts atomic.Int64
}

const (
	poll = 250 * time.Millisecond
	// How long a round waits for more to tell: many commits in a row are one round.
	gatherTime = 25 * time.Millisecond
	// How long rows are kept after they were published: far longer than JetStream
	// keeps acknowledged messages out of its files.
	keepRows = 30 * time.Second
	// How often a row that cannot be told is tried before it is parked.
	tellTries = 5
)

// NewRelay returns a relay that runs when Run is called. Source is the service's
// name.
func NewRelay(b *Bus, db *crdb.DB, source string, announce Announcer) *Relay {
	r := &Relay{
		bus: b, db: db, source: source, announce: announce, wake: make(chan struct{}, 1), log: slog.Default(),
		keep: keepRows, doubt: true, tries: map[uuid.UUID]int{}, parked: map[uuid.UUID]bool{},
	}
	db.OnCommit(func() {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	})
	return r
}

// Name implements run.Part.
func (r *Relay) Name() string { return r.source + " relay" }

// RelayStats counts what a relay did since it was made.
type RelayStats struct {
	// Rows that the stream acknowledged, those that were told again included.
	Published int64
	// Tries to tell a row that failed by the row's own fault.
	Failed int64
	// Rows that were parked: they stay in the outbox, with a dead letter that says
	// why, and are tried again when the relay starts or finds its stream again.
	Parked int64
	// How often what was published lately had to be published again.
	Doubts int64
}

// Stats returns the relay's counters.
func (r *Relay) Stats() RelayStats {
	return RelayStats{r.published.Load(), r.failed.Load(), r.parkings.Load(), r.doubts.Load()}
}

// Run publishes until ctx ends. When the stream or the database is away it waits
// and tries again.
func (r *Relay) Run(ctx context.Context) error {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	cleared := time.Now()
	healthy := true
	for {
		more, err := r.round(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if (err == nil) != healthy { // once, not four times a second
			healthy = err == nil
			r.log.WarnContext(ctx, "events wait", "source", r.source, "over", healthy, "error", err)
		}
		if more && err == nil {
			continue
		}
		if now := time.Now(); err == nil && now.Sub(cleared) >= r.keep/3 {
			cleared = now
			if err := errors.Join(r.clear(ctx), r.measure(ctx)); err != nil && ctx.Err() == nil {
				r.log.WarnContext(ctx, "outbox not cleared", "source", r.source, "error", err)
			}
		}
		wake := r.wake
		if err != nil {
			wake = nil // commits do not bring the stream back
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
			wait(ctx, gatherTime)
		case <-ticker.C:
		}
	}
}

// round tells one batch and marks what was acknowledged. When anything fails in
// between, rows stay and are told again under the same ids.
func (r *Relay) round(ctx context.Context) (more bool, err error) {
	if err := r.settle(ctx); err != nil {
		return false, err
	}
	var told outcome
	var failure error
	err = r.locked(ctx, func(tx crdb.Tx) error {
		rows, full, err := take(ctx, tx)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := r.bus.storm.Pass(ctx, r.source+"/tells", "before", chaos.Die, chaos.Lose, chaos.Delay); err != nil {
			return err
		}
		told, failure = r.tell(ctx, rows)
		more = full && len(told.published)+len(told.parked) > 0
		if err := r.bus.storm.Pass(ctx, r.source+"/tells", "after", chaos.Die, chaos.Lose, chaos.Delay); err != nil {
			return err
		}
		return mark(ctx, tx, told)
	})
	if err != nil {
		return false, err
	}
	r.remember(ctx, told)
	return more, failure
}

// settle takes all rows that are still here as not published when the stream may
// have lost them: at the start, since nobody knows how the last life ended, and
// whenever the stream was away. What the stream has it recognises by the id.
func (r *Relay) settle(ctx context.Context) error {
	life := r.bus.lives.Load()
	if !r.doubt && life == r.life {
		return nil
	}
	// From now on a new life of the connection brings new doubt.
	r.doubt, r.life = true, life
	parked, err := unmark(ctx, r)
	if err != nil {
		return err
	}
	for _, id := range parked {
		r.parked[id] = true
	}
	r.doubt, r.sequence = false, 0
	r.doubts.Add(1)
	return nil
}

// clear deletes rows whose message is safe: the stream is there, has lived on
// since, and has not fallen behind what it acknowledged.
func (r *Relay) clear(ctx context.Context) error {
	s, err := r.bus.js.Stream(ctx, stream)
	if err != nil {
		return err
	}
	if s.CachedInfo().State.LastSeq < r.sequence {
		r.doubt = true
	}
	if r.doubt || r.bus.lives.Load() != r.life {
		return nil // settle first
	}
	return sweep(ctx, r)
}
