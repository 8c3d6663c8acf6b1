package goods

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/api/money"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// anyProduct draws products that pass Check, tidied.
func anyProduct(t *rapid.T) Product {
	word := rapid.StringMatching(`[a-zA-Zäß日<&"]{1,8}`)
	p := Product{
		ExternalID: rapid.StringMatching(`[a-z]{0,3}`).Draw(t, "external"), Title: word.Draw(t, "title"),
		Status: rapid.SampledFrom([]Status{"", Draft, Published, Archived}).Draw(t, "status"),
		Brand:  Brand{ID: BrandID(rapid.SampledFrom([]string{"", "b1", "b2"}).Draw(t, "brand"))},
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "options") {
		values := rapid.SliceOfNDistinct(word, 1, 3, rapid.ID[string]).Draw(t, "values")
		p.Options = append(p.Options, Option{fmt.Sprint("Option ", i), values})
	}
	combinations := [][]Choice{nil}
	for _, o := range p.Options {
		var next [][]Choice
		for _, made := range combinations {
			for _, v := range o.Values {
				next = append(next, append(slices.Clone(made), Choice{o.Name, v}))
			}
		}
		combinations = next
	}
	for i, choices := range combinations {
		price := Price{Amount: money.Of("USD", rapid.Int64Range(0, 10000).Draw(t, "price"))}
		if rapid.Bool().Draw(t, "sale") {
			was := money.Of("USD", price.Amount.Minor+1)
			price.CompareAt = &was
		}
		p.Variants = append(p.Variants, Variant{SKU: SKU(fmt.Sprint("SKU-", i)), Choices: choices, Prices: []Price{price}})
	}
	for range rapid.IntRange(0, 3).Draw(t, "attributes") {
		p.Attributes = append(p.Attributes, Attribute{word.Draw(t, "name"), word.Draw(t, "value")})
	}
	return p.Tidy()
}

func TestGoodProductsStayGood(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyProduct(t)
		if err := p.Check(); err != nil {
			t.Fatalf("Check: %v", err)
		}
		if again := p.Tidy(); !again.same(p) {
			t.Fatalf("tidied twice: %+v, once: %+v", again, p)
		}
	})
}

func TestTheSameOfferAgainIsNoChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first, second := anyProduct(t), anyProduct(t)
		stored, changed := Offer{Plan: Upsert, Product: first}.Become(nil, noon)
		if !changed || stored.Version != 1 || stored.ID == "" || stored.Status == "" {
			t.Fatalf("a new product is %+v", stored)
		}
		for _, p := range []Product{first, second} {
			once, changed := Offer{Plan: Upsert, Product: p}.Become(&stored, noon.Add(time.Hour))
			if changed != (once.Version == stored.Version+1) || changed == once.same(stored) {
				t.Fatalf("changed %v from version %d to %d", changed, stored.Version, once.Version)
			}
			if once.ID != stored.ID || !once.Created.Equal(stored.Created) {
				t.Fatalf("the product is another one: %+v", once)
			}
			twice, again := Offer{Plan: Upsert, Product: p}.Become(&once, noon.Add(2*time.Hour))
			if again || twice.Version != once.Version {
				t.Fatalf("the same again is a change: %+v and %+v", once, twice)
			}
		}
	})
}

func TestVariantsKeepTheirIDs(t *testing.T) {
	old := []Variant{{ID: "1", SKU: "A"}, {ID: "2", SKU: "B"}}
	cases := []struct {
		name     string
		variants []Variant
		want     []VariantID // empty: a new one
	}{
		{"by SKU", []Variant{{SKU: "B"}, {SKU: "A"}}, []VariantID{"2", "1"}},
		{"by id, with a new SKU", []Variant{{ID: "1", SKU: "Z"}}, []VariantID{"1"}},
		{"once only", []Variant{{ID: "1", SKU: "A"}, {ID: "1", SKU: "C"}}, []VariantID{"1", ""}},
		{"not those of other products", []Variant{{ID: "9", SKU: "C"}}, []VariantID{""}},
		{"by id before SKU", []Variant{{SKU: "A"}, {ID: "1", SKU: "Q"}}, []VariantID{"", "1"}},
	}
	for _, c := range cases {
		got := named(c.variants, old)
		for i, v := range got {
			if c.want[i] != "" && v.ID != c.want[i] || c.want[i] == "" && (v.ID == "" || v.ID == "9" || v.ID == "1") {
				t.Errorf("%s: variant %d has id %q, want %q", c.name, i, v.ID, c.want[i])
			}
		}
	}
}

