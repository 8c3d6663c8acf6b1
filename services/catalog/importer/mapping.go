package importer

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Mapping says what the columns of a file mean. docs/import.md explains it.
type Mapping struct {
	// Where the products come from; part of their external ids.
	Source string `yaml:"source"`
	// What parts the fields of a CSV file; a comma when empty.
	Delimiter string `yaml:"delimiter"`
	// How the file's letters are written, one of encodings; UTF-8 when empty.
	Encoding string `yaml:"encoding"`
	// Cells that mean nothing, besides empty ones: "null".
	Nulls []string `yaml:"nulls"`

	Product ProductMapping  `yaml:"product"`
	Options []OptionMapping `yaml:"options"`
	Variant VariantMapping  `yaml:"variant"`
	Stock   []StockMapping  `yaml:"stock"`
}

// ProductMapping is what rows of one product have in common. Texts are taken
// from the first row that has one.
type ProductMapping struct {
	// Rows of the same key are one product. Empty: each row is its own.
	Key         Value              `yaml:"key"`
	Title       Value              `yaml:"title"`
	Slug        Value              `yaml:"slug"`
	Summary     Value              `yaml:"summary"`
	Description Value              `yaml:"description"`
	Status      Value              `yaml:"status"` // draft, published or archived; published when not mapped
	Brand       Value              `yaml:"brand"`
	Category    Value              `yaml:"category"` // names from the root down
	Tags        Values             `yaml:"tags"`
	Images      Values             `yaml:"images"`
	ImageAlt    Value              `yaml:"image_alt"`
	Attributes  []AttributeMapping `yaml:"attributes"`
}

// AttributeMapping is one named attribute, or a list of objects in a JSON cell.
type AttributeMapping struct {
	Name  string `yaml:"name"`
	Value Value  `yaml:"value"`
	// Instead of name and value: JSON objects that have both.
	Each *EachMapping `yaml:"each"`
}

// EachMapping reads attributes from the objects of a JSON cell.
type EachMapping struct {
	Column Columns  `yaml:"column"`
	Path   string   `yaml:"path"`  // to the objects; "[*]" when empty
	Name   string   `yaml:"name"`  // field of the name; "name" when empty
	Value  string   `yaml:"value"` // field of the value; "value" when empty
	Skip   []string `yaml:"skip"`  // names to leave out
}

// OptionMapping is a choice between variants.
type OptionMapping struct {
	// Fixed, or from a column.
	Name     string `yaml:"name"`
	NameFrom Value  `yaml:"name_from"`
	// Several values in a row make several variants.
	Value Value `yaml:"value"`
	// For rows without a value when others of the product have one; "Standard" when empty.
	Missing string `yaml:"missing"`
	// What becomes of an option that has one value for all variants, and so is
	// no choice: "attribute" (when empty), "option" or "drop".
	Single string `yaml:"single"`
}

func (o OptionMapping) missing() string { return shorten(or(o.Missing, "Standard"), mostValue) }

// VariantMapping is what a row sells.
type VariantMapping struct {
	// A row is a variant when this has a value, or always when nothing is mapped.
	// Other rows add to their product: more pictures, say.
	If         Value              `yaml:"if"`
	SKU        Value              `yaml:"sku"` // made from key and choices when empty
	Barcode    Value              `yaml:"barcode"`
	Grams      Value              `yaml:"grams"`
	Images     Values             `yaml:"images"` // the row's product images when empty
	Prices     []PriceMapping     `yaml:"prices"`
	Attributes []AttributeMapping `yaml:"attributes"`
}

// PriceMapping is a price in one currency.
type PriceMapping struct {
	Amount    Value `yaml:"amount"`
	CompareAt Value `yaml:"compare_at"`
	// The importer's own currency when empty.
	Currency Value `yaml:"currency"`
	// What parts the cents: "." when empty, or ",".
	Decimal string `yaml:"decimal"`
}

// StockMapping is how many there are at one location.
type StockMapping struct {
	Units    Value `yaml:"units"`
	Location Value `yaml:"location"`
	// Whether more may be sold than there is: yes or no; left as it is when empty.
	Backorder Value `yaml:"backorder"`
}

//go:embed mappings/*.yaml
var builtIn embed.FS

