package importer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	"github.com/souk-commerce/souk/services/catalog/importer"
)

// write writes a file and returns its path.
func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// sketch is a product in a line for each of its parts.
func sketch(p *catalogv1.Product) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s | %s | %s | %s\n", p.GetTitle(), p.GetSlug(), strings.TrimPrefix(p.GetStatus().String(), "PRODUCT_STATUS_"), p.GetBrand().GetName())
	for _, c := range p.GetBreadcrumb() {
		fmt.Fprintf(&out, "> %s ", c.GetName())
	}
	fmt.Fprintf(&out, "\n%q %q %v\n", p.GetSummary(), p.GetDescription(), p.GetTags())
	for _, a := range p.GetAttributes() {
		fmt.Fprintf(&out, "%s=%s ", a.GetName(), a.GetValue())
	}
	for _, i := range p.GetImages() {
		fmt.Fprintf(&out, "\n%s (%s)", i.GetUrl(), i.GetAlt())
	}
	for _, v := range p.GetVariants() {
		fmt.Fprintf(&out, "\n- %s", v.GetSku())
		for _, o := range v.GetOptionValues() {
			fmt.Fprintf(&out, " %s:%s", o.GetOption(), o.GetValue())
		}
		for _, price := range v.GetPrices() {
			fmt.Fprintf(&out, " %d %s", price.GetAmount().GetMinorUnits(), price.GetAmount().GetCurrencyCode())
			if was := price.GetCompareAt(); was != nil {
				fmt.Fprintf(&out, " was %d", was.GetMinorUnits())
			}
		}
		fmt.Fprintf(&out, " %dg %s", v.GetWeightGrams(), v.GetBarcode())
		for _, a := range v.GetAttributes() {
			fmt.Fprintf(&out, " %s=%s", a.GetName(), a.GetValue())
		}
		for _, i := range v.GetImages() {
			fmt.Fprintf(&out, " %s", filepath.Base(i.GetUrl()))
		}
	}
	return out.String()
}

func (s *shop) same(t testing.TB, title, want string) {
	t.Helper()
	p := s.all(t)[title]
	if got := strings.TrimSpace(sketch(p)); got != strings.TrimSpace(want) {
		t.Errorf("%s is\n%s\nwant\n%s", title, got, want)
	}
}

func TestShopify(t *testing.T) {
	s := open(t)
	sum := s.load(t, "shopify", "testdata/shopify.csv")
	if sum.Rows != 9 || sum.Imported != 9 || sum.Created != 5 || sum.Variants != 8 {
		t.Errorf("%s; want 9 rows, 5 products with 8 variants", sum)
	}
	s.same(t, "Linen Shirt", `
Linen Shirt | linen-shirt | PUBLISHED | Loom & Co
> Apparel & Accessories > Clothing > Shirts 
"Linen for hot days" "Cool & light.\n\n• Pure linen" [summer linen]

https://cdn.shopify.example/s/shirt-1.jpg?v=1 (Shirt on a hanger)
https://cdn.shopify.example/s/shirt-2.jpg (Shirt on a hanger)
https://cdn.shopify.example/s/shirt-3.jpg (Shirt on a hanger)
https://cdn.shopify.example/s/shirt-4.jpg (Shirt on a hanger)
https://cdn.shopify.example/s/shirt-sand.jpg (Shirt on a hanger)
https://cdn.shopify.example/s/shirt-clay.jpg (Shirt on a hanger)
- LS-SAND-S Color:Sand Size:S 4900 USD was 5900 210g 4006381333931 shirt-sand.jpg
- LS-SAND-M Color:Sand Size:M 4900 USD 210g  shirt-2.jpg
- LS-CLAY-S Color:Clay Size:S 4500 USD 210g  shirt-clay.jpg`)
	s.same(t, "Soap Bar", `
Soap Bar | soap-bar | PUBLISHED | Loom & Co
> Bath 
"" "Plain text" []

https://cdn.shopify.example/s/soap.jpg (Soap Bar)
- soap-bar 650 USD 0g `)
	s.same(t, "Crème Duo", `
Crème Duo | creme-duo | DRAFT | 

"" "" []

- CD-50 Size:50 ml 1200 USD 90g 
- CD-100 Size:100 ml 2000 USD 150g `)
	all := s.all(t)
	for title, want := range map[string]catalogv1.ProductStatus{
		"Old Lamp":    catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED,
		"Hidden Lamp": catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT,
	} {
		if got := all[title].GetStatus(); got != want {
			t.Errorf("%s is %s, want %s", title, got, want)
		}
	}
	if got := fmt.Sprint(s.levels); got != "map[CD-100:3 CD-50:7 HL-1:1 LS-CLAY-S:0 LS-SAND-M:0 LS-SAND-S:4 OL-1:1 soap-bar:0]" {
		t.Errorf("stock %s", got)
	}
	for sku, want := range map[string]bool{"LS-SAND-S": false, "LS-CLAY-S": true, "soap-bar": true, "CD-50": false} {
		if s.owed[sku] != want {
			t.Errorf("%s may be sold below zero: %v, want %v", sku, s.owed[sku], want)
		}
	}
	if again := s.load(t, "shopify", "testdata/shopify.csv"); again.Unchanged != 5 || again.StockChanged != 0 {
		t.Errorf("again: %s; want nothing changed", again)
	}
}

