package goods

import (
	"strings"
	"unicode"
)

// Line makes one clean line of a text: no control characters, no spaces at the
// ends, runs of spaces as one.
func Line(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// Text cleans a text of several lines.
func Text(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(text, ""))
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text))
}

// Tidy returns p with its texts cleaned and what was said twice said once.
func (p Product) Tidy() Product {
	p.ExternalID, p.Title, p.Summary, p.Description = Line(p.ExternalID), Line(p.Title), Line(p.Summary), Text(p.Description)
	p.Slug, p.Brand.Slug, p.Brand.Name = Line(p.Slug), Line(p.Brand.Slug), Line(p.Brand.Name)
	p.Categories, p.Collections = once(p.Categories), once(p.Collections)
	p.Images = tidyImages(p.Images)
	p.Attributes = tidyAttributes(p.Attributes)
	tags := make([]string, 0, len(p.Tags))
	for _, t := range p.Tags {
		if t = Line(t); t != "" {
			tags = append(tags, t)
		}
	}
	p.Tags = once(tags)
	p.Options = append([]Option(nil), p.Options...)
	for i, o := range p.Options {
		values := make([]string, len(o.Values))
		for j, v := range o.Values {
			values[j] = Line(v)
		}
		p.Options[i] = Option{Line(o.Name), values}
	}
	p.Variants = append([]Variant(nil), p.Variants...)
	for i := range p.Variants {
		p.Variants[i] = p.Variants[i].tidy(p.Options)
	}
	return p
}

// tidy also puts the choices in the order of the options.
func (v Variant) tidy(options []Option) Variant {
	v.SKU, v.Barcode = SKU(Line(string(v.SKU))), Line(v.Barcode)
	v.Images, v.Attributes = tidyImages(v.Images), tidyAttributes(v.Attributes)
	v.Prices = append([]Price(nil), v.Prices...)
	given := make([]Choice, len(v.Choices))
	for i, c := range v.Choices {
		given[i] = Choice{Line(c.Option), Line(c.Value)}
	}
	v.Choices = nil
	for _, o := range options {
		for i, c := range given {
			if c.Option == o.Name && c.Option != "" {
				v.Choices = append(v.Choices, c)
				given[i].Option = "" // taken; what is left is a mistake for Check
			}
		}
	}
	for _, c := range given {
		if c.Option != "" {
			v.Choices = append(v.Choices, c)
		}
	}
	return v
}

func tidyImages(images []Image) []Image {
	var out []Image
	seen := map[string]bool{}
	for _, i := range images {
		i.URL, i.Alt = Line(i.URL), Line(i.Alt)
		if !seen[i.URL] {
			seen[i.URL] = true
			out = append(out, i)
		}
	}
	return out
}

func tidyAttributes(attributes []Attribute) []Attribute {
	clean := make([]Attribute, len(attributes))
	for i, a := range attributes {
		clean[i] = Attribute{Line(a.Name), Line(a.Value)}
	}
	return once(clean)
}

// once keeps the first of equal things, and nil for none: what is stored and
// read again must look the same.
func once[T comparable](all []T) []T {
	var out []T
	seen := make(map[T]bool, len(all))
	for _, one := range all {
		if !seen[one] {
			seen[one] = true
			out = append(out, one)
		}
	}
	return out
}
