package goods

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/souk-commerce/souk/kit/fault"
)

// Check returns everything that is wrong with a tidied product, at its fields.
func (p Product) Check() error {
	m := &mistakes{}
	if p.Title == "" {
		m.add("title", "A product needs a title.")
	}
	if p.Slug != "" && !validSlug(p.Slug) {
		m.add("slug", "Use lower-case letters, digits and single hyphens; nothing that looks like an id.")
	}
	switch p.Status {
	case "", Draft, Published, Archived:
	default:
		m.add("status", "There is no such status.")
	}
	m.images("images", p.Images)
	m.attributes("attributes", p.Attributes)
	m.options(p.Options)
	m.variants(p)
	return m.fault(errProduct)
}

// mistakes are collected, so that all are told at once.
type mistakes struct{ fields []fault.Field }

func (m *mistakes) add(path, sentence string, a ...any) {
	if len(a) > 0 {
		sentence = fmt.Sprintf(sentence, a...)
	}
	m.fields = append(m.fields, fault.Field{Path: path, Sentence: sentence})
}

func (m *mistakes) fault(as *fault.Fault) error {
	if len(m.fields) == 0 {
		return nil
	}
	for _, f := range m.fields {
		as = as.On(f.Path, f.Sentence)
	}
	return as
}

func (m *mistakes) options(options []Option) {
	names := map[string]bool{}
	for i, o := range options {
		at := fmt.Sprintf("options[%d]", i)
		switch name := Fold(o.Name); {
		case name == "":
			m.add(at+".name", "An option needs a name.")
		case names[name]:
			m.add(at+".name", "%q is there twice.", o.Name)
		default:
			names[name] = true
		}
		if len(o.Values) == 0 {
			m.add(at+".values", "An option needs values to choose from.")
		}
		values := map[string]bool{}
		for j, v := range o.Values {
			if v == "" || values[v] {
				m.add(fmt.Sprintf("%s.values[%d]", at, j), "Each value is given once, and none is empty.")
			}
			values[v] = true
		}
	}
}

func (m *mistakes) variants(p Product) {
	if len(p.Variants) == 0 {
		m.add("variants", "A product needs a variant.")
	}
	skus, choices := map[SKU]bool{}, map[string]int{}
	for i, v := range p.Variants {
		at := fmt.Sprintf("variants[%d]", i)
		switch {
		case v.SKU == "":
			m.add(at+".sku", "A variant needs a SKU.")
		case skus[v.SKU]:
			m.add(at+".sku", "%q is there twice.", string(v.SKU))
		}
		skus[v.SKU] = true
		if m.choices(at+".option_values", p.Options, v.Choices) {
			key := fmt.Sprintf("%q", v.Choices)
			if first, taken := choices[key]; taken {
				m.add(at+".option_values", "These are the choices of variants[%d], too.", first)
			} else {
				choices[key] = i
			}
		}
		m.prices(at+".prices", v.Prices)
		m.attributes(at+".attributes", v.Attributes)
		m.images(at+".images", v.Images)
		if v.WeightGrams < 0 {
			m.add(at+".weight_grams", "A weight is not negative.")
		}
	}
}

// choices tells whether there is exactly one declared value for each option.
func (m *mistakes) choices(at string, options []Option, made []Choice) bool {
	before := len(m.fields)
	given := map[string]string{}
	for i, c := range made {
		if _, twice := given[c.Option]; twice {
			m.add(fmt.Sprintf("%s[%d].option", at, i), "%q is chosen twice.", c.Option)
		}
		given[c.Option] = c.Value
	}
	for _, o := range options {
		value, ok := given[o.Name]
		switch {
		case !ok:
			m.add(at, "A value for %q is missing.", o.Name)
		case !contains(o.Values, value):
			m.add(at, "%q is not a value of %q.", value, o.Name)
		}
		delete(given, o.Name)
	}
	for name := range given {
		m.add(at, "The product has no option %q.", name)
	}
	return len(m.fields) == before
}

var currencyFormat = regexp.MustCompile(`^[A-Z]{3}$`)

func (m *mistakes) prices(at string, prices []Price) {
	if len(prices) == 0 {
		m.add(at, "A variant needs a price.")
	}
	seen := map[string]bool{}
	for i, p := range prices {
		at := fmt.Sprintf("%s[%d]", at, i)
		switch {
		case !currencyFormat.MatchString(p.Amount.Currency):
			m.add(at+".amount.currency_code", "Use the three letters of a currency.")
		case seen[p.Amount.Currency]:
			m.add(at+".amount.currency_code", "There is a price in %s already.", p.Amount.Currency)
		}
		seen[p.Amount.Currency] = true
		if p.Amount.Minor < 0 || p.Amount.Minor > highestPrice {
			m.add(at+".amount.minor_units", "A price is not negative, and not beyond all measure.")
		}
		if c := p.CompareAt; c != nil {
			switch {
			case c.Currency != p.Amount.Currency:
				m.add(at+".compare_at.currency_code", "Must be in the currency of the price.")
			case c.Minor <= p.Amount.Minor || c.Minor > highestPrice:
				m.add(at+".compare_at.minor_units", "Must be above the price.")
			}
		}
	}
}

// highestPrice keeps sums over any cart far from overflow.
const highestPrice = 1_000_000_000_000

func (m *mistakes) images(at string, images []Image) {
	for i, image := range images {
		if !validURL(image.URL) {
			m.add(fmt.Sprintf("%s[%d].url", at, i), "Use an http(s) address, or a path below /media/.")
		}
		if image.Width < 0 || image.Height < 0 {
			m.add(fmt.Sprintf("%s[%d]", at, i), "A size is not negative.")
		}
	}
}

func validURL(text string) bool {
	if strings.ContainsAny(text, " \"<>\\") {
		return false
	}
	u, err := url.Parse(text)
	if err != nil || u.User != nil {
		return false
	}
	if u.Scheme == "" && u.Host == "" {
		return strings.HasPrefix(text, "/media/") && !strings.Contains(u.Path, "..")
	}
	return (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

func (m *mistakes) attributes(at string, attributes []Attribute) {
	for i, a := range attributes {
		if a.Name == "" || a.Value == "" {
			m.add(fmt.Sprintf("%s[%d]", at, i), "An attribute needs a name and a value.")
		}
	}
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}
