package sale

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/kit/fault"
)

// Paid is where a payment stands with the payment service.
type Paid struct {
	// "authorized", "action", "pending", "declined", "captured", "voided", "refunded"
	State                       string
	ActionURL, Decline, Summary string
	// Of the amount.
	Captured, Refunded money.Amount
}

// Till moves money. A payment has the checkout's id; every call may be repeated.
type Till interface {
	Authorize(ctx context.Context, id string, amount money.Amount, w Wish) (Paid, error)
	Sync(ctx context.Context, id string) (Paid, error)
	// Payment is what the payment service knows without asking anybody.
	Payment(ctx context.Context, id string) (Paid, error)
	Capture(ctx context.Context, id string) (Paid, error)
	Void(ctx context.Context, id string) error
	Refund(ctx context.Context, id, refund string, amount money.Amount) error
}

// Stock sets units aside. A reservation has the checkout's id; every call may be repeated.
type Stock interface {
	Reserve(ctx context.Context, id string, lines []Wanted, hold time.Duration) error
	Release(ctx context.Context, id string) error
	Commit(ctx context.Context, id, order string) error
	// Return puts units back, and writes others off that came back.
	Return(ctx context.Context, id, back string, lines, writeOffs []Wanted) error
}

const (
	// Longer than the shopper's action may take, and then some.
	holdTime = 30 * time.Minute
	// How long a checkout may take until it is paid.
	patience = 20 * time.Minute
	// How often it is asked whether they did; webhooks are faster.
	actionPoll = 30 * time.Second
)

// Effects is what a move does besides moving the checkout on.
type Effects struct {
	Place *Order
	// Of the order that was placed.
	Complete bool
	Cancel   string // why
	Undone   bool
}

// move changes the row as it is now, which may have been cancelled meanwhile.
type move func(c *Checkout) Effects

func to(s Step) move {
	return func(c *Checkout) Effects { c.Step = s; return Effects{} }
}

// refuse ends a checkout at the step where it stands. Money was not asked for
// when stock is, unless somebody else has come further before.
func refuse(at Checkout, reason string) move {
	moneyless := at.Fresh && at.Step == StepReserve
	return func(c *Checkout) Effects { c.refuse(reason, moneyless); return Effects{} }
}

// step does what the checkout's step does, and returns how it moves on. An error
// means that nobody knows: the step is done again later.
func (d *Desk) step(ctx context.Context, c Checkout) (move, error) {
	switch c.Step {
	case StepPrice:
		return d.stepPrice(ctx, c)
	case StepReserve:
		return d.stepReserve(ctx, c)
	case StepAuthorize:
		return d.stepAuthorize(ctx, c)
	case StepAction:
		return d.stepAction(ctx, c)
	case StepPlace:
		return d.stepPlace(c)
	case StepCapture:
		return d.stepCapture(ctx, c)
	case StepCommit:
		return d.stepCommit(ctx, c)
	case StepUndo:
		return d.stepUndo(ctx, c)
	}
	return nil, errors.New("checkout at unknown step " + string(c.Step))
}

func (d *Desk) stepPrice(ctx context.Context, c Checkout) (move, error) {
	q, err := d.quote(ctx, c.Owner, c.Wish.Currency, c.Wish.Delivery, c.Wish.Shipping)
	if f, ok := fault.As(err); ok && (f.Kind == fault.Refused || f.Kind == fault.Invalid) {
		return refuse(c, f.Reason), nil
	}
	if err != nil {
		return nil, err
	}
	if q.Totals.Total != c.Wish.Expected {
		return refuse(c, "total_changed"), nil
	}
	return func(c *Checkout) Effects {
		c.Lines, c.Delivery, c.Totals, c.Step = q.Lines, q.Delivery, q.Totals, StepReserve
		return Effects{}
	}, nil
}

func (c *Checkout) wanted() []Wanted {
	var all []Wanted
	for _, l := range c.Lines {
		all = append(all, Wanted{l.SKU, l.Quantity})
	}
	return all
}

func (d *Desk) stepReserve(ctx context.Context, c Checkout) (move, error) {
	err := d.Stock.Reserve(ctx, c.ID, c.wanted(), holdTime)
	if f, ok := fault.As(err); ok && errors.Is(err, errStockShort) {
		no, short := refuse(c, "stock_short"), splitList(f.Meta["skus"])
		return func(c *Checkout) Effects {
			c.Short = short
			return no(c)
		}, nil
	}
	if refused(err) {
		return refuse(c, "stock_short"), nil
	}
	return to(StepAuthorize), err
}