func TestShopifyNewTemplate(t *testing.T) {
	s := open(t)
	s.load(t, "shopify", "testdata/shopify-new.csv")
	s.same(t, "Wool Hat", `
Wool Hat | wool-hat | PUBLISHED | Loom & Co
> Apparel & Accessories > Hats 
"A hat" "Warm." [winter]

https://cdn.shopify.example/hat.png (Hat)
https://cdn.shopify.example/hat-2.png (Hat)
https://cdn.shopify.example/hat-red.png (Hat)
https://cdn.shopify.example/hat-blue.png (Hat)
- WH-RED Color:Red 2500 USD was 3000 80g  hat-red.png
- WH-BLUE Color:Blue 2500 USD 80g  hat-blue.png`)
	if p := s.all(t)["Felt Hat"]; p.GetStatus() != catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT {
		t.Errorf("active, but not in the online store: %s; want a draft", p.GetStatus())
	}
	if got := fmt.Sprint(s.levels, s.owed); got != "map[FH-1:0 WH-BLUE:2 WH-RED:5] map[FH-1:true WH-BLUE:true WH-RED:false]" {
		t.Errorf("stock %s", got)
	}
}

// erp is a mapping with a bit of everything.
const erp = `
source: erp
delimiter: ";"
encoding: windows-1252
nulls: ["-"]
product:
  key: model
  title: name
  description: text
  brand: maker
  category: {column: category, do: [{split: ">"}]}
  tags: {column: tags, do: [{split: ","}, lower, unique]}
  images: {column: pictures, do: [{json: "[*].src"}]}
  attributes:
    - {name: Material, value: fabric}
    - {name: Care, value: {column: care, default: Machine wash}}
options:
  - {name: Color, value: color}
  - {name: Size, value: {column: sizes, do: [{split: "/"}]}}
variant:
  sku: article
  grams: weight
  prices:
    - {amount: price, compare_at: list, decimal: ","}
    - {amount: dollars, currency: {const: USD}}
stock:
  - {units: berlin, location: {const: berlin}}
  - {units: paris, location: {const: paris}}
`

const erpHeader = "model;name;text;maker;category;tags;pictures;fabric;care;color;sizes;article;weight;price;list;dollars;berlin;paris\n"

func TestAnyColumns(t *testing.T) {
	s := open(t)
	mapping := write(t, "erp.yaml", erp)
	data := write(t, "erp.csv", erpHeader+
		`M1;Gr`+"\xfc"+`ner Rock;Weich;N`+"\xe4"+`herei;Damen > R`+"\xf6"+`cke;Neu,neu, Sommer;"[{""src"":""https://x.example/1.jpg""},{""src"":""javascript:alert(1)""}]";Wolle;-;Gr`+"\xfc"+`n;S/M;R1;1 250;1.299,00 `+"\x80"+`;1.499,00;1399;3;-`+"\n"+
		`M2;Schal;;;;;;Seide;Hand wash;;;S1;;20;;;;`+"\n"+
		`m1;;;;;;;Leinen;;Blau;L;R2;900;1.199,00;;;;5`+"\n")
	sum := s.load(t, mapping, data)
	if sum.Created != 2 || sum.Imported != 3 || sum.Variants != 4 {
		t.Errorf("%s; want 3 rows, 2 products with 4 variants", sum)
	}
	s.same(t, "Grüner Rock", `
Grüner Rock | gruner-rock | PUBLISHED | Näherei
> Damen > Röcke 
"" "Weich" [neu sommer]
Care=Machine wash 
https://x.example/1.jpg (Grüner Rock)
- R1-s Color:Grün Size:S 129900 EUR was 149900 139900 USD 1250g  Material=Wolle 1.jpg
- R1-m Color:Grün Size:M 129900 EUR was 149900 139900 USD 1250g  Material=Wolle 1.jpg
- R2 Color:Blau Size:L 119900 USD 900g  Material=Leinen`)
	if got := fmt.Sprint(s.levels); got != "map[R1-m@berlin:3 R1-s@berlin:3 R2@paris:5]" {
		t.Errorf("stock %s", got)
	}
}

