package importer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"golang.org/x/net/html"
)

// valueOf reads a Value as it stands in a mapping.
func valueOf(t testing.TB, text string) Value {
	t.Helper()
	var v Value
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestValues(t *testing.T) {
	r := row{
		header: newHeader([]string{"one", "two", "none", "list", "json", "html"}, []string{"null"}),
		fields: []string{" 1 ", "zwei", "null", "b, a,, b", `{"a": [{"n": "x"}, {"n": "y", "v": 2}], "a b": true, "no": null}`, "<p>Soft &amp; warm</p>"},
	}
	for _, c := range []struct{ name, value, want string }{
		{"is a column", `one`, `["1"]`},
		{"does not mind case", `" ONE "`, `["1"]`},
		{"is nothing for a column that is not there", `three`, `[]`},
		{"is nothing for what means nothing", `none`, `[]`},
		{"is the first of several columns", `[three, none, two, one]`, `["zwei"]`},
		{"is all of several columns", `{all: [one, none, two]}`, `["1" "zwei"]`},
		{"is the same for all", `{const: EUR}`, `["EUR"]`},
		{"stands in when nothing is left", `{column: none, default: x}`, `["x"]`},
		{"stands for a column with nothing in it", `{all: [one, none, three], blank: b}`, `["1" "b"]`},
		{"is split", `{column: list, do: [{split: ","}]}`, `["b" "a" "b"]`},
		{"is split at a text", `{column: two, do: [{split: "ei"}]}`, `["zw"]`},
		{"is made unique", `{column: list, do: [{split: ","}, unique]}`, `["b" "a"]`},
		{"is the first", `{column: list, do: [{split: ","}, first]}`, `["b"]`},
		{"is the last", `{column: list, do: [{split: ","}, unique, last]}`, `["a"]`},
		{"is joined", `{all: [one, two], do: [{join: " - "}]}`, `["1 - zwei"]`},
		{"joins nothing to nothing", `{column: none, do: [{join: " - "}]}`, `[]`},
		{"is found in JSON", `{column: json, do: [{json: "$.a[*].n"}]}`, `["x" "y"]`},
		{"is one of a list in JSON", `{column: json, do: [{json: "a[1].v"}]}`, `["2"]`},
		{"has any name in JSON", `{column: json, do: [{json: "['a b']"}]}`, `["true"]`},
		{"is nothing where JSON has nothing", `{column: json, do: [{json: "$.no"}]}`, `[]`},
		{"is nothing where JSON goes another way", `{column: json, do: [{json: "$.a.b[7]"}]}`, `[]`},
		{"is JSON again", `{column: json, do: [{json: "a[0]"}]}`, `["{\"n\":\"x\"}"]`},
		{"takes the default when it comes to it", `{column: none, do: [{default: d}, upper]}`, `["D"]`},
		{"is mapped", `{column: one, do: [{map: {"1": "yes", "0": "no"}}]}`, `["yes"]`},
		{"stays when the table has it not", `{column: two, do: [{map: {"1": "yes"}}]}`, `["zwei"]`},
		{"is replaced", `{column: two, do: [{replace: ["^(z)w", "$1-"]}]}`, `["z-ei"]`},
		{"is kept", `{column: list, do: [{split: ","}, {keep: "^a"}]}`, `["a"]`},
		{"is dropped", `{column: list, do: [{split: ","}, {drop: "^b$"}]}`, `["a"]`},
		{"has something before and behind", `{column: one, do: [{prefix: "<"}, {suffix: ">"}]}`, `["<1>"]`},
		{"is cut", `{column: two, do: [{truncate: 3}]}`, `["zw…"]`},
		{"is plain text", `{column: html, do: [text]}`, `["Soft & warm"]`},
	} {
		got, err := valueOf(t, c.value).list(r)
		if err != nil || fmt.Sprintf("%q", got) != c.want {
			t.Errorf("a value %s: %s gives %q, %v; want %s", c.name, c.value, got, err, c.want)
		}
	}
	if _, err := valueOf(t, `{column: two, do: [{json: "a"}]}`).list(r); err == nil {
		t.Error("what is not JSON was read as JSON")
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct{ name, markup, want string }{
		{"leaves plain text alone", "Soft\nand warm, 3 < 4", "Soft\nand warm, 3 < 4"},
		{"reads signs", "Fish &amp; chips &#8364;5", "Fish & chips €5"},
		{"parts paragraphs", "<p>One.</p>\n\n<p>Two\n  lines.</p>", "One.\n\nTwo lines."},
		{"breaks lines", "One<br>two<br/>three", "One\ntwo\nthree"},
		{"makes lists", "<p>With:</p><ul>\n<li>a</li>\n <li><b>b</b>ee</li></ul>end", "With:\n\n• a\n• bee\n\nend"},
		{"parts cells", "<table><tr><th>Size</th><td>M</td></tr><tr><th>Fit</th><td>Slim</td></tr></table>", "Size M\nFit Slim"},
		{"leaves out what nobody reads", "a<script>alert('<p>x</p>')</script><style>p{}</style><iframe src=x><b>i</b></iframe><template>t<template>u</template>v</template>b", "ab"},
		{"leaves out what is not closed", "a<script>alert(1)", "a"},
		{"has no use for attributes", `<p onclick="alert(1)" title="<b>">x</p><img src=x onerror=alert(1)>`, "x"},
		{"leaves out comments", "a<!-- <p>b</p> -->c", "ac"},
		{"takes what is broken", "<<p>>a</ div><", "<\n\n>a<"},
		{"does not let signs become tags", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>", "<script>alert(1)</script>"},
	} {
		if got := textOf(c.markup); got != c.want {
			t.Errorf("text %s: %q gives %q, want %q", c.name, c.markup, got, c.want)
		}
	}
}

// Whatever the markup: a tag of it does not come out as one, and text stays text.
func FuzzText(f *testing.F) {
	for _, s := range []string{"<p>a</p>", "<script>", "&lt;b&gt;", "<ul><li>x", "<", "\x00<\xff>", "<textarea><p></textarea>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, markup string) {
		got := textOf(markup)
		if utf8.ValidString(markup) && !utf8.ValidString(got) {
			t.Fatalf("%q became %q, which is no text", markup, got)
		}
		if strings.Contains(markup, "&") {
			return // signs may spell a tag, as text
		}
		tokens := html.NewTokenizer(strings.NewReader(got))
		for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
			if name, _ := tokens.TagName(); kind == html.StartTagToken && string(name) == "script" && strings.Contains(markup, "<script") {
				t.Fatalf("%q became %q", markup, got)
			}
		}
	})
}

func TestPrices(t *testing.T) {
	for _, c := range []struct{ name, text, named, usual, decimal, want string }{
		{"reads decimals", "12.5", "", "USD", "", "USD 12.50"},
		{"reads whole numbers", "12", "", "USD", "", "USD 12.00"},
		{"reads many zeros", "12.5000", "", "USD", "", "USD 12.50"},
		{"parts thousands", "$1,299.00", "", "USD", "", "USD 1299.00"},
		{"reads a comma when told", "1.299,00 €", "", "EUR", ",", "EUR 1299.00"},
		{"reads spaces and apostrophes", "CHF 1'299.95", "", "CHF", "", "CHF 1299.95"},
		{"reads narrow spaces", "1\u202f299,95", "EUR", "", ",", "EUR 1299.95"},
		{"knows currencies without cents", "1,299", "JPY", "", "", "JPY 1299"},
		{"knows currencies with mills", "1.234", "KWD", "", "", "KWD 1.234"},
		{"believes a code in the text", "USD 3", "", "EUR", "", "USD 3.00"},
		{"believes a code without a space", "3.50EUR", "", "USD", "", "EUR 3.50"},
		{"believes a sign in the text", "£3", "", "USD", "", "GBP 3.00"},
		{"takes the usual dollar", "$3", "", "CAD", "", "CAD 3.00"},
		{"takes the American dollar where euros are usual", "$3", "", "EUR", "", "USD 3.00"},
		{"does not take any word for a currency", "RRP 12.50", "", "USD", "", "USD 12.50"},
		{"refuses another currency than is named", "3 EUR", "USD", "", "", `"3 EUR" is not in USD`},
		{"refuses another sign than is named", "€3", "USD", "", "", `"€3" is not in USD`},
		{"refuses a comma where a point is meant", "12,50", "", "USD", "", `"12,50" is not a price in USD`},
		{"refuses a point where a comma is meant", "12.50", "", "USD", ",", `"12.50" is not a price in USD`},
		{"refuses cents of a currency without", "12.50", "JPY", "", "", `"12.50" is not a price in JPY`},
		{"refuses words", "on request", "", "USD", "", `"on request" is not a price in USD`},
		{"refuses two prices", "10 - 20", "", "USD", "", `"10 - 20" is not a price in USD`},
		{"refuses too much", strings.Repeat("9", 30), "", "USD", "", `"999999999999999999999999999999" is not a price in USD`},
		{"refuses what is no currency", "1", "DOLLAR", "", "", `"DOLLAR" is not a currency`},
	} {
		a, err := parseMoney(c.text, c.named, c.usual, c.decimal)
		got := a.Currency + " " + a.Decimal()
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("a price %s: %q gives %s, want %s", c.name, c.text, got, c.want)
		}
	}
}

