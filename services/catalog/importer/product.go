package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gosimple/slug"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
)

// draft is a product as it is sent, with the rows it was made of.
type draft struct {
	request *catalogv1.BulkUpsertProductsRequest
	rows    []row
	stock   []stockLine
}

type stockLine struct {
	sku, location string
	units         int64
}

// piece is one variant to be: a row with one value for each option.
type piece struct {
	from    *part
	sku     string
	choices []string
}

var (
	errNoTitle   = errors.New("there is no title")
	errNoVariant = errors.New("no row of this product has a price")
	errTooMany   = fmt.Errorf("the product has more than %d variants already", mostVariants)
)

// merge makes products of the rows of one key: one, and more when rows make the
// same choices; then one product keeps the choice, and the others stand beside
// it, so that no row is lost. Rows that cannot be part of any are refused.
func (m *Mapping) merge(key string, parts []*part) (drafts []draft, refused []badRow) {
	common := m.common(parts)
	refuse := func(rows []*part, err error) {
		for _, p := range unique(rows) {
			refused = append(refused, badRow{p.row, err.Error()})
		}
	}
	if common.title == "" {
		refuse(parts, errNoTitle)
		return nil, refused
	}
	pieces := m.pieces(key, common, parts)
	if len(pieces) == 0 {
		refuse(parts, errNoVariant)
		return nil, refused
	}
	kept, beside := apart(pieces)
	if len(kept) > mostVariants {
		var over []*part
		for _, p := range kept[mostVariants:] {
			if p.from != kept[mostVariants-1].from {
				over = append(over, p.from)
			}
		}
		kept = kept[:mostVariants]
		refuse(over, errTooMany)
	}
	stay := staying(parts, pieces, kept)
	drafts = append(drafts, m.draft(key, m.own(stay, common), stay, kept))
	for _, p := range beside {
		one := []*part{p.from}
		drafts = append(drafts, m.draft(key+"/"+p.sku, m.own(one, common), one, []piece{p}))
	}
	return drafts, refused
}

// own is what the rows say themselves; what they leave open is as in common.
func (m *Mapping) own(rows []*part, common *part) *part {
	pictures := m.common(rows).images
	all := m.common(append(slices.Clone(rows), common))
	if len(pictures) > 0 {
		all.images = pictures
	}
	all.tags = common.tags
	return all
}

// staying leaves out the rows that have none of their pieces in kept.
func staying(parts []*part, pieces, kept []piece) []*part {
	gone := map[*part]bool{}
	for _, p := range pieces {
		gone[p.from] = true
	}
	for _, p := range kept {
		gone[p.from] = false
	}
	return slices.DeleteFunc(slices.Clone(parts), func(p *part) bool { return gone[p] })
}

// common gathers what is said once for all rows.
func (m *Mapping) common(parts []*part) *part {
	c := &part{options: make([]optionPart, len(m.Options))}
	for _, p := range parts {
		c.title, c.slug, c.summary = or(c.title, p.title), or(c.slug, p.slug), or(c.summary, p.summary)
		c.description, c.brand, c.alt = or(c.description, p.description), or(c.brand, p.brand), or(c.alt, p.alt)
		if c.status == catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED {
			c.status = p.status
		}
		if len(c.category) == 0 {
			c.category = p.category
		}
		c.tags, c.images = append(c.tags, p.tags...), append(c.images, p.images...)
		for i := range c.options {
			if i < len(p.options) {
				c.options[i].name = or(c.options[i].name, p.options[i].name)
			}
		}
	}
	return c
}

// pieces spreads rows with several values of an option over several variants.
// Of a SKU that comes twice, the last row counts.
func (m *Mapping) pieces(key string, common *part, parts []*part) []piece {
	var all []piece
	at := map[string]int{}
	for _, p := range parts {
		if !p.sells {
			continue
		}
		for _, one := range m.spread(key, p) {
			if i, twice := at[one.sku]; twice {
				all[i] = one
				continue
			}
			at[one.sku] = len(all)
			all = append(all, one)
		}
	}
	// A choice that nobody has to make is none; one that some have is everybody's.
	for i, o := range m.Options {
		some := slices.ContainsFunc(all, func(p piece) bool { return p.choices[i] != "" })
		for n := range all {
			switch {
			case common.options[i].name == "":
				all[n].choices[i] = ""
			case some && all[n].choices[i] == "":
				all[n].choices[i] = o.missing()
			}
		}
	}
	return all
}

