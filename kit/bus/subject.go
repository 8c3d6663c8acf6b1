package bus

import (
	"slices"
	"strings"
)

// matches tells whether a subject fits a pattern: "*" is one word, ">" the rest.
func matches(pattern, subject string) bool {
	for {
		p, morePattern, moreP := strings.Cut(pattern, ".")
		s, moreSubject, moreS := strings.Cut(subject, ".")
		switch {
		case p == ">":
			return true
		case p != "*" && p != s:
			return false
		case !moreP || !moreS:
			return moreP == moreS
		}
		pattern, subject = morePattern, moreSubject
	}
}

// finest orders patterns so that the one that says most comes first: of two that
// fit the same subject, the one with the longer plain beginning.
func finest(patterns []string) []string {
	plain := func(p string) int {
		if i := strings.IndexAny(p, "*>"); i >= 0 {
			return i
		}
		return len(p) + 1
	}
	sorted := slices.Sorted(slices.Values(patterns))
	slices.SortStableFunc(sorted, func(a, b string) int { return plain(b) - plain(a) })
	return sorted
}

// disjoint leaves out patterns that another one covers, since JetStream refuses
// filters that overlap. Patterns that overlap without covering one another are
// the author's mistake, and refused by the server.
func disjoint(patterns []string) (all []string) {
	for i, p := range patterns {
		if !slices.ContainsFunc(patterns, func(o string) bool { return o != p && matches(o, p) }) && !slices.Contains(patterns[:i], p) {
			all = append(all, p)
		}
	}
	return all
}
