package find_test

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/services/search/internal/find"
)

// shelf is an engine that only remembers what was put.
type shelf map[string]find.Document

func (s shelf) Put(_ context.Context, docs []find.Document) error {
	for _, d := range docs {
		s[d.ID] = d
	}
	return nil
}
func (s shelf) Search(context.Context, find.Query) (find.Result, error) { return find.Result{}, nil }
func (s shelf) Suggest(context.Context, string, string, int) (find.Suggestions, error) {
	return find.Suggestions{}, nil
}
func (s shelf) Count() int   { return len(s) }
func (s shelf) Close() error { return nil }

// In whatever order news comes, and however often, the newest stands.
func TestTheNewestVersionStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := shelf{}
		x := find.NewIndex(s)
		var newest, newestStock int64
		inStock := false
		for range rapid.IntRange(1, 20).Draw(t, "events") {
			if rapid.Bool().Draw(t, "stock") {
				v := rapid.Int64Range(1, 10).Draw(t, "version")
				is := v%2 == 0
				if v > newestStock {
					newestStock, inStock = v, is
				}
				if err := x.Apply(t.Context(), nil, []find.StockChange{{SKU: "A", Version: v, InStock: is}}); err != nil {
					t.Fatal(err)
				}
				continue
			}
			v := rapid.Int64Range(1, 10).Draw(t, "version")
			newest = max(newest, v)
			if err := x.Apply(t.Context(), []find.Document{{ID: "p", Version: v, SKUs: []string{"A"}}}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if got := s["p"]; newest > 0 && (got.Version != newest || got.InStock != inStock) {
			t.Fatalf("stands at version %d, in stock %v; want %d, %v", got.Version, got.InStock, newest, inStock)
		}
	})
}

// A SKU goes from one product to another; the news of it come in any order.
func TestAStockedSKUMovesToAnotherProduct(t *testing.T) {
	from := []find.Document{{ID: "old", Version: 1, SKUs: []string{"A"}}, {ID: "old", Version: 2}}
	to := find.Document{ID: "new", Version: 1, SKUs: []string{"A"}}
	for _, order := range [][]find.Document{{from[0], from[1], to}, {from[0], to, from[1]}, {to, from[0], from[1]}} {
		s := shelf{}
		x := find.NewIndex(s)
		for _, d := range order {
			if err := x.Apply(t.Context(), []find.Document{d}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := x.Apply(t.Context(), nil, []find.StockChange{{SKU: "A", Version: 1, InStock: true}}); err != nil {
			t.Fatal(err)
		}
		if !s["new"].InStock || s["old"].InStock {
			t.Errorf("after %v: %v; want the new one in stock", order, s)
		}
	}
}

// What is remembered again replaces what was, even of the same version: it was
// read anew.
func TestReadAnewStands(t *testing.T) {
	s := shelf{}
	x := find.NewIndex(s)
	noon := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for n, d := range []find.Document{
		{ID: "p", Version: 7, Title: "first", Told: noon},
		{ID: "p", Version: 7, Title: "again", Told: noon.Add(time.Second)},
		{ID: "p", Version: 2, Title: "of a catalog that was put back", Told: noon.Add(time.Minute)},
		{ID: "p", Version: 2, Title: "not told later", Told: noon.Add(time.Minute)},
	} {
		if err := x.Apply(t.Context(), []find.Document{d}, nil); err != nil {
			t.Fatal(err)
		}
		if stands := s["p"].Title == d.Title; stands != (n < 3) {
			t.Errorf("%q stands after %q", s["p"].Title, d.Title)
		}
	}
}
