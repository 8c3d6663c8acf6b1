package find

import (
	"cmp"
	"slices"
	"strings"
)

// Values returns what a document has in a field.
func (d Document) Values(field string) []string {
	switch field {
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
		if strings.EqualFold(f.Name, field) {
			out = append(out, f.Value)
		}
	}
	return out
}

// Passes tells whether a document has any of the filter's values.
func (f Filter) Passes(d Document) bool {
	for _, v := range d.Values(f.Field) {
		for _, want := range f.Values {
			if strings.EqualFold(v, want) {
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
	return ok && r.High >= q.MinPrice && (q.MaxPrice == 0 || r.Low <= q.MaxPrice)
}

// Narrow applies the query's filters to its text's matches, in their order, and
// counts facets: each without its own filter, so that a second value can be chosen.
func (q Query) Narrow(matches []Document) Result {
	var hits []Document
	count := newCounter(q)
	result := Result{}
	for _, d := range matches {
		missed, which := 0, ""
		for _, f := range q.Filters {
			if !f.Passes(d) {
				missed++
				which = f.Field
			}
		}
		stock := !q.InStockOnly || d.InStock
		price := q.pricePasses(d)
		if missed == 0 && stock {
			if r, ok := d.Prices[q.Currency]; ok {
				if result.Lowest == 0 || r.Low < result.Lowest {
					result.Lowest = r.Low
				}
				result.Highest = max(result.Highest, r.High)
			}
		}
		if !stock || !price {
			continue
		}
		switch missed {
		case 0:
			hits = append(hits, d)
			count.all(d)
		case 1:
			count.only(d, which)
		}
	}
	result.Facets = count.facets()
	q.order(hits)
	result.Total = len(hits)
	reachable := min(len(hits), MostHits)
	result.PageCount = (reachable + q.PageSize - 1) / q.PageSize
	result.Page = q.Page
	from := min((q.Page-1)*q.PageSize, reachable)
	result.Hits = hits[from:min(from+q.PageSize, reachable)]
	return result
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

// counter counts values by field.
type counter struct {
	query  Query
	counts map[string]map[string]int
	labels map[string]string // of category slugs
	names  map[string]string // of fields, as they are written
}

func newCounter(q Query) *counter {
	return &counter{q, map[string]map[string]int{}, map[string]string{}, map[string]string{}}
}

func (c *counter) add(field, name, value string) {
	values, ok := c.counts[field]
	if !ok {
		values = map[string]int{}
		c.counts[field] = values
		c.names[field] = name
	}
	values[value]++
}

func (c *counter) all(d Document) { c.count(d, "") }

// only counts a document for the one field whose filter it does not pass.
func (c *counter) only(d Document, field string) { c.count(d, strings.ToLower(field)) }

func (c *counter) count(d Document, only string) {
	if only == "" || only == "category" {
		seen := map[string]bool{}
		for _, k := range d.Categories {
			if !seen[k.Slug] {
				seen[k.Slug] = true
				c.labels[k.Slug] = k.Name
				c.add("category", "Category", k.Slug)
			}
		}
	}
	if d.Brand != "" && (only == "" || only == "brand") {
		c.add("brand", "Brand", d.Brand)
	}
	seen := map[Fact]bool{}
	for _, f := range d.Facts {
		field := strings.ToLower(f.Name)
		key := Fact{field, f.Value}
		if only != "" && only != field || seen[key] || field == "category" || field == "brand" || field == "tag" {
			continue
		}
		seen[key] = true
		c.add(field, f.Name, f.Value)
	}
}

const (
	mostFacets = 12
	mostValues = 40
)

// facets returns the counts: categories and brands first, then the fields that
// most hits have. A field with one value on offer says nothing, unless it is chosen.
func (c *counter) facets() []Facet {
	selected := map[string]map[string]bool{}
	for _, f := range c.query.Filters {
		field := strings.ToLower(f.Field)
		if selected[field] == nil {
			selected[field] = map[string]bool{}
		}
		for _, v := range f.Values {
			selected[field][strings.ToLower(v)] = true
		}
	}
	var out []Facet
	weight := map[string]int{}
	for field, values := range c.counts {
		f := Facet{Field: c.names[field], Label: c.names[field]}
		if field == "category" || field == "brand" {
			f.Field = field
		}
		for v, n := range values {
			label := v
			if field == "category" {
				label = c.labels[v]
			}
			f.Values = append(f.Values, Value{Value: v, Label: label, Count: n, Selected: selected[field][strings.ToLower(v)]})
			weight[f.Field] += n
		}
		if len(f.Values) < 2 && len(selected[field]) == 0 {
			continue
		}
		slices.SortFunc(f.Values, func(a, b Value) int {
			return cmp.Or(compareBool(b.Selected, a.Selected), cmp.Compare(b.Count, a.Count), strings.Compare(a.Label, b.Label))
		})
		f.Values = f.Values[:min(len(f.Values), mostValues)]
		out = append(out, f)
	}
	rank := map[string]int{"category": 2, "brand": 1}
	slices.SortFunc(out, func(a, b Facet) int {
		return cmp.Or(
			cmp.Compare(rank[b.Field], rank[a.Field]),
			compareBool(len(selected[strings.ToLower(b.Field)]) > 0, len(selected[strings.ToLower(a.Field)]) > 0),
			cmp.Compare(weight[b.Field], weight[a.Field]), strings.Compare(a.Field, b.Field))
	})
	return out[:min(len(out), mostFacets)]
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
