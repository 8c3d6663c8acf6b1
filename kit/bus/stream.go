package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	stream     = "SOUK"
	deadStream = "DEAD"
	// Events are kept for consumers that are away.
	keepEvents = 7 * 24 * time.Hour
	keepDead   = 30 * 24 * time.Hour
	// How long JetStream remembers message ids. What is published again later than
	// this is in the stream twice, and stopped by the inbox.
	dedupe = 10 * time.Minute
	// In a cluster every message is on this many servers.
	replicas = 3
)

// The streams. Events are told under souk.>; what is sent again to one consumer
// goes to resent.<consumer>, which no pattern over souk.> hears. A dead letter's
// subject names whose it is and which event, so that parking twice is once.
func wanted() []jetstream.StreamConfig {
	return []jetstream.StreamConfig{
		{Name: stream, Subjects: []string{"souk.>", "resent.>"}, Storage: jetstream.FileStorage, MaxAge: keepEvents, Duplicates: dedupe},
		{Name: deadStream, Subjects: []string{"dead.>"}, Storage: jetstream.FileStorage, MaxAge: keepDead, MaxMsgsPerSubject: 1},
	}
}

// makeStreams may run in many processes at once.
func (b *Bus) makeStreams(ctx context.Context) error {
	for _, want := range wanted() {
		have, err := b.js.Stream(ctx, want.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			err = b.createStream(ctx, want)
		} else if err == nil {
			err = b.updateStream(ctx, have.CachedInfo().Config, want)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", want.Name, err)
		}
	}
	return nil
}

func (b *Bus) createStream(ctx context.Context, want jetstream.StreamConfig) error {
	if b.conn.ConnectedClusterName() != "" {
		safe := want
		safe.Replicas = replicas
		_, err := b.js.CreateStream(ctx, safe)
		var refused *jetstream.APIError
		if err == nil || !errors.As(err, &refused) {
			return err
		}
		slog.WarnContext(ctx, "events: the cluster cannot keep three copies; keeping one", "stream", want.Name, "error", err)
	}
	_, err := b.js.CreateStream(ctx, want)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return nil // somebody was faster
	}
	return err
}

// updateStream changes what the program depends on, and leaves the rest (copies,
// placement, limits) as the operator has it.
func (b *Bus) updateStream(ctx context.Context, have, want jetstream.StreamConfig) error {
	if slices.Equal(have.Subjects, want.Subjects) && have.Duplicates >= want.Duplicates && (want.MaxMsgsPerSubject == 0 || have.MaxMsgsPerSubject == want.MaxMsgsPerSubject) {
		return nil
	}
	have.Subjects = want.Subjects
	have.Duplicates = max(have.Duplicates, want.Duplicates)
	if want.MaxMsgsPerSubject != 0 {
		have.MaxMsgsPerSubject = want.MaxMsgsPerSubject
	}
	_, err := b.js.UpdateStream(ctx, have)
	return err
}
