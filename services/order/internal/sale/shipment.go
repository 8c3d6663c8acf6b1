package sale

import (
	"slices"
	"strconv"
	"time"
)

// Shipment is a parcel.
type Shipment struct {
	// Within its order.
	ID       string
	Lines    []Units
	Tracking Tracking
	At       time.Time
	// Zero while it is on its way.
	Delivered time.Time
}

// Ship says that a parcel with all that is open is on its way.
func (o *Order) Ship(t Tracking, at time.Time, actor string) error {
	var all []Units
	for _, l := range o.Lines {
		if l.Open() > 0 {
			all = append(all, Units{l.ID, l.Open()})
		}
	}
	if len(all) == 0 {
		return wrong(o)
	}
	return o.ShipUnits(all, t, at, actor)
}

// ShipUnits says that a parcel with some of the order is on its way. With the last
// of it the order is shipped.
func (o *Order) ShipUnits(units []Units, t Tracking, at time.Time, actor string) error {
	switch {
	case o.Status == Cancelled || o.Status == Delivered || o.Status == Shipped:
		return wrong(o)
	case !o.Captured:
		return ErrStatus.Saying("The money for order %s has not been taken yet; ship it when it has.", o.Number)
	}
	these, err := o.gather(units)
	if err != nil {
		return err
	}
	s := Shipment{ID: strconv.Itoa(len(o.Shipments) + 1), Tracking: t, At: at}
	lines, sent := slices.Clone(o.Lines), int64(0)
	for n := range lines {
		l := &lines[n]
		if these[n] > l.Open() {
			return ErrNotOpen.Saying("Of %q, only %d are still to be sent.", l.Title, l.Open()).About("line", l.ID)
		}
		if these[n] > 0 {
			l.Shipped += these[n]
			sent += these[n]
			s.Lines = append(s.Lines, Units{l.ID, these[n]})
		}
	}
	o.Lines, o.Tracking = lines, t
	o.Shipments = append(slices.Clone(o.Shipments), s)
	o.note(Event{At: at, Actor: actor, Kind: "parcel_sent", Text: items(sent) + " sent with " + t.Carrier + ", " + t.Number + "."})
	o.settle(at, actor)
	return nil
}

// Deliver says that all parcels have arrived.
func (o *Order) Deliver(at time.Time, actor string) error {
	if o.Status != Shipped {
		return wrong(o)
	}
	o.Shipments = slices.Clone(o.Shipments)
	for n := range o.Shipments {
		if s := &o.Shipments[n]; s.Delivered.IsZero() {
			s.Delivered = at
		}
	}
	o.settle(at, actor)
	return nil
}

// DeliverShipment says that a parcel has arrived. Saying it again is fine.
func (o *Order) DeliverShipment(id string, at time.Time, actor string) error {
	n := slices.IndexFunc(o.Shipments, func(s Shipment) bool { return s.ID == id })
	if n < 0 {
		return ErrNoShipment
	}
	if !o.Shipments[n].Delivered.IsZero() {
		return nil
	}
	o.Shipments = slices.Clone(o.Shipments)
	o.Shipments[n].Delivered = at
	o.note(Event{At: at, Actor: actor, Kind: "parcel_arrived", Text: "The parcel " + o.Shipments[n].Tracking.Number + " has arrived."})
	o.settle(at, actor)
	return nil
}
