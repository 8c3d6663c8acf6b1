package stock

import (
	"cmp"
	"slices"
)

// pick says from where lines are taken, so that they travel in as few shipments
// as can be: from one location that has everything, else from the fewest
// locations. Of two ways with as many, the one that begins with the higher
// priority wins. A line stays whole when one of the chosen locations has all of
// it. Together the levels must have what the lines want; closed ones are not
// touched.
//
// The fewest locations are found by trying sets, smallest first: exact for a
// dozen locations, which is a thousand sets. Where there are more, at most
// pickMost sets are tried, and then the location that brings most goes first.
func pick(lines []Line, levels map[SKU][]Level) []Held {
	c := candidates(lines, levels)
	if len(c) == 0 {
		return nil
	}
	chosen := fewest(lines, c)
	if chosen == nil {
		chosen = greedy(lines, c)
	}
	var held []Held
	for n, l := range lines {
		held = append(held, allot(l, n, chosen)...)
	}
	return held
}

// candidate is a location with something of what is wanted.
type candidate struct {
	Level         // its name and priority
	free  []int64 // of each line
}

// candidates are in the order in which they are taken from.
func candidates(lines []Line, levels map[SKU][]Level) []*candidate {
	var all []*candidate
	for n, line := range lines {
		for _, l := range levels[line.SKU] {
			if l.Closed || l.free() <= 0 || line.Units <= 0 {
				continue
			}
			at := slices.IndexFunc(all, func(c *candidate) bool { return c.Location == l.Location })
			if at < 0 {
				at = len(all)
				all = append(all, &candidate{l, make([]int64, len(lines))})
			}
			all[at].free[n] = l.free()
		}
	}
	slices.SortFunc(all, func(a, b *candidate) int { return before(a.Level, b.Level) })
	return all
}

// covers tells whether the chosen have all that is wanted.
func covers(lines []Line, chosen []*candidate) bool {
	for n, l := range lines {
		left := l.Units
		for _, c := range chosen {
			left -= min(left, c.free[n])
		}
		if left > 0 {
			return false
		}
	}
	return true
}

const pickMost = 5000

// fewest tries sets, smaller ones first and those of higher priority first, or
// returns nil when that takes too long.
func fewest(lines []Line, all []*candidate) []*candidate {
	tried := 0
	var try func(chosen []*candidate, from, more int) []*candidate
	try = func(chosen []*candidate, from, more int) []*candidate {
		if more == 0 {
			tried++
			if covers(lines, chosen) {
				return slices.Clone(chosen)
			}
			return nil
		}
		for n := from; n+more <= len(all) && tried < pickMost; n++ {
			if found := try(append(chosen, all[n]), n+1, more-1); found != nil {
				return found
			}
		}
		return nil
	}
	for size := 1; size <= len(all) && tried < pickMost; size++ {
		if found := try(make([]*candidate, 0, size), 0, size); found != nil {
			return found
		}
	}
	return nil
}

// greedy takes the location that brings most of what is still wanted, until
// nothing is.
func greedy(lines []Line, all []*candidate) (chosen []*candidate) {
	left, others := slices.Clone(lines), slices.Clone(all)
	brings := func(c *candidate) (sum int64) {
		for n, l := range left {
			sum += min(l.Units, c.free[n])
		}
		return sum
	}
	for len(others) > 0 {
		best := slices.MaxFunc(others, func(a, b *candidate) int { return cmp.Compare(brings(a), brings(b)) })
		if brings(best) == 0 {
			break
		}
		others = slices.DeleteFunc(others, func(c *candidate) bool { return c == best })
		for n := range left {
			left[n].Units -= min(left[n].Units, best.free[n])
		}
		chosen = append(chosen, best)
	}
	slices.SortFunc(chosen, func(a, b *candidate) int { return before(a.Level, b.Level) })
	return chosen
}

// allot takes a line from the first location that has all of it, else from
// where most lies first.
func allot(line Line, n int, chosen []*candidate) (held []Held) {
	order := slices.Clone(chosen)
	slices.SortStableFunc(order, func(a, b *candidate) int {
		return cmp.Compare(min(b.free[n], line.Units), min(a.free[n], line.Units))
	})
	left := line.Units
	for _, c := range order {
		if take := min(left, c.free[n]); take > 0 {
			held = append(held, Held{SKU: line.SKU, Location: c.Location, Units: take})
			left -= take
		}
	}
	return held
}
