package sale

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/souk-commerce/souk/api/money"
)

// Status is where an order stands.
type Status string

// The statuses.
const (
	Placed     Status = "placed"
	Processing Status = "processing"
	Shipped    Status = "shipped"
	Delivered  Status = "delivered"
	Cancelled  Status = "cancelled"
)

// Address is a postal address.
type Address struct{ Name, Company, Line1, Line2, City, Region, PostalCode, Country, Phone string }

// Totals adds up: Items + Shipping + Tax = Total. Included is how much of the
// total is tax where prices include it; then Tax is 0.
type Totals struct {
	Items, Shipping, Tax, Total, Included money.Amount
	// The tax in hundredths of a percent, for the trace.
	Rate uint64 `json:",omitempty"`
}

// Delivery is a way to send an order.
type Delivery struct {
	ID, Name, Promise string
	Price             money.Amount
}

// Tracking is how to follow a parcel.
type Tracking struct{ Carrier, Number, URL string }

// Change is a line of an order's history.
type Change struct {
	Status Status
	At     time.Time
	// "shopper", "admin" or "system".
	Actor, Note string
}

// Order is a sale.
type Order struct {
	ID string
	// What people read out: "7KQ2-M9XD".
	Number string
	// Account or guest.
	Owner    string
	Checkout string
	Status   Status
	Email    string
	Lines    []Line
	Totals   Totals
	Shipping Address
	Billing  Address
	Delivery Delivery
	// Of the last parcel.
	Tracking Tracking
	// "Visa ending in 4242"
	Payment string
	// The money was taken and the stock is sold: it may be shipped.
	Captured bool
	// Its checkout gives everything back, as nothing was changed of it before it was
	// cancelled. Else errands do.
	ByCheckout bool `json:",omitempty"`
	Shipments  []Shipment
	Returns    []Return
	Refunds    []Refund
	// Of statuses.
	History []Change
	// Of everything.
	Timeline []Event
	Created  time.Time
	Version  int64

	// What the last change has to be done about it elsewhere; the store keeps them.
	Errands []Errand `json:"-"`
}

// UnmarshalJSON reads an order, also one that was written when an order was one
// parcel and was cancelled as a whole.
func (o *Order) UnmarshalJSON(text []byte) error {
	type plain Order
	if err := json.Unmarshal(text, (*plain)(o)); err != nil {
		return err
	}
	if len(o.Timeline) == 0 {
		o.renew()
	}
	return nil
}

func (o *Order) renew() {
	for n := range o.Lines {
		l := &o.Lines[n]
		l.ID = strconv.Itoa(n + 1)
		switch o.Status {
		case Cancelled:
			l.Cancelled = l.Quantity
		case Shipped, Delivered:
			l.Shipped = l.Quantity
		}
	}
	o.ByCheckout = o.Status == Cancelled
	for _, c := range o.History {
		o.Timeline = append(o.Timeline, Event{At: c.At, Actor: c.Actor, Kind: string(c.Status), Text: said(c)})
		switch c.Status {
		case Shipped:
			o.Shipments = []Shipment{{ID: "1", Lines: unitsOf(o.Lines), Tracking: o.Tracking, At: c.At}}
		case Delivered:
			o.Shipments[len(o.Shipments)-1].Delivered = c.At
		}
	}
}

// Cancellable tells whether the order can be cancelled: nothing has shipped.
func (o *Order) Cancellable() bool {
	return (o.Status == Placed || o.Status == Processing) && len(o.Shipments) == 0
}

// ETag changes with every change.
func (o *Order) ETag() string { return fmt.Sprintf("v%d", o.Version) }

func (o *Order) become(s Status, at time.Time, actor, note string) {
	c := Change{s, at, actor, note}
	o.Status = s
	o.History = append(o.History, c)
	o.note(Event{At: at, Actor: actor, Kind: string(s), Text: said(c)})
}

// Complete says that the money was taken and the stock is sold.
func (o *Order) Complete(at time.Time) {
	o.Captured = true
	o.note(Event{At: at, Actor: "system", Kind: "paid", Text: "Paid: " + o.Totals.Total.String() + "."})
}

// Cancel gives the order up while nothing has shipped. Cancelling again is fine.
func (o *Order) Cancel(at time.Time, actor, note string) error {
	switch {
	case o.Status == Cancelled:
		return nil
	case !o.Cancellable():
		return ErrNotCancelable
	}
	if o.edited() {
		return o.cancelRest(at, actor, note)
	}
	o.ByCheckout = true
	o.Lines = slices.Clone(o.Lines)
	for n := range o.Lines {
		o.Lines[n].Cancelled = o.Lines[n].Quantity
	}
	o.become(Cancelled, at, actor, note)
	if left := o.Left(); left.Minor > 0 {
		o.Refunds = append(o.Refunds, Refund{ID: "undo-" + o.Checkout, Amount: left, Reason: "The order was cancelled.", State: RefundPending, At: at})
	}
	return nil
}

// Undone says that the checkout has given back what there was.
func (o *Order) Undone(at time.Time) {
	for _, r := range o.Refunds {
		if r.ID == "undo-"+o.Checkout {
			o.RefundDone(r.ID, at)
		}
	}
}

// edited tells whether money or units of the order went back already.
func (o *Order) edited() bool {
	return len(o.Refunds) > 0 || slices.ContainsFunc(o.Lines, func(l Line) bool { return l.Cancelled > 0 || l.ExchangeOf != "" })
}

// Process says that somebody is packing.
func (o *Order) Process(at time.Time, actor string) error {
	if o.Status != Placed {
		return wrong(o)
	}
	o.become(Processing, at, actor, "")
	return nil
}

// settle brings the status into line with what has shipped and arrived.
func (o *Order) settle(at time.Time, actor string) {
	var open, shipped int64
	for _, l := range o.Lines {
		open, shipped = open+l.Open(), shipped+l.Shipped
	}
	next := o.Status
	switch {
	case open == 0 && shipped == 0:
		next = Cancelled
	case open == 0 && !slices.ContainsFunc(o.Shipments, func(s Shipment) bool { return s.Delivered.IsZero() }):
		next = Delivered
	case open == 0:
		next = Shipped
	case shipped > 0:
		next = Processing
	}
	if next != o.Status {
		o.become(next, at, actor, "")
	}
}

func wrong(o *Order) error {
	return ErrStatus.Saying("Order %s is %s; this is not possible now.", o.Number, o.Status)
}

// crockford has no letters that are mistaken for digits or for each other.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewNumber returns a number that people can read out: 40 random bits, so that
// nobody learns from it how much is sold.
func NewNumber() string {
	var raw [8]byte
	rand.Read(raw[:])
	for n := range raw {
		raw[n] = crockford[raw[n]%32]
	}
	return string(raw[:4]) + "-" + string(raw[4:])
}
