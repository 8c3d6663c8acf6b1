package sale

import (
	"encoding/json"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 10, 25, 12, 0, 0, 0, time.UTC)

// orderThatIs is an order of two mugs as it was kept when orders were one parcel.
func orderThatIs(s Status) Order {
	o := Order{Number: "N", Status: s, Lines: []Line{{SKU: "mug", Quantity: 2}}, History: []Change{{s, noon, "shopper", ""}}}
	if s == Delivered {
		o.History = append([]Change{{Shipped, noon, "admin", ""}}, o.History...)
	}
	o.renew()
	o.History = o.History[len(o.History)-1:]
	return o
}

func TestOrderMoves(t *testing.T) {
	all := []Status{Placed, Processing, Shipped, Delivered, Cancelled}
	actions := map[string]func(*Order) error{
		"cancel":  func(o *Order) error { return o.Cancel(noon, "shopper", "why") },
		"process": func(o *Order) error { return o.Process(noon, "admin") },
		"ship":    func(o *Order) error { return o.Ship(Tracking{Number: "1Z"}, noon, "admin") },
		"deliver": func(o *Order) error { return o.Deliver(noon, "admin") },
	}
	// What each status becomes; what is missing is refused.
	becomes := map[string]map[Status]Status{
		"cancel":  {Placed: Cancelled, Processing: Cancelled, Cancelled: Cancelled},
		"process": {Placed: Processing},
		"ship":    {Placed: Shipped, Processing: Shipped},
		"deliver": {Shipped: Delivered},
	}
	for name, act := range actions {
		for _, from := range all {
			for _, captured := range []bool{true, false} {
				o := orderThatIs(from)
				o.Captured = captured
				before := o
				err := act(&o)
				want, allowed := becomes[name][from]
				if name == "ship" && !captured {
					allowed = false
				}
				if !allowed {
					if !errors.Is(err, ErrStatus) && !errors.Is(err, ErrNotCancelable) || cmp.Diff(before, o) != "" {
						t.Errorf("%s when %s (captured %v): %v, %s; want it refused and nothing changed", name, from, captured, err, cmp.Diff(before, o))
					}
					continue
				}
				lines := 2
				if from == want {
					lines = 1 // it was so already
				}
				if err != nil || o.Status != want || len(o.History) != lines || o.History[lines-1].Status != want {
					t.Errorf("%s when %s: %v, %s, history %v; want %s", name, from, err, o.Status, o.History, want)
				}
			}
		}
	}
	for _, s := range all {
		if o := orderThatIs(s); o.Cancellable() != (o.Cancel(noon, "", "") == nil && s != Cancelled) {
			t.Errorf("an order that is %s: Cancellable does not say what Cancel does", s)
		}
	}
}

func TestETagChangesWithEveryVersion(t *testing.T) {
	seen := map[string]bool{}
	for v := range int64(100) {
		seen[(&Order{Version: v}).ETag()] = true
	}
	if len(seen) != 100 {
		t.Errorf("100 versions have %d etags", len(seen))
	}
}