// What staff did in the shop stays when the file does not speak of it.
func TestAgainIsAnUpdate(t *testing.T) {
	s := open(t)
	mapping := write(t, "m.yaml", "source: x\nproduct: {key: id, title: name}\nvariant: {sku: id, prices: [{amount: price}]}\nstock: [{units: units}]\n")
	s.load(t, mapping, write(t, "a.csv", "id,name,price,units\nA,Lamp,10,5\nB,Chair,20,6\n"))
	lamp := s.all(t)["Lamp"]
	lamp.Slug = "reading-lamp"
	if _, err := s.admin.UpdateProduct(t.Context(), &catalogv1.UpdateProductRequest{Product: lamp}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.admin.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: s.all(t)["Chair"].GetId()}); err != nil {
		t.Fatal(err)
	}
	sum := s.load(t, mapping, write(t, "b.csv", "id,name,price,units\nA,Lamp,12,5\nB,Chair,20,4\nC,Table,90,1\n"))
	if sum.Created != 1 || sum.Updated != 1 || sum.Unchanged != 1 || sum.StockChanged != 2 {
		t.Errorf("%s; want 1 new, 1 changed, 1 unchanged, 2 levels set", sum)
	}
	all := s.all(t)
	if p := all["Lamp"]; p.GetSlug() != "reading-lamp" || p.GetVariants()[0].GetPrices()[0].GetAmount().GetMinorUnits() != 1200 {
		t.Errorf("the lamp is\n%s\nwant its new price at its address", sketch(p))
	}
	if p := all["Chair"]; p.GetStatus() != catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED {
		t.Errorf("the archived chair is %s again", p.GetStatus())
	}
	if len(all) != 3 {
		t.Errorf("%d products, want 3", len(all))
	}
}

func TestRejectsSayWhyAndAreInTheFormatOfTheData(t *testing.T) {
	s := open(t)
	mapping := write(t, "erp.yaml", erp)
	data := write(t, "bad.csv", erpHeader+
		`G;Good;;;;;;;;;;G1;;1;;;;`+"\n"+ // line 2
		`;No key;;;;;;;;;;N1;;1;;;;`+"\n"+
		`P;No price;;;;;;;;;;P1;;;;;;`+"\n"+
		`W;Wr`+"\xf6"+`ng price;;;;;;;;;;W1;;1.5;;;;`+"\n"+
		`;;;`+"\n"+
		`U;"Unbalanced;;;;;;;;;;U1;;1;;;;`+"\n"+
		`J;No JSON;;;;;[;;;;;J1;;1;;;;`+"\n"+
		`T;;;;;;;;;;;T1;;1;;;;`+"\n"+
		`G;Another good row;;;;;;;;Red;;G2;;1;;;;`+"\n"+
		`S;Thief;;;;;;;;;;G1;;1;;;;`+"\n"+
		`D;Twice;;;;;;;;Red;;D1;;1;;;;`+"\n"+
		`D;;;;;;;;;Blue;;D1;;1;;;;`+"\n")
	rejects := filepath.Join(t.TempDir(), "rejects.csv")
	sum, err := importer.Run(t.Context(), importer.Options{Mapping: mapping, Data: data, Rejects: rejects, Products: s.admin})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Rows != 12 || sum.Rejected != 9 || sum.Imported != 3 || sum.Created != 2 {
		t.Errorf("%s; want 3 of 12 rows imported", sum)
	}
	text := read(t, rejects)
	for _, want := range []string{
		"\uFEFFreject_line;reject_reason;model;name;",
		"3;there is nothing that tells which product this is;;No key;",
		"4;there is no price;P;",
		`5;"price: ""1.5"" is not a price in USD";W;Wröng price;`,
		"6;4 fields where the header has 18;",
		"7;the quotes of this line do not match;",
		`8;"images: ""["": this is not JSON";J;`,
		"9;there is no title;T;",
		`11;"The SKU ""G1"" belongs to another product.";S;`,
		"13;the product has this SKU already, with other choices;D;",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the rejects do not say %q:\n%s", want, text)
		}
	}
	mended := strings.NewReplacer("1.5", "1,5", ";[;", ";;", ";G1;", ";S1;").Replace(text)
	again, err := importer.Run(t.Context(), importer.Options{Mapping: mapping, Data: write(t, "mended.csv", mended), Products: s.admin})
	if err != nil {
		t.Fatal(err)
	}
	all := s.all(t)
	if again.Imported != 3 || all["Wröng price"] == nil || all["Thief"] == nil || all["No JSON"] == nil {
		t.Errorf("mended: %s; want 3 rows taken", again)
	}
}

