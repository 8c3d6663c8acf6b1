package sale

import (
	"slices"
	"time"

	"github.com/souk-commerce/souk/api/money"
)

// Step is what a checkout does next. The package's doc has the table.
type Step string

// The steps.
const (
	StepPrice     Step = "price"
	StepReserve   Step = "reserve"
	StepAuthorize Step = "authorize"
	StepAction    Step = "action"
	StepPlace     Step = "place"
	StepCapture   Step = "capture"
	StepCommit    Step = "commit"
	StepUndo      Step = "undo"
	StepEnded     Step = "ended"
)

// Wish is what the shopper asked for.
type Wish struct {
	Email             string
	Shipping, Billing Address
	Delivery          string
	Currency          string
	// The provider's token.
	Method string
	// Whose token it is; empty: the first provider that takes the payment.
	Provider string `json:",omitempty"`
	// Who pays, when they have an account, and whether the way to pay is kept for
	// their next time.
	Customer string `json:",omitempty"`
	Save     bool   `json:",omitempty"`
	// What the shopper was shown.
	Expected  money.Amount
	ReturnURL string
}

// Checkout is one attempt to buy a cart.
type Checkout struct {
	// The client's.
	ID    string
	Owner string
	Wish  Wish
	Step  Step

	// From price on.
	Lines    []Line
	Delivery Delivery
	Totals   Totals
	// From action on.
	ActionURL string
	// From place on.
	Payment         string
	OrderID, Number string
	// Why there is no order, or why it was given up.
	Reason string
	Short  []string
	// It was refused before the payment was begun.
	Moneyless bool
	// The order was cancelled: what was done is undone.
	Cancel bool
	Undone bool

	Created time.Time
	// When it goes on by itself, and how often that was in vain.
	Due   time.Time
	Tries int

	// As the last move left it, where that had to do with it. Not kept.
	Order *Order `json:"-"`
	// It goes on with whoever began it: nobody has done any
	// step of it before. Not kept.
	Fresh bool `json:"-"`
}

// State is where a checkout stands for the shopper.
type State string

// The states.
const (
	StatePending State = "pending"
	StateAction  State = "action"
	StatePlaced  State = "placed"
	StateRefused State = "refused"
)

// State tells the shopper's side of the step.
func (c *Checkout) State() State {
	switch {
	case c.OrderID != "":
		return StatePlaced
	case c.Reason != "":
		return StateRefused
	case c.Step == StepAction:
		return StateAction
	}
	return StatePending
}

// refuse ends the checkout without an order. What may be held, or may yet be by
// a call that is still on its way, is undone first.
func (c *Checkout) refuse(reason string, moneyless bool) {
	c.Reason, c.Moneyless = reason, moneyless
	if c.Step == StepPrice {
		c.Step = StepEnded
	} else {
		c.Step = StepUndo
	}
	c.Wish.Method, c.ActionURL = "", ""
}

// giveUp undoes a placed order that cannot be kept.
func (c *Checkout) giveUp(reason string) { c.Reason, c.Step = reason, StepUndo }

// heed sends a cancelled order's checkout to undo, whichever step it was at.
func (c *Checkout) heed() {
	if c.Cancel && !c.Undone && (c.Step == StepCapture || c.Step == StepCommit || c.Step == StepEnded) {
		c.Step = StepUndo
	}
}

// CancelOrder notes that the order was cancelled: what was done for it is to be
// undone.
func (c *Checkout) CancelOrder(now time.Time) {
	c.Cancel, c.Due = true, now
	c.heed()
}

// order is the order that the checkout becomes.
func (c *Checkout) order(id, number string, now time.Time) Order {
	o := Order{
		ID: id, Number: number, Owner: c.Owner, Checkout: c.ID, Email: c.Wish.Email, Lines: slices.Clone(c.Lines), Totals: c.Totals,
		Shipping: c.Wish.Shipping, Billing: c.Wish.Billing, Delivery: c.Delivery, Payment: c.Payment, Created: now,
	}
	nameLines(o.Lines)
	o.become(Placed, now, "shopper", "")
	return o
}

// backOff is how long to wait after a try in vain.
func (c *Checkout) backOff(now time.Time) {
	wait := 30 * time.Second
	if c.Tries < 6 {
		wait = 500 * time.Millisecond << c.Tries
	}
	c.Tries++
	c.Due = now.Add(wait)
}
