package importer

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/catalog/internal/goodsproto"
)

// cells are what people, and those who mean no good, write into files.
func cells() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "", "1", "12.50", "€3", "0", "-1", "true", "active", "draft", "Red", "red", " Red", "Röd", "rod", "S", "M|L", "a > b", "Home > Home", `["x","y"]`, `[{"name": "Color", "value": "Red"}]`,
			"https://x.example/a.jpg", "//x.example/b.png", "javascript:alert(1)", "http://u:p@x/", "<script>alert(1)</script>", "2b0d7b3d-0000-4000-8000-000000000000", "a\x00b", "\u2028", "💥", "default", "Default Title", "shopify", "continue"}),
		rapid.StringN(0, 30, -1),
		rapid.Map(rapid.IntRange(1, 6), func(n int) string {
			return fmt.Sprintf("%0*d ", []int{0, 70, 110, 210, 1100, 2100, 21000}[n], n)
		}),
	)
}

// Whatever stands in a file: what is sent is what the shop takes, each row is in
// one product or rejected, and the next import makes the same of it.
func TestWhateverIsInAFileIsSentInOrder(t *testing.T) {
	mappings := map[string]*Mapping{}
	for _, name := range []string{"shopify", "../../../docs/import/fashion-home.yaml"} {
		m, err := LoadMapping(name)
		if err != nil {
			t.Fatal(err)
		}
		mappings[name] = m
	}
	columns := map[string][]string{
		"shopify": {"Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Status", "Published", "Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value", "Option3 Name", "Option3 Value",
			"Variant SKU", "Variant Grams", "Variant Price", "Variant Compare At Price", "Variant Barcode", "Image Src", "Image Alt Text", "Variant Image", "Variant Inventory Qty", "Variant Inventory Tracker", "SEO Description"},
		"../../../docs/import/fashion-home.yaml": {"product_name", "model_number", "description", "brand", "category_tree", "main_image", "image_urls", "other_attributes", "color", "all_available_sizes", "product_id", "final_price", "initial_price", "currency", "in_stock"},
	}
	// What rows of one product mostly have, so that they meet.
	often := map[string][]string{
		"Title": {"Shirt"}, "Option1 Name": {"Color"}, "Option1 Value": {"Red", "Blue"}, "Option2 Value": {""}, "Option3 Value": {""}, "Variant SKU": {"", "A", "B"}, "Variant Price": {"10"},
		"product_name": {"Shirt"}, "color": {"Red", "Blue", ""}, "all_available_sizes": {`["S","M"]`, `["M"]`, ""}, "product_id": {"", "A", "A-s", "B"}, "final_price": {"10"}, "currency": {"USD"},
		"category_tree": {""}, "image_urls": {""}, "other_attributes": {`[{"name":"Fit","value":"Slim"}]`, ""}, "initial_price": {"12"}, "in_stock": {"yes", ""},
		"Status": {"active", ""}, "Published": {"true", ""}, "Variant Inventory Qty": {"3", ""}, "Variant Compare At Price": {""}, "Variant Grams": {"5"},
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"shopify", "../../../docs/import/fashion-home.yaml"}).Draw(t, "mapping")
		m, header := mappings[name], newHeader(columns[name], nil)
		cell := cells()
		var parts []*part
		for n := range rapid.IntRange(1, 6).Draw(t, "rows") {
			r := row{line: n + 2, header: header}
			for _, column := range columns[name] {
				from := cell
				if few, ok := often[column]; ok && rapid.Bool().Draw(t, "often") {
					from = rapid.SampledFrom(few)
				}
				r.fields = append(r.fields, from.Draw(t, column))
			}
			if p, err := m.partOf(r, "USD"); err == nil {
				parts = append(parts, p)
			}
		}
		drafts, refused := m.merge("key", parts)
		seen := map[int]int{}
		for _, bad := range refused {
			seen[bad.line]++
		}
		for _, d := range drafts {
			for _, r := range d.rows {
				seen[r.line]++
			}
			if err := rpc.Validate(d.request); err != nil {
				t.Fatalf("%v\nis refused: %v", d.request, err)
			}
			if err := goodsproto.ToProduct(d.request.GetProduct()).Tidy().Check(); err != nil {
				t.Fatalf("%v\nis refused: %v", d.request, err)
			}
		}
		for _, p := range parts {
			if seen[p.row.line] != 1 {
				t.Fatalf("row %d is %d times among drafts and refused", p.row.line, seen[p.row.line])
			}
		}
		again, _ := m.merge("key", parts)
		if !slices.EqualFunc(drafts, again, func(a, b draft) bool { return fmt.Sprint(a.request) == fmt.Sprint(b.request) }) {
			t.Fatalf("the same rows gave\n%v\nand then\n%v", drafts, again)
		}
	})
}
