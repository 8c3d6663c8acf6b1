package main_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	searchv1 "github.com/souk-commerce/souk/api/gen/souk/search/v1"
	"github.com/souk-commerce/souk/api/gen/souk/search/v1/searchv1connect"
)

// delivery is a file that a merchant brings.
type delivery struct {
	mapping, file string
	// word is in the titles of its products, and in no others.
	word string
	// summary is what the import says, from its second word on.
	summary string
	// rejects are the lines that are not taken, with the reasons.
	rejects []string
	// facets are the counts of some facets of all its products.
	facets map[string]string
	// found are titles by what narrows the search.
	found []narrowed
	// products and variants are how many there are of it.
	products, variants int
	// dearer is a row's price, and what it becomes.
	dearer [2]string
	// page shows the price, before and after.
	page  string
	shown [2]string
	// again is what the second import says of the products.
	again string
}

type narrowed struct {
	by     *searchv1.SearchRequest
	titles []string
}

func by(field, value string) *searchv1.SearchRequest {
	return &searchv1.SearchRequest{Filters: []*searchv1.Filter{{Field: field, Values: []string{value}}}}
}

var deliveries = map[string]delivery{
	"fashion-home": {
		mapping: "../../docs/import/fashion-home.yaml", file: "fashion.csv", word: "Brindle",
		summary: "5 imported, 6 rejected\n4 products with 7 variants: 4 new, 0 changed, 0 unchanged\n7 stock levels set, 0 unchanged, 0 refused\n",
		rejects: []string{
			`4 price: "ask us" is not a price in USD`,
			`7 there is no title`,
			`8 category: "[{\"name\":\"Parlour\"": this is not JSON`,
			`10 there is no price`,
			`11 the product has this SKU already, with other choices`,
			`12 this is not UTF-8; if the file is written in another encoding, name it in the mapping`,
		},
		facets: map[string]string{
			"category": "parlour 3, knitwear 1, light 1, rugs 1, vases 1, wardrobe 1",
			"Color":    "Moss 2, Oatmeal 2, Ink 1",
			"Size":     "M 1, S 1",
		},
		found: []narrowed{
			{&searchv1.SearchRequest{}, []string{"Brindle Cardigan", "Brindle Lantern", "Brindle Rug", "Brindle Vase"}},
			{by("category", "parlour"), []string{"Brindle Lantern", "Brindle Rug", "Brindle Vase"}},
			{by("Color", "Moss"), []string{"Brindle Cardigan", "Brindle Rug"}},
			{&searchv1.SearchRequest{MinPrice: 4000, MaxPrice: 5000}, []string{"Brindle Cardigan", "Brindle Lantern"}},
			{&searchv1.SearchRequest{InStockOnly: true}, []string{"Brindle Cardigan", "Brindle Lantern", "Brindle Rug"}},
		},
		products: 4, variants: 7,
		dearer: [2]string{"89.00", "97.50"}, page: "/p/brindle-rug", shown: [2]string{"$89.00", "$97.50"},
		again: "4 products with 7 variants: 0 new, 1 changed, 3 unchanged\n0 stock levels set, 7 unchanged, 0 refused\n",
	},
	"shopify": {
		mapping: "shopify", file: "shopify.csv", word: "Tidewrack",
		summary: "4 imported, 2 rejected\n2 products with 3 variants: 2 new, 0 changed, 0 unchanged\n3 stock levels set, 0 unchanged, 0 refused\n",
		rejects: []string{
			`5 price: "ask at the pier" is not a price in USD`,
			`6 there is nothing that tells which product this is`,
		},
		facets: map[string]string{
			"category": "deck 1, galley 1, kettles 1, ropes 1",
			"Color":    "Kelp 2, Foam 1",
		},
		found: []narrowed{
			{&searchv1.SearchRequest{}, []string{"Tidewrack Kettle", "Tidewrack Rope"}},
			{by("category", "galley"), []string{"Tidewrack Kettle"}},
			{by("Color", "Foam"), []string{"Tidewrack Kettle"}},
			{&searchv1.SearchRequest{MaxPrice: 2000}, []string{"Tidewrack Rope"}},
		},
		products: 2, variants: 3,
		dearer: [2]string{"18.00", "19.50"}, page: "/p/tidewrack-rope", shown: [2]string{"$18.00", "$19.50"},
		again: "2 products with 3 variants: 0 new, 1 changed, 1 unchanged\n0 stock levels set, 3 unchanged, 0 refused\n",
	},
}

