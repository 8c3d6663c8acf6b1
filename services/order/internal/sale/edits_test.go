package sale

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/kit/fault"
)

// paidOrder is an order as a checkout leaves it.
func paidOrder(to Address, currency string, lines ...Line) Order {
	q := Quote{Currency: currency, Lines: lines}
	if err := q.price("", to); err != nil {
		panic(err)
	}
	c := Checkout{ID: uuid.NewString(), Owner: "ada", Lines: q.Lines, Totals: q.Totals, Delivery: q.Delivery, Wish: Wish{Shipping: to}}
	o := c.order(uuid.NewString(), "7KQ2-M9XD", noon)
	o.Complete(noon)
	return o
}

var (
	california = Address{Country: "US", Region: "CA"}
	berlin     = Address{Country: "DE"}
)

func drawOrder(t *rapid.T) Order {
	to := rapid.SampledFrom([]Address{california, berlin}).Draw(t, "to")
	currency := map[string]string{"US": "USD", "DE": "EUR"}[to.Country]
	var lines []Line
	for n := range rapid.IntRange(1, 4).Draw(t, "lines") {
		price := rapid.Int64Range(0, 100_000).Draw(t, "price")
		lines = append(lines, Line{SKU: fmt.Sprint("sku-", n), ProductID: fmt.Sprint("p-", n), UnitPrice: money.Of(currency, price), Quantity: rapid.Int64Range(1, 7).Draw(t, "quantity")})
	}
	return paidOrder(to, currency, lines...)
}

// sound tells what is wrong with an order's numbers.
func sound(o *Order) error {
	refunded := int64(0)
	for _, r := range o.Refunds {
		if r.Amount.Minor <= 0 || r.Amount.Currency != o.Totals.Total.Currency {
			return fmt.Errorf("refund of %v", r.Amount)
		}
		if r.State != RefundRefused {
			refunded += r.Amount.Minor
		}
	}
	if refunded > o.Totals.Total.Minor || o.Left().Minor < 0 {
		return fmt.Errorf("%d goes back of %v", refunded, o.Totals.Total)
	}
	sent := map[string]int64{}
	for _, s := range o.Shipments {
		for _, u := range s.Lines {
			sent[u.Line] += u.Units
		}
	}
	for _, l := range o.Lines {
		if l.Open() < 0 || l.Cancelled < 0 || l.Shipped < 0 || l.Returned < 0 || l.Returned > l.Shipped || o.Returnable(l) < 0 || sent[l.ID] != l.Shipped {
			return fmt.Errorf("line %+v, sent %d", l, sent[l.ID])
		}
	}
	var open, shipped int64
	for _, l := range o.Lines {
		open, shipped = open+l.Open(), shipped+l.Shipped
	}
	if (o.Status == Cancelled) != (open == 0 && shipped == 0) || (o.Status == Shipped || o.Status == Delivered) != (open == 0 && shipped > 0) {
		return fmt.Errorf("%s with %d open and %d shipped", o.Status, open, shipped)
	}
	return nil
}

