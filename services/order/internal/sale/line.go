package sale

import (
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/souk-commerce/souk/api/money"
)

// Line is what was bought, as it was when it was bought.
type Line struct {
	// Within its order.
	ID                              string
	SKU                             string
	Quantity                        int64
	ProductID, Slug, Title, Variant string
	Image                           string
	UnitPrice, Total                money.Amount
	// On top of the total, or within it where prices include tax.
	Tax money.Amount
	// Units that were cancelled, that have left, and that came back.
	Cancelled int64 `json:",omitempty"`
	Shipped   int64 `json:",omitempty"`
	Returned  int64 `json:",omitempty"`
	// The return that it replaces goods of.
	ExchangeOf string `json:",omitempty"`
}

// Units is a number of units of a line.
type Units struct {
	Line  string
	Units int64
}

// Open is how many units are still to be sent.
func (l *Line) Open() int64 { return l.Quantity - l.Cancelled - l.Shipped }

// nameLines gives new lines their names.
func nameLines(lines []Line) {
	for n := range lines {
		lines[n].ID = strconv.Itoa(n + 1)
	}
}

func unitsOf(lines []Line) (all []Units) {
	for _, l := range lines {
		all = append(all, Units{l.ID, l.Quantity})
	}
	return all
}

// gather adds up units of the same line, and refuses lines that are not there.
func (o *Order) gather(units []Units) (at map[int]int64, err error) {
	at = map[int]int64{}
	for _, u := range units {
		n, ok := o.line(u.Line)
		if !ok {
			return nil, ErrNoLine.About("line", u.Line)
		}
		if u.Units <= 0 || u.Units > maxUnits {
			return nil, ErrUnits
		}
		at[n] += u.Units
	}
	if len(at) == 0 {
		return nil, ErrUnits
	}
	return at, nil
}

const maxUnits = 1 << 20

func (o *Order) line(id string) (int, bool) {
	for n := range o.Lines {
		if o.Lines[n].ID == id {
			return n, true
		}
	}
	return 0, false
}

// worth is what the shopper paid for n units of a line, when these are the first
// of it. Parts that go back one after the other add up to the line, to the cent.
func (o *Order) worth(l Line, n int64) (money.Amount, error) {
	paid := l.Total
	if !o.Totals.Tax.IsZero() {
		var err error
		if paid, err = paid.Add(l.Tax); err != nil {
			return paid, err
		}
	}
	return paid.Share(uint64(n), uint64(l.Quantity))
}

// back is what goes back for n more units of a line.
func (o *Order) back(l Line, n int64) (money.Amount, error) {
	gone := l.Cancelled + l.Returned
	before, err := o.worth(l, gone)
	if err != nil {
		return before, err
	}
	after, err := o.worth(l, gone+n)
	if err != nil {
		return after, err
	}
	return after.Sub(before)
}

// CancelUnits gives up units that have not shipped: money back, stock back. With
// the last of an order of which nothing has shipped, the order is cancelled.
func (o *Order) CancelUnits(units []Units, at time.Time, actor, reason string) error {
	if o.Status == Cancelled {
		return ErrNotCancelable.Saying("Order %s is cancelled already.", o.Number)
	}
	these, err := o.gather(units)
	if err != nil {
		return err
	}
	open := int64(0)
	for n, l := range o.Lines {
		if these[n] > l.Open() {
			return ErrNotOpen.Saying("Of %q, only %d can still be cancelled.", l.Title, l.Open()).About("line", l.ID)
		}
		open += l.Open() - these[n]
	}
	if open == 0 && len(o.Shipments) == 0 && !o.edited() {
		return o.Cancel(at, actor, reason)
	}
	if !o.Captured {
		return ErrNotPaid
	}
	return o.cancelUnits(these, at, actor, reason)
}

// cancelRest gives up all that is open, of an order that was changed before.
func (o *Order) cancelRest(at time.Time, actor, reason string) error {
	these := map[int]int64{}
	for n, l := range o.Lines {
		if l.Open() > 0 {
			these[n] = l.Open()
		}
	}
	return o.cancelUnits(these, at, actor, reason)
}

func (o *Order) cancelUnits(these map[int]int64, at time.Time, actor, reason string) error {
	lines := slices.Clone(o.Lines)
	sum := money.Of(o.Totals.Total.Currency, 0)
	home := map[string][]Wanted{} // by reservation
	units := int64(0)
	for n := range lines {
		l := &lines[n]
		if these[n] == 0 {
			continue
		}
		part, err := o.back(*l, these[n])
		if err != nil {
			return err
		}
		if sum, err = sum.Add(part); err != nil {
			return err
		}
		l.Cancelled += these[n]
		units += these[n]
		home[o.reservation(*l)] = append(home[o.reservation(*l)], Wanted{l.SKU, these[n]})
	}
	o.Lines = lines
	id := uuid.NewString()
	o.note(Event{At: at, Actor: actor, Kind: "items_cancelled", Text: because(items(units)+" cancelled.", reason)})
	for _, from := range o.reservations() {
		if len(home[from]) > 0 {
			o.send(Errand{ID: "stock-" + id + suffix(len(o.Errands)), Kind: Restock, Reservation: from, Lines: home[from]})
		}
	}
	o.settle(at, actor)
	if o.Status == Cancelled && len(o.Shipments) == 0 {
		sum = o.Left() // with the delivery, which will not take place
	}
	o.give("cancel-"+id, sum, "Items were cancelled.", at)
	return nil
}

// reservation is under which name the inventory sold a line.
func (o *Order) reservation(l Line) string {
	if l.ExchangeOf != "" {
		return exchangeID(l.ExchangeOf)
	}
	return o.Checkout
}

func suffix(n int) string {
	if n == 0 {
		return ""
	}
	return "-" + strconv.Itoa(n)
}
