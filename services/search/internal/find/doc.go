// Package find knows what can be found: one Document for each published
// product, and what a query means.
//
// The engine is a seam: whatever implements Engine keeps documents and answers
// queries. Truth about which version of a document is the newest lies with us:
// an older one never replaces a newer one, in whatever order events come.
package find

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Category is one step on a document's way from the root.
type Category struct{ Slug, Name string }

// Range is what the variants of a product cost in one currency, in minor units.
type Range struct {
	Low, High int64
	// The price before of the cheapest variant; 0 when it is not on sale.
	CompareAt int64
	// What there is to choose from, each once: between Low and High may be nothing.
	Each []int64 `json:",omitempty"`
}

// within tells whether something costs from low to high; 0 is open.
func (r Range) within(low, high int64) bool {
	fits := func(price int64) bool { return price >= low && (high == 0 || price <= high) }
	return fits(r.Low) || fits(r.High) || slices.ContainsFunc(r.Each, fits)
}

// Fact is a name and a value to filter by: an option or an attribute.
type Fact struct{ Name, Value string }

// Document is a product as it is found.
type Document struct {
	ID      string
	Version int64
	// False for drafts and archived products: they are remembered, not found.
	Published  bool
	Slug       string
	Title      string
	Summary    string
	Text       string // the description
	Brand      string
	Categories []Category
	Facts      []Fact
	Tags       []string
	SKUs       []string
	Barcodes   []string
	Image      string
	ImageAlt   string
	Prices     map[string]Range
	Created    time.Time
	// Filled in from stock levels, not from the catalog.
	InStock bool `json:"-"`
	// When this was remembered: of one version, the one remembered last stands.
	Told time.Time `json:"-"`

	terms []handle // once they are worked out
}

// Sort is an order of hits.
type Sort int

// The orders.
const (
	Relevance Sort = iota
	PriceUp
	PriceDown
	Newest
)

// Filter keeps documents whose field has any of the values.
type Filter struct {
	// "category", "brand", "tag", or the name of a fact.
	Field  string
	Values []string
}

// Query is what somebody looks for.
type Query struct {
	Text           string
	Filters        []Filter
	MinPrice       int64
	MaxPrice       int64 // 0: open
	Currency       string
	InStockOnly    bool
	Sort           Sort
	Page, PageSize int
}

// Value is one value of a facet.
type Value struct {
	Value, Label string
	Count        int
	Selected     bool
}

// Facet counts the values of one field among the hits of the query without the
// field's own filter.
type Facet struct {
	Field, Label string
	Values       []Value
}

// Result is what was found.
type Result struct {
	Hits            []Document
	Facets          []Facet
	Total           int
	Page, PageCount int
	// Over the hits of the query without its price filter.
	Lowest, Highest int64
}

// Suggestions is what completes a query.
type Suggestions struct {
	Products   []Document
	Categories []Value
}

// Engine keeps documents and answers queries. It is safe for concurrent use.
type Engine interface {
	// Put stores documents; one that is not published is taken out. The caller has
	// made sure that none is older than what is there.
	Put(ctx context.Context, docs []Document) error
	Search(ctx context.Context, q Query) (Result, error)
	Suggest(ctx context.Context, text, currency string, limit int) (Suggestions, error)
	// Count is how many documents can be found.
	Count() int
	Close() error
}

// Limits of a query: more is cut, never refused.
const (
	MostHits  = 1000
	mostRunes = 256
	pageSize  = 24
)

// Clean returns the query with its defaults, within limits.
func (q Query) Clean() Query {
	q.Text = cleanText(q.Text)
	if q.Currency == "" {
		q.Currency = "USD"
	}
	if q.PageSize <= 0 {
		q.PageSize = pageSize
	}
	q.Page = max(q.Page, 1)
	return q
}

// cleanText drops control characters and what nobody types by hand.
func cleanText(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > mostRunes {
			break
		}
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
