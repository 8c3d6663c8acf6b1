package find_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/services/search/internal/find"
)

func shirt(id, color, size string, price int64) find.Document {
	return find.Document{
		ID: id, Published: true, Title: id, Brand: "Loom", Categories: []find.Category{{Slug: "clothes", Name: "Clothes"}},
		Facts: []find.Fact{{Name: "Color", Value: color}, {Name: "Size", Value: size}}, Prices: map[string]find.Range{"USD": {Low: price, High: price}}, InStock: true,
	}
}

func facet(r find.Result, field string) map[string]int {
	counts := map[string]int{}
	for _, f := range r.Facets {
		if f.Field == field {
			for _, v := range f.Values {
				counts[v.Value] = v.Count
			}
		}
	}
	return counts
}

func TestFacetsAreCountedWithoutTheirOwnFilter(t *testing.T) {
	docs := []find.Document{shirt("a", "Red", "M", 100), shirt("b", "Blue", "M", 200), shirt("c", "Blue", "L", 300)}
	r := find.Query{Filters: []find.Filter{{Field: "color", Values: []string{"blue"}}}}.Clean().Narrow(docs)
	if r.Total != 2 {
		t.Errorf("blue shirts: %d; want 2", r.Total)
	}
	if got := fmt.Sprint(facet(r, "Color")); got != "map[Blue:2 Red:1]" {
		t.Errorf("colours: %s; want Blue:2 Red:1", got)
	}
	if got := fmt.Sprint(facet(r, "Size")); got != "map[L:1 M:1]" {
		t.Errorf("sizes: %s; want L:1 M:1", got)
	}
	if r.Lowest != 200 || r.Highest != 300 {
		t.Errorf("prices %d to %d; want 200 to 300", r.Lowest, r.Highest)
	}
}

func TestAValueIsOneHoweverItIsWritten(t *testing.T) {
	docs := []find.Document{shirt("a", "Red", "M", 100), shirt("b", "red", "M", 200), shirt("c", "Red", "L", 300), shirt("d", "Blue", "L", 300)}
	docs[0].Facts = append(docs[0].Facts, find.Fact{Name: "COLOR", Value: "RED"})
	r := find.Query{}.Clean().Narrow(docs)
	if got := fmt.Sprint(facet(r, "Color")); got != "map[Blue:1 Red:3]" {
		t.Errorf("colours: %s; want Blue:1 Red:3", got)
	}
	red := find.Query{Filters: []find.Filter{{Field: "COLOR", Values: []string{"rEd"}}}}.Clean().Narrow(docs)
	if red.Total != 3 || !red.Facets[0].Values[0].Selected && !red.Facets[1].Values[0].Selected {
		t.Errorf("red: %d, facets %v; want 3, and red selected", red.Total, red.Facets)
	}
}

func TestAFieldFilteredTwiceIsCountedWithoutBoth(t *testing.T) {
	docs := []find.Document{shirt("a", "Red", "M", 100), shirt("b", "Blue", "M", 200)}
	docs[0].Facts = append(docs[0].Facts, find.Fact{Name: "Color", Value: "Gold"})
	both := []find.Filter{{Field: "Color", Values: []string{"Red"}}, {Field: "color", Values: []string{"Gold"}}}
	r := find.Query{Filters: both}.Clean().Narrow(docs)
	if got := fmt.Sprint(r.Total, facet(r, "Color")); got != "1 map[Blue:1 Gold:1 Red:1]" {
		t.Errorf("red and gold: %s; want one hit, and each colour once", got)
	}
}

func TestPrices(t *testing.T) {
	free, dear, spread := shirt("free", "Red", "M", 0), shirt("dear", "Red", "M", 900), shirt("spread", "Red", "M", 100)
	spread.Prices["USD"] = find.Range{Low: 100, High: 500, Each: []int64{100, 300, 500}}
	euro := shirt("euro", "Red", "M", 0)
	euro.Prices = map[string]find.Range{"EUR": {Low: 200, High: 200}}
	for _, c := range []struct {
		name     string
		query    find.Query
		want     string
		from, to int64
	}{
		{"is open", find.Query{Sort: find.PriceUp}, "[free spread dear euro]", 0, 900},
		{"takes the price of any variant", find.Query{MinPrice: 200, MaxPrice: 300}, "[spread]", 0, 900},
		{"needs a price in the range, not around it", find.Query{MinPrice: 310, MaxPrice: 490}, "[]", 0, 900},
		{"goes by the currency asked", find.Query{MinPrice: 100, Currency: "EUR"}, "[euro]", 200, 200},
		{"is open above", find.Query{MinPrice: 500, Sort: find.PriceDown}, "[dear spread]", 0, 900},
		{"is empty upside down", find.Query{MinPrice: 500, MaxPrice: 100}, "[]", 0, 900},
	} {
		r := c.query.Clean().Narrow([]find.Document{free, dear, spread, euro})
		ids := []string{}
		for _, d := range r.Hits {
			ids = append(ids, d.ID)
		}
		if got := fmt.Sprint(ids); got != c.want || r.Lowest != c.from || r.Highest != c.to {
			t.Errorf("a range %s: found %s, prices %d to %d; want %s, %d to %d", c.name, got, r.Lowest, r.Highest, c.want, c.from, c.to)
		}
	}
}

// Whatever the filters: every hit passes all of them, and choosing a value that
// a facet counts gives just as many hits.
func TestFacetCountsKeepTheirWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		color := rapid.SampledFrom([]string{"Red", "RED", "Blue", "blue", "Green"})
		size := rapid.SampledFrom([]string{"S", "M", "L"})
		var docs []find.Document
		for i := range rapid.IntRange(0, 30).Draw(t, "n") {
			docs = append(docs, shirt(fmt.Sprint(i), color.Draw(t, "color"), size.Draw(t, "size"), rapid.Int64Range(1, 500).Draw(t, "price")))
		}
		q := find.Query{Filters: []find.Filter{{Field: "Size", Values: []string{size.Draw(t, "filter")}}}, MaxPrice: rapid.Int64Range(0, 500).Draw(t, "max"), PageSize: 100}.Clean()
		r := q.Narrow(docs)
		for _, d := range r.Hits {
			if !slices.Contains(d.Facts, find.Fact{Name: "Size", Value: q.Filters[0].Values[0]}) || q.MaxPrice > 0 && d.Prices["USD"].Low > q.MaxPrice {
				t.Fatalf("hit %v does not pass", d)
			}
		}
		for value, n := range facet(r, "Color") {
			narrower := q
			narrower.Filters = append(narrower.Filters[:1:1], find.Filter{Field: "Color", Values: []string{value}})
			if got := narrower.Narrow(docs).Total; got != n {
				t.Fatalf("the facet says %d %s, choosing it gives %d", n, value, got)
			}
		}
	})
}

func TestCleanTakesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := find.Query{Text: rapid.String().Draw(t, "text") + strings.Repeat("a\x00 ", 5000), Page: rapid.Int().Draw(t, "page")}.Clean()
		if len([]rune(q.Text)) > 256 || strings.ContainsAny(q.Text, "\x00\n") || q.Page < 1 {
			t.Fatalf("Clean = %+v", q)
		}
	})
}
