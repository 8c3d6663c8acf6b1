package find_test

import (
	"context"
	"testing"

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
