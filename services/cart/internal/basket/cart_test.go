package basket

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/kit/fault"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fair is a market with mugs (5), pens (any number), a lamp (sold in EUR only)
// and a sold-out vase. Ropes were asked for and are not sold.
func fair() Market {
	usd := func(minor int64) map[string]Price { return map[string]Price{"USD": {Amount: money.Of("USD", minor)}} }
	both := usd(1000)
	both["EUR"] = Price{Amount: money.Of("EUR", 900)}
	return Market{
		Asked: map[SKU]bool{"mug": true, "pen": true, "lamp": true, "vase": true, "rope": true},
		Offers: map[SKU]Offer{
			"mug": {Ware{Title: "Mug"}, both}, "pen": {Ware{Title: "Pen"}, usd(150)}, "vase": {Ware{Title: "Vase"}, usd(4000)},
			"lamp": {Ware{Title: "Lamp"}, map[string]Price{"EUR": {Amount: money.Of("EUR", 5000)}}},
		},
		Stock: map[SKU]Stock{"mug": {Available: 5}, "pen": {Backorder: true}, "lamp": {Available: 1}, "vase": {}},
	}
}

func closed() Market {
	return Market{Asked: fair().Asked, NoOffers: errors.New("catalog is down"), NoStock: errors.New("inventory is down")}
}

func cartOf(units map[SKU]int32) Cart {
	c := Cart{Owner: "ada", Currency: "USD", Version: 1}
	for _, sku := range slices.Sorted(maps.Keys(units)) {
		c.Lines = append(c.Lines, Line{SKU: sku, Quantity: units[sku], Added: money.Of("USD", 1000), AddedAt: noon})
	}
	return c
}

func TestAdd(t *testing.T) {
	full := map[SKU]int32{}
	for i := range 100 {
		full[SKU(fmt.Sprint("sku", i))] = 1
	}
	noStock := fair()
	noStock.NoStock = errors.New("inventory is down")
	for _, c := range []struct {
		name string
		had  map[SKU]int32
		sku  SKU
		n    int32
		in   Market
		want error
		left int32
	}{
		{"makes a line", nil, "mug", 5, fair(), nil, 5},
		{"puts units onto the line that is there", map[SKU]int32{"mug": 2}, "mug", 3, fair(), nil, 5},
		{"refuses one too many", nil, "mug", 6, fair(), ErrShort, 0},
		{"counts what is in the cart already", map[SKU]int32{"mug": 3}, "mug", 3, fair(), ErrShort, 3},
		{"takes more than there is on backorder", nil, "pen", 999, fair(), nil, 999},
		{"refuses a thousand", map[SKU]int32{"pen": 999}, "pen", 1, fair(), ErrMost, 999},
		{"refuses what nobody knows", nil, "rope", 1, fair(), ErrUnknown, 0},
		{"refuses what is not sold in the currency", nil, "lamp", 1, fair(), ErrNotSold, 0},
		{"refuses what is sold out", nil, "vase", 1, fair(), ErrShort, 0},
		{"refuses line 101", full, "mug", 1, fair(), ErrFull, 0},
		{"asks to come back when the market is closed", nil, "mug", 1, closed(), ErrClosed, 0},
		{"asks to come back when stock is not known", nil, "mug", 1, noStock, ErrClosed, 0},
		{"asks to come back for what was not asked for", nil, "other", 1, fair(), ErrClosed, 0},
	} {
		cart := cartOf(c.had)
		err := cart.Add(c.sku, c.n, 100, c.in, noon)
		var left int32
		if l := cart.line(c.sku); l != nil {
			left = l.Quantity
		}
		if !errors.Is(err, c.want) || left != c.left || (cart.Version == 2) != (err == nil) {
			t.Errorf("Add %s: %v, %d units, version %d; want %v, %d", c.name, err, left, cart.Version, c.want, c.left)
		}
	}
	empty := Cart{}
	f, _ := fault.As(empty.Add("mug", 6, 100, fair(), noon))
	if f.Meta["sku"] != "mug" || f.Meta["available"] != "5" {
		t.Errorf("the refusal says %v; want the SKU and what is available", f.Meta)
	}
}