func TestMatch(t *testing.T) {
	mug := &Product{ID: "mug", Slug: "mug", ExternalID: "ext", Version: 3, Variants: []Variant{{SKU: "M"}}}
	pot := &Product{ID: "pot", Slug: "pot", Version: 1, Variants: []Variant{{SKU: "P"}}}
	known := Known{
		ByID: map[ProductID]*Product{"mug": mug, "pot": pot}, ByExternal: map[string]*Product{"ext": mug},
		BySlug: map[string]*Product{"mug": mug, "pot": pot}, BySKU: map[SKU]*Product{"M": mug, "P": pot},
	}
	offer := func(plan Plan, external, slug string, skus ...SKU) Offer {
		o := Offer{Plan: plan, Product: Product{ID: "mug", ExternalID: external, Slug: slug}, Etag: mug.Etag()}
		for _, s := range skus {
			o.Product.Variants = append(o.Product.Variants, Variant{SKU: s})
		}
		return o
	}
	cases := []struct {
		name  string
		offer Offer
		want  *Product
		err   error
	}{
		{"finds by external id", offer(Upsert, "ext", "", "M"), mug, nil},
		{"finds by slug", offer(Upsert, "", "pot", "P"), pot, nil},
		{"finds by SKU", offer(Upsert, "", "", "P"), pot, nil},
		{"takes a product without external id for its own", offer(Upsert, "new", "", "P"), pot, nil},
		{"finds nothing", offer(Upsert, "new", "", "N"), nil, nil},
		{"does not take over by SKU what has another external id", offer(Upsert, "new", "", "M"), nil, ErrSKUTaken},
		{"does not take over by slug either", offer(Upsert, "new", "mug", "N"), nil, ErrSlugTaken},
		{"does not take a SKU of somebody else", offer(Upsert, "ext", "", "M", "P"), nil, ErrSKUTaken},
		{"adds what is new", offer(Add, "", "", "N"), nil, nil},
		{"does not add a SKU twice", offer(Add, "", "", "M"), nil, ErrSKUTaken},
		{"does not add an external id twice", offer(Add, "ext", "", "N"), nil, ErrExternalTaken},
		{"replaces by id", offer(Replace, "ext", "mug", "M", "N"), mug, nil},
	}
	for _, c := range cases {
		got, err := known.Match(c.offer)
		if c.err == nil && err != nil || c.err != nil && !sameFault(err, c.err) || got != c.want {
			t.Errorf("%s: %v, %v; want %v, %v", c.name, got, err, c.want, c.err)
		}
	}
	stale := offer(Replace, "", "", "M")
	stale.Etag = "mug-2"
	if _, err := known.Match(stale); !sameFault(err, ErrChanged) {
		t.Errorf("an old etag: %v, want %v", err, ErrChanged)
	}
}

func sameFault(err error, want error) bool {
	is, ok := err.(interface{ Is(error) bool })
	return ok && is.Is(want)
}

func TestTellNamesWhatTheProductLeft(t *testing.T) {
	tree := NewTree([]Category{{ID: "a", Name: "A"}, {ID: "b", Name: "B", Parent: "a"}, {ID: "c", Name: "C"}})
	price := func(minor int64) []Price { return []Price{{Amount: money.Of("USD", minor)}} }
	old := Product{ID: "p", Version: 1, Status: Published, Categories: []CategoryID{"b"}, Brand: Brand{ID: "x"},
		Variants: []Variant{{SKU: "1", Prices: price(5)}, {SKU: "2", Prices: price(5)}, {SKU: "gone", Prices: price(5)}}}
	next := old
	next.Version, next.Categories, next.Brand = 2, []CategoryID{"c"}, Brand{ID: "y"}
	next.Variants = []Variant{{SKU: "1", Prices: price(5)}, {SKU: "2", Prices: price(6)}, {SKU: "new", Prices: price(5)}}
	fact, prices := Tell(tree, &old, next)
	if !slices.Equal(fact.LeftCategories, []CategoryID{"a", "b"}) || fact.LeftBrand != "x" || !slices.Equal(fact.LeftSKUs, []SKU{"gone"}) || !fact.Recount {
		t.Errorf("told %+v; want categories a and b, brand x and SKU gone as left", fact)
	}
	if len(prices) != 2 || prices[0].SKU != "2" || prices[1].SKU != "new" || prices[0].Version != 2 {
		t.Errorf("told prices %+v; want those of 2 and new", prices)
	}
}

func TestTheTreeHasNoLoops(t *testing.T) {
	tree := NewTree([]Category{{ID: "a", Name: "A"}, {ID: "b", Name: "B", Parent: "a"}, {ID: "c", Name: "C", Parent: "b"}})
	if err := tree.checkMove(Category{ID: "a", Name: "A", Parent: "c"}); err == nil {
		t.Error("a category moved below itself")
	}
	if err := tree.checkMove(Category{Name: "b", Parent: "a"}); !sameFault(err, ErrCategoryTaken) {
		t.Errorf("a second B below A: %v", err)
	}
	if err := tree.checkMove(Category{ID: "c", Name: "C", Parent: ""}); err != nil {
		t.Errorf("moving C to the root: %v", err)
	}
	if got := tree.Below("a"); !slices.Equal(got, []CategoryID{"a", "b", "c"}) {
		t.Errorf("below a: %v", got)
	}
}