// What is written as a price is read as that price, whatever stands around it.
func FuzzPrices(f *testing.F) {
	f.Add("12.50", "", "USD", "")
	f.Add("1.299,00 €", "", "EUR", ",")
	f.Add("--.,'’", "JPY", "", "")
	f.Fuzz(func(t *testing.T, text, named, usual, decimal string) {
		a, err := parseMoney(text, named, usual, decimal)
		if err != nil {
			return
		}
		again, err := parseMoney(a.Decimal(), a.Currency, "", "")
		if err != nil || again != a {
			t.Fatalf("%q is read as %v, and that as %v, %v", text, a, again, err)
		}
	})
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "5": 5, "1,250": 1250, "1 250": 1250, "2.6": 3, "-4": 0, "12,5": -1, "many": -1, "NaN": -1, "1e99": -1, "5000000000": -1} {
		in := &reader{row: row{header: newHeader([]string{"n"}, nil), fields: []string{text}}}
		got := in.number("n", Value{Column: Columns{"n"}}, 1_000_000_000)
		if in.err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("number %q is %d, %v; want %d", text, got, in.err, want)
		}
	}
}

func TestMistakesInMappingsAreTold(t *testing.T) {
	const good = "product: {key: k, title: t}\nvariant: {prices: [{amount: p}]}\n"
	if _, err := ParseMapping(strings.NewReader(good)); err != nil {
		t.Fatal(err)
	}
	for mapping, want := range map[string]string{
		"": "empty",
		"product: {title: t}\nvariant: {prices: [{amount: p}]}":           "product.key or variant.sku is needed",
		"product: {key: k}\nvariant: {prices: [{amount: p}]}":             "product.title is needed",
		"product: {key: k, title: t}":                                     "variant.prices is needed",
		good + "colour: x":                                                "colour",
		"product: {key: k, title: t, colour: x}":                          "colour",
		"product: {key: k, title: {colum: t}}":                            `"colum" is not one of`,
		"product: {key: k, title: {column: t, do: [trimm]}}":              `no step "trimm"`,
		"product: {key: k, title: {column: t, do: [{replace: [\"(\"]}]}}": "needs a pattern",
		"product: {key: k, title: {column: t, do: [{keep: \"(\"}]}}":      "missing closing",
		"product: {key: k, title: {column: t, do: [{json: \"a[\"}]}}":     "bracket",
		good + "delimiter: '::'":                                          "delimiter",
		good + "encoding: ebcdic":                                         "encoding must be one of iso-8859-1",
		good + "options: [{value: v}]":                                    "name or name_from",
		good + "options: [{name: n, value: v, single: maybe}]":            "single",
		good + "stock: [{location: l}]":                                   "stock[0].units",
		"{{{":                                                             "yaml",
	} {
		if _, err := ParseMapping(strings.NewReader(mapping)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("mapping %q: %v; want %q in it", mapping, err, want)
		}
	}
	for _, name := range BuiltIn() {
		if _, err := LoadMapping(name); err != nil {
			t.Errorf("built-in %s: %v", name, err)
		}
	}
	if _, err := LoadMapping("no-such"); err == nil || !strings.Contains(err.Error(), "shopify") {
		t.Errorf("unknown mapping: %v; want the built-in ones named", err)
	}
}

func FuzzMapping(f *testing.F) {
	f.Add("product: {key: k, title: t}\nvariant: {prices: [{amount: p}]}")
	f.Add("product: {key: {all: [a], do: [{map: {a: b}}, {replace: [a, b]}]}}")
	f.Add("a: &a [*a]")
	f.Fuzz(func(_ *testing.T, text string) { ParseMapping(strings.NewReader(text)) }) //nolint:errcheck // may not panic
}

func FuzzJSONPath(f *testing.F) {
	for _, s := range []string{"$", "a.b", "[0]", "[*].x", "['a']", "..", "[", "a[-1]"} {
		f.Add(s, `{"a": [1, {"b": 2}]}`)
	}
	f.Fuzz(func(t *testing.T, path, text string) {
		p, err := parsePath(path)
		if err != nil {
			return
		}
		if found, err := p.texts(text); err == nil && slices.Contains(found, "null") && !strings.Contains(text, "null") {
			t.Fatalf("%s in %s found %q", path, text, found)
		}
	})
}
