package sale

import (
	"context"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/kit/fault"
)

func lines(currency string, prices ...int64) []Line {
	var all []Line
	for _, p := range prices {
		all = append(all, Line{Quantity: 1, UnitPrice: money.Of(currency, p)})
	}
	return all
}

func TestPrice(t *testing.T) {
	const huge = math.MaxInt64
	oregon, california := Address{Country: "US", Region: "OR"}, Address{Country: "US", Region: " california"}
	for _, c := range []struct {
		name                             string
		to                               Address
		delivery                         string
		lines                            []Line
		shipping, tax, total, includedIn int64
		want                             error
	}{
		{"adds delivery to what is cheap", oregon, "", lines("USD", 1000), 495, 0, 1495, 0, nil},
		{"delivers free from fifty dollars on", oregon, "", lines("USD", 4999, 1), 0, 0, 5000, 0, nil},
		{"asks for express all the same", oregon, "express", lines("USD", 5000), 1495, 0, 6495, 0, nil},
		{"puts a state's tax on each line, not on delivery", california, "", lines("USD", 1000, 7), 495, 73 + 1, 1007 + 495 + 74, 0, nil},
		{"finds the tax within prices in Germany, delivery's too", Address{Country: "DE"}, "", lines("EUR", 1190), 495, 0, 1685, 190 + 79, nil},
		{"asks no tax far away", Address{Country: "NZ"}, "", lines("USD", 1000), 1995, 0, 2995, 0, nil},
		{"knows no express to far away", Address{Country: "NZ"}, "express", lines("USD", 1000), 0, 0, 0, 0, ErrDelivery},
		{"delivers for no money that it has no price in", oregon, "", lines("JPY", 1000), 0, 0, 0, 0, ErrCurrency},
		{"refuses more than there are numbers for", oregon, "", []Line{{Quantity: 2, UnitPrice: money.Of("USD", huge)}}, 0, 0, 0, 0, ErrTooMuch},
		{"refuses it when delivery is the last straw", oregon, "express", lines("USD", huge), 0, 0, 0, 0, ErrTooMuch},
	} {
		q := Quote{Lines: c.lines, Currency: c.lines[0].UnitPrice.Currency}
		err := q.price(c.delivery, c.to)
		if !errors.Is(err, c.want) {
			t.Errorf("price %s: %v; want %v", c.name, err, c.want)
		}
		got := q.Totals
		if err == nil && (got.Shipping.Minor != c.shipping || got.Tax.Minor != c.tax || got.Total.Minor != c.total || got.Included.Minor != c.includedIn) {
			t.Errorf("price %s: %+v; want delivery %d, tax %d, total %d, included %d", c.name, got, c.shipping, c.tax, c.total, c.includedIn)
		}
	}
}