func TestRejectsOfJSONLinesAreJSONLines(t *testing.T) {
	s := open(t)
	mapping := write(t, "m.yaml", "product: {key: id, title: name}\nvariant: {sku: id, prices: [{amount: price}]}\n")
	data := write(t, "d.jsonl", `{"id": "A", "name": "Lamp", "price": 10}`+"\n"+`{"id": "B", "name": "Ch\"air"}`+"\n{}\n"+`{"id": "C"`+"\n")
	sum, err := importer.Run(t.Context(), importer.Options{Mapping: mapping, Data: data, Products: s.admin})
	if err != nil || sum.Rejected != 3 || sum.Imported != 1 || sum.Rejects != data+".rejects.jsonl" {
		t.Fatalf("%s, %v; want 3 rejects in a .jsonl", sum, err)
	}
	want := `{"reject_line":2,"reject_reason":"there is no price","id": "B", "name": "Ch\"air"}
{"reject_line":3,"reject_reason":"there is nothing that tells which product this is"}
{"reject_line":4,"reject_reason":"this line is not a JSON object","row":"{\"id\": \"C\""}
`
	if got := read(t, sum.Rejects); got != want {
		t.Errorf("rejects:\n%s\nwant\n%s", got, want)
	}
	mended := strings.Replace(read(t, sum.Rejects), `"id": "B"`, `"price": "$12", "id": "B"`, 1)
	again, err := importer.Run(t.Context(), importer.Options{Mapping: mapping, Data: write(t, "mended.jsonl", mended), Products: s.admin})
	if err != nil || again.Imported != 1 || s.all(t)[`Ch"air`] == nil {
		t.Errorf("mended: %s, %v; want the chair", again, err)
	}
}

func TestVariantsThatLookAlikeAreAllThere(t *testing.T) {
	s := open(t)
	mapping := write(t, "m.yaml", "product: {key: id, title: name}\noptions: [{name: Color, value: {column: color, do: [{split: '|'}]}}]\nvariant: {prices: [{amount: price}]}\nstock: [{units: units, location: place}]\n")
	data := write(t, "d.csv", "id,name,color,price,units,place\nA,Rug,Röd|Rod|+|-,10,1,\nB,Mat,Röd,10,1,x\nB,,Rod,10,2,x\nB,,Rod,10,3,y\nB,,Rod,11,4,x\n")
	s.load(t, mapping, data)
	skus := func(title string) (all []string) {
		for _, v := range s.all(t)[title].GetVariants() {
			all = append(all, v.GetSku()+"="+v.GetOptionValues()[0].GetValue()+fmt.Sprint(v.GetPrices()[0].GetAmount().GetMinorUnits()))
		}
		return all
	}
	if got := skus("Rug"); !slices.Equal(got, []string{"A-rod=Röd1000", "A-rod-2=Rod1000", "A-3=+1000", "A-4=-1000"}) {
		t.Errorf("the rug has %v", got)
	}
	if got := skus("Mat"); !slices.Equal(got, []string{"B-rod=Röd1000", "B-rod-2=Rod1100"}) {
		t.Errorf("the mat has %v; want the last row of each colour", got)
	}
	if got := fmt.Sprint(s.levels); got != "map[A-3:1 A-4:1 A-rod:1 A-rod-2:1 B-rod-2@x:4 B-rod-2@y:3 B-rod@x:1]" {
		t.Errorf("stock %s; want it by location", got)
	}
	if again := s.load(t, mapping, data); again.Unchanged != 2 || again.StockChanged != 0 {
		t.Errorf("again: %s; want nothing changed", again)
	}
}

