package sale

import (
	"crypto/rand"
	"fmt"
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

// Line is what was bought, as it was when it was bought.
type Line struct {
	SKU                             string
	Quantity                        int64
	ProductID, Slug, Title, Variant string
	Image                           string
	UnitPrice, Total                money.Amount
	// On top of the total, or within it where prices include tax.
	Tax money.Amount
}

// Totals adds up: Items + Shipping + Tax = Total. Included is how much of the
// total is tax where prices include it; then Tax is 0.
type Totals struct{ Items, Shipping, Tax, Total, Included money.Amount }

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
	Tracking Tracking
	// "Visa ending in 4242"
	Payment string
	// The money was taken and the stock is sold: it may be shipped.
	Captured bool
	History  []Change
	Created  time.Time
	Version  int64
}

// Cancellable tells whether the order can be cancelled: nothing has shipped.
func (o *Order) Cancellable() bool { return o.Status == Placed || o.Status == Processing }

// ETag changes with every change.
func (o *Order) ETag() string { return fmt.Sprintf("v%d", o.Version) }

func (o *Order) become(s Status, at time.Time, actor, note string) {
	o.Status = s
	o.History = append(o.History, Change{s, at, actor, note})
}

// Cancel gives the order up while nothing has shipped. Cancelling again is fine.
func (o *Order) Cancel(at time.Time, actor, note string) error {
	switch {
	case o.Status == Cancelled:
		return nil
	case !o.Cancellable():
		return ErrNotCancelable
	}
	o.become(Cancelled, at, actor, note)
	return nil
}

// Process says that somebody is packing.
func (o *Order) Process(at time.Time, actor string) error {
	if o.Status != Placed {
		return wrong(o)
	}
	o.become(Processing, at, actor, "")
	return nil
}

// Ship says that the parcel is on its way.
func (o *Order) Ship(t Tracking, at time.Time, actor string) error {
	switch {
	case !o.Cancellable():
		return wrong(o)
	case !o.Captured:
		return ErrStatus.Saying("The money for order %s has not been taken yet; ship it when it has.", o.Number)
	}
	o.Tracking = t
	o.become(Shipped, at, actor, "")
	return nil
}

// Deliver says that the parcel has arrived.
func (o *Order) Deliver(at time.Time, actor string) error {
	if o.Status != Shipped {
		return wrong(o)
	}
	o.become(Delivered, at, actor, "")
	return nil
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
