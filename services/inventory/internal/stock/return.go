package stock

import (
	"cmp"
	"slices"
	"time"
)

// Return is the move that takes sold units back: into stock, or written off
// when they cannot be sold again.
type Return struct {
	ID, Reservation, Actor string
	// Gathered.
	Lines, WriteOffs []Line
	// Where they came back to; empty: where they were sold from.
	Location Location
	Now      time.Time
}

func (m *Return) touches() ([]string, []SKU) { return []string{m.Reservation}, nil }

func (m *Return) on(s *Shelf) error {
	if s.Returns[m.ID] {
		return nil
	}
	r, ok := s.Reservations[m.Reservation]
	switch {
	case !ok:
		return ErrNoReservation
	case r.State != StateCommitted:
		return ErrNotSold
	case len(m.Lines)+len(m.WriteOffs) == 0:
		return errNothing
	}
	next := *r
	next.Held = slices.Clone(r.Held)
	back, err := next.takeBack(m.Lines)
	if err != nil {
		return err
	}
	lost, err := next.takeBack(m.WriteOffs)
	if err != nil {
		return err
	}
	m.book(s, back, false)
	m.book(s, lost, true)
	s.keep(next)
	s.Returns[m.ID] = true
	s.NewReturns = append(s.NewReturns, m.ID)
	return nil
}

// takeBack notes lines as returned, and tells from where they had been sold.
func (r *Reservation) takeBack(lines []Line) ([]Held, error) {
	var back []Held
	for _, l := range lines {
		left := l.Units
		for n := range r.Held {
			h := &r.Held[n]
			if h.SKU != l.SKU {
				continue
			}
			take := min(left, h.Units-h.Returned)
			h.Returned += take
			left -= take
			if take > 0 {
				back = append(back, Held{SKU: h.SKU, Location: h.Location, Units: take})
			}
		}
		if left > 0 {
			return nil, ErrReturn.About("sku", string(l.SKU))
		}
	}
	return back, nil
}

// book writes into the ledger what came back, and that it is gone again when it
// was lost.
func (m *Return) book(s *Shelf, back []Held, lost bool) {
	for _, h := range back {
		e := Entry{SKU: h.SKU, Location: cmp.Or(m.Location, h.Location), Kind: Returned, Units: h.Units, Reason: m.ID, Actor: m.Actor, Time: m.Now}
		s.note(e)
		if lost {
			e.Kind, e.Units = WrittenOff, -h.Units
			s.note(e)
			continue
		}
		s.place(s.change(h.SKU), e.Location).OnHand += h.Units
	}
}
