package find

import (
	"cmp"
	"slices"
	"strings"
)

// counter counts values by field. Fields and values are folded; what is shown is
// how most documents write them.
type counter struct {
	query  Query
	fields map[string]*field
}

type field struct {
	names  tally
	values map[string]tally
	weight int
}

// tally counts spellings.
type tally map[string]int

// usual is the spelling that comes most often.
func (t tally) usual() (best string) {
	for text, n := range t {
		if best == "" || n > t[best] || n == t[best] && text < best {
			best = text
		}
	}
	return best
}

func newCounter(q Query) *counter { return &counter{q, map[string]*field{}} }

// add counts a document for every field, or for the only one whose filters it
// does not pass.
func (c *counter) add(d Document, only string) {
	seen := map[Fact]bool{}
	note := func(name, value, spelling string) {
		key := Fact{fold(name), fold(value)}
		if only != "" && only != key.Name || seen[key] {
			return
		}
		seen[key] = true
		f, ok := c.fields[key.Name]
		if !ok {
			f = &field{names: tally{}, values: map[string]tally{}}
			c.fields[key.Name] = f
		}
		if f.values[key.Value] == nil {
			f.values[key.Value] = tally{}
		}
		f.names[name]++
		f.values[key.Value][spelling]++
		f.weight++
	}
	for _, k := range d.Categories {
		note("category", k.Slug, k.Name)
	}
	if d.Brand != "" {
		note("brand", d.Brand, d.Brand)
	}
	for _, f := range d.Facts {
		switch fold(f.Name) {
		case "category", "brand", "tag": // other things to filter by
		default:
			note(f.Name, f.Value, f.Value)
		}
	}
}

const (
	mostFacets = 12
	mostValues = 40
)

// rank puts these first, and labels them.
var (
	rank   = map[string]int{"category": 2, "brand": 1}
	labels = map[string]string{"category": "Category", "brand": "Brand"}
)

// facets returns the counts: categories and brands first, then what is filtered
// by, then what most hits have. A field with one value on offer says nothing,
// unless it is chosen.
func (c *counter) facets() []Facet {
	chosen := c.query.chosen()
	var names []string
	for name, f := range c.fields {
		if len(f.values) > 1 || len(chosen[name]) > 0 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(
			cmp.Compare(rank[b], rank[a]), compareBool(len(chosen[b]) > 0, len(chosen[a]) > 0),
			cmp.Compare(c.fields[b].weight, c.fields[a].weight), strings.Compare(a, b))
	})
	var out []Facet
	for _, name := range names[:min(len(names), mostFacets)] {
		out = append(out, c.fields[name].facet(chosen[name]))
	}
	return out
}

// chosen is the filters' values by field, folded.
func (q Query) chosen() map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for _, f := range q.Filters {
		name := fold(f.Field)
		if all[name] == nil {
			all[name] = map[string]bool{}
		}
		for _, v := range f.Values {
			all[name][fold(v)] = true
		}
	}
	return all
}

func (f *field) facet(chosen map[string]bool) Facet {
	name := f.names.usual()
	out := Facet{Field: name, Label: cmp.Or(labels[name], name)}
	for value, spellings := range f.values {
		v := Value{Value: value, Label: spellings.usual(), Selected: chosen[value]}
		if name != "category" {
			v.Value = v.Label
		}
		for _, n := range spellings {
			v.Count += n
		}
		out.Values = append(out.Values, v)
	}
	slices.SortFunc(out.Values, func(a, b Value) int {
		return cmp.Or(compareBool(b.Selected, a.Selected), cmp.Compare(b.Count, a.Count), strings.Compare(a.Label, b.Label))
	})
	out.Values = out.Values[:min(len(out.Values), mostValues)]
	return out
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