// TestImportIntoTheRunningShop runs souk import as a merchant does: good rows are
// found, bad ones are told, and the same file again changes what is different.
func TestImportIntoTheRunningShop(t *testing.T) {
	s := start(t, t.TempDir(), "--no-demo")
	defer s.stop()
	for name, d := range deliveries {
		t.Run(name, func(t *testing.T) {
			s := *s
			s.t = t
			content, err := os.ReadFile(filepath.Join("testdata", d.file))
			if err != nil {
				t.Fatal(err)
			}
			data := filepath.Join(t.TempDir(), d.file)

			said := s.imports(d.mapping, data, string(content))
			if _, rest, _ := strings.Cut(said, ": "); !strings.HasPrefix(rest, d.summary) {
				t.Errorf("the import says\n%s\nwant\n… %s", said, d.summary)
			}
			if diff := cmp.Diff(d.rejects, rejected(t, data+".rejects.csv")); diff != "" {
				t.Errorf("rejected rows, - wanted, + got:\n%s", diff)
			}
			s.finds(d, d.shown[0])

			said = s.imports(d.mapping, data, strings.Replace(string(content), d.dearer[0], d.dearer[1], 1))
			if !strings.Contains(said, d.again) {
				t.Errorf("the second import says\n%s\nwant\n… %s", said, d.again)
			}
			s.finds(d, d.shown[1])
		})
	}
}

// imports runs souk import beside the shop, and returns what it says.
func (s *shop) imports(mapping, data, content string) string {
	s.t.Helper()
	if err := os.WriteFile(data, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
	run := exec.CommandContext(s.t.Context(), binary, "import", "--shop", s.url, "--data-dir", s.dir, "--mapping", mapping, data)
	var complaints lines
	run.Stderr = &complaints
	said, err := run.Output()
	if err != nil {
		s.t.Fatalf("import: %v\n%s%s", err, said, complaints.String())
	}
	return string(said)
}

// rejected reads a rejects file: line and reason of each row.
func rejected(t *testing.T, path string) (rows []string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, fields := range all[1:] {
		rows = append(rows, fields[0]+" "+fields[1])
	}
	return rows
}

// finds looks for the products of a delivery, as shoppers do.
func (s *shop) finds(d delivery, price string) {
	s.t.Helper()
	client := searchv1connect.NewSearchServiceClient(tokened(""), s.url)
	search := func(by *searchv1.SearchRequest) *searchv1.SearchResponse {
		by.Query = d.word
		found, err := client.Search(s.t.Context(), by)
		if err != nil {
			s.t.Fatal(err)
		}
		return found
	}
	// Search follows by events, and caches keep its answers for a second.
	minor := strings.NewReplacer("$", "", ".", "").Replace(price)
	waitFor(s.t, "search to show "+price+" for "+d.page, 10*time.Second, func() bool {
		return slices.ContainsFunc(search(&searchv1.SearchRequest{}).GetHits(), func(h *searchv1.Hit) bool {
			return "/p/"+h.GetSlug() == d.page && fmt.Sprint(h.GetPrice().GetMinorUnits()) == minor
		})
	})
	for _, n := range d.found {
		var titles []string
		waitFor(s.t, fmt.Sprintf("%v to find %v", n.by, n.titles), 10*time.Second, func() bool {
			titles = nil
			for _, hit := range search(n.by).GetHits() {
				titles = append(titles, hit.GetTitle())
			}
			slices.Sort(titles)
			return slices.Equal(titles, n.titles)
		})
	}
	facets := map[string]string{}
	for _, f := range search(&searchv1.SearchRequest{}).GetFacets() {
		var counts []string
		for _, v := range f.GetValues() {
			counts = append(counts, fmt.Sprint(v.GetValue(), " ", v.GetCount()))
		}
		if _, wanted := d.facets[f.GetField()]; wanted {
			facets[f.GetField()] = strings.Join(counts, ", ")
		}
	}
	if diff := cmp.Diff(d.facets, facets); diff != "" {
		s.t.Errorf("facets, - wanted, + got:\n%s", diff)
	}
	waitFor(s.t, d.page+" to show "+price, 10*time.Second, func() bool {
		_, page := s.get(d.page)
		return strings.Contains(page, price)
	})
	products := catalogv1connect.NewProductAdminServiceClient(s.staff(), s.url)
	list, err := products.ListAdminProducts(s.t.Context(), &catalogv1.ListAdminProductsRequest{Query: d.word})
	if err != nil {
		s.t.Fatal(err)
	}
	variants := 0
	for _, p := range list.GetProducts() {
		variants += len(p.GetVariants())
	}
	if len(list.GetProducts()) != d.products || variants != d.variants {
		s.t.Errorf("the catalog has %d products with %d variants like %s, want %d with %d", len(list.GetProducts()), variants, d.word, d.products, d.variants)
	}
}
