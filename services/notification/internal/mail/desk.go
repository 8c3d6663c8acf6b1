package mail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/souk-commerce/souk/kit/clock"
)

// Outbox is where deliveries are kept: SQL in maildb.
type Outbox interface {
	// Queue keeps a delivery unless the event made one before. It joins the
	// transaction of ctx.
	Queue(ctx context.Context, event string, d Delivery) error
	// Claim takes up to most queued deliveries that are due, counts a try for each
	// and keeps them from others until the lease ends.
	Claim(ctx context.Context, now, lease time.Time, most int) ([]Delivery, error)
	// Settle keeps the end of a try, unless somebody has begun another since.
	Settle(ctx context.Context, d Delivery) error
	// Change stores what f leaves in a delivery. It may run f more than once.
	Change(ctx context.Context, id string, f func(*Delivery) error) (Delivery, error)
	// List returns up to most deliveries older than the place given, the newest
	// first: all, or those of a recipient.
	List(ctx context.Context, recipient string, before *Place, most int) ([]Delivery, error)
}

// Place is where a page of the list ended.
type Place struct {
	Created time.Time
	ID      string
}

// Mail is a letter as it leaves the house.
type Mail struct {
	// The same for every try of a delivery, so that a mailbox can tell a repetition.
	ID      string
	Date    time.Time
	To      string
	Message Message
}

// Sender hands mails to a mail server; nil means that the server has taken it.
// ErrRefused means that it never will.
type Sender interface {
	Send(ctx context.Context, m Mail) error
}

// Deps is what the desk needs.
type Deps struct {
	Outbox Outbox
	Sender Sender
	Writer *Writer
	Clock  clock.Clock
}

// Desk has what can be asked of mail.
type Desk struct{ Deps }

// New returns a desk.
func New(d Deps) *Desk { return &Desk{d} }

// Queue puts a letter into the outbox, once for an event.
func (k *Desk) Queue(ctx context.Context, event string, l Letter) error {
	to, err := address(l.Recipient)
	if err != nil {
		return err
	}
	l.Recipient = to
	m, err := k.Writer.Write(l) // what cannot be written now cannot be later
	if err != nil {
		return err
	}
	now := k.Clock.Now()
	return k.Outbox.Queue(ctx, event, Delivery{
		Recipient: to, Template: l.Template, Subject: m.Subject, Letter: l, State: Queued, Created: now, Due: now,
	})
}

// Deliveries returns a page of the delivery log, the newest first.
func (k *Desk) Deliveries(ctx context.Context, recipient string, before *Place, most int) ([]Delivery, error) {
	return k.Outbox.List(ctx, recipient, before, most)
}

// Resend has a failed delivery tried again, as often as a new one.
func (k *Desk) Resend(ctx context.Context, id string) (Delivery, error) {
	return k.Outbox.Change(ctx, id, func(d *Delivery) error {
		if d.State != Failed {
			return ErrNotFailed
		}
		d.State, d.Attempts, d.Due = Queued, 0, k.Clock.Now()
		return nil
	})
}

const (
	// leaseTime is how long a delivery is ours; after a crash, others wait for it.
	// Longer than sending it and keeping how that ended.
	leaseTime = 45 * time.Second
	// sendTime is how long a mail server may take.
	sendTime = 30 * time.Second
	// How often it is tried to keep how a delivery ended: a mail that was taken is
	// not sent again because the database is away for a moment.
	keepTries = 20
	keepWait  = 250 * time.Millisecond
)

// Claim takes deliveries that are due; each is to be given to Deliver.
func (k *Desk) Claim(ctx context.Context, most int) ([]Delivery, error) {
	now := k.Clock.Now()
	return k.Outbox.Claim(ctx, now, now.Add(leaseTime), most)
}

// Deliver tries a claimed delivery and keeps how that ended. A crash between the
// two sends the mail again, under the same ID. It returns the delivery as it is
// then; the error is one of keeping it.
func (k *Desk) Deliver(ctx context.Context, d Delivery) (Delivery, error) {
	d.settle(k.Clock.Now(), k.try(ctx, d))
	for tries := 1; ; tries++ {
		err := k.Outbox.Settle(ctx, d)
		if err == nil {
			return d, nil
		}
		if tries == keepTries || !pause(ctx, keepWait) {
			return d, fmt.Errorf("keep delivery %s: %w", d.ID, err)
		}
	}
}

// pause waits; false when there is no time for it.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

var errUnfinished = errors.New("begun as often as we try, and never finished")

func (k *Desk) try(ctx context.Context, d Delivery) error {
	if d.Attempts > MostAttempts {
		return errUnfinished
	}
	m, err := k.Writer.Write(d.Letter)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	return k.Sender.Send(ctx, Mail{ID: d.ID, Date: d.Created, To: d.Recipient, Message: m})
}
