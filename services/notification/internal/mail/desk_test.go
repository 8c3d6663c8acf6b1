package mail

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/souk-commerce/souk/kit/clock"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestSettle(t *testing.T) {
	down := errors.New("connection refused")
	for _, c := range []struct {
		name     string
		attempts int
		err      error
		want     State
		wait     time.Duration
	}{
		{"ends with a mail that was taken", 1, nil, Sent, 0},
		{"waits half a minute first", 1, down, Queued, 30 * time.Second},
		{"waits longer each time", 2, down, Queued, 2 * time.Minute},
		{"waits hours in the end", 7, down, Queued, 8 * time.Hour},
		{"gives up after the last try", 8, down, Failed, 0},
		{"gives up at once when refused", 1, ErrRefused.Because(down), Failed, 0},
	} {
		d := Delivery{State: Queued, Attempts: c.attempts, Due: noon, LastError: "before"}
		d.settle(noon, c.err)
		if d.State != c.want || d.Due.Sub(noon) != c.wait || (d.LastError == "") != (c.err == nil) {
			t.Errorf("settle %s: after try %d with %v: %s, due in %v, error %q; want %s in %v", c.name, c.attempts, c.err, d.State, d.Due.Sub(noon), d.LastError, c.want, c.wait)
		}
	}
}

// shelf is an Outbox of one delivery.
type shelf struct {
	Outbox
	kept Delivery
}

func (s *shelf) Settle(_ context.Context, d Delivery) error {
	s.kept = d
	return nil
}

func (s *shelf) Change(_ context.Context, _ string, f func(*Delivery) error) (Delivery, error) {
	err := f(&s.kept)
	return s.kept, err
}

type sender func(Mail) error

func (s sender) Send(_ context.Context, m Mail) error { return s(m) }

func TestADeliveryKeepsItsNameOverAllTries(t *testing.T) {
	var ids []string
	now := clock.NewFake(noon)
	box := &shelf{}
	desk := New(Deps{Outbox: box, Writer: NewWriter(shop), Clock: now, Sender: sender(func(m Mail) error {
		ids = append(ids, m.ID+" "+m.Date.String())
		return errors.New("down")
	})})
	d := Delivery{ID: "d1", State: Queued, Letter: letter(Shipped), Created: noon}
	for d.State == Queued {
		now.Advance(time.Hour)
		d.Attempts++
		var err error
		if d, err = desk.Deliver(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if len(ids) != MostAttempts || d.State != Failed {
		t.Fatalf("after %d tries: %s; want %d and %s", len(ids), d.State, MostAttempts, Failed)
	}
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("tries are called %q; want one name", ids)
		}
	}
}

func TestALetterThatKillsUsIsGivenUp(t *testing.T) {
	box := &shelf{}
	desk := New(Deps{Outbox: box, Writer: NewWriter(shop), Clock: clock.NewFake(noon), Sender: sender(func(Mail) error {
		t.Error("tried once more")
		return nil
	})})
	if d, err := desk.Deliver(t.Context(), Delivery{State: Queued, Attempts: MostAttempts + 1, Letter: letter(Welcome)}); err != nil || d.State != Failed {
		t.Errorf("Deliver = %s, %v; want %s", d.State, err, Failed)
	}
}

func TestResend(t *testing.T) {
	for _, c := range []struct {
		name string
		was  State
		want error
	}{
		{"tries a failed one again", Failed, nil},
		{"leaves a queued one alone", Queued, ErrNotFailed},
		{"does not repeat a sent one", Sent, ErrNotFailed},
	} {
		desk := New(Deps{Outbox: &shelf{kept: Delivery{State: c.was, Attempts: 8}}, Clock: clock.NewFake(noon)})
		d, err := desk.Resend(t.Context(), "d1")
		if !errors.Is(err, c.want) || err == nil && (d.State != Queued || d.Attempts != 0 || d.Due != noon) {
			t.Errorf("Resend %s: %+v, %v; want %v", c.name, d, err, c.want)
		}
	}
}

// away is an outbox whose database is away for some tries.
type away struct {
	shelf
	tries int
}

func (a *away) Settle(ctx context.Context, d Delivery) error {
	if a.tries--; a.tries >= 0 {
		return errors.New("the database is away")
	}
	return a.shelf.Settle(ctx, d)
}

// A mail that the mail server took is not sent again because the database was
// away for a moment.
func TestTheEndOfATryIsKeptWhenTheDatabaseIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			away int
			kept bool
		}{{0, true}, {keepTries - 1, true}, {keepTries, false}} {
			box := &away{tries: c.away}
			desk := New(Deps{Outbox: box, Writer: NewWriter(shop), Clock: clock.NewFake(noon), Sender: sender(func(Mail) error { return nil })})
			_, err := desk.Deliver(t.Context(), Delivery{ID: "d1", State: Queued, Attempts: 1, Letter: letter(Shipped), Created: noon})
			if (err == nil) != c.kept || (box.kept.State == Sent) != c.kept {
				t.Errorf("away for %d tries: %v, kept as %q", c.away, err, box.kept.State)
			}
		}
	})
}