func TestNumbersCanBeReadOut(t *testing.T) {
	readable := regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`)
	seen := map[string]bool{}
	for range 10_000 {
		n := NewNumber()
		if !readable.MatchString(n) {
			t.Fatalf("number %q", n)
		}
		seen[n] = true
	}
	if len(seen) < 9_999 {
		t.Errorf("10000 numbers, %d different ones", len(seen))
	}
}

func TestCheckoutTellsTheShoppersSide(t *testing.T) {
	for _, c := range []struct {
		name string
		c    Checkout
		want State
	}{
		{"pending at first", Checkout{Step: StepPrice}, StatePending},
		{"pending while the payment is asked for", Checkout{Step: StepAuthorize}, StatePending},
		{"pending when paid and not placed", Checkout{Step: StepPlace}, StatePending},
		{"waiting for the shopper", Checkout{Step: StepAction}, StateAction},
		{"placed before the money is taken", Checkout{Step: StepCapture, OrderID: "o"}, StatePlaced},
		{"placed when the order was cancelled", Checkout{Step: StepUndo, OrderID: "o", Reason: "order_impossible"}, StatePlaced},
		{"refused while it is undone", Checkout{Step: StepUndo, Reason: "card_declined"}, StateRefused},
		{"refused", Checkout{Step: StepEnded, Reason: "cart_empty"}, StateRefused},
	} {
		if got := c.c.State(); got != c.want {
			t.Errorf("a checkout is %s: State = %s", c.name, got)
		}
	}
}

func TestRefusedCheckoutsUndoWhatTheyMayHold(t *testing.T) {
	for _, c := range []struct {
		at, next         Step
		fresh, moneyless bool
	}{
		{StepPrice, StepEnded, true, false}, {StepReserve, StepUndo, true, true}, {StepReserve, StepUndo, false, false},
		{StepAuthorize, StepUndo, true, false}, {StepAction, StepUndo, false, false},
	} {
		got := Checkout{Step: c.at, Wish: Wish{Method: "tok", Email: "a@b.c"}, ActionURL: "https://bank", Fresh: c.fresh}
		refuse(got, "why")(&got)
		if got.Step != c.next || got.Moneyless != c.moneyless || got.Reason != "why" || got.Wish.Method != "" || got.ActionURL != "" {
			t.Errorf("refused at %s, fresh %v: %+v; want %s, moneyless %v, and no token kept", c.at, c.fresh, got, c.next, c.moneyless)
		}
	}
}

func TestHeed(t *testing.T) {
	undone := map[Step]bool{StepCapture: true, StepCommit: true, StepEnded: true}
	for _, at := range []Step{StepPrice, StepReserve, StepAuthorize, StepAction, StepPlace, StepCapture, StepCommit, StepUndo, StepEnded} {
		want := at
		if undone[at] {
			want = StepUndo
		}
		c := Checkout{Step: at}
		if c.heed(); c.Step != at {
			t.Errorf("nobody cancelled at %s: %s", at, c.Step)
		}
		if c.CancelOrder(noon); c.Step != want || !c.Due.Equal(noon) {
			t.Errorf("cancelled at %s: %s, due %v; want %s, now", at, c.Step, c.Due, want)
		}
		c = Checkout{Step: at, Cancel: true, Undone: true}
		if c.heed(); c.Step != at {
			t.Errorf("undone already at %s: %s", at, c.Step)
		}
	}
}

func TestBackOff(t *testing.T) {
	c := Checkout{}
	last := time.Duration(0)
	for try := range 100 {
		c.backOff(noon)
		wait := c.Due.Sub(noon)
		if wait < last || wait > 30*time.Second || wait <= 0 || c.Tries != try+1 {
			t.Fatalf("try %d: wait %v after %v", try, wait, last)
		}
		last = wait
	}
	if last != 30*time.Second {
		t.Errorf("at last %v; want 30s", last)
	}
}

// Checkouts and orders are kept as JSON.
func TestWhatIsKeptIsReadAgain(t *testing.T) {
	c := Checkout{ID: "c", Owner: "o", Step: StepUndo, Lines: lines("EUR", 5), Short: []string{"a,b"}, Moneyless: true, Cancel: true, Undone: true, Created: noon, Due: noon, Tries: 3}
	o := c.order("id", "number", noon)
	for _, what := range []any{&c, &o} {
		text, err := json.Marshal(what)
		if err != nil {
			t.Fatal(err)
		}
		switch was := what.(type) {
		case *Checkout:
			var read Checkout
			if err := json.Unmarshal(text, &read); err != nil || cmp.Diff(*was, read) != "" {
				t.Errorf("checkout: %v, %s", err, cmp.Diff(*was, read))
			}
		case *Order:
			var read Order
			if err := json.Unmarshal(text, &read); err != nil || cmp.Diff(*was, read) != "" {
				t.Errorf("order: %v, %s", err, cmp.Diff(*was, read))
			}
		}
	}
}