// BuiltIn lists the names of the mappings that come with the importer.
func BuiltIn() []string {
	entries, err := fs.ReadDir(builtIn, "mappings")
	if err != nil {
		panic("importer: " + err.Error())
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// LoadMapping returns a built-in mapping by its name, or reads a file.
func LoadMapping(nameOrFile string) (*Mapping, error) {
	if slices.Contains(BuiltIn(), nameOrFile) {
		f, err := builtIn.Open(path.Join("mappings", nameOrFile+".yaml"))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return ParseMapping(f)
	}
	f, err := os.Open(nameOrFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no mapping file %s, and no built-in mapping of that name (there are: %s)", nameOrFile, strings.Join(BuiltIn(), ", "))
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := ParseMapping(f)
	if err != nil {
		return nil, fmt.Errorf("mapping %s: %w", nameOrFile, err)
	}
	return m, nil
}

// largestMapping is more than anybody writes by hand.
const largestMapping = 1 << 20

// ParseMapping reads a mapping and checks it.
func ParseMapping(r io.Reader) (*Mapping, error) {
	raw, err := io.ReadAll(io.LimitReader(r, largestMapping+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > largestMapping {
		return nil, errors.New("this is too long for a mapping")
	}
	m := &Mapping{}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(m); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the mapping is empty")
		}
		return nil, err
	}
	return m, m.check()
}

func (m *Mapping) check() error {
	var wrong []error
	say := func(bad bool, sentence string) {
		if bad {
			wrong = append(wrong, errors.New(sentence))
		}
	}
	say(!m.Product.Title.set(), "product.title is needed")
	say(len(m.Variant.Prices) == 0, "variant.prices is needed")
	say(!m.Product.Key.set() && !m.Variant.SKU.set(), "product.key or variant.sku is needed: without them an import cannot find a product again")
	say(len([]rune(m.Delimiter)) > 1 || strings.ContainsAny(m.Delimiter, "\"\r\n\uFFFD"), "delimiter must be one character, and no quote")
	_, known := encodings[strings.ToLower(m.Encoding)]
	say(!known, fmt.Sprintf("encoding must be one of %s", strings.Join(encodingNames(), ", ")))
	say(len(m.Options) > 5, "a product has at most 5 options")
	for i, o := range m.Options {
		say((o.Name == "") == !o.NameFrom.set(), fmt.Sprintf("options[%d] needs either name or name_from", i))
		say(!o.Value.set(), fmt.Sprintf("options[%d].value is needed", i))
		say(!slices.Contains([]string{"", "attribute", "option", "drop"}, o.Single), fmt.Sprintf("options[%d].single must be attribute, option or drop", i))
	}
	for i, p := range m.Variant.Prices {
		say(!p.Amount.set(), fmt.Sprintf("variant.prices[%d].amount is needed", i))
		say(!slices.Contains([]string{"", ".", ","}, p.Decimal), fmt.Sprintf("variant.prices[%d].decimal must be . or ,", i))
	}
	for i, s := range m.Stock {
		say(!s.Units.set(), fmt.Sprintf("stock[%d].units is needed", i))
	}
	for _, list := range [][]AttributeMapping{m.Product.Attributes, m.Variant.Attributes} {
		for i, a := range list {
			say((a.Each == nil) == (a.Name == ""), fmt.Sprintf("attributes[%d] needs either name and value, or each", i))
			say(a.Each == nil && !a.Value.set(), fmt.Sprintf("attributes[%d].value is needed", i))
			if a.Each != nil {
				_, err := parsePath(a.Each.path())
				say(err != nil, fmt.Sprintf("attributes[%d].each.path: %v", i, err))
			}
		}
	}
	return errors.Join(wrong...)
}

func (e EachMapping) path() string {
	if e.Path == "" {
		return "[*]"
	}
	return e.Path
}

// fits finds columns that the mapping cannot do without and the file does not
// have: better told once than for every row.
func (m *Mapping) fits(header []string) error {
	h := newHeader(header, nil)
	var wrong []error
	need := func(what string, v Value) {
		names := append(v.Column[:len(v.Column):len(v.Column)], v.All...)
		if len(names) == 0 || v.Default != "" {
			return
		}
		for _, n := range names {
			if h.has(n) {
				return
			}
		}
		wrong = append(wrong, fmt.Errorf("the file has no column %q, which %s is read from", strings.Join(names, `" or "`), what))
	}
	need("product.key", m.Product.Key)
	need("product.title", m.Product.Title)
	need("variant.prices[0].amount", m.Variant.Prices[0].Amount)
	if !m.Product.Key.set() {
		need("variant.sku", m.Variant.SKU)
	}
	return errors.Join(wrong...)
}