func (m *Mapping) spread(key string, p *part) []piece {
	out := []piece{{from: p, sku: p.sku}}
	if p.sku == "" {
		out[0].sku = shortKey(key, 60)
	}
	for i := range m.Options {
		var values []string
		for _, v := range p.options[i].values {
			if v = shorten(v, mostValue); !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		var next []piece
		for _, o := range out {
			if len(values) == 0 {
				o.choices = append(slices.Clone(o.choices), "")
				next = append(next, o)
			}
			for _, v := range values {
				made := piece{p, o.sku, append(slices.Clone(o.choices), v)}
				if len(values) > 1 || p.sku == "" {
					made.sku += "-" + or(slug.Make(v), fmt.Sprint(len(next)+1))
				}
				if next = append(next, made); len(next) > mostVariants {
					break
				}
			}
		}
		out = next
	}
	for i := range out {
		out[i].sku = fitSKU(out[i].sku)
	}
	return out
}

// apart parts pieces that make the same choices: the one with the smallest SKU
// stays, whatever the order of the rows, so that the next import finds it so.
func apart(pieces []piece) (kept, beside []piece) {
	least := map[string]string{}
	for _, p := range pieces {
		combination := fmt.Sprintf("%q", p.choices)
		if sku, taken := least[combination]; !taken || p.sku < sku {
			least[combination] = p.sku
		}
	}
	for _, p := range pieces {
		if least[fmt.Sprintf("%q", p.choices)] == p.sku {
			kept = append(kept, p)
		} else {
			beside = append(beside, p)
		}
	}
	return kept, beside
}

// draft writes the product down.
func (m *Mapping) draft(key string, common *part, parts []*part, pieces []piece) draft {
	p := &catalogv1.Product{
		ExternalId: m.externalID(key), Slug: common.slug, Title: common.title, Summary: common.summary,
		Description: common.description, Status: common.status, Tags: common.tags,
	}
	if p.Status == catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED && !m.Product.Status.set() {
		p.Status = catalogv1.ProductStatus_PRODUCT_STATUS_PUBLISHED
	}
	alt := or(common.alt, common.title)
	p.Images = imagesOf(common.images, alt)
	shared, own := factsOf(parts)
	p.Attributes = attributesOf(shared)
	offered, extra := m.choices(common, pieces)
	p.Options = optionsOf(offered)
	for _, o := range p.Options {
		p.Attributes = without(p.Attributes, o.Name)
	}
	for _, a := range extra {
		p.Attributes = append(without(p.Attributes, a.name), attributesOf([]attribute{a})...)
	}
	d := draft{request: &catalogv1.BulkUpsertProductsRequest{Product: p, CategoryPath: common.category, BrandName: common.brand}}
	for _, one := range pieces {
		v := &catalogv1.Variant{Sku: one.sku, Barcode: one.from.barcode, WeightGrams: one.from.grams, Prices: one.from.prices}
		for _, o := range offered {
			v.OptionValues = append(v.OptionValues, &catalogv1.OptionValue{Option: o.name, Value: one.choices[o.at]})
		}
		v.Attributes = attributesOf(append(own[one.from], one.from.variantAttributes...))
		for _, o := range p.Options {
			v.Attributes = without(v.Attributes, o.Name)
		}
		pictures := one.from.variantImages
		if len(pictures) == 0 && len(pieces) > 1 && len(parts) > 1 {
			pictures = one.from.images
		}
		v.Images = imagesOf(pictures, alt)
		p.Images = append(p.Images, v.Images...)
		p.Variants = append(p.Variants, v)
		for _, s := range one.from.stock {
			d.stock = append(d.stock, stockLine{one.sku, s.location, s.units})
		}
	}
	for _, one := range parts {
		d.rows = append(d.rows, one.row)
	}
	d.request.Reference = int64(d.rows[0].line)
	fit(d.request)
	return d
}

// offered is an option that is a choice.
type offered struct {
	name   string
	at     int // in the mapping
	values []string
}

// choices sorts out which options are choices, and which are facts.
func (m *Mapping) choices(common *part, pieces []piece) (all []offered, extra []attribute) {
	for i, o := range m.Options {
		var values []string
		for _, p := range pieces {
			if v := p.choices[i]; v != "" && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		name := shorten(common.options[i].name, mostName)
		taken := slices.ContainsFunc(all, func(other offered) bool { return strings.EqualFold(other.name, name) })
		switch {
		case len(values) == 0:
		case len(values) == 1 && (o.Single == "drop" || values[0] == o.missing()):
		case len(values) == 1 && o.Single != "option":
			extra = append(extra, attribute{name, values[0]})
		case taken:
			all = append(all, offered{fmt.Sprintf("%s (%d)", name, i+1), i, values})
		default:
			all = append(all, offered{name, i, values})
		}
	}
	return all, extra
}

func optionsOf(all []offered) []*catalogv1.Option {
	var out []*catalogv1.Option
	for _, o := range all {
		out = append(out, &catalogv1.Option{Name: o.name, Values: o.values})
	}
	return out
}

// factsOf parts attributes into those of all rows and those of some.
func factsOf(parts []*part) (shared []attribute, own map[*part][]attribute) {
	own = map[*part][]attribute{}
	count := map[attribute]int{}
	for _, p := range parts {
		for _, a := range unique(p.attributes) {
			if count[a]++; count[a] == len(parts) {
				shared = append(shared, a)
			}
		}
	}
	for _, p := range parts {
		for _, a := range unique(p.attributes) {
			if count[a] < len(parts) {
				own[p] = append(own[p], a)
			}
		}
	}
	return shared, own
}

func unique[T comparable](all []T) []T {
	var out []T
	seen := map[T]bool{}
	for _, one := range all {
		if !seen[one] {
			seen[one] = true
			out = append(out, one)
		}
	}
	return out
}

func without(all []*catalogv1.Attribute, name string) []*catalogv1.Attribute {
	return slices.DeleteFunc(all, func(a *catalogv1.Attribute) bool { return strings.EqualFold(a.GetName(), name) })
}

// externalID is how the product is found again: readable when it can be.
func (m *Mapping) externalID(key string) string {
	id := shortKey(strings.ToLower(key), 120)
	if m.Source != "" {
		id = shorten(line(m.Source), 60) + ":" + id
	}
	return id
}

// shortKey keeps short keys as they are and makes a fingerprint of long ones.
func shortKey(key string, most int) string {
	if len(key) <= most {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:12])
}
