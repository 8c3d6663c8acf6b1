package sale

import (
	"slices"
	"strconv"
	"time"

	"github.com/souk-commerce/souk/api/money"
)

// ReturnState is where a return stands.
type ReturnState string

// The states of a return.
const (
	ReturnRequested ReturnState = "requested"
	ReturnApproved  ReturnState = "approved"
	ReturnRejected  ReturnState = "rejected"
	ReturnCancelled ReturnState = "cancelled"
	ReturnReceived  ReturnState = "received"
	ReturnCompleted ReturnState = "completed"
)

// ReturnLine is what comes back of a line.
type ReturnLine struct {
	Line   string
	Units  int64
	Reason string
	// What is wanted instead, of as many units; nil for money.
	Exchange *Line `json:",omitempty"`
	// Of those that came.
	Restocked, WrittenOff int64
}

// Return is goods that go back.
type Return struct {
	ID    string
	State ReturnState
	Lines []ReturnLine
	Note  string
	At    time.Time
	// The refund that it came to, if any.
	Refund string
	// A replacement is being set aside.
	Exchanging bool `json:",omitempty"`
}

// Received is what came back of a line.
type Received struct {
	Line                  string
	Restocked, WrittenOff int64
}

// Returnable is how many units of a line may be asked to go back.
func (o *Order) Returnable(l Line) int64 {
	n := l.Shipped - l.Returned
	for _, r := range o.Returns {
		if r.State != ReturnRequested && r.State != ReturnApproved {
			continue
		}
		for _, rl := range r.Lines {
			if rl.Line == l.ID {
				n -= rl.Units
			}
		}
	}
	return n
}

// RequestReturn asks to send units back that have shipped.
func (o *Order) RequestReturn(id string, lines []ReturnLine, at time.Time, actor string) error {
	if slices.ContainsFunc(o.Returns, func(r Return) bool { return r.ID == id }) {
		return nil
	}
	var units []Units
	for _, rl := range lines {
		units = append(units, Units{rl.Line, rl.Units})
	}
	these, err := o.gather(units)
	if err != nil {
		return err
	}
	sum := int64(0)
	for n, l := range o.Lines {
		if may := o.Returnable(l); these[n] > may {
			return ErrNotReturnable.Saying("Of %q, %d can go back.", l.Title, may).About("line", l.ID)
		}
		sum += these[n]
	}
	o.Returns = append(slices.Clone(o.Returns), Return{ID: id, State: ReturnRequested, Lines: lines, At: at})
	o.note(Event{At: at, Actor: actor, Kind: "return_requested", Text: "A return of " + items(sum) + " was asked for."})
	return nil
}

// turn moves a return on, from one of the states given. ErrNoReturn when there is none.
func (o *Order) turn(id string, next ReturnState, from ...ReturnState) (r *Return, done bool, err error) {
	n := slices.IndexFunc(o.Returns, func(r Return) bool { return r.ID == id })
	if n < 0 {
		return nil, false, ErrNoReturn
	}
	o.Returns = slices.Clone(o.Returns)
	switch r = &o.Returns[n]; {
	case r.State == next:
		return r, true, nil
	case !slices.Contains(from, r.State):
		return nil, false, ErrReturnState.Saying("The return is %s; this is not possible now.", r.State)
	}
	r.State = next
	return r, false, nil
}

// CancelReturn keeps the goods after all.
func (o *Order) CancelReturn(id string, at time.Time, actor string) error {
	_, done, err := o.turn(id, ReturnCancelled, ReturnRequested, ReturnApproved)
	if err == nil && !done {
		o.note(Event{At: at, Actor: actor, Kind: "return_cancelled", Text: "The return was called off."})
	}
	return err
}

// ApproveReturn tells the shopper to send the goods.
func (o *Order) ApproveReturn(id, note string, at time.Time, actor string) error {
	r, done, err := o.turn(id, ReturnApproved, ReturnRequested)
	if err == nil && !done {
		r.Note = note
		o.note(Event{At: at, Actor: actor, Kind: "return_approved", Text: because("The return was approved: please send the goods.", note)})
	}
	return err
}

// RejectReturn refuses a return.
func (o *Order) RejectReturn(id, note string, at time.Time, actor string) error {
	r, done, err := o.turn(id, ReturnRejected, ReturnRequested, ReturnApproved)
	if err == nil && !done {
		r.Note = note
		o.note(Event{At: at, Actor: actor, Kind: "return_rejected", Text: because("The return was refused.", note)})
	}
	return err
}

