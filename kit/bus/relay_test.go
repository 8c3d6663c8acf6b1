package bus_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
)

func TestRolledBackChangesTellNothing(t *testing.T) {
	t.Parallel()
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	background(t, recorder(b, db).Run)
	refused := errors.New("refused")
	err := crdb.InTx(t.Context(), db, func(ctx context.Context, tx crdb.Tx) error {
		if err := bus.Put(ctx, tx, "test.happened", "k", 1); err != nil {
			return err
		}
		return refused
	})
	if !errors.Is(err, refused) {
		t.Fatal(err)
	}
	put(t, db, "test.happened", "k", 2)
	eventually(t, "the second event", func() bool { return count(t, db, `SELECT count(*) FROM effect WHERE n = 2`) == 1 })
	once(t, db, 1)
}

func TestPutRefusesTopicsThatCannotBeTold(t *testing.T) {
	t.Parallel()
	db := kittest.DB(t, effects)
	for _, topic := range []string{"", "happened", "test.", "test happened", "test.*", "test.>", "Test.happened", "test.happened\n"} {
		err := crdb.InTx(t.Context(), db, func(ctx context.Context, tx crdb.Tx) error { return bus.Put(ctx, tx, topic, "k", 1) })
		if err == nil {
			t.Errorf("Put took topic %q", topic)
		}
	}
}

// What the announcer cannot read holds nothing up, is there to be seen, and is
// told by the first version that can read it.
func TestFactsThatCannotBeToldWait(t *testing.T) {
	t.Parallel()
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	for n, topic := range []string{"test.broken", "test.panicking", "test.happened"} {
		put(t, db, topic, "k", n)
	}
	relay := bus.NewRelay(b, db, "test", announce)
	stop := background(t, relay.Run)
	background(t, recorder(b, db).Run)
	eventually(t, "the readable one", func() bool { return count(t, db, `SELECT count(*) FROM effect WHERE n = 2`) == 1 })
	dead := letters(t, b, 2)
	if d := dead[0]; d.Consumer != "" || d.Delivery.Subject != "souk.test.broken" || d.Reason != "cannot read it" || string(d.Delivery.Data) != "0" || d.Delivery.Source != "test" {
		t.Errorf("dead letter = %+v", d)
	}
	if err := b.Resend(t.Context(), dead[0].Sequence); err == nil {
		t.Error("an event that was never told was sent again")
	}
	// The letter is there a moment before the row is marked.
	eventually(t, "two rows are marked as parked", func() bool { s := relay.Stats(); return s.Parked == 2 && s.Failed >= 2 })
	stop()
	background(t, bus.NewRelay(b, db, "test", announceAll).Run)
	eventually(t, "all three", func() bool { return countEffects(t, db) == 3 })
	letters(t, b, 0)
	once(t, db, 3)
}

func TestEventsThatAreTooLargeArePutAside(t *testing.T) {
	t.Parallel()
	db, b := kittest.DB(t, effects), kittest.Bus(t)
	background(t, bus.NewRelay(b, db, "test", func(_, _ string, fact []byte) (bus.Announcement, error) {
		if len(fact) > 10 {
			return bus.Announcement{Message: wrapperspb.Bytes(fact)}, nil
		}
		return announce("", "", fact)
	}).Run)
	background(t, recorder(b, db).Run)
	put(t, db, "test.large", "k", strings.Repeat("x", 2<<20))
	put(t, db, "test.happened", "k", 1)
	eventually(t, "the small one", func() bool { return countEffects(t, db) == 1 })
	if d := letters(t, b, 1)[0]; d.Delivery.Subject != "souk.test.large" {
		t.Errorf("dead letter = %+v", d)
	}
}

// Rows go when their message is safe, and not while the stream is away.
func TestPublishedRowsAreClearedWhenTheStreamHasThem(t *testing.T) {
	t.Parallel()
	db, dir := kittest.DB(t, effects), t.TempDir()
	s := listening(t, dir, -1)
	port := s.Addr().(*net.TCPAddr).Port
	b := dial(t, s)
	relay := bus.NewRelay(b, db, "test", announce).Keep(600 * time.Millisecond)
	background(t, relay.Run)
	rows := func() int { return count(t, db, `SELECT count(*) FROM outbox`) }
	put(t, db, "test.happened", "k", 1)
	eventually(t, "the row is cleared", func() bool { return rows() == 0 })

	put(t, db, "test.happened", "k", 2)
	eventually(t, "the row is told", func() bool { return relay.Stats().Published == 2 })
	stop(s)
	put(t, db, "test.happened", "k", 3)
	old := func() bool {
		return count(t, db, `SELECT count(*) FROM outbox WHERE published_at < now() - INTERVAL '1200 milliseconds'`) == 1
	}
	eventually(t, "the told row is older than rows are kept", old)
	if n := rows(); n != 2 {
		t.Errorf("%d rows while the stream is away; want 2", n)
	}
	listening(t, dir, port)
	eventually(t, "both are told and cleared", func() bool { return rows() == 0 })
}

func TestEmbeddedSaysWhyItCannotStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if _, err := bus.Embedded(filepath.Join(file, "js")); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("error = %v", err)
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("it took %v to say so", took)
	}
}