func TestStockThatIsRefusedIsCounted(t *testing.T) {
	s := open(t)
	mapping := write(t, "m.yaml", "product: {key: id, title: name}\nvariant: {sku: id, prices: [{amount: price}]}\nstock: [{units: units}]\n")
	sum := s.load(t, mapping, write(t, "a.csv", fmt.Sprintf("id,name,price,units\nA,Lamp,10,%d\nB,Chair,20,6\n", refusedUnits)))
	if sum.StockRefused != 1 || sum.StockChanged != 1 || sum.Created != 2 || !strings.Contains(sum.String(), "1 refused") {
		t.Errorf("%s; want one level refused and both products there", sum)
	}
}

func TestWhatCannotBeAnImportIsToldFirst(t *testing.T) {
	s := open(t)
	mapping := write(t, "m.yaml", "product: {key: id, title: name}\nvariant: {prices: [{amount: price}]}\n")
	for data, want := range map[string]string{
		write(t, "empty.csv", ""):                   "the file is empty",
		write(t, "other.csv", "a,b\n1,2\n"):         `no column "id"`,
		write(t, "semi.csv", "id;name;price\n1;2;"): `no column "id"`,
		write(t, "x.pdf", "%PDF"):                   "only .csv",
		filepath.Join(t.TempDir(), "none.csv"):      "no such file",
		write(t, "broken.csv.gz", "\x1f\x8b\x00"):   "unexpected EOF",
	} {
		sum, err := importer.Run(t.Context(), importer.Options{Mapping: mapping, Data: data, Products: s.admin})
		if err == nil || !strings.Contains(err.Error(), want) || sum.Imported != 0 {
			t.Errorf("%s: %v; want %q", filepath.Base(data), err, want)
		}
		if _, err := os.Stat(data + ".rejects.csv"); err == nil {
			t.Errorf("%s: there is a file of rejects", filepath.Base(data))
		}
	}
	header := write(t, "header.csv", "id,name,price\n")
	if sum, err := importer.Run(t.Context(), importer.Options{Mapping: mapping, Data: header, Products: s.admin}); err != nil || sum.Rows != 0 {
		t.Errorf("a header alone: %s, %v; want nothing, and no error", sum, err)
	}
	if _, err := importer.Run(t.Context(), importer.Options{Mapping: mapping, Data: header, Rejects: header, Products: s.admin}); err == nil {
		t.Error("the rejects were written over the data")
	}
}

func TestAStoppedImportSaysSo(t *testing.T) {
	s := open(t)
	mapping := write(t, "m.yaml", "product: {key: id, title: name}\nvariant: {sku: id, prices: [{amount: price}]}\n")
	var rows strings.Builder
	rows.WriteString("id,name,price\n")
	for n := range 1000 {
		fmt.Fprintf(&rows, "%d,Lamp %d,10\n", n, n)
	}
	data := write(t, "d.csv", rows.String())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	sum, err := importer.Run(ctx, importer.Options{Mapping: mapping, Data: data, Products: stopping{s.admin, stop}})
	if !errors.Is(err, importer.ErrStopped) || errors.Is(err, context.Canceled) || sum.Imported == 1000 {
		t.Errorf("stopped: %s, %v; want ErrStopped, which is no clean end", sum, err)
	}
	if again := s.load(t, mapping, data); again.Imported != 1000 || len(s.all(t)) != 1000 {
		t.Errorf("again: %s; want all of them", again)
	}
}

// stopping stops everything after the first products are sent.
type stopping struct {
	catalogv1connect.ProductAdminServiceClient
	stop func()
}

func (s stopping) BulkUpsertProducts(ctx context.Context) (*connect.ClientStreamForClientSimple[catalogv1.BulkUpsertProductsRequest, catalogv1.BulkUpsertProductsResponse], error) {
	defer s.stop()
	return s.ProductAdminServiceClient.BulkUpsertProducts(ctx)
}
