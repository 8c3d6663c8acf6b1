package stock

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// State is where a reservation stands.
type State string

// The states. Only Held can change, and Expired when the units are still there.
const (
	StateHeld      State = "held"
	StateCommitted State = "committed"
	StateReleased  State = "released"
	StateExpired   State = "expired"
)

// Line is a number of units of one SKU.
type Line struct {
	SKU   SKU
	Units int64
}

// Reservation is units set aside for one checkout.
type Reservation struct {
	// The caller's.
	ID    string
	State State
	Lines []Line
	// Where the units lie.
	Held    []Held
	Expires time.Time
	// Set when committed.
	Order string
}

// Allocations is where the units lie, or lay when they were sold: nothing of
// what was given back.
func (r Reservation) Allocations() []Held {
	if r.State == StateHeld || r.State == StateCommitted {
		return r.Held
	}
	return nil
}

// Gather adds the lines of one SKU up and sorts them.
func Gather(lines []Line) []Line {
	sum := map[SKU]int64{}
	for _, l := range lines {
		sum[l.SKU] += l.Units
	}
	var all []Line
	for _, sku := range slices.Sorted(maps.Keys(sum)) {
		all = append(all, Line{sku, sum[sku]})
	}
	return all
}

// Reserve is the move that sets all lines aside, or none.
type Reserve struct {
	ID    string
	Lines []Line // gathered
	Now   time.Time
	Until time.Time
	// What came of it.
	Result Reservation
}

func (m *Reserve) touches() (ids []string, skus []SKU) { return []string{m.ID}, skusOf(m.Lines) }

func (m *Reserve) on(s *Shelf) error {
	if r, ok := s.Reservations[m.ID]; ok {
		m.Result = *r
		switch {
		case r.State == StateReleased && len(r.Lines) == 0:
			return ErrReleased
		case !slices.Equal(r.Lines, m.Lines):
			return ErrOtherLines
		case r.State == StateReleased:
			return ErrReleased
		case r.State == StateExpired:
			return m.set(s)
		}
		return nil
	}
	return m.set(s)
}

func (m *Reserve) set(s *Shelf) error {
	held, err := s.hold(m.Lines)
	if err != nil {
		return err
	}
	m.Result = Reservation{ID: m.ID, State: StateHeld, Lines: m.Lines, Held: held, Expires: m.Until}
	s.keep(m.Result)
	return nil
}

// hold sets all lines aside, or none.
func (s *Shelf) hold(lines []Line) ([]Held, error) {
	var short []string
	for _, l := range lines {
		if i := s.item(l.SKU); !i.mayPromise(l.Units) {
			short = append(short, string(l.SKU))
		}
	}
	if len(short) > 0 {
		return nil, ErrShort.About("skus", strings.Join(short, "\n"))
	}
	wanted, levels := make([]Line, len(lines)), map[SKU][]Level{}
	for n, l := range lines {
		i := s.change(l.SKU)
		wanted[n], levels[l.SKU] = Line{l.SKU, min(l.Units, i.Available())}, i.Levels
	}
	held := pick(wanted, levels)
	for n, l := range lines {
		held = s.item(l.SKU).owe(held, l.Units-wanted[n].Units)
	}
	for _, h := range held {
		s.item(h.SKU).At(h.Location).Reserved += h.Units
	}
	return held, nil
}

// owe adds what is not there yet: to what is taken from somewhere, else to the
// location that is taken from first.
func (i *Item) owe(held []Held, units int64) []Held {
	if units == 0 {
		return held
	}
	if n := slices.IndexFunc(held, func(h Held) bool { return h.SKU == i.SKU }); n >= 0 {
		held[n].Units += units
		return held
	}
	return append(held, Held{SKU: i.SKU, Location: i.first(), Units: units})
}

// Release is the move that gives units back. What was never reserved is noted,
// so that a reservation on its way comes too late.
type Release struct {
	ID     string
	Now    time.Time
	Result Reservation
	// Expire leaves alone what is not due, or has moved on.
	Expire bool
}

func (m *Release) touches() ([]string, []SKU) { return []string{m.ID}, nil }

func (m *Release) on(s *Shelf) error {
	r, ok := s.Reservations[m.ID]
	switch {
	case m.Expire:
		if !ok || r.State != StateHeld || r.Expires.After(m.Now) {
			return nil
		}
	case !ok:
		m.Result = Reservation{ID: m.ID, State: StateReleased, Expires: m.Now}
		s.keep(m.Result)
		return nil
	case r.State == StateCommitted:
		return ErrCommitted
	}
	next := *r
	if r.State == StateHeld {
		for _, h := range r.Held {
			s.change(h.SKU).At(h.Location).Reserved -= h.Units
		}
		next.State = StateReleased
		if m.Expire {
			next.State = StateExpired
		}
		s.keep(next)
	} else if r.State == StateExpired {
		next.State = StateReleased
		s.keep(next)
	}
	m.Result = next
	return nil
}

// Commit is the move that makes a reservation a sale.
type Commit struct {
	ID, Order, Actor string
	Now              time.Time
	Result           Reservation
}

func (m *Commit) touches() ([]string, []SKU) { return []string{m.ID}, nil }

func (m *Commit) on(s *Shelf) error {
	r, ok := s.Reservations[m.ID]
	if !ok {
		return ErrNoReservation
	}
	m.Result = *r
	switch r.State {
	case StateCommitted:
		return nil
	case StateReleased:
		return ErrReleased
	case StateExpired:
		held, err := s.hold(r.Lines)
		if err != nil {
			return ErrExpired
		}
		m.Result.Held = held
	}
	for _, h := range m.Result.Held {
		l := s.change(h.SKU).At(h.Location)
		l.Reserved -= h.Units
		l.OnHand -= h.Units
		s.note(Entry{SKU: h.SKU, Location: h.Location, Kind: Sold, Units: -h.Units, Reason: m.Order, Actor: m.Actor, Time: m.Now})
	}
	m.Result.State, m.Result.Order = StateCommitted, m.Order
	s.keep(m.Result)
	return nil
}

func skusOf(lines []Line) []SKU {
	var skus []SKU
	for _, l := range lines {
		skus = append(skus, l.SKU)
	}
	return skus
}
