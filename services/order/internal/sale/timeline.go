package sale

import (
	"strconv"
	"strings"
	"time"
)

// Event is something that happened to an order. Events are never changed.
type Event struct {
	At time.Time
	// "shopper", "admin" or "system".
	Actor string
	// A stable word.
	Kind string
	// For people.
	Text string
	// Only the shop's own people see it.
	Internal bool `json:",omitempty"`
}

func (o *Order) note(e Event) { o.Timeline = append(o.Timeline, e) }

// AddNote writes something down for the shop's own people.
func (o *Order) AddNote(text string, at time.Time, actor string) {
	o.note(Event{At: at, Actor: actor, Kind: "note", Text: text, Internal: true})
}

// sayings is what people read about a status.
var sayings = map[Status]string{
	Placed: "The order was placed.", Processing: "The order is being packed.", Shipped: "Everything is on its way.",
	Delivered: "Everything has arrived.", Cancelled: "The order was cancelled.",
}

func said(c Change) string { return because(sayings[c.Status], c.Note) }

func because(text, reason string) string {
	if reason = strings.TrimSpace(reason); reason == "" {
		return text
	}
	return text + " " + reason
}

func items(n int64) string {
	if n == 1 {
		return "1 item"
	}
	return strconv.FormatInt(n, 10) + " items"
}
