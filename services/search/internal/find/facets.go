package find

import (
	"cmp"
	"slices"
	"strings"
)

// fold makes texts comparable: values that differ in case only are one.
func fold(text string) string { return strings.ToLower(text) }

// Values returns what a document has in a field.
func (d Document) Values(field string) []string {
	switch fold(field) {
	case "category":
		out := make([]string, len(d.Categories))
		for i, c := range d.Categories {
			out[i] = c.Slug
		}
		return out
	case "brand":
		if d.Brand == "" {
			return nil
		}
		return []string{d.Brand}
	case "tag":
		return d.Tags
	}
	var out []string
	for _, f := range d.Facts {
		if fold(f.Name) == fold(field) {
			out = append(out, f.Value)
		}
	}
	return out
}

// Passes tells whether a document has any of the filter's values.
func (f Filter) Passes(d Document) bool {
	for _, v := range d.Values(f.Field) {
		for _, want := range f.Values {
			if fold(v) == fold(want) {
				return true
			}
		}
	}
	return false
}

func (q Query) pricePasses(d Document) bool {
	if q.MinPrice == 0 && q.MaxPrice == 0 {
		return true
	}
	r, ok := d.Prices[q.Currency]
	return ok && r.within(q.MinPrice, q.MaxPrice)
}

// missed names the one field whose filters a document does not pass; ok is false
// when there are several.
func (q Query) missed(d Document) (field string, ok bool) {
	for _, f := range q.Filters {
		if f.Passes(d) {
			continue
		}
		if field != "" && field != fold(f.Field) {
			return "", false
		}
		field = fold(f.Field)
	}
	return field, true
}

// Narrow applies the query's filters to its text's matches, in their order, and
// counts facets: each without its own filter, so that a second value can be chosen.
func (q Query) Narrow(matches []Document) Result {
	var hits []Document
	count := newCounter(q)
	prices := prices{}
	for _, d := range matches {
		missed, ok := q.missed(d)
		if !ok || q.InStockOnly && !d.InStock {
			continue
		}
		if r, ok := d.Prices[q.Currency]; ok && missed == "" {
			prices.add(r)
		}
		if !q.pricePasses(d) {
			continue
		}
		if missed == "" {
			hits = append(hits, d)
		}
		count.add(d, missed)
	}
	q.order(hits)
	result := Result{Facets: count.facets(), Total: len(hits), Page: q.Page, Lowest: prices.low, Highest: prices.high}
	reachable := min(len(hits), MostHits)
	result.PageCount = (reachable + q.PageSize - 1) / q.PageSize
	from := min((q.Page-1)*q.PageSize, reachable)
	result.Hits = hits[from:min(from+q.PageSize, reachable)]
	return result
}

// prices is the range that many ranges make.
type prices struct {
	low, high int64
	any       bool
}

func (p *prices) add(r Range) {
	if !p.any || r.Low < p.low {
		p.low = r.Low
	}
	p.high, p.any = max(p.high, r.High), true
}

func (q Query) order(hits []Document) {
	price := func(d Document, missing int64) int64 {
		if r, ok := d.Prices[q.Currency]; ok {
			return r.Low
		}
		return missing
	}
	switch q.Sort {
	case PriceUp:
		slices.SortStableFunc(hits, func(a, b Document) int { return cmp.Compare(price(a, 1<<62), price(b, 1<<62)) })
	case PriceDown:
		slices.SortStableFunc(hits, func(a, b Document) int { return cmp.Compare(price(b, -1), price(a, -1)) })
	case Newest:
		slices.SortStableFunc(hits, func(a, b Document) int { return b.Created.Compare(a.Created) })
	}
}
