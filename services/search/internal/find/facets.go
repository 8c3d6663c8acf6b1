package find

import (
	"cmp"
	"slices"
)

func (q Query) pricePasses(d *Document) bool {
	if q.MinPrice == 0 && q.MaxPrice == 0 {
		return true
	}
	r, ok := d.Prices[q.Currency]
	return ok && r.within(q.MinPrice, q.MaxPrice)
}

// Narrow applies the query's filters to its text's matches, in their order, and
// counts facets: each without its own filter, so that a second value can be chosen.
func (q Query) Narrow(matches []Document) Result {
	var hits []*Document
	wanted, count, prices := q.wanted(), counter{}, prices{}
	for i := range matches {
		d := &matches[i]
		terms := d.folded()
		missed, ok := wanted.missed(terms)
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
		count.add(terms, missed)
	}
	q.order(hits)
	result := Result{Facets: count.facets(wanted.chosen()), Total: len(hits), Page: q.Page, Lowest: prices.low, Highest: prices.high}
	reachable := min(len(hits), MostHits)
	result.PageCount = (reachable + q.PageSize - 1) / q.PageSize
	from := min((q.Page-1)*q.PageSize, reachable)
	for _, d := range hits[from:min(from+q.PageSize, reachable)] {
		result.Hits = append(result.Hits, *d)
	}
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

// order sorts what relevance has not; equals stay as they are.
func (q Query) order(hits []*Document) {
	price := func(d *Document, missing int64) int64 {
		if r, ok := d.Prices[q.Currency]; ok {
			return r.Low
		}
		return missing
	}
	switch q.Sort {
	case PriceUp:
		sortBy(hits, func(d *Document) int64 { return price(d, 1<<62) })
	case PriceDown:
		sortBy(hits, func(d *Document) int64 { return -price(d, -1) })
	case Newest:
		sortBy(hits, func(d *Document) int64 { return -d.Created.UnixMicro() })
	}
}

// sortBy asks each document for its key once.
func sortBy(hits []*Document, key func(*Document) int64) {
	type keyed struct {
		key int64
		doc *Document
	}
	all := make([]keyed, len(hits))
	for i, d := range hits {
		all[i] = keyed{key(d), d}
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	for i, k := range all {
		hits[i] = k.doc
	}
}
