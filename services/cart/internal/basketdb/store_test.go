package basketdb_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/services/cart/internal/basket"
	"github.com/souk-commerce/souk/services/cart/internal/basketdb"
)

func TestMain(m *testing.M) { kittest.Main(m) }

func TestSweepRemovesWhatNobodyUsed(t *testing.T) {
	store := basketdb.New(kittest.DB(t, basketdb.Migrations()))
	now := time.Now().UTC().Truncate(time.Second)
	put := func(owner basket.Owner, at time.Time) {
		if _, err := store.Change(t.Context(), basket.Cart{Owner: owner}, func(c *basket.Cart) error {
			c.Version, c.Touched = c.Version+1, at
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 501 { // more than one step
		put(basket.Owner(fmt.Sprint("old-", i)), now.Add(-time.Hour))
	}
	put("old-0", now.Add(-time.Minute))
	if err := store.Touch(t.Context(), "old-1", now); err != nil {
		t.Fatal(err)
	}
	if err := store.Sweep(t.Context(), now.Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	used, touched, err := store.Carts(t.Context(), "old-0", "old-1")
	if err != nil || used.Version != 2 || touched.Version != 1 || !touched.Touched.Equal(now) {
		t.Errorf("the carts that were used: %+v, %+v, %v; want both", used, touched, err)
	}
	gone, last, err := store.Carts(t.Context(), "old-2", "old-500")
	if err != nil || gone.Version != 0 || last.Version != 0 {
		t.Errorf("the carts that were not: %+v, %+v, %v; want none", gone, last, err)
	}
}
