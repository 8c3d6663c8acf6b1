package sale

import (
	"context"
	"strings"
	"time"

	"github.com/souk-commerce/souk/api/money"
)

// CancelUnits gives up units of one of the caller's orders.
func (d *Desk) CancelUnits(ctx context.Context, id string, units []Units, reason string, who Owners) (Order, error) {
	return d.own(ctx, id, who, func(o *Order, now time.Time) error { return o.CancelUnits(units, now, "shopper", reason) })
}

// Asked is what a shopper wants to send back of a line, and what for.
type Asked struct {
	Line     string
	Units    int64
	Reason   string
	Exchange string // SKU
}

// RequestReturn asks to send units of one of the caller's orders back. What is
// wanted instead is another variant of the same product that costs no more.
func (d *Desk) RequestReturn(ctx context.Context, id, name string, asked []Asked, who Owners) (Order, error) {
	o, err := d.Store.Order(ctx, id)
	if err == nil {
		err = d.mine(ctx, o, who)
	}
	if err != nil {
		return Order{}, err
	}
	lines, err := d.exchanges(ctx, &o, asked)
	if err != nil {
		return Order{}, err
	}
	return d.change(ctx, id, "", func(o *Order, now time.Time) error { return o.RequestReturn(name, lines, now, "shopper") })
}

func (d *Desk) exchanges(ctx context.Context, o *Order, asked []Asked) ([]ReturnLine, error) {
	var skus []string
	for _, a := range asked {
		if a.Exchange != "" {
			skus = append(skus, a.Exchange)
		}
	}
	var offers map[string]Line
	if len(skus) > 0 {
		var err error
		if offers, err = d.Market.Offers(ctx, skus, o.Totals.Total.Currency); err != nil {
			return nil, err
		}
	}
	var lines []ReturnLine
	for _, a := range asked {
		rl := ReturnLine{Line: a.Line, Units: a.Units, Reason: a.Reason}
		if a.Exchange != "" {
			n, ok := o.line(a.Line)
			offer, sold := offers[a.Exchange]
			if !ok || !sold || offer.ProductID != o.Lines[n].ProductID || offer.UnitPrice.Minor > o.Lines[n].UnitPrice.Minor {
				return nil, ErrExchange.About("sku", a.Exchange)
			}
			rl.Exchange = &offer
		}
		lines = append(lines, rl)
	}
	return lines, nil
}

// CancelReturn keeps goods of one of the caller's orders after all.
func (d *Desk) CancelReturn(ctx context.Context, id, name string, who Owners) (Order, error) {
	return d.own(ctx, id, who, func(o *Order, now time.Time) error { return o.CancelReturn(name, now, "shopper") })
}

const (
	// How often an order's e-mail address may be guessed in an hour.
	guesses = 10
	// How long somebody who knows number and address sees an order.
	shownFor = 24 * time.Hour
)

// Lookup finds an order by its number and e-mail address, and lets one who knows
// both see it for a day.
func (d *Desk) Lookup(ctx context.Context, number, email, subject string) (Order, error) {
	o, err := d.Store.OrderByNumber(ctx, strings.TrimSpace(number))
	if err != nil {
		return Order{}, err
	}
	now := d.Clock.Now()
	since := now.Add(-time.Hour)
	misses, err := d.Store.Misses(ctx, o.Number, since)
	switch {
	case err != nil:
		return Order{}, err
	case misses >= guesses:
		return Order{}, ErrTooManyTries
	case !strings.EqualFold(o.Email, email):
		if _, err := d.Store.Missed(ctx, o.Number, now, since); err != nil {
			return Order{}, err
		}
		return Order{}, ErrNoOrder
	}
	return o, d.Store.Show(ctx, o.ID, subject, now.Add(shownFor))
}

// CancelUnitsFor gives up units for the shop.
func (d *Desk) CancelUnitsFor(ctx context.Context, id, etag string, units []Units, reason string) (Order, error) {
	return d.change(ctx, id, etag, func(o *Order, now time.Time) error { return o.CancelUnits(units, now, "admin", reason) })
}

// ShipUnits says that a parcel is on its way.
func (d *Desk) ShipUnits(ctx context.Context, id, etag string, units []Units, t Tracking) (Order, error) {
	return d.change(ctx, id, etag, func(o *Order, now time.Time) error { return o.ShipUnits(units, t, now, "admin") })
}

// DeliverShipment says that a parcel has arrived.
func (d *Desk) DeliverShipment(ctx context.Context, id, etag, shipment string) (Order, error) {
	return d.change(ctx, id, etag, func(o *Order, now time.Time) error { return o.DeliverShipment(shipment, now, "admin") })
}

// ApproveReturn tells the shopper to send the goods.
func (d *Desk) ApproveReturn(ctx context.Context, id, etag, name, note string) (Order, error) {
	return d.change(ctx, id, etag, func(o *Order, now time.Time) error { return o.ApproveReturn(name, note, now, "admin") })
}

// RejectReturn refuses a return.
func (d *Desk) RejectReturn(ctx context.Context, id, etag, name, note string) (Order, error) {
	return d.change(ctx, id, etag, func(o *Order, now time.Time) error { return o.RejectReturn(name, note, now, "admin") })
}

// ReceiveReturn takes goods in.
func (d *Desk) ReceiveReturn(ctx context.Context, id, etag, name string, came []Received) (Order, error) {
	return d.change(ctx, id, etag, func(o *Order, now time.Time) error { return o.ReceiveReturn(name, came, now, "admin") })
}

// Refund gives money back; none given means all that is left.
func (d *Desk) Refund(ctx context.Context, id, etag, name string, amount money.Amount, reason string) (Order, error) {
	return d.change(ctx, id, etag, func(o *Order, now time.Time) error { return o.Refund(name, amount, now, reason) })
}

// AddNote writes something down for the shop's own people.
func (d *Desk) AddNote(ctx context.Context, id, text string) (Order, error) {
	return d.change(ctx, id, "", func(o *Order, now time.Time) error { o.AddNote(text, now, "admin"); return nil })
}

// Printer puts orders on paper.
type Printer interface {
	// Invoice returns a PDF.
	Invoice(o Order) ([]byte, error)
	// PackingSlip returns a PDF of what goes into a parcel.
	PackingSlip(o Order, units []Units) ([]byte, error)
}

// Invoice returns the invoice of one of the caller's orders.
func (d *Desk) Invoice(ctx context.Context, id, number string, who Owners) (Order, []byte, error) {
	o, err := d.Order(ctx, id, number, who)
	if err != nil {
		return o, nil, err
	}
	pdf, err := d.Printer.Invoice(o)
	return o, pdf, err
}

// PackingSlip returns what goes into a parcel: one that was sent, or one with all
// that is open.
func (d *Desk) PackingSlip(ctx context.Context, id, shipment string) (Order, []byte, error) {
	o, err := d.Store.Order(ctx, id)
	if err != nil {
		return o, nil, err
	}
	var units []Units
	for _, l := range o.Lines {
		if shipment == "" && l.Open() > 0 {
			units = append(units, Units{l.ID, l.Open()})
		}
	}
	for _, s := range o.Shipments {
		if s.ID == shipment {
			units = s.Lines
		}
	}
	if len(units) == 0 {
		return o, nil, ErrNoShipment
	}
	pdf, err := d.Printer.PackingSlip(o, units)
	return o, pdf, err
}