// ReceiveReturn takes goods in. For each unit that came money goes back, or a
// replacement goes out.
func (o *Order) ReceiveReturn(id string, came []Received, at time.Time, actor string) error {
	r, done, err := o.turn(id, ReturnReceived, ReturnApproved, ReturnRequested)
	if err != nil || done {
		return err
	}
	r.Lines = slices.Clone(r.Lines)
	lines := slices.Clone(o.Lines)
	home, off := map[string][]Wanted{}, map[string][]Wanted{}
	worth, units := money.Of(o.Totals.Total.Currency, 0), int64(0)
	for _, c := range came {
		n := slices.IndexFunc(r.Lines, func(rl ReturnLine) bool { return rl.Line == c.Line && rl.Restocked+rl.WrittenOff == 0 })
		sum := c.Restocked + c.WrittenOff
		switch {
		case n < 0:
			return ErrNoLine.About("line", c.Line)
		case c.Restocked < 0 || c.WrittenOff < 0 || sum > r.Lines[n].Units:
			return ErrUnits.Saying("More came back than was asked for.")
		case sum == 0:
			continue
		}
		where, _ := o.line(c.Line)
		l := &lines[where]
		part, err := o.back(*l, sum)
		if err != nil {
			return err
		}
		if worth, err = worth.Add(part); err != nil {
			return err
		}
		l.Returned += sum
		units += sum
		r.Lines[n].Restocked, r.Lines[n].WrittenOff = c.Restocked, c.WrittenOff
		from := o.reservation(*l)
		if c.Restocked > 0 {
			home[from] = append(home[from], Wanted{l.SKU, c.Restocked})
		}
		if c.WrittenOff > 0 {
			off[from] = append(off[from], Wanted{l.SKU, c.WrittenOff})
		}
	}
	if units == 0 {
		return ErrUnits.Saying("Nothing came back; reject the return instead.")
	}
	o.Lines = lines
	o.note(Event{At: at, Actor: actor, Kind: "return_received", Text: items(units) + " came back."})
	for _, from := range o.reservations() {
		if len(home[from])+len(off[from]) > 0 {
			o.send(Errand{ID: "stock-" + id + suffix(len(o.Errands)), Kind: Restock, Reservation: from, Lines: home[from], WriteOffs: off[from]})
		}
	}
	if wanted := r.wanted(); len(wanted) > 0 {
		r.Exchanging = true
		o.send(Errand{ID: exchangeID(id), Kind: Exchange, Return: id, Amount: worth, Lines: wanted})
		return nil
	}
	o.pay(r, worth, at)
	o.closeReturns(at)
	return nil
}

// reservations are the names under which the inventory sold the order's lines.
func (o *Order) reservations() []string {
	var all []string
	for _, l := range o.Lines {
		if r := o.reservation(l); !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}

func (o *Order) pay(r *Return, amount money.Amount, at time.Time) {
	if given := o.give("return-"+r.ID, amount, "Goods came back.", at); given.Minor > 0 {
		r.Refund = "return-" + r.ID
	}
}

// exchangeID is the reservation that a return's replacement is sold under.
func exchangeID(id string) string { return "exchange-" + id }

// wanted is what replaces the units that came.
func (r *Return) wanted() (all []Wanted) {
	for _, rl := range r.Lines {
		if came := rl.Restocked + rl.WrittenOff; came > 0 && rl.Exchange != nil {
			all = append(all, Wanted{rl.Exchange.SKU, came})
		}
	}
	return all
}

// Exchanged says that a return's replacement is set aside: it goes onto the order,
// and what it is cheaper goes back.
func (o *Order) Exchanged(id string, worth money.Amount, at time.Time) error {
	n := slices.IndexFunc(o.Returns, func(r Return) bool { return r.ID == id && r.Exchanging })
	if n < 0 {
		return nil
	}
	o.Returns, o.Lines = slices.Clone(o.Returns), slices.Clone(o.Lines)
	r := &o.Returns[n]
	r.Exchanging = false
	units := int64(0)
	for _, rl := range r.Lines {
		came := rl.Restocked + rl.WrittenOff
		if came == 0 || rl.Exchange == nil {
			continue
		}
		l := *rl.Exchange
		l.ID, l.Quantity, l.ExchangeOf = strconv.Itoa(len(o.Lines)+1), came, id
		var err error
		if l.Total, err = l.UnitPrice.Times(came); err != nil {
			return err
		}
		tax := taxAt(o.Shipping)
		if l.Tax, err = tax.of(l.Total); err != nil {
			return err
		}
		cost, err := o.worth(l, came)
		if err != nil {
			return err
		}
		worth.Minor -= cost.Minor
		o.Lines = append(o.Lines, l)
		units += came
	}
	o.note(Event{At: at, Actor: "system", Kind: "exchanged", Text: items(units) + " will be sent instead."})
	o.settle(at, "system")
	o.pay(r, worth, at)
	o.closeReturns(at)
	return nil
}

// ExchangeFailed says that there is no replacement: the money goes back.
func (o *Order) ExchangeFailed(id string, worth money.Amount, at time.Time) {
	n := slices.IndexFunc(o.Returns, func(r Return) bool { return r.ID == id && r.Exchanging })
	if n < 0 {
		return
	}
	o.Returns = slices.Clone(o.Returns)
	r := &o.Returns[n]
	r.Exchanging = false
	o.note(Event{At: at, Actor: "system", Kind: "exchange_failed", Text: "What was wanted instead is sold out: the money goes back."})
	o.pay(r, worth, at)
	o.closeReturns(at)
}

// closeReturns completes returns that nothing is due for any more.
func (o *Order) closeReturns(at time.Time) {
	for n, r := range o.Returns {
		if r.State != ReturnReceived || r.Exchanging {
			continue
		}
		if due := o.refund(r.Refund); due != nil && due.State == RefundPending {
			continue
		}
		o.Returns = slices.Clone(o.Returns)
		o.Returns[n].State = ReturnCompleted
		o.note(Event{At: at, Actor: "system", Kind: "return_completed", Text: "The return is complete."})
	}
}
