package listing

import (
	"net/url"
	"testing"

	"pgregory.net/rapid"

	"github.com/google/go-cmp/cmp"
)

func read(t *testing.T, address string) Wish {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return Read(u)
}

func TestWish(t *testing.T) {
	wish := read(t, "/search?page=2&q=lamp&f.Colour=Red&f.Colour=Blue&stock=1&min=5")
	request := wish.Request("EUR", "")
	if request.GetQuery() != "lamp" || request.GetPage() != 2 || request.GetMinPrice() != 500 || !request.GetInStockOnly() || request.GetCurrencyCode() != "EUR" {
		t.Errorf("request = %+v", request)
	}
	if f := request.GetFilters()[0]; f.GetField() != "Colour" || !cmp.Equal(f.GetValues(), []string{"Blue", "Red"}) {
		t.Errorf("filter = %v", f)
	}
	without := wish.Toggle("Colour", "Red")
	if got, want := without.Address(), "/search?f.Colour=Blue&min=5&q=lamp&stock=1"; got != want {
		t.Errorf("without red: %s, want %s", got, want)
	}
	if got, want := wish.Address(), "/search?f.Colour=Blue&f.Colour=Red&min=5&page=2&q=lamp&stock=1"; got != want {
		t.Errorf("Toggle changed the wish itself: %s, want %s", got, want)
	}
}

func TestCategoryIsNotFilteredTwice(t *testing.T) {
	request := read(t, "/c/light?f.category=other").Request("USD", "light")
	if len(request.GetFilters()) != 1 || request.GetFilters()[0].GetValues()[0] != "light" {
		t.Errorf("filters = %v, want the category's own only", request.GetFilters())
	}
}

// TestAddressesRoundTrip writes any wish as an address and reads it again.
func TestAddressesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wish := Wish{
			Path: "/search", Query: rapid.String().Draw(t, "query"), Sort: rapid.SampledFrom([]string{"", "newest"}).Draw(t, "sort"),
			Min: rapid.StringMatching(`[0-9]{0,4}`).Draw(t, "min"), InStock: rapid.Bool().Draw(t, "stock"), Page: rapid.IntRange(1, 1000).Draw(t, "page"),
			Filters: map[string][]string{},
		}
		for range rapid.IntRange(0, 3).Draw(t, "filters") {
			wish = wish.Toggle(rapid.StringN(1, 8, -1).Draw(t, "field"), rapid.String().Draw(t, "value")).On(wish.Page)
		}
		u, err := url.Parse(wish.Address())
		if err != nil {
			t.Fatalf("address %q: %v", wish.Address(), err)
		}
		if again := Read(u); again.Address() != wish.Address() {
			t.Fatalf("read %q as %q", wish.Address(), again.Address())
		}
	})
}