func TestTotalsAddUp(t *testing.T) {
	countries := []string{"US", "DE", "FR", "FI", "HU", "GB", "CH", "CA", "JP", "ZZ", ""}
	regions := []string{"", "CA", "Minnesota", "OR", "NJ", "??"}
	rapid.Check(t, func(t *rapid.T) {
		currency := rapid.SampledFrom([]string{"USD", "EUR", "GBP"}).Draw(t, "currency")
		to := Address{Country: rapid.SampledFrom(countries).Draw(t, "country"), Region: rapid.SampledFrom(regions).Draw(t, "region")}
		most := rapid.SampledFrom([]int64{1, 100, 1_000_000, math.MaxInt64}).Draw(t, "most")
		q := Quote{Currency: currency}
		for range rapid.IntRange(1, 8).Draw(t, "lines") {
			price := money.Of(currency, rapid.Int64Range(0, most).Draw(t, "price"))
			q.Lines = append(q.Lines, Line{Quantity: rapid.Int64Range(1, 999).Draw(t, "units"), UnitPrice: price})
		}
		err := q.price(rapid.SampledFrom([]string{"", "standard", "express", "international"}).Draw(t, "delivery"), to)
		if errors.Is(err, ErrDelivery) || errors.Is(err, ErrTooMuch) && most > 1_000_000 {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		items, tax := int64(0), int64(0)
		for _, l := range q.Lines {
			if l.Total != money.Of(currency, l.UnitPrice.Minor*l.Quantity) || l.Tax.Minor < 0 || l.Tax.Minor > l.Total.Minor || l.Tax.Currency != currency {
				t.Fatalf("line %+v", l)
			}
			items, tax = items+l.Total.Minor, tax+l.Tax.Minor
		}
		got := q.Totals
		for _, a := range []money.Amount{got.Items, got.Shipping, got.Tax, got.Total, got.Included} {
			if a.Currency != currency || a.Minor < 0 {
				t.Fatalf("totals = %+v; want %s, nothing below zero", got, currency)
			}
		}
		if got.Items.Minor != items || got.Items.Minor+got.Shipping.Minor+got.Tax.Minor != got.Total.Minor || got.Shipping != q.Delivery.Price {
			t.Fatalf("totals = %+v; want them to add up over items of %d", got, items)
		}
		if got.Tax.Minor > 0 && got.Included.Minor > 0 || got.Included.Minor > got.Total.Minor {
			t.Fatalf("totals = %+v; want tax on top or within, and no more than all of it", got)
		}
		if got.Tax.Minor != tax && (got.Tax.Minor != 0 || got.Included.Minor < tax) {
			t.Fatalf("tax = %+v; the lines have %d", got, tax)
		}
	})
}

func TestWaysOfDelivery(t *testing.T) {
	for _, w := range ways {
		if len(w.fees) != len(ways[0].fees) || w.name == "" || w.promise == "" {
			t.Errorf("%s has fees %v; want one for each currency", w.id, w.fees)
		}
	}
	for country, want := range map[string]string{"US": "standard", "DE": "standard", "GB": "standard", "BR": "international", "ZZ": "international"} {
		for _, currency := range []string{"USD", "EUR", "GBP"} {
			if all := DeliveriesTo(Address{Country: country}, money.Of(currency, 1)); len(all) == 0 || all[0].ID != want || all[0].Price.Minor == 0 || all[0].Price.Currency != currency {
				t.Errorf("to %s for %s: %+v; want %s first, at a price", country, currency, all, want)
			}
		}
	}
}

func TestStates(t *testing.T) {
	for region, want := range map[string]string{"CA": "CA", "ca ": "CA", "California": "CA", " new york": "NY", "Puerto Rico": "PR", "AE": "AE"} {
		if got := stateOf(region); got != want || taxable(Address{Country: "US", Region: region}) != nil {
			t.Errorf("stateOf(%q) = %q, taxable %v; want %s", region, got, taxable(Address{Country: "US", Region: region}), want)
		}
	}
	for _, region := range []string{"", "Kalifornien", "XX", "C", "ÄÖ", "\x00"} {
		if err := taxable(Address{Country: "US", Region: region}); !errors.Is(err, ErrRegion) {
			t.Errorf("taxable in %q: %v; want region_unknown", region, err)
		}
		if err := taxable(Address{Country: "FR", Region: region}); err != nil {
			t.Errorf("taxable in France, %q: %v", region, err)
		}
	}
	for state := range salesTax {
		if !isState(state) {
			t.Errorf("there is a tax of %s, which is no state", state)
		}
	}
}

// cart is a market of one owner.
type cart struct {
	wanted []Wanted
	offers map[string]Line
}

func (c cart) Cart(context.Context, string, string) ([]Wanted, string, error) {
	return c.wanted, "USD", nil
}

func (c cart) Offers(context.Context, []string, string) (map[string]Line, error) {
	return c.offers, nil
}

func TestQuote(t *testing.T) {
	mug := map[string]Line{"mug": {SKU: "mug", UnitPrice: money.Of("USD", 1000)}}
	two := []Wanted{{"mug", 2}}
	for _, c := range []struct {
		name     string
		market   cart
		delivery string
		to       Address
		total    int64
		want     error
	}{
		{"prices for home when nobody says where, without a state's tax", cart{two, mug}, "", Address{Region: "CA"}, 2495, nil},
		{"prices for where it goes", cart{two, mug}, "express", Address{Country: "US", Region: "CA"}, 2000 + 1495 + 145, nil},
		{"takes a way that goes there", cart{two, mug}, "express", Address{Country: "NZ"}, 2000 + 1995, nil},
		{"wants the state", cart{two, mug}, "", Address{Country: "US"}, 0, ErrRegion},
		{"refuses an empty cart", cart{nil, mug}, "", Address{}, 0, ErrCartEmpty},
		{"refuses what is not sold", cart{two, nil}, "", Address{}, 0, ErrCartChanged},
	} {
		d := New(Deps{Market: c.market, Home: "US"})
		q, err := d.Quote(t.Context(), "ada", "", c.delivery, c.to)
		if !errors.Is(err, c.want) || err == nil && q.Totals.Total != money.Of("USD", c.total) {
			t.Errorf("Quote %s: %+v, %v; want %d, %v", c.name, q.Totals, err, c.total, c.want)
		}
	}
}

// A shopper whose cart is empty was told that the card was declined.
func TestSentencesFitTheirReasons(t *testing.T) {
	declined := Sentence("do_not_honor")
	for _, f := range []*fault.Fault{ErrCartEmpty, ErrCartChanged, ErrDelivery, ErrCurrency, ErrTooMuch} {
		if got := Sentence(f.Reason); got != f.Sentence {
			t.Errorf("%s: %q; want %q", f.Reason, got, f.Sentence)
		}
	}
	for _, reason := range []string{"stock_short", "total_changed", "payment_abandoned", "checkout_expired", "card_declined"} {
		if got := Sentence(reason); got == "" || got == declined {
			t.Errorf("%s: %q; want a sentence of its own", reason, got)
		}
	}
}
