package stock

import "time"

// Adjust is the move that adds one entry to the ledger by hand.
type Adjust struct {
	SKU           SKU
	Location      Location
	Kind          Kind
	Units         int64
	Reason, Actor string
	// Made once for a key, when there is one.
	Key    string
	Now    time.Time
	Result Level
	// It was made before.
	Repeated bool
}

// Keyed is what was done under a key.
type Keyed struct {
	SKU      SKU
	Location Location
	Kind     Kind
	Units    int64
}

func (m *Adjust) touches() ([]string, []SKU) { return nil, []SKU{m.SKU} }

func (m *Adjust) on(s *Shelf) error {
	same := Keyed{m.SKU, m.Location, m.Kind, m.Units}
	m.Repeated = false
	if was, ok := s.Keyed[m.Key]; ok {
		if was != same {
			return ErrKeyReused
		}
		m.Repeated = true
		return nil
	}
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
	if m.Key != "" {
		s.Keyed[m.Key] = same
		s.NewKeys = append(s.NewKeys, m.Key)
	}
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
	// How many units may be owed; 0 is no limit.
	Limit int64
}

func (m *AllowBackorder) touches() ([]string, []SKU) { return nil, []SKU{m.SKU} }

func (m *AllowBackorder) on(s *Shelf) error {
	i := s.item(m.SKU).copy()
	if i.Backorder == m.Allow && i.Expected.Equal(m.Expected) && i.Limit == m.Limit {
		return nil
	}
	if !m.Allow {
		if err := i.endBackorder(); err != nil {
			return err
		}
	}
	i.Backorder, i.Expected, i.Limit = m.Allow, m.Expected, m.Limit
	*s.change(m.SKU) = *i
	return nil
}

// SetRules is the move that says how many units are never promised, and when
// stock is low.
type SetRules struct {
	SKU           SKU
	Safety, LowAt int64
}

func (m *SetRules) touches() ([]string, []SKU) { return nil, []SKU{m.SKU} }

func (m *SetRules) on(s *Shelf) error {
	if i := s.item(m.SKU); i.Safety == m.Safety && i.LowAt == m.LowAt {
		return nil
	}
	i := s.change(m.SKU)
	i.Safety, i.LowAt = m.Safety, m.LowAt
	return nil
}
