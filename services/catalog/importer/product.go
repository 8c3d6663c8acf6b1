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
	// Rows that are in an earlier draft, too, and are counted there.
	more  []row
	stock []stockLine
}

type stockLine struct {
	sku string
	stockPart
}

// piece is one variant to be: a row with one value for each option.
type piece struct {
	from    *part
	sku     string
	choices []string
	// Of all rows that say the same; of one location the last counts.
	stock []stockPart
}

var (
	errNoTitle   = errors.New("there is no title")
	errNoVariant = errors.New("no row of this product has a price")
	errTwice     = errors.New("the product has this SKU already, with other choices")
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
	pieces, clashing := m.pieces(key, common, parts)
	refuse(clashing, errTwice)
	parts = slices.DeleteFunc(slices.Clone(parts), func(p *part) bool { return slices.Contains(clashing, p) })
	if len(pieces) == 0 {
		refuse(parts, errNoVariant)
		return nil, refused
	}
	kept, beside := apart(pieces)
	if len(kept) > mostVariants {
		rest := kept[mostVariants:]
		kept = kept[:mostVariants]
		var over []*part
		for _, p := range rest {
			if !slices.ContainsFunc(kept, func(k piece) bool { return k.from == p.from }) {
				over = append(over, p.from)
			}
		}
		refuse(over, errTooMany)
	}
	stay := staying(parts, pieces, kept)
	drafts = append(drafts, m.draft(key, m.own(stay, common), stay, kept))
	for _, p := range beside {
		one := []*part{p.from}
		drafts = append(drafts, m.draft(key+"/"+p.sku, m.own(one, common), one, []piece{p}))
	}
	once(drafts, refused)
	return drafts, refused
}

// once has each row counted in one draft, and not where it is refused as well.
func once(drafts []draft, refused []badRow) {
	seen := map[int]bool{}
	for _, bad := range refused {
		seen[bad.line] = true
	}
	for i, d := range drafts {
		all := d.rows
		drafts[i].rows = nil
		for _, r := range all {
			if seen[r.line] {
				drafts[i].more = append(drafts[i].more, r)
				continue
			}
			seen[r.line] = true
			drafts[i].rows = append(drafts[i].rows, r)
		}
	}
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
// Rows of one SKU that make the same choices are one: the last counts. Rows that
// make others are clashing.
func (m *Mapping) pieces(key string, common *part, parts []*part) (all []piece, clashing []*part) {
	at := map[string]int{}
	for _, p := range parts {
		if !p.sells {
			continue
		}
		made := m.spread(key, p)
		if p.sku != "" && slices.ContainsFunc(made, func(one piece) bool {
			i, twice := at[one.sku]
			return twice && !slices.Equal(all[i].choices, one.choices)
		}) {
			clashing = append(clashing, p)
			continue
		}
		for _, one := range made {
			one.sku = unlike(one, all, at)
			if i, twice := at[one.sku]; twice {
				one.stock = joined(all[i].stock, one.stock)
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
	return all, clashing
}

// unlike returns a SKU that no piece with other choices has: values that look
// alike ("Röd", "Rod") would be one.
func unlike(one piece, all []piece, at map[string]int) string {
	sku := one.sku
	for n := 2; ; n++ {
		i, taken := at[sku]
		if !taken || slices.Equal(all[i].choices, one.choices) {
			return sku
		}
		sku = fitSKU(fmt.Sprintf("%s-%d", one.sku, n))
	}
}

// joined is the stock of both, by location; the later counts.
func joined(earlier, later []stockPart) []stockPart {
	out := slices.DeleteFunc(slices.Clone(earlier), func(s stockPart) bool {
		return slices.ContainsFunc(later, func(l stockPart) bool { return l.location == s.location })
	})
	return append(out, later...)
}

func (m *Mapping) spread(key string, p *part) []piece {
	out := []piece{{from: p, sku: p.sku, stock: p.stock}}
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
				made := piece{p, o.sku, append(slices.Clone(o.choices), v), p.stock}
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
	at := map[string]int{}
	for i := range out {
		out[i].sku = fitSKU(out[i].sku)
		out[i].sku = unlike(out[i], out, at)
		at[out[i].sku] = i
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
	if !m.Product.Status.set() {
		d.request.NewStatus = catalogv1.ProductStatus_PRODUCT_STATUS_PUBLISHED
	}
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
		for _, s := range one.stock {
			d.stock = append(d.stock, stockLine{one.sku, s})
		}
	}
	for _, one := range parts {
		d.rows = append(d.rows, one.row)
	}
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
			all = append(all, offered{fmt.Sprintf("%s (%d)", shorten(name, mostName-4), i+1), i, values})
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
