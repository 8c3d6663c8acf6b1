package findbleve_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/services/search/internal/find"
	"github.com/souk-commerce/souk/services/search/internal/findbleve"
)

func engine(t *testing.T) *findbleve.Engine {
	t.Helper()
	e, err := findbleve.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	kitchen := []find.Category{{Slug: "kitchen", Name: "Kitchen"}}
	docs := []find.Document{
		{ID: "teapot", Title: "Enamel Teapot", Summary: "For two cups of tea.", Brand: "Dawnware", Categories: kitchen, SKUs: []string{"TEA-01"}, Barcodes: []string{"4006381333931"}},
		{ID: "mug", Title: "Stoneware Mug", Summary: "Goes with every teapot.", Brand: "Dawnware", Categories: kitchen, SKUs: []string{"MUG-RED"}, Facts: []find.Fact{{Name: "Color", Value: "Red"}}},
		{ID: "press", Title: "Café Press", Brand: "Brûlée & Co", Categories: kitchen, SKUs: []string{"PRESS-1"}},
		{ID: "boots", Title: "Hiking Boots", Brand: "Fernweh", Categories: []find.Category{{Slug: "outdoor", Name: "Outdoor"}}, SKUs: []string{"BOOT-42"}},
	}
	for i := range docs {
		docs[i].Published, docs[i].InStock, docs[i].Version = true, true, 1
		docs[i].Created = time.Unix(int64(i), 0)
		docs[i].Prices = map[string]find.Range{"USD": {Low: int64(100 * (i + 1)), High: int64(100 * (i + 1))}}
	}
	if err := e.Put(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
	return e
}

func ids(docs []find.Document) string {
	out := ""
	for _, d := range docs {
		out += d.ID + " "
	}
	return out
}

func TestSearch(t *testing.T) {
	e := engine(t)
	for _, c := range []struct{ name, text, first string }{
		{"finds a word of the title", "teapot", "teapot"},
		{"puts the title before the text", "teapot", "teapot"},
		{"forgives a typo", "taepot", "teapot"},
		{"forgives two in a long word", "stonewrae", "mug"},
		{"completes the last word", "stonew", "mug"},
		{"takes plurals", "teapots", "teapot"},
		{"takes a boot for boots", "boot", "boots"},
		{"needs every word", "red mug", "mug"},
		{"knows the brand", "fernweh", "boots"},
		{"ignores accents that are there", "cafe", "press"},
		{"ignores accents that are not", "brulee", "press"},
		{"finds a SKU in any case", "mug-red", "mug"},
		{"finds a barcode", "4006381333931", "teapot"},
		{"passes over stop words", "the mug", "mug"},
		{"falls back to any word", "teapot spaceship", "teapot"},
		{"finds nothing", "spaceship", ""},
	} {
		r, err := e.Search(t.Context(), find.Query{Text: c.text})
		if err != nil {
			t.Fatal(err)
		}
		if c.first == "" && r.Total != 0 || c.first != "" && (r.Total == 0 || r.Hits[0].ID != c.first) {
			t.Errorf("Search %s: %q found %q; want %q first", c.name, c.text, ids(r.Hits), c.first)
		}
	}
}

func TestEmptyQueryBrowses(t *testing.T) {
	e := engine(t)
	r, err := e.Search(t.Context(), find.Query{PageSize: 2, Page: 2, Sort: find.PriceDown})
	if err != nil || r.Total != 4 || r.PageCount != 2 || ids(r.Hits) != "mug teapot " {
		t.Errorf("second page by price down = %q of %d in %d pages, %v", ids(r.Hits), r.Total, r.PageCount, err)
	}
}

func TestUnpublishedIsNotFound(t *testing.T) {
	e := engine(t)
	if err := e.Put(t.Context(), []find.Document{{ID: "mug", Version: 2}}); err != nil {
		t.Fatal(err)
	}
	if r, err := e.Search(t.Context(), find.Query{Text: "mug"}); err != nil || r.Total != 0 {
		t.Errorf("found %q, %v", ids(r.Hits), err)
	}
}

func TestSoldOutComesLast(t *testing.T) {
	e := engine(t)
	var docs []find.Document
	for i := range 3 {
		docs = append(docs, find.Document{ID: fmt.Sprint("lamp", i), Published: true, Version: 1, Title: "Lamp", InStock: i != 1})
	}
	if err := e.Put(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
	r, err := e.Search(t.Context(), find.Query{Text: "lamp"})
	if err != nil || r.Total != 3 || r.Hits[2].ID != "lamp1" {
		t.Errorf("found %q, %v; want lamp1 last", ids(r.Hits), err)
	}
}

func TestSuggest(t *testing.T) {
	e := engine(t)
	s, err := e.Suggest(t.Context(), "kit", "USD", 2)
	if err != nil || len(s.Categories) != 1 || s.Categories[0].Value != "kitchen" || len(s.Products) != 2 {
		t.Errorf("Suggest = %+v, %v; want the kitchen and two things in it", s, err)
	}
}

func TestSuggestCategories(t *testing.T) {
	e := engine(t)
	if err := e.Put(t.Context(), []find.Document{{ID: "tin", Published: true, Version: 1, Title: "Tin", Categories: []find.Category{{Slug: "cafe", Name: "Tea & Café"}}}}); err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]int{"cafe": 1, "CAF": 1, "tea café": 1, "afé": 0, "!": 0, "&": 0} {
		if s, err := e.Suggest(t.Context(), typed, "USD", 2); err != nil || len(s.Categories) != want {
			t.Errorf("Suggest(%q) = categories %v, %v; want %d", typed, s.Categories, err, want)
		}
	}
}

// What was read again is indexed again, though its version is the same.
func TestPutAgain(t *testing.T) {
	e := engine(t)
	again := find.Document{ID: "mug", Published: true, Version: 1, Title: "Beaker", Told: time.Unix(1, 0)}
	if err := e.Put(t.Context(), []find.Document{again}); err != nil {
		t.Fatal(err)
	}
	if r, err := e.Search(t.Context(), find.Query{Text: "beaker"}); err != nil || ids(r.Hits) != "mug " {
		t.Errorf("found %q, %v; want the mug by its new name", ids(r.Hits), err)
	}
}

// No text, however strange, is an error.
func TestAnyTextIsAQuery(t *testing.T) {
	e := engine(t)
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.String().Draw(rt, "text")
		if _, err := e.Search(t.Context(), find.Query{Text: text}); err != nil {
			rt.Fatalf("Search(%q): %v", text, err)
		}
		if _, err := e.Suggest(t.Context(), text, "USD", 5); err != nil {
			rt.Fatalf("Suggest(%q): %v", text, err)
		}
	})
}

func FuzzSearch(f *testing.F) {
	e, err := findbleve.New()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", "+-\"", "a:b^2~", "title:*", "\x00\xff", "🫖 teapot", "/.*/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := e.Search(t.Context(), find.Query{Text: text}); err != nil {
			t.Fatalf("Search(%q): %v", text, err)
		}
	})
}