func TestSet(t *testing.T) {
	for _, c := range []struct {
		name    string
		sku     SKU
		n       int32
		in      Market
		want    error
		left    int32
		version int64
	}{
		{"grows as far as there is stock", "mug", 5, fair(), nil, 5, 2},
		{"refuses to grow further", "mug", 6, fair(), ErrShort, 3, 1},
		{"shrinks when the market is closed", "mug", 1, closed(), nil, 1, 2},
		{"does not grow when the market is closed", "mug", 4, closed(), ErrClosed, 3, 1},
		{"changes nothing to the same number", "mug", 3, closed(), nil, 3, 1},
		{"removes at 0", "mug", 0, closed(), nil, 0, 2},
		{"finds it fine that nothing is removed", "pen", 0, fair(), nil, 0, 1},
		{"refuses a line that is not there", "pen", 1, fair(), ErrNoLine, 0, 1},
		{"refuses a thousand", "mug", 1000, fair(), ErrMost, 3, 1},
		{"shrinks what is no longer sold", "rope", 1, fair(), nil, 1, 2},
		{"does not grow what is no longer sold", "rope", 3, fair(), ErrUnknown, 2, 1},
	} {
		cart := cartOf(map[SKU]int32{"mug": 3, "rope": 2})
		err := cart.Set(c.sku, c.n, c.in)
		var left int32
		if l := cart.line(c.sku); l != nil {
			left = l.Quantity
		}
		if !errors.Is(err, c.want) || left != c.left || cart.Version != c.version {
			t.Errorf("Set %s: %v, %d units, version %d; want %v, %d, %d", c.name, err, left, cart.Version, c.want, c.left, c.version)
		}
	}
}

func TestBought(t *testing.T) {
	for _, c := range []struct {
		name         string
		bought, left map[SKU]int32
		version      int64
	}{
		{"takes lines out", map[SKU]int32{"mug": 3, "pen": 1}, map[SKU]int32{}, 2},
		{"leaves what was added since", map[SKU]int32{"mug": 2}, map[SKU]int32{"mug": 1, "pen": 1}, 2},
		{"takes no more than there is", map[SKU]int32{"mug": 9}, map[SKU]int32{"pen": 1}, 2},
		{"leaves alone what was bought elsewhere", map[SKU]int32{"lamp": 1}, map[SKU]int32{"mug": 3, "pen": 1}, 1},
		{"never adds", map[SKU]int32{"mug": -5}, map[SKU]int32{"mug": 3, "pen": 1}, 1},
	} {
		cart := cartOf(map[SKU]int32{"mug": 3, "pen": 1})
		cart.Bought(c.bought)
		if got := totals(cart); !maps.Equal(got, c.left) || cart.Version != c.version {
			t.Errorf("Bought %s: left %v at version %d; want %v, %d", c.name, got, cart.Version, c.left, c.version)
		}
	}
}

func TestLook(t *testing.T) {
	for _, c := range []struct {
		name     string
		units    map[SKU]int32
		added    int64
		currency string
		in       Market
		changes  []Change
		subtotal int64
		ready    bool
	}{
		{"is ready", map[SKU]int32{"mug": 5}, 1000, "", fair(), nil, 5000, true},
		{"is not ready without lines", nil, 0, "", fair(), nil, 0, false},
		{"tells a higher price", map[SKU]int32{"mug": 1}, 900, "", fair(), []Change{PriceUp}, 1000, true},
		{"tells a lower price", map[SKU]int32{"mug": 1}, 1100, "", fair(), []Change{PriceDown}, 1000, true},
		{"tells what is short", map[SKU]int32{"mug": 6}, 1000, "", fair(), []Change{Short}, 0, false},
		{"tells what is sold out", map[SKU]int32{"vase": 1}, 4000, "", fair(), []Change{SoldOut}, 0, false},
		{"tells what is gone", map[SKU]int32{"rope": 1}, 1000, "", fair(), []Change{Gone}, 0, false},
		{"tells what is not sold in the currency", map[SKU]int32{"lamp": 1}, 1000, "", fair(), []Change{Gone}, 0, false},
		{"compares no prices of two currencies", map[SKU]int32{"mug": 1}, 1, "EUR", fair(), nil, 900, true},
		{"knows backorders", map[SKU]int32{"pen": 900}, 150, "", fair(), nil, 135000, true},
	} {
		cart := cartOf(c.units)
		for i := range cart.Lines {
			cart.Lines[i].Added.Minor = c.added
		}
		v, err := cart.Look(c.currency, c.in)
		if err != nil {
			t.Fatal(err)
		}
		var changes []Change
		for _, s := range v.Lines {
			changes = append(changes, s.Changes...)
		}
		if !slices.Equal(changes, c.changes) || v.Subtotal.Minor != c.subtotal || v.Ready != c.ready {
			t.Errorf("Look %s: %v, %v, ready %v; want %v, %d, %v", c.name, changes, v.Subtotal, v.Ready, c.changes, c.subtotal, c.ready)
		}
	}
}

