package importer

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
)

// part is what one row says about its product.
type part struct {
	row                                           row
	title, slug, summary, description, brand, alt string
	status                                        catalogv1.ProductStatus
	category, tags, images, variantImages         []string
	attributes, variantAttributes                 []attribute
	options                                       []optionPart
	sells                                         bool
	sku, barcode                                  string
	grams                                         int32
	prices                                        []*catalogv1.Price
	stock                                         []stockPart
}

type attribute struct{ name, value string }

type optionPart struct {
	name   string
	values []string
}

type stockPart struct {
	location  string
	units     int64
	backorder inventoryv1.BackorderRule
}

// keyOf tells which product a row belongs to.
func (m *Mapping) keyOf(r row) (string, error) {
	from := m.Product.Key
	if !from.set() {
		from = m.Variant.SKU
	}
	texts, err := from.list(r)
	if err != nil {
		return "", err
	}
	key := line(strings.Join(texts, " "))
	if key == "" {
		return "", errors.New("there is nothing that tells which product this is")
	}
	return key, nil
}

// line makes one clean line of a text.
func line(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), func(r rune) bool {
		return r <= ' ' || r == 0x7f || r >= 0x80 && r <= 0xa0 || r == '\u2028' || r == '\u2029'
	}), " ")
}

// reader evaluates values on a row until the first mistake, which it keeps.
type reader struct {
	row row
	err error
}

func (r *reader) text(what string, v Value) string {
	if r.err != nil {
		return ""
	}
	t, err := v.text(r.row)
	r.note(what, err)
	return line(t)
}

func (r *reader) list(what string, v Values) []string {
	if r.err != nil {
		return nil
	}
	texts, err := v.list(r.row)
	r.note(what, err)
	for i, t := range texts {
		texts[i] = line(t)
	}
	return filled(texts)
}

func (r *reader) note(what string, err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %w", what, err)
	}
}

// partOf reads a row. Currency is for prices that name none.
func (m *Mapping) partOf(r row, currency string) (*part, error) {
	in := &reader{row: r}
	p := &part{
		row: r, title: in.text("title", m.Product.Title), slug: in.text("slug", m.Product.Slug),
		summary: in.text("summary", m.Product.Summary), brand: in.text("brand", m.Product.Brand),
		alt: in.text("image_alt", m.Product.ImageAlt), category: in.list("category", Values{m.Product.Category}),
		tags: in.list("tags", m.Product.Tags), images: in.list("images", m.Product.Images),
	}
	description, err := m.Product.Description.text(r)
	in.note("description", err)
	p.description = description
	p.status = in.status(m.Product.Status)
	p.attributes = in.attributes(m.Product.Attributes)
	for _, o := range m.Options {
		name := o.Name
		if name == "" {
			name = in.text("options", o.NameFrom)
		}
		p.options = append(p.options, optionPart{name, in.list("options", Values{o.Value})})
	}
	m.readVariant(in, p, currency)
	return p, in.err
}

func (m *Mapping) readVariant(in *reader, p *part, currency string) {
	v := m.Variant
	if v.If.set() && in.text("if", v.If) == "" {
		return
	}
	p.sells = true
	p.sku, p.barcode = in.text("sku", v.SKU), in.text("barcode", v.Barcode)
	p.grams = int32(in.number("grams", v.Grams, math.MaxInt32))
	p.variantImages, p.variantAttributes = in.list("images", v.Images), in.attributes(v.Attributes)
	for _, price := range v.Prices {
		if made := in.price(price, currency); made != nil {
			p.prices = append(p.prices, made)
		}
	}
	if len(p.prices) == 0 && in.err == nil {
		in.err = errors.New("there is no price")
	}
	for _, s := range m.Stock {
		rule := in.backorder(s.Backorder)
		// Of what may be sold without end, often nobody says how many there are.
		if in.text("stock", s.Units) != "" || rule == inventoryv1.BackorderRule_BACKORDER_RULE_ALLOWED {
			p.stock = append(p.stock, stockPart{in.text("location", s.Location), in.number("stock", s.Units, 1_000_000_000), rule})
		}
	}
}

func (r *reader) backorder(v Value) inventoryv1.BackorderRule {
	switch word := strings.ToLower(r.text("backorder", v)); word {
	case "":
		return inventoryv1.BackorderRule_BACKORDER_RULE_UNSPECIFIED
	case "yes", "true", "1":
		return inventoryv1.BackorderRule_BACKORDER_RULE_ALLOWED
	case "no", "false", "0":
		return inventoryv1.BackorderRule_BACKORDER_RULE_REFUSED
	default:
		r.note("backorder", fmt.Errorf("%q is neither yes nor no", word))
		return inventoryv1.BackorderRule_BACKORDER_RULE_UNSPECIFIED
	}
}

var statusWords = map[string]catalogv1.ProductStatus{
	"": catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED, "draft": catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT,
	"published": catalogv1.ProductStatus_PRODUCT_STATUS_PUBLISHED, "archived": catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED,
}

func (r *reader) status(v Value) catalogv1.ProductStatus {
	word := r.text("status", v)
	s, ok := statusWords[strings.ToLower(word)]
	if !ok {
		r.note("status", fmt.Errorf("%q is not draft, published or archived", word))
	}
	return s
}

// number reads a count; what is below zero counts as nothing there.
func (r *reader) number(what string, v Value, most float64) int64 {
	text := r.text(what, v)
	if text == "" {
		return 0
	}
	plain, ok := ungroup(text, ",")
	n, err := strconv.ParseFloat(plain, 64)
	if err != nil || !ok || math.IsNaN(n) || n > most {
		r.note(what, fmt.Errorf("%q is not a number, or too large", text))
		return 0
	}
	return int64(math.Round(max(n, 0)))
}

func (r *reader) attributes(from []AttributeMapping) []attribute {
	var all []attribute
	for _, a := range from {
		if a.Each == nil {
			for _, value := range r.list(a.Name, Values{a.Value}) {
				all = append(all, attribute{a.Name, value})
			}
			continue
		}
		found, err := a.Each.read(r.row)
		r.note("attributes", err)
		all = append(all, found...)
	}
	return all
}

func (e EachMapping) read(r row) ([]attribute, error) {
	text, err := Value{Column: e.Column}.text(r)
	if err != nil || text == "" {
		return nil, err
	}
	v, err := decodeJSON(text)
	if err != nil {
		return nil, err
	}
	path, err := parsePath(e.path())
	if err != nil {
		return nil, err
	}
	var all []attribute
	for _, found := range path.in(v) {
		object, _ := found.(map[string]any)
		name, _ := jsonText(object[or(e.Name, "name")])
		value, _ := jsonText(object[or(e.Value, "value")])
		a := attribute{line(name), line(value)}
		skip := slices.ContainsFunc(e.Skip, func(s string) bool { return strings.EqualFold(s, a.name) })
		if a.name != "" && a.value != "" && !skip && !r.header.nulls[a.value] {
			all = append(all, a)
		}
	}
	return all, nil
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