// refused tells a definite no from not knowing.
func refused(err error) bool {
	switch fault.KindOf(err) {
	case fault.Refused, fault.Invalid:
		return err != nil
	}
	return false
}

func (d *Desk) stepAuthorize(ctx context.Context, c Checkout) (move, error) {
	paid, err := d.Till.Authorize(ctx, c.ID, c.Totals.Total, c.Wish)
	if refused(err) {
		return refuse(c, "payment_refused"), nil
	}
	if err != nil {
		return nil, err
	}
	return d.afterPayment(c, paid)
}

// errWait means that the payment has no answer yet.
var errWait = fault.New(fault.Busy, "payment_pending", "The payment provider has not answered yet.")

func (d *Desk) afterPayment(c Checkout, paid Paid) (move, error) {
	switch paid.State {
	case "authorized", "captured":
		return func(c *Checkout) Effects {
			c.Step, c.Payment, c.ActionURL = StepPlace, paid.Summary, ""
			return Effects{}
		}, nil
	case "action":
		if d.late(c) {
			return nil, errWait
		}
		return func(c *Checkout) Effects {
			c.Step, c.ActionURL, c.Due = StepAction, paid.ActionURL, d.Clock.Now().Add(actionPoll)
			return Effects{}
		}, nil
	case "declined", "voided", "refunded":
		return refuse(c, cmp.Or(paid.Decline, "payment_refused")), nil
	}
	return nil, errWait
}

func (d *Desk) stepAction(ctx context.Context, c Checkout) (move, error) {
	paid, err := d.Till.Sync(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	return d.afterPayment(c, paid)
}

func (d *Desk) stepPlace(c Checkout) (move, error) {
	id, number, now := uuid.NewString(), NewNumber(), d.Clock.Now()
	return func(c *Checkout) Effects {
		o := c.order(id, number, now)
		c.OrderID, c.Number, c.Step, c.Wish.Method = id, number, StepCapture, ""
		return Effects{Place: &o}
	}, nil
}

func (d *Desk) stepCapture(ctx context.Context, c Checkout) (move, error) {
	const why = "The payment could not be taken."
	paid, err := d.Till.Capture(ctx, c.ID)
	if refused(err) {
		return abandon(why), nil
	}
	if err != nil {
		return nil, err
	}
	switch paid.State {
	case "captured":
		return to(StepCommit), nil
	case "declined", "voided", "refunded":
		return abandon(why), nil
	}
	return nil, errWait
}

// abandon cancels an order that turns out to be impossible.
func abandon(why string) move {
	return func(c *Checkout) Effects {
		c.giveUp("order_impossible")
		return Effects{Cancel: why}
	}
}

func (d *Desk) stepCommit(ctx context.Context, c Checkout) (move, error) {
	err := d.Stock.Commit(ctx, c.ID, c.OrderID)
	if refused(err) || fault.KindOf(err) == fault.NotFound {
		return abandon("The items were sold out before the order was complete. The money goes back."), nil
	}
	if err != nil {
		return nil, err
	}
	return func(c *Checkout) Effects {
		c.Step = StepEnded
		return Effects{Complete: true}
	}, nil
}

// stepUndo gives back whatever there is: it asks first for the lighter way, and
// is told when it is too late for that. Stock does not wait for money.
func (d *Desk) stepUndo(ctx context.Context, c Checkout) (move, error) {
	half, cancel := context.WithTimeout(ctx, stepTime/2)
	defer cancel()
	if err := errors.Join(d.moneyBack(half, c), d.stockBack(ctx, c)); err != nil {
		return nil, err
	}
	return func(c *Checkout) Effects {
		c.Step, c.Undone = StepEnded, true
		return Effects{Undone: c.OrderID != ""}
	}, nil
}

// moneyBack leaves out what staff have given back already.
func (d *Desk) moneyBack(ctx context.Context, c Checkout) error {
	if c.Moneyless {
		return nil
	}
	err := d.Till.Void(ctx, c.ID)
	if !errors.Is(err, errCaptured) {
		return err
	}
	paid, err := d.Till.Payment(ctx, c.ID)
	if err != nil {
		return err
	}
	left, err := paid.Captured.Sub(paid.Refunded)
	if err != nil || left.Minor <= 0 {
		return err
	}
	return d.Till.Refund(ctx, c.ID, "undo-"+c.ID, left)
}

func (d *Desk) stockBack(ctx context.Context, c Checkout) error {
	err := d.Stock.Release(ctx, c.ID)
	if errors.Is(err, errCommitted) {
		err = d.Stock.Return(ctx, c.ID, "undo-"+c.ID, c.wanted(), nil)
	}
	return err
}