func TestLookIntoAClosedMarketShowsWhatWasSeen(t *testing.T) {
	var cart Cart
	if err := cart.Add("mug", 2, 100, fair(), noon); err != nil {
		t.Fatal(err)
	}
	v, err := cart.Look("", closed())
	if err != nil || v.Ready || v.Subtotal != money.Of("USD", 2000) {
		t.Fatalf("Look = %+v, %v; want $20.00, not ready", v, err)
	}
	if s := v.Lines[0]; s.Ware.Title != "Mug" || len(s.Changes) != 0 || s.Stock.Available != 5 {
		t.Errorf("line = %+v; want the mug as it was", s)
	}
}

func TestChoosePricesAnew(t *testing.T) {
	cart := cartOf(map[SKU]int32{"mug": 1, "pen": 1})
	cart.Choose("EUR", fair())
	if l := cart.line("mug"); cart.Currency != "EUR" || l.Added != money.Of("EUR", 900) || cart.Version != 2 {
		t.Errorf("the mug was added for %v in a cart of %s, version %d", l.Added, cart.Currency, cart.Version)
	}
	v, err := cart.Look("", fair())
	if err != nil || v.Ready || v.Subtotal != money.Of("EUR", 900) || !slices.Equal(v.Lines[1].Changes, []Change{Gone}) {
		t.Errorf("Look = %+v, %v; want the mug for 9 EUR and the pen gone", v, err)
	}
}

func totals(c Cart) map[SKU]int32 {
	sum := map[SKU]int32{}
	for _, l := range c.Lines {
		sum[l.SKU] += l.Quantity
	}
	return sum
}

func anyCart(t *rapid.T, name string) Cart {
	units := rapid.MapOfN(rapid.StringMatching(`[a-f][0-3]?`), rapid.Int32Range(1, MostUnits), 0, 12).Draw(t, name)
	c := Cart{Currency: "USD", Version: 1}
	for _, sku := range slices.Sorted(maps.Keys(units)) {
		at := rapid.IntRange(0, 9).Draw(t, "minute")
		c.Lines = append(c.Lines, Line{SKU: SKU(sku), Quantity: units[sku], AddedAt: noon.Add(time.Duration(at) * time.Minute)})
	}
	return c
}

func merged(into, from Cart, limit int) Cart {
	into.Lines = slices.Clone(into.Lines)
	into.Merge(from, limit)
	return into
}

func TestMergeAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyCart(t, "a"), anyCart(t, "b")
		limit := rapid.IntRange(12, 24).Draw(t, "limit")
		ab, ba := merged(a, b, limit), merged(b, a, limit)
		if !maps.Equal(totals(ab), totals(ba)) {
			t.Fatalf("a+b = %v, b+a = %v", totals(ab), totals(ba))
		}
		if len(ab.Lines) > limit || len(totals(ab)) != len(ab.Lines) {
			t.Fatalf("%d lines of %d SKUs; want at most %d, one for each SKU", len(ab.Lines), len(totals(ab)), limit)
		}
		inA, inB := totals(a), totals(b)
		var units int32
		for sku, n := range totals(ab) {
			if want := min(inA[sku]+inB[sku], MostUnits); n != want {
				t.Fatalf("%s: %d units; want %d", sku, n, want)
			}
			units += n
		}
		if ab.Units() != units {
			t.Fatalf("Units = %d; want %d", ab.Units(), units)
		}
		if len(b.Lines) > 0 != (ab.Version > a.Version) {
			t.Fatalf("version %d after %d", ab.Version, a.Version)
		}
	})
}

func TestMergeOfThreeIsTheSameInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := []Cart{anyCart(t, "a"), anyCart(t, "b"), anyCart(t, "c")}
		want := totals(merged(merged(all[0], all[1], 100), all[2], 100))
		order := rapid.Permutation(all).Draw(t, "order")
		if got := totals(merged(order[0], merged(order[1], order[2], 100), 100)); !maps.Equal(got, want) {
			t.Fatalf("%v in another order; want %v", got, want)
		}
	})
}

// Whatever is asked for, in whatever market, a cart keeps its invariants.
func TestCartKeepsItsInvariants(t *testing.T) {
	const limit = 3
	skus := []SKU{"mug", "pen", "lamp", "vase", "rope"}
	rapid.Check(t, func(t *rapid.T) {
		var c Cart
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				m := rapid.SampledFrom([]Market{fair(), closed()}).Draw(t, "market")
				_ = c.Add(rapid.SampledFrom(skus).Draw(t, "sku"), rapid.Int32Range(1, 999).Draw(t, "units"), limit, m, noon)
			},
			"set": func(t *rapid.T) {
				_ = c.Set(rapid.SampledFrom(skus).Draw(t, "sku"), rapid.Int32Range(0, 1200).Draw(t, "units"), fair())
			},
			"choose": func(t *rapid.T) { c.Choose(rapid.SampledFrom([]string{"", "USD", "EUR"}).Draw(t, "currency"), fair()) },
			"bought": func(t *rapid.T) {
				c.Bought(map[SKU]int32{rapid.SampledFrom(skus).Draw(t, "sku"): rapid.Int32Range(-3, 5).Draw(t, "units")})
			},
			"": func(t *rapid.T) {
				if len(c.Lines) > limit || len(totals(c)) != len(c.Lines) {
					t.Fatalf("lines = %v", c.Lines)
				}
				v, err := c.Look("", fair())
				if err != nil {
					t.Fatal(err)
				}
				sum := money.Of(v.Currency, 0)
				for _, s := range v.Lines {
					if s.Quantity < 1 || s.Quantity > MostUnits {
						t.Fatalf("%d units of %s", s.Quantity, s.SKU)
					}
					if s.buyable() {
						if sum, err = sum.Add(s.Total); err != nil {
							t.Fatal(err)
						}
					}
				}
				if v.Subtotal != sum || v.Units != c.Units() {
					t.Fatalf("subtotal %v, units %d; want %v, %d", v.Subtotal, v.Units, sum, c.Units())
				}
			},
		})
	})
}

// Of what may be backordered up to a limit, no more goes into a cart than can be had.
func TestBackordersHaveALimit(t *testing.T) {
	m := fair()
	m.Stock["pen"] = Stock{Available: 1, Backorder: true, Left: 2}
	c := Cart{Owner: "ada"}
	if err := c.Add("pen", 3, 10, m, noon); err != nil {
		t.Errorf("all that can be had: %v", err)
	}
	if err := c.Set("pen", 4, m); !errors.Is(err, ErrShort) {
		t.Errorf("one more: %v, want %v", err, ErrShort)
	}
	for left, want := range map[int64][]Change{2: nil, 1: {Short}} {
		m.Stock["pen"] = Stock{Available: 1, Backorder: true, Left: left}
		if v, err := c.Look("", m); err != nil || !slices.Equal(v.Lines[0].Changes, want) || v.Ready != (want == nil) {
			t.Errorf("with %d left: %v, %v; want %v", left, v, err, want)
		}
	}
}
