package find

import (
	"cmp"
	"slices"
	"strings"
)

// counter counts terms.
type counter map[handle]int

// add counts a document for every field, or for the only one whose filters it
// does not pass.
func (c counter) add(terms []handle, only string) {
	for _, h := range terms {
		if only == "" || only == h.Value().field {
			c[h]++
		}
	}
}

// fields are the counts by field and value. What is shown is how most documents
// write them.
func (c counter) fields() map[string]*field {
	all := map[string]*field{}
	for h, n := range c {
		t := h.Value()
		if t.field == tagField {
			continue
		}
		f, ok := all[t.field]
		if !ok {
			f = &field{names: tally{}, values: map[string]tally{}}
			all[t.field] = f
		}
		if f.values[t.value] == nil {
			f.values[t.value] = tally{}
		}
		f.names[t.name] += n
		f.values[t.value][t.spelling] += n
		f.weight += n
	}
	return all
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
func (c counter) facets(chosen map[string]map[string]bool) []Facet {
	fields := c.fields()
	var names []string
	for name, f := range fields {
		if len(f.values) > 1 || len(chosen[name]) > 0 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(
			cmp.Compare(rank[b], rank[a]), compareBool(len(chosen[b]) > 0, len(chosen[a]) > 0),
			cmp.Compare(fields[b].weight, fields[a].weight), strings.Compare(a, b))
	})
	var out []Facet
	for _, name := range names[:min(len(names), mostFacets)] {
		out = append(out, fields[name].facet(chosen[name]))
	}
	return out
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
