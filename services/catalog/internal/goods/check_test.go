package goods

import (
	"slices"
	"testing"

	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/kit/fault"
)

// shirt has two options and three variants, and nothing wrong with it.
func shirt() Product {
	variant := func(sku SKU, size, color string) Variant {
		return Variant{SKU: sku, Choices: []Choice{{"Size", size}, {"Color", color}}, Prices: []Price{{Amount: money.Of("USD", 1990)}}}
	}
	return Product{
		Title: "Shirt", Status: Published,
		Options:  []Option{{"Size", []string{"S", "M"}}, {"Color", []string{"Red", "Blue"}}},
		Variants: []Variant{variant("S-RED", "S", "Red"), variant("M-RED", "M", "Red"), variant("M-BLUE", "M", "Blue")},
	}
}

func TestCheckNamesTheField(t *testing.T) {
	usd := func(minor int64) *money.Amount { a := money.Of("USD", minor); return &a }
	cases := []struct {
		name   string
		change func(*Product)
		want   []string
	}{
		{"nothing wrong with a good one", func(*Product) {}, nil},
		{"a missing title", func(p *Product) { p.Title = " \t" }, []string{"title"}},
		{"a slug with capitals", func(p *Product) { p.Slug = "Shirt" }, []string{"slug"}},
		{"a slug that looks like an id", func(p *Product) { p.Slug = "6f1c2f0e-0000-4000-8000-000000000000" }, []string{"slug"}},
		{"no variant", func(p *Product) { p.Variants = nil }, []string{"variants"}},
		{"an undeclared value", func(p *Product) { p.Variants[1].Choices[0].Value = "XL" }, []string{"variants[1].option_values"}},
		{"a missing choice", func(p *Product) { p.Variants[2].Choices = p.Variants[2].Choices[:1] }, []string{"variants[2].option_values"}},
		{"an undeclared option", func(p *Product) {
			p.Variants[0].Choices = append(p.Variants[0].Choices, Choice{"Fit", "Slim"})
		}, []string{"variants[0].option_values"}},
		{"the same choices twice, in another order", func(p *Product) {
			p.Variants[2].Choices = []Choice{{"Color", "Red"}, {"Size", "S"}}
		}, []string{"variants[2].option_values"}},
		{"a second variant without any option", func(p *Product) {
			p.Options = nil
			for i := range p.Variants {
				p.Variants[i].Choices = nil
			}
		}, []string{"variants[1].option_values", "variants[2].option_values"}},
		{"a SKU twice", func(p *Product) { p.Variants[1].SKU = "S-RED" }, []string{"variants[1].sku"}},
		{"an option twice, whatever its case", func(p *Product) { p.Options[1].Name = "size" }, []string{"options[1].name", "variants[0].option_values", "variants[0].option_values", "variants[1].option_values", "variants[1].option_values", "variants[2].option_values", "variants[2].option_values"}},
		{"a value twice", func(p *Product) { p.Options[0].Values = []string{"S", "M", " S"} }, []string{"options[0].values[2]"}},
		{"a currency twice", func(p *Product) {
			p.Variants[0].Prices = append(p.Variants[0].Prices, Price{Amount: money.Of("USD", 1)})
		}, []string{"variants[0].prices[1].amount.currency_code"}},
		{"a currency that is none", func(p *Product) { p.Variants[0].Prices[0].Amount.Currency = "usd" }, []string{"variants[0].prices[0].amount.currency_code"}},
		{"a negative price", func(p *Product) { p.Variants[0].Prices[0].Amount.Minor = -1 }, []string{"variants[0].prices[0].amount.minor_units"}},
		{"a price before that is the same", func(p *Product) { p.Variants[0].Prices[0].CompareAt = usd(1990) }, []string{"variants[0].prices[0].compare_at.minor_units"}},
		{"a price before in other money", func(p *Product) {
			a := money.Of("EUR", 3000)
			p.Variants[0].Prices[0].CompareAt = &a
		}, []string{"variants[0].prices[0].compare_at.currency_code"}},
		{"a script for a picture", func(p *Product) { p.Images = []Image{{URL: "javascript:alert(1)"}} }, []string{"images[0].url"}},
		{"a picture outside of the media", func(p *Product) { p.Images = []Image{{URL: "/media/../secret"}} }, []string{"images[0].url"}},
		{"an empty attribute", func(p *Product) { p.Attributes = []Attribute{{"Fabric", "\x00"}} }, []string{"attributes[0]"}},
		{"everything at once", func(p *Product) { p.Title, p.Slug = "", "-" }, []string{"title", "slug"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := shirt()
			c.change(&p)
			err := p.Tidy().Check()
			var got []string
			if f, ok := fault.As(err); ok {
				for _, field := range f.Fields {
					got = append(got, field.Path)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("Check: %v; want mistakes at %v", err, c.want)
			}
		})
	}
}

func TestTidySaysThingsOnce(t *testing.T) {
	p := shirt()
	p.Title = "  Crisp\u00a0\n shirt\x00 "
	p.Attributes = []Attribute{{"Fabric", "Cotton"}, {"Fabric ", " Cotton"}, {"Fabric", "Linen"}}
	p.Images = []Image{{URL: "/media/a.webp"}, {URL: " /media/a.webp", Alt: "again"}}
	p.Tags = []string{"new", " ", "new"}
	p.Variants[0].Choices = []Choice{{"Color", "Red"}, {"Size", "S"}}
	got := p.Tidy()
	if got.Title != "Crisp shirt" || len(got.Attributes) != 2 || len(got.Images) != 1 || len(got.Tags) != 1 {
		t.Errorf("tidied: %q, %v, %v, %v", got.Title, got.Attributes, got.Images, got.Tags)
	}
	if got.Variants[0].Title() != "S / Red" {
		t.Errorf("choices are shown as %q; want the order of the options", got.Variants[0].Title())
	}
	if p.Title == got.Title || p.Variants[0].Choices[0].Option != "Color" {
		t.Error("Tidy changed what it was given")
	}
}

func TestSlug(t *testing.T) {
	for title, want := range map[string]string{
		"Crème brûlée!":          "creme-brulee",
		"Größe 42 — für Füße":    "grosse-42-fur-fusse",
		"茶 杯":                    "cha-bei",
		"  ___ ":                 "product",
		"🫖":                      "product",
		"Fish & Chips":           "fish-and-chips",
		"a_b__c":                 "a-b-c",
		"<script>alert(1)":       "script-alert-1",
		"Ярмарка":                "iarmarka",
		"100% ÆØÅ":               "100-aeoa",
		"日本 \x00 \u202e reverse": "ri-ben-reverse",
	} {
		if got := Slug(title, "product"); got != want {
			t.Errorf("Slug(%q) = %q, want %q", title, got, want)
		}
	}
}
