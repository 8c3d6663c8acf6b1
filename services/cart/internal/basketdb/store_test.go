package basketdb_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/api/money"
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

// What goes in comes out; carts that were written before the body was are read.
func TestCartsAreKept(t *testing.T) {
	db := kittest.DB(t, basketdb.Migrations())
	store := basketdb.New(db)
	kept := func(owner basket.Owner) basket.Cart {
		t.Helper()
		c, _, err := store.Carts(t.Context(), owner, "")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[^\x00]*`)
		amount := rapid.Custom(func(t *rapid.T) money.Amount {
			return money.Amount{Currency: rapid.SampledFrom([]string{"", "USD", "JPY"}).Draw(t, "currency"), Minor: rapid.Int64().Draw(t, "minor")}
		})
		lines := rapid.SliceOf(rapid.Custom(func(t *rapid.T) basket.Line {
			l := basket.Line{
				SKU: basket.SKU(text.Draw(t, "sku")), Quantity: rapid.Int32().Draw(t, "quantity"), Added: amount.Draw(t, "added"),
				Seen: basket.Seen{
					Ware:  basket.Ware{ProductID: text.Draw(t, "id"), Slug: text.Draw(t, "slug"), Title: text.Draw(t, "title"), Variant: text.Draw(t, "variant"), Image: text.Draw(t, "image")},
					Price: basket.Price{Amount: amount.Draw(t, "price"), CompareAt: amount.Draw(t, "compare at")},
					Stock: basket.Stock{Available: rapid.Int64().Draw(t, "available"), Backorder: rapid.Bool().Draw(t, "backorder"), Left: rapid.Int64().Draw(t, "left")},
				},
			}
			if at := rapid.Int64Range(0, 4e15).Draw(t, "at"); at != 0 {
				l.AddedAt = time.UnixMicro(at).UTC()
			}
			return l
		})).Draw(t, "lines")
		want := basket.Cart{Owner: basket.Owner(uuid.NewString()), Currency: "USD", Lines: lines, Version: 1, Touched: time.Unix(1790000000, 0).UTC()}
		if _, err := store.Change(context.Background(), basket.Cart{Owner: want.Owner}, func(c *basket.Cart) error { *c = want; return nil }); err != nil {
			t.Fatal(err)
		}
		if got := kept(want.Owner); !reflect.DeepEqual(got, want) {
			t.Fatalf("kept %+v, want %+v", got, want)
		}
	})
	const before = `INSERT INTO cart (owner, currency, lines, version, touched_at) VALUES ('old', 'USD', '[{"SKU": "mug", "Quantity": 2}]', 3, now())`
	if _, err := db.Exec(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	old := kept("old")
	if len(old.Lines) != 1 || old.Lines[0].SKU != "mug" || old.Lines[0].Quantity != 2 {
		t.Errorf("a cart of before is read as %+v", old)
	}
	changed, err := store.Change(t.Context(), old, func(c *basket.Cart) error { c.Lines[0].Quantity, c.Version = 5, 4; return nil })
	if err != nil || old.Lines[0].Quantity != 2 || !reflect.DeepEqual(kept("old").Lines, changed.Lines) {
		t.Errorf("a cart of before became %+v, %v", changed, err)
	}
}

// Somebody else changed the cart since it was read: what they did is not lost.
func TestAChangeSeesTheCartAsItIs(t *testing.T) {
	store := basketdb.New(kittest.DB(t, basketdb.Migrations()))
	add := func(known basket.Cart, sku basket.SKU) basket.Cart {
		t.Helper()
		c, err := store.Change(t.Context(), known, func(c *basket.Cart) error {
			c.Lines, c.Version = append(c.Lines, basket.Line{SKU: sku, Quantity: 1}), c.Version+1
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	stale := add(basket.Cart{Owner: "ada"}, "mug")
	add(stale, "pen")
	if c := add(stale, "vase"); len(c.Lines) != 3 || c.Version != 3 || len(stale.Lines) != 1 {
		t.Errorf("after three changes: %+v", c)
	}
}
