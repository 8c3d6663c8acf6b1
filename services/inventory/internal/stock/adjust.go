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
	s.place(i, m.Location)
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
	SKU      SKU
	Location Location
	OnHand   int64
	// Whether the SKU may be sold below zero from now on; nil leaves it as it is.
	Backorder     *bool
	Reason, Actor string
	Now           time.Time
	Result        Level
	Changed       bool
}

func (m *Count) touches() ([]string, []SKU) { return nil, []SKU{m.SKU} }

func (m *Count) on(s *Shelf) error {
	// Made on a copy: a refusal leaves no trace.
	_, known := s.Items[m.SKU]
	i := s.item(m.SKU).copy()
	was := i.Backorder
	units := m.OnHand - s.place(i, m.Location).OnHand
	if m.Backorder != nil && *m.Backorder {
		i.Backorder = true
	}
	if err := i.move(m.Location, units); err != nil {
		return err
	}
	if m.Backorder != nil && !*m.Backorder {
		if err := i.endBackorder(); err != nil {
			return err
		}
	}
	m.Result = *i.At(m.Location)
	m.Changed = units != 0 || i.Backorder != was || !known // zero of something new is worth knowing
	if !m.Changed {
		return nil
	}
	*s.change(m.SKU) = *i
	if units != 0 {
		s.note(Entry{SKU: m.SKU, Location: m.Location, Kind: Adjusted, Units: units, Reason: m.Reason, Actor: m.Actor, Time: m.Now})
	}
	return nil
}

// endBackorder is refused while more is promised than there is.
func (i *Item) endBackorder() error {
	for _, l := range i.Levels {
		if l.free() < 0 {
			return ErrShort.Saying("Units are owed to shoppers already; receive them first.").About("sku", string(i.SKU))
		}
	}
	i.Backorder = false
	return nil
}

// AllowBackorder is the move that says whether a SKU may be sold below zero.
type AllowBackorder struct {
	SKU   SKU
	Allow bool
	// When what is owed is expected; zero when nobody knows.
	Expected time.Time
}

func (m *AllowBackorder) touches() ([]string, []SKU) { return nil, []SKU{m.SKU} }

func (m *AllowBackorder) on(s *Shelf) error {
	i := s.item(m.SKU).copy()
	if i.Backorder == m.Allow && i.Expected.Equal(m.Expected) {
		return nil
	}
	if !m.Allow {
		if err := i.endBackorder(); err != nil {
			return err
		}
	}
	i.Backorder, i.Expected = m.Allow, m.Expected
	*s.change(m.SKU) = *i
	return nil
}
