package find_test

import (
	"fmt"
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

// Whatever the filters: every hit passes all of them, and choosing a value that
// a facet counts gives just as many hits.
func TestFacetCountsKeepTheirWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		color := rapid.SampledFrom([]string{"Red", "Blue", "Green"})
		size := rapid.SampledFrom([]string{"S", "M", "L"})
		var docs []find.Document
		for i := range rapid.IntRange(0, 30).Draw(t, "n") {
			docs = append(docs, shirt(fmt.Sprint(i), color.Draw(t, "color"), size.Draw(t, "size"), rapid.Int64Range(1, 500).Draw(t, "price")))
		}
		q := find.Query{Filters: []find.Filter{{Field: "Size", Values: []string{size.Draw(t, "filter")}}}, MaxPrice: rapid.Int64Range(0, 500).Draw(t, "max"), PageSize: 100}.Clean()
		r := q.Narrow(docs)
		for _, d := range r.Hits {
			if !q.Filters[0].Passes(d) || q.MaxPrice > 0 && d.Prices["USD"].Low > q.MaxPrice {
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