// runErrands does what the worker does; refuses says which refuse.
func runErrands(t *rapid.T, o *Order, stock map[string]int64) {
	for len(o.Errands) > 0 {
		e := o.Errands[0]
		o.Errands = slices.Clone(o.Errands[1:])
		no := rapid.IntRange(0, 9).Draw(t, "fate") == 0
		switch {
		case e.Kind == GiveBack && no:
			o.RefundRefused(e.ID, noon)
		case e.Kind == GiveBack:
			o.RefundDone(e.ID, noon)
		case e.Kind == Restock:
			for _, w := range e.Lines {
				stock[w.SKU] += w.Quantity
			}
			for _, w := range e.WriteOffs {
				stock[w.SKU] += w.Quantity
			}
		case no:
			o.ExchangeFailed(e.Return, e.Amount, noon)
		default:
			for _, w := range e.Lines {
				stock[w.SKU] -= w.Quantity
			}
			if err := o.Exchanged(e.Return, e.Amount, noon); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Whatever is done to an order, and in whatever order: no more goes back than was
// taken, nothing is sent twice, and what is back in stock is what did not stay away.
func TestEditsKeepAnOrderSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOrder(t)
		stock := map[string]int64{}
		if rapid.Bool().Draw(t, "shipped") {
			if err := o.Ship(Tracking{Number: "1Z"}, noon, "admin"); err != nil {
				t.Fatal(err)
			}
		}
		some := func() (units []Units) {
			for range rapid.SampledFrom([]int{1, 1, 2}).Draw(t, "of") {
				l := rapid.SampledFrom(o.Lines).Draw(t, "line")
				units = append(units, Units{l.ID, rapid.SampledFrom([]int64{0, 1, 1, l.Quantity, l.Quantity, l.Quantity + 1}).Draw(t, "units")})
			}
			return units
		}
		which := func() string {
			if len(o.Returns) == 0 {
				return "none"
			}
			return rapid.SampledFrom(o.Returns).Draw(t, "return").ID
		}
		actions := map[string]func(o *Order) error{
			"cancel lines": func(o *Order) error { return o.CancelUnits(some(), noon, "shopper", "") },
			"cancel":       func(o *Order) error { return o.Cancel(noon, "shopper", "") },
			"ship some":    func(o *Order) error { return o.ShipUnits(some(), Tracking{Number: "1Z"}, noon, "admin") },
			"ship":         func(o *Order) error { return o.Ship(Tracking{Number: "1Z"}, noon, "admin") },
			"process":      func(o *Order) error { return o.Process(noon, "admin") },
			"deliver":      func(o *Order) error { return o.Deliver(noon, "admin") },
			"deliver one":  func(o *Order) error { return o.DeliverShipment("1", noon, "admin") },
			"ask": func(o *Order) error {
				var lines []ReturnLine
				for _, u := range some() {
					rl := ReturnLine{Line: u.Line, Units: u.Units}
					if n, ok := o.line(u.Line); ok && rapid.Bool().Draw(t, "exchange") {
						l := o.Lines[n]
						cheaper := rapid.Int64Range(0, l.UnitPrice.Minor).Draw(t, "exchange price")
						rl.Exchange = &Line{SKU: l.SKU + "-other", UnitPrice: money.Of(l.UnitPrice.Currency, cheaper)}
					}
					lines = append(lines, rl)
				}
				return o.RequestReturn(uuid.NewString(), lines, noon, "shopper")
			},
			"approve": func(o *Order) error { return o.ApproveReturn(which(), "", noon, "admin") },
			"reject":  func(o *Order) error { return o.RejectReturn(which(), "no", noon, "admin") },
			"keep":    func(o *Order) error { return o.CancelReturn(which(), noon, "shopper") },
			"refund some": func(o *Order) error {
				return o.Refund(uuid.NewString(), money.Of(o.Totals.Total.Currency, rapid.Int64Range(-1, 50_000).Draw(t, "amount")), noon, "")
			},
			"refund": func(o *Order) error { return o.Refund(uuid.NewString(), money.Amount{}, noon, "") },
			"receive": func(o *Order) error {
				var came []Received
				id := which()
				for _, r := range o.Returns {
					for _, rl := range r.Lines {
						if r.ID == id {
							came = append(came, Received{rl.Line, rapid.Int64Range(0, rl.Units).Draw(t, "restocked"), rapid.SampledFrom([]int64{0, 0, 1}).Draw(t, "written off")})
						}
					}
				}
				return o.ReceiveReturn(id, came, noon, "admin")
			},
		}
		names := slices.Sorted(maps.Keys(actions))
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			name := rapid.SampledFrom(names).Draw(t, "action")
			next := o
			if err := actions[name](&next); err != nil {
				if fault.KindOf(err) == fault.Internal {
					t.Fatalf("%s: %v", name, err)
				}
				continue // as the store does: nothing of it is kept
			}
			if o = next; rapid.Bool().Draw(t, "run") {
				runErrands(t, &o, stock)
			}
			if err := sound(&o); err != nil {
				t.Fatalf("after %s: %v", name, err)
			}
		}
		runErrands(t, &o, stock)
		if err := sound(&o); err != nil {
			t.Fatal(err)
		}
		if o.ByCheckout {
			return // its checkout gives everything back
		}
		away := map[string]int64{}
		for _, l := range o.Lines {
			if away[l.SKU] += l.Cancelled + l.Returned; l.ExchangeOf != "" {
				away[l.SKU] -= l.Quantity
			}
		}
		for sku, n := range away {
			if stock[sku] != n {
				t.Fatalf("%s: %d came back to stock, want %d", sku, stock[sku], n)
			}
		}
		for _, r := range o.Returns {
			if r.State == ReturnReceived {
				t.Fatalf("return %+v is never completed", r)
			}
		}
	})
}

