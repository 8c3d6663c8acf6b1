package find

import (
	"slices"
	"strings"
	"unique"
)

// fold makes texts comparable: values that differ in case only are one.
func fold(text string) string { return strings.ToLower(text) }

// term is a value that documents have in a field: folded, to be compared, and as
// it is written, to be shown.
type term struct{ field, value, name, spelling string }

// handle stands for a term. Assortments have few terms and many documents: two
// handles are compared and counted as one number each.
type handle = unique.Handle[term]

// Folded returns the document with its terms worked out, for documents that are
// filtered and counted again and again.
func (d Document) Folded() Document {
	d.terms = d.work()
	return d
}

func (d *Document) folded() []handle {
	if d.terms == nil {
		return d.work()
	}
	return d.terms
}

// work returns each value of each field once.
func (d *Document) work() []handle {
	terms := []handle{}
	seen := map[Fact]bool{}
	add := func(name, value, spelling string) {
		key := Fact{fold(name), fold(value)}
		if !seen[key] {
			seen[key] = true
			terms = append(terms, unique.Make(term{key.Name, key.Value, name, spelling}))
		}
	}
	for _, c := range d.Categories {
		add("category", c.Slug, c.Name)
	}
	if d.Brand != "" {
		add("brand", d.Brand, d.Brand)
	}
	for _, t := range d.Tags {
		add(tagField, t, t)
	}
	for _, f := range d.Facts {
		switch fold(f.Name) {
		case "category", "brand", tagField: // other things to filter by
		default:
			add(f.Name, f.Value, f.Value)
		}
	}
	return terms
}

// tagField can be filtered by; it is no facet.
const tagField = "tag"

// wanted is the filters of a query, folded.
type wanted []Filter

func (q Query) wanted() wanted {
	all := make(wanted, len(q.Filters))
	for i, f := range q.Filters {
		all[i].Field = fold(f.Field)
		for _, v := range f.Values {
			all[i].Values = append(all[i].Values, fold(v))
		}
	}
	return all
}

// missed names the one field whose filters a document does not pass; ok is false
// when there are several.
func (w wanted) missed(terms []handle) (field string, ok bool) {
	for _, f := range w {
		if passes(f, terms) {
			continue
		}
		if field != "" && field != f.Field {
			return "", false
		}
		field = f.Field
	}
	return field, true
}

func passes(f Filter, terms []handle) bool {
	return slices.ContainsFunc(terms, func(h handle) bool {
		t := h.Value()
		return t.field == f.Field && slices.Contains(f.Values, t.value)
	})
}

// chosen is the filters' values by field.
func (w wanted) chosen() map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for _, f := range w {
		if all[f.Field] == nil {
			all[f.Field] = map[string]bool{}
		}
		for _, v := range f.Values {
			all[f.Field][v] = true
		}
	}
	return all
}
