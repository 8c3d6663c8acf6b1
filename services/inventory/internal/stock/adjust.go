package stock

import "time"

// Adjust is the move that adds one entry to the ledger by hand.
type Adjust struct {
	SKU           SKU
	Location      Location
	Kind          Kind
	Units         int64
	Reason, Actor string
	Now           time.Time
	Result        Level
}

func (m *Adjust) touches() ([]string, []SKU) { return nil, []SKU{m.SKU} }

func (m *Adjust) on(s *Shelf) error {
	switch {
	case m.Units == 0:
		return errNothing
	case m.Units < 0 && m.Kind != Adjusted:
		return errComing
	}
	// Tried on a copy: a refusal leaves no trace.
	if err := s.item(m.SKU).copy().move(m.Location, m.Units); err != nil {
		return err
	}
	i := s.change(m.SKU)
	if err := i.move(m.Location, m.Units); err != nil {
		return err
	}
	s.note(Entry{SKU: m.SKU, Location: m.Location, Kind: m.Kind, Units: m.Units, Reason: m.Reason, Actor: m.Actor, Time: m.Now})
	m.Result = *i.At(m.Location)
	return nil
}

func (i *Item) copy() *Item {
	c := *i
	c.Levels = append([]Level(nil), i.Levels...)
	return &c
}

// Count is the move after somebody has counted: the level becomes the number.
type Count struct {
	SKU           SKU
	Location      Location
	OnHand        int64
	Reason, Actor string
	Now           time.Time
	Result        Level
	Changed       bool
}

func (m *Count) touches() ([]string, []SKU) { return nil, []SKU{m.SKU} }

func (m *Count) on(s *Shelf) error {
	m.Changed = false
	at := s.item(m.SKU).copy().At(m.Location)
	if at.OnHand == m.OnHand {
		m.Result = *at
		if _, known := s.Items[m.SKU]; !known {
			s.change(m.SKU).At(m.Location) // zero of something new is worth knowing
			m.Changed = true
		}
		return nil
	}
	a := Adjust{SKU: m.SKU, Location: m.Location, Kind: Adjusted, Units: m.OnHand - at.OnHand, Reason: m.Reason, Actor: m.Actor, Now: m.Now}
	err := a.on(s)
	m.Result, m.Changed = a.Result, err == nil
	return err
}

// AllowBackorder is the move that says whether a SKU may be sold below zero.
type AllowBackorder struct {
	SKU   SKU
	Allow bool
}

func (m *AllowBackorder) touches() ([]string, []SKU) { return nil, []SKU{m.SKU} }

func (m *AllowBackorder) on(s *Shelf) error {
	i := s.item(m.SKU)
	if i.Backorder == m.Allow {
		return nil
	}
	for _, l := range i.Levels {
		if !m.Allow && l.free() < 0 {
			return ErrShort.Saying("Units are owed to shoppers already; receive them first.").About("sku", string(m.SKU))
		}
	}
	s.change(m.SKU).Backorder = m.Allow
	return nil
}