// Parts of a line that go back one by one add up to what was paid for it.
func TestPartsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOrder(t)
		want := o.Totals.Total.Minor - o.Totals.Shipping.Minor
		got := int64(0)
		for n := range o.Lines {
			for o.Lines[n].Open() > 0 {
				units := rapid.Int64Range(1, o.Lines[n].Open()).Draw(t, "units")
				part, err := o.back(o.Lines[n], units)
				if err != nil {
					t.Fatal(err)
				}
				got += part.Minor
				o.Lines[n].Cancelled += units
			}
		}
		if got != want {
			t.Fatalf("parts add up to %d, want %d of %+v", got, want, o.Totals)
		}
	})
}

// A refund was computed from what was ordered, not from what was left of it.
func TestRefundsOfOrdersThatWereEdited(t *testing.T) {
	o := paidOrder(california, "USD", Line{SKU: "mug", UnitPrice: money.Of("USD", 1000), Quantity: 3}, Line{SKU: "pen", UnitPrice: money.Of("USD", 150), Quantity: 1})
	total := o.Totals.Total.Minor
	if err := o.CancelUnits([]Units{{"1", 1}}, noon, "shopper", ""); err != nil {
		t.Fatal(err)
	}
	first := o.Refunded().Minor
	if first != 1073 { // 10.00 and a third of 2.18 of tax, to the cent
		t.Errorf("a mug of three: %d goes back, want 1073", first)
	}
	if err := o.Refund("r1", money.Of("USD", total-first+1), noon, ""); !errors.Is(err, ErrRefundTooMuch) {
		t.Errorf("a cent more than is left: %v", err)
	}
	if err := o.Refund("r1", money.Of("USD", 500), noon, ""); err != nil {
		t.Fatal(err)
	}
	if err := o.Refund("r1", money.Of("USD", 500), noon, ""); err != nil || o.Refunded().Minor != first+500 {
		t.Errorf("the same refund again: %v, %v", err, o.Refunded())
	}
	if err := o.Refund("r1", money.Of("USD", 501), noon, ""); !errors.Is(err, ErrRefundDiffers) {
		t.Errorf("the same refund of another amount: %v", err)
	}
	if err := o.Cancel(noon, "shopper", ""); err != nil || o.Refunded().Minor != total || o.Status != Cancelled || o.ByCheckout {
		t.Errorf("cancelled: %v, %v of %d goes back, %s, by the checkout %v", err, o.Refunded(), total, o.Status, o.ByCheckout)
	}
	if o.PaymentStatus() != Refunded {
		t.Errorf("payment %s", o.PaymentStatus())
	}
}

// Elsewhere, a discount of all left a total of -1.6e-14.
func TestATotalOfNothingIsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOrder(t)
		for n := range o.Lines {
			o.Lines[n].UnitPrice.Minor = 0
		}
		q := Quote{Currency: o.Totals.Total.Currency, Lines: o.Lines}
		if err := q.price("", o.Shipping); err != nil {
			t.Fatal(err)
		}
		if q.Totals.Items.Minor != 0 || q.Totals.Tax.Minor != 0 || q.Totals.Total.Minor != q.Totals.Shipping.Minor {
			t.Fatalf("totals of nothing: %+v", q.Totals)
		}
	})
}

// The steps that explain an amount add up to it.
func TestTracesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOrder(t)
		sum := func(steps []PriceStep) (n int64) {
			for _, s := range steps {
				if s.Label == "" {
					t.Fatalf("a step without a label: %+v", steps)
				}
				if !s.Included {
					n += s.Amount.Minor
				}
			}
			return n
		}
		lines := int64(0)
		for _, l := range o.Lines {
			paid, err := o.worth(l, l.Quantity)
			if err != nil || sum(o.Totals.TraceOf(l)) != paid.Minor {
				t.Fatalf("%+v: the trace %+v does not add up to %v, %v", l, o.Totals.TraceOf(l), paid, err)
			}
			lines += paid.Minor
		}
		if sum(o.Totals.Trace()) != o.Totals.Total.Minor || lines+o.Totals.Shipping.Minor != o.Totals.Total.Minor {
			t.Fatalf("%+v: the trace %+v does not add up", o.Totals, o.Totals.Trace())
		}
	})
}

func TestTraceTellsOfRounding(t *testing.T) {
	o := paidOrder(california, "USD", Line{SKU: "pen", UnitPrice: money.Of("USD", 150), Quantity: 1})
	var labels []string
	for _, s := range o.Totals.TraceOf(o.Lines[0]) {
		labels = append(labels, s.Label)
	}
	if got, want := strings.Join(labels, "; "), "1 × $1.50; Tax 7.25 %; Tax rounded half up from 0.108750 USD"; got != want {
		t.Errorf("trace %q, want %q", got, want)
	}
}
