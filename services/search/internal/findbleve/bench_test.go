package findbleve_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/souk-commerce/souk/kit/kittest/ratio"
	"github.com/souk-commerce/souk/services/search/internal/find"
	"github.com/souk-commerce/souk/services/search/internal/findbleve"
)

const assortment = 5000

// goods are the same in every run.
func goods() (docs []find.Document) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[rnd.IntN(len(from))] }
	sections := []find.Category{{Slug: "kitchen", Name: "Kitchen"}, {Slug: "outdoor", Name: "Outdoor"}, {Slug: "clothing", Name: "Clothing"}, {Slug: "office", Name: "Office"}}
	for n := range assortment {
		section := sections[rnd.IntN(len(sections))]
		shelf := find.Category{Slug: fmt.Sprint(section.Slug, "-", rnd.IntN(8)), Name: fmt.Sprint(section.Name, " ", rnd.IntN(8))}
		colour, thing := pick("Red", "Blue", "Green", "Sand", "Black", "White", "Olive"), pick("Teapot", "Backpack", "Notebook", "Jacket", "Kettle", "Lantern", "Hammock", "Scarf", "Pencil", "Bottle")
		price := rnd.Int64N(20000) + 100
		docs = append(docs, find.Document{
			ID: fmt.Sprint("p", n), Version: 1, Published: true, InStock: rnd.IntN(10) > 0, Created: time.Unix(int64(n), 0),
			Title: fmt.Sprint(pick("Enamel", "Canvas", "Woollen", "Folding", "Classic", "Light"), " ", thing, " ", n), Brand: fmt.Sprint("Brand ", rnd.IntN(30)),
			Summary: "For " + pick("long days", "cold mornings", "quiet evenings") + ".", Text: "Made of " + pick("cotton", "steel", "beech", "wool") + " in " + pick("Porto", "Lyon", "Graz") + ", to be used every day.",
			Categories: []find.Category{section, shelf}, SKUs: []string{fmt.Sprint("SKU-", n)},
			Facts:  []find.Fact{{Name: "Color", Value: colour}, {Name: "Size", Value: pick("S", "M", "L")}, {Name: "Material", Value: pick("Cotton", "Steel", "Beech", "Wool")}},
			Prices: map[string]find.Range{"USD": {Low: price, High: price + rnd.Int64N(1000)}, "EUR": {Low: price, High: price}},
		})
	}
	return docs
}

var narrow = find.Query{
	Filters:  []find.Filter{{Field: "category", Values: []string{"kitchen", "outdoor"}}, {Field: "Color", Values: []string{"Red", "Blue"}}},
	MinPrice: 500, MaxPrice: 15000, InStockOnly: true, Sort: find.PriceUp,
}

// Words with a typo in each, filters, prices, all facets and a sort, beside the
// first page of the words alone.
func BenchmarkSearch(b *testing.B) {
	e := stocked(b, goods())
	q := narrow
	q.Text = "enamle teapto"
	ratio.Of(b, "the words alone in Bleve", search(b, e, q), func(n int) {
		for range n {
			if total, err := e.Page(b.Context(), q.Text); err != nil || total == 0 {
				b.Fatal(total, err)
			}
		}
	})
}

// A category without words, beside a loop over the same documents that keeps what
// passes and counts values for nobody's choice.
func BenchmarkBrowse(b *testing.B) {
	docs := goods()
	ratio.Of(b, "a plain scan", search(b, stocked(b, docs), narrow), func(n int) {
		for range n {
			if hits, counts := scan(docs); hits == 0 || len(counts) == 0 {
				b.Fatal("nothing found")
			}
		}
	})
}

func stocked(b *testing.B, docs []find.Document) *findbleve.Engine {
	e, err := findbleve.New()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	if err := e.Put(b.Context(), docs); err != nil {
		b.Fatal(err)
	}
	return e
}

func search(b *testing.B, e *findbleve.Engine, q find.Query) ratio.Side {
	return func(n int) {
		for range n {
			r, err := e.Search(b.Context(), q)
			if err != nil || r.Total == 0 || len(r.Facets) < 4 {
				b.Fatal(r, err)
			}
		}
	}
}

// scan is narrow written out by hand.
func scan(docs []find.Document) (hits int, counts map[find.Fact]int) {
	counts = map[find.Fact]int{}
	section := func(c find.Category) bool { return c.Slug == "kitchen" || c.Slug == "outdoor" }
	colour := func(f find.Fact) bool { return f.Name == "Color" && (f.Value == "Red" || f.Value == "Blue") }
	for _, d := range docs {
		price := d.Prices["USD"]
		if !d.InStock || price.High < 500 || price.Low > 15000 || !slices.ContainsFunc(d.Categories, section) || !slices.ContainsFunc(d.Facts, colour) {
			continue
		}
		hits++
		counts[find.Fact{Name: "brand", Value: d.Brand}]++
		for _, c := range d.Categories {
			counts[find.Fact{Name: "category", Value: c.Slug}]++
		}
		for _, f := range d.Facts {
			counts[f]++
		}
	}
	return hits, counts
}
