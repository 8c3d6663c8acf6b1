package check

import (
	"context"
	"maps"
	"slices"
	"time"
)

type delivery struct {
	ID, Template, State, Number string
	Attempts                    int32
	Created, Due                time.Time
}

type told struct {
	Number, Status string
	Created        time.Time
}

const (
	readDeliveries = `SELECT id::TEXT, template, state, coalesce(letter->'Order'->>'Number', ''), attempts, created_at, due_at FROM delivery`
	readTold       = `SELECT number, status, created_at FROM sale_order WHERE created_at > $1 ORDER BY number`
)

// mostAttempts is how often a mail is tried before it is given up.
const mostAttempts = 8

// mails says which letters were not written, not sent, or sent too often.
func (l *look) mails(ctx context.Context) error {
	if !l.has("notification", "order") {
		return nil
	}
	// Orders first: what is placed meanwhile has no letter yet.
	orders, err := rows[told](ctx, l, "order", readTold, l.now.AddDate(0, 0, -80)) // deliveries are forgotten later than that
	if err != nil {
		return err
	}
	all, err := rows[delivery](ctx, l, "notification", readDeliveries)
	if err != nil {
		return err
	}
	written := map[[2]string]int{}
	for _, d := range all {
		written[[2]string{d.Template, d.Number}]++
		switch {
		case d.State == "failed" && d.Attempts >= mostAttempts:
			l.say("mail", "%s (%s) was given up after %d tries", d.ID, d.Template, d.Attempts)
		case d.State == "queued" && d.Due.Before(l.now.Add(-patience)):
			l.say("mail", "%s (%s) should have been sent at %s", d.ID, d.Template, d.Due.UTC().Format(time.RFC3339))
		case d.State == "queued" && l.Quiet:
			l.say("mail", "%s (%s) is not sent yet, after %d tries", d.ID, d.Template, d.Attempts)
		}
	}
	const confirmation, cancellation = "order_confirmation", "cancelled"
	for _, o := range orders {
		if n := written[[2]string{confirmation, o.Number}]; n != 1 && o.Created.Before(l.late(patience)) {
			l.say("mail", "order %s has %d confirmations", o.Number, n)
		}
		want := 0
		if o.Status == "cancelled" {
			want = 1
		}
		if n := written[[2]string{cancellation, o.Number}]; n > want || n < want && l.Quiet {
			l.say("mail", "order %s is %s and has %d letters about being cancelled", o.Number, o.Status, n)
		}
	}
	return l.arrived(all)
}

// arrived compares with what mailboxes have got: what was sent at least once, and
// nothing more often than it was tried. (A try whose answer is lost is repeated.)
func (l *look) arrived(all []delivery) error {
	if l.Mailbox == nil {
		return nil
	}
	box, err := l.Mailbox()
	if err != nil {
		return err
	}
	for _, d := range all {
		n := box[d.ID]
		delete(box, d.ID)
		switch {
		case d.State == "sent" && n == 0:
			l.say("mail", "%s (%s) is said to be sent and has not arrived", d.ID, d.Template)
		case n > int(d.Attempts):
			l.say("mail", "%s (%s) arrived %d times and was sent %d times", d.ID, d.Template, n, d.Attempts)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(box)) {
		l.say("mail", "%s arrived and nobody wrote it", id)
	}
	return nil
}
