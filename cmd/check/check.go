// Package check looks into all books of a shop at once and says what cannot be
// true: money without an order, units that nobody has, a checkout that nobody
// goes on with, an event without its effect, a mail that was not sent.
//
// Services keep each other's books right without ever reading them. Whoever runs
// them all may look into all of them: this package reads, and changes nothing. The
// databases are read one after the other, so in a shop that is selling, something
// may look wrong that is only under way; Until looks again until that is over.
package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
)

// Books is what is looked into. What is not there is left out.
type Books struct {
	// By the name of the service; "sandbox" is the payment provider's.
	Databases map[string]*crdb.DB
	// Dead letters, and what consumers have not heard yet.
	Bus *bus.Bus
	// Mails that have arrived, by the id of their delivery. nil: nobody knows.
	Mailbox func() (map[string]int, error)
	// Nobody buys anything: what is under way is wrong, too, and not only what is late.
	Quiet bool
}

// Finding is one thing that cannot be true.
type Finding struct {
	// "money", "stock", "reservation", "checkout", "event" or "mail".
	About string
	// Which one, and what is wrong with it.
	What string
}

// String is the finding as one line.
func (f Finding) String() string { return f.About + ": " + f.What }

// patience is how long things may be under way in a shop that is selling.
const patience = 2 * time.Minute

// look is one look into the books.
type look struct {
	Books
	now   time.Time
	found []Finding
}

func (l *look) say(about, format string, a ...any) {
	l.found = append(l.found, Finding{about, fmt.Sprintf(format, a...)})
}

// late is when something must have been under way since to be found: any time in
// a shop that is quiet.
func (l *look) late(d time.Duration) time.Time {
	if l.Quiet {
		return l.now.Add(time.Hour)
	}
	return l.now.Add(-d)
}

// Run looks once and returns what it found, in order.
func Run(ctx context.Context, b Books) ([]Finding, error) {
	l := &look{Books: b, now: time.Now().UTC()}
	for _, rule := range []func(context.Context) error{l.sales, l.stock, l.events, l.heard, l.mails} {
		if err := rule(ctx); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(l.found, func(a, b Finding) int { return cmp.Or(cmp.Compare(a.About, b.About), cmp.Compare(a.What, b.What)) })
	return l.found, nil
}

// Until looks until nothing is found, or the time is over; then what was found last.
func Until(ctx context.Context, b Books, within time.Duration) ([]Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		// A look that has begun is finished.
		found, err := Run(context.WithoutCancel(ctx), b)
		if err != nil || len(found) == 0 {
			return found, err
		}
		select {
		case <-ctx.Done():
			return found, nil
		case <-ticker.C:
		}
	}
}

// has tells whether all databases are there.
func (l *look) has(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return l.Databases[name] == nil })
}
