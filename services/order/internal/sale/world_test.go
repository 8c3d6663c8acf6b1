package sale_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/services/order/internal/sale"
	"github.com/souk-commerce/souk/services/order/internal/saletest"
)

// Whatever gets lost, refused or overtaken, and whenever: each checkout ends, an
// order that is kept was paid and sold once, and nothing else keeps money or stock.
func TestCheckoutKeepsItsPromises(t *testing.T) {
	for range 20 { // a hundred each: some troubles take many coincidences
		rapid.Check(t, func(t *rapid.T) { saletest.Promises(t, saletest.NewMemory()) })
	}
}

// An order was shipped between payment and sale; then its stock was gone, and it
// could neither be kept nor given up.
func TestNothingShipsBeforeItIsSold(t *testing.T) {
	script := slices.Repeat([]saletest.Fate{saletest.Well}, 7)
	script = append(script, saletest.Dropped, saletest.Ships, saletest.Well, saletest.Well, saletest.No)
	w := saletest.New(saletest.NewMemory(), script...)
	w.Place()
	w.Settle()
	if err := w.Check(); err != nil {
		t.Error(err)
	}
	if o := w.Order(); o.Status != sale.Cancelled {
		t.Errorf("the order is %s; want it cancelled, as it could not be sold", o.Status)
	}
}

// Calls are lost; then the shop is away for half an hour, and the shopper, too.
func TestNobodyGetsAnOrderThatTheyNoLongerWaitFor(t *testing.T) {
	for name, calls := range map[string]int{"price": 0, "reserve": 3, "authorize": 4} {
		script := append(slices.Repeat([]saletest.Fate{saletest.Well}, calls), saletest.Dropped, saletest.Well, saletest.Well, saletest.Waits)
		w := saletest.New(saletest.NewMemory(), script...)
		w.Place()
		w.Settle()
		if err := w.Check(); err != nil {
			t.Errorf("at %s: %v", name, err)
		}
		if o := w.Order(); o.ID != "" {
			t.Errorf("at %s: there is an order", name)
		}
	}
}

// forgetful has lost all reservations.
type forgetful struct{ sale.Stock }

func (forgetful) Commit(context.Context, string, string) error {
	return fault.New(fault.NotFound, "reservation_not_found", "")
}

// The money for something that is not there was kept, and the order hung for ever.
func TestNobodyPaysForAUnitThatWentMeanwhile(t *testing.T) {
	w := saletest.New(saletest.NewMemory())
	w.Desk.Stock = forgetful{w.Desk.Stock}
	w.Place()
	w.Settle()
	if err := w.Check(); err != nil {
		t.Error(err)
	}
	if o := w.Order(); o.Status != sale.Cancelled {
		t.Errorf("the order is %s; want it cancelled", o.Status)
	}
}

// A shopper came back from the bank while its message was being looked into, and
// was sent there again.
func TestWhoHasConfirmedIsNotAskedAgain(t *testing.T) {
	store := saletest.NewMemory()
	w := saletest.New(store)
	w.Secure = true
	w.Place()
	other := sale.Lease{Holder: "another instance", Until: w.Clock.Now().Add(time.Minute)}
	if _, held, err := store.Claim(t.Context(), w.ID, other, w.Clock.Now()); err != nil || !held {
		t.Fatalf("claim: %v, %v", held, err)
	}
	state := func() sale.State {
		c, err := w.Desk.Resume(t.Context(), w.ID, sale.Owners{w.Owner})
		if err != nil {
			t.Fatal(err)
		}
		return c.State()
	}
	if got := state(); got != sale.StatePending {
		t.Errorf("while another instance asks the bank, the shopper is told %s; want pending", got)
	}
	if err := store.LetGo(t.Context(), w.ID, other.Holder); err != nil {
		t.Fatal(err)
	}
	if got := state(); got != sale.StateAction {
		t.Errorf("when nothing was confirmed, the shopper is told %s; want action", got)
	}
}
