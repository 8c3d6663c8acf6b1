package saledb_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/services/order/internal/sale"
	"github.com/souk-commerce/souk/services/order/internal/saledb"
	"github.com/souk-commerce/souk/services/order/internal/saletest"
)

func TestMain(m *testing.M) { kittest.Main(m) }

// What the store in memory shows of checkouts is true of the database.
func TestCheckoutKeepsItsPromises(t *testing.T) {
	db := kittest.DB(t, saledb.Migrations())
	rapid.Check(t, func(t *rapid.T) {
		if _, err := db.Exec(t.Context(), `UPDATE checkout SET step = 'ended'`); err != nil { // of a try before that failed
			t.Fatal(err)
		}
		saletest.Promises(t, saledb.New(db))
	})
	var orders, told int
	if err := db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM sale_order), (SELECT count(*) FROM outbox WHERE topic = 'order.placed')`).Scan(&orders, &told); err != nil {
		t.Fatal(err)
	}
	if orders == 0 || told != orders {
		t.Errorf("%d orders, told of %d", orders, told)
	}
}

var noon = time.Date(2026, 10, 25, 12, 0, 0, 123456789, time.UTC)

func lease(seconds int) sale.Lease {
	return sale.Lease{Holder: uuid.NewString(), Until: noon.Add(time.Duration(seconds) * time.Second)}
}

func checkout(owner string) sale.Checkout {
	return sale.Checkout{ID: uuid.NewString(), Owner: owner, Wish: sale.Wish{Email: owner + "@example.com"}, Step: sale.StepPrice, Created: noon, Due: noon}
}

func TestALeaseHasOneHolder(t *testing.T) {
	s := saledb.New(kittest.DB(t, saledb.Migrations()))
	first, second, c := lease(20), lease(40), checkout("ada")
	if _, begun, err := s.Begin(t.Context(), c, first, nil); err != nil || !begun {
		t.Fatalf("Begin: %v, %v", begun, err)
	}
	due := func(seconds int) []string {
		t.Helper()
		ids, err := s.Due(t.Context(), noon.Add(time.Duration(seconds)*time.Second), 10)
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	claim := func(l sale.Lease, seconds int) bool {
		t.Helper()
		got, held, err := s.Claim(t.Context(), c.ID, l, noon.Add(time.Duration(seconds)*time.Second))
		if err != nil || got.ID != c.ID {
			t.Fatalf("Claim = %+v, %v", got, err)
		}
		return held
	}
	move := func(l sale.Lease, to sale.Step) error {
		_, err := s.Move(t.Context(), c.ID, l, func(c *sale.Checkout) sale.Effects { c.Step = to; return sale.Effects{} })
		return err
	}
	if len(due(19)) != 0 || claim(second, 19) {
		t.Error("the lease was taken from its holder")
	}
	if err := move(second, sale.StepReserve); !errors.Is(err, sale.ErrLost) {
		t.Errorf("a move without the lease: %v", err)
	}
	if !slices.Equal(due(20), []string{c.ID}) || !claim(second, 20) {
		t.Error("the lease does not end")
	}
	if err := move(first, sale.StepReserve); !errors.Is(err, sale.ErrLost) {
		t.Errorf("a move by whom it was taken from: %v", err)
	}
	if err := s.LetGo(t.Context(), c.ID, first.Holder); err != nil || claim(lease(60), 30) {
		t.Errorf("the lease was let go by another: %v", err)
	}
	if err := s.LetGo(t.Context(), c.ID, second.Holder); err != nil || !claim(first, 0) {
		t.Errorf("the lease was not let go: %v", err)
	}
	if err := move(first, sale.StepEnded); err != nil {
		t.Error(err)
	}
	if len(due(999)) != 0 || claim(second, 999) {
		t.Error("an ended checkout goes on")
	}
}

func TestAPaymentsNewsWakeWhatWaitsForIt(t *testing.T) {
	s := saledb.New(kittest.DB(t, saledb.Migrations()))
	for step, wakes := range map[sale.Step]bool{sale.StepAction: true, sale.StepAuthorize: true, sale.StepReserve: false, sale.StepUndo: false} {
		c, l := checkout("ada"), lease(0)
		if _, _, err := s.Begin(t.Context(), c, l, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Move(t.Context(), c.ID, l, func(c *sale.Checkout) sale.Effects {
			c.Step, c.Due = step, noon.Add(time.Hour)
			return sale.Effects{}
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.Wake(t.Context(), c.ID, noon); err != nil {
			t.Fatal(err)
		}
		ids, err := s.Due(t.Context(), noon, 10)
		if err != nil || slices.Contains(ids, c.ID) != wakes {
			t.Errorf("at %s: due %v, %v; want %v", step, slices.Contains(ids, c.ID), err, wakes)
		}
	}
	if err := s.Wake(t.Context(), uuid.NewString(), noon); err != nil {
		t.Errorf("news of another's payment: %v", err)
	}
}

// place puts orders of several owners down, some in the same microsecond.
func place(t *testing.T, s *saledb.Store, n int) (all []sale.Order) {
	t.Helper()
	for i := range n {
		c, l := checkout([]string{"ada", "eve", "guest"}[i%3]), lease(20)
		if _, _, err := s.Begin(t.Context(), c, l, nil); err != nil {
			t.Fatal(err)
		}
		o := sale.Order{
			ID: uuid.NewString(), Number: fmt.Sprintf("N-%03d", i), Owner: c.Owner, Checkout: c.ID, Email: "Mixed@Example.com", Status: sale.Placed,
			Created: noon.Add(time.Duration(i/4) * 400 * time.Nanosecond),
		}
		if _, err := s.Move(t.Context(), c.ID, l, func(c *sale.Checkout) sale.Effects {
			c.OrderID, c.Step = o.ID, sale.StepEnded
			return sale.Effects{Place: &o}
		}); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

func TestPagesHaveEveryOrderOnce(t *testing.T) {
	s := saledb.New(kittest.DB(t, saledb.Migrations()))
	all := place(t, s, 60)
	type lister func(p sale.Page) ([]sale.Order, error)
	of := func(owners ...string) lister {
		return func(p sale.Page) ([]sale.Order, error) { return s.OrdersOf(t.Context(), owners, p) }
	}
	filtered := func(f sale.Filter) lister {
		return func(p sale.Page) ([]sale.Order, error) { return s.Orders(t.Context(), f, p) }
	}
	for _, c := range []struct {
		name string
		list lister
		want int
	}{
		{"one owner's", of("ada"), 20},
		{"a shopper's who was a guest", of("ada", "guest"), 40},
		{"nobody's", of("bob"), 0},
		{"all", filtered(sale.Filter{}), 60},
		{"by status", filtered(sale.Filter{Status: sale.Placed}), 60},
		{"by another status", filtered(sale.Filter{Status: sale.Shipped}), 0},
		{"by e-mail", filtered(sale.Filter{Query: "mixed@EXAMPLE.com"}), 60},
		{"by number", filtered(sale.Filter{Query: "n-007"}), 1},
		{"by number and status", filtered(sale.Filter{Query: "n-007", Status: sale.Cancelled}), 0},
	} {
		for _, size := range []int{1, 7, 20, 100} {
			seen := map[string]bool{}
			p := sale.Page{Size: size}
			for last := noon.Add(time.Hour); ; {
				page, err := c.list(p)
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range page {
					if seen[o.ID] || o.Created.Truncate(time.Microsecond).After(last.Truncate(time.Microsecond)) {
						t.Fatalf("%s by %d: %s again, or out of order", c.name, size, o.Number)
					}
					seen[o.ID], last = true, o.Created
				}
				if len(page) < size {
					break
				}
				end := page[len(page)-1]
				p.After = &sale.Cursor{Created: end.Created, ID: end.ID}
			}
			if len(seen) != c.want {
				t.Errorf("%s by %d: %d orders; want %d", c.name, size, len(seen), c.want)
			}
		}
	}
	if o, err := s.OrderByNumber(t.Context(), "n-007"); err != nil || o.ID != all[7].ID || o.Created.Location() != time.UTC {
		t.Errorf("by number: %+v, %v", o, err)
	}
	for _, id := range []string{"x", "", uuid.NewString()} {
		if _, err := s.Order(t.Context(), id); !errors.Is(err, sale.ErrNoOrder) {
			t.Errorf("Order(%q): %v; want that there is none", id, err)
		}
	}
}

// Cancelling twice made the etag old that staff had just read.
func TestWhatChangesNothingIsNoNewVersion(t *testing.T) {
	s := saledb.New(kittest.DB(t, saledb.Migrations()))
	o := place(t, s, 1)[0]
	var etags []string
	for range 2 {
		got, err := s.ChangeOrder(t.Context(), o.ID, noon, func(o *sale.Order) error { return o.Cancel(noon, "shopper", "") })
		if err != nil {
			t.Fatal(err)
		}
		etags = append(etags, got.ETag())
	}
	if etags[0] != etags[1] || etags[0] == o.ETag() {
		t.Errorf("etags %v; want one, and another than %s", etags, o.ETag())
	}
}

func TestAKeyStandsForOneCheckout(t *testing.T) {
	s := saledb.New(kittest.DB(t, saledb.Migrations()))
	ctx := crdb.WithKey(t.Context(), crdb.Key{Procedure: "PlaceOrder", Subject: "ada", Key: "k", Hash: [32]byte{1}})
	c := checkout("ada")
	if _, begun, err := s.Begin(ctx, c, lease(20), nil); err != nil || !begun {
		t.Fatalf("Begin = %v, %v", begun, err)
	}
	if kept, begun, err := s.Begin(ctx, c, lease(20), nil); err != nil || begun || kept.ID != c.ID {
		t.Errorf("again = %s, begun %v, %v; want the same, not begun", kept.ID, begun, err)
	}
	other := crdb.WithKey(t.Context(), crdb.Key{Procedure: "PlaceOrder", Subject: "ada", Key: "k", Hash: [32]byte{2}})
	if _, begun, err := s.Begin(other, checkout("ada"), lease(20), nil); err == nil || begun {
		t.Errorf("another checkout with the key: begun %v, %v; want it refused", begun, err)
	}
}
