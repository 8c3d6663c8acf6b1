package stock

import (
	"fmt"
	"math/bits"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// at is a level of a location with a priority.
func at(where Location, priority int32, onHand int64) Level {
	return Level{Location: where, Priority: priority, OnHand: onHand}
}

func TestPick(t *testing.T) {
	a, b := SKU("A"), SKU("B")
	cases := []struct {
		name   string
		lines  []Line
		levels map[SKU][]Level
		want   []Held
	}{
		{"takes everything from the one place that has everything", []Line{{a, 1}, {b, 1}},
			map[SKU][]Level{a: {at("east", 9, 5), at("west", 0, 1)}, b: {at("north", 9, 5), at("west", 0, 1)}},
			[]Held{{SKU: a, Location: "west", Units: 1}, {SKU: b, Location: "west", Units: 1}}},
		{"prefers the higher priority", []Line{{a, 1}},
			map[SKU][]Level{a: {at("east", 1, 5), at("west", 2, 1)}}, []Held{{SKU: a, Location: "west", Units: 1}}},
		{"goes by name when priorities are equal", []Line{{a, 1}},
			map[SKU][]Level{a: {at("west", 1, 5), at("east", 1, 1)}}, []Held{{SKU: a, Location: "east", Units: 1}}},
		{"takes two places where three would have higher priorities", []Line{{a, 4}},
			map[SKU][]Level{a: {at("p", 9, 1), at("q", 9, 1), at("r", 9, 1), at("s", 0, 3)}},
			[]Held{{SKU: a, Location: "s", Units: 3}, {SKU: a, Location: "p", Units: 1}}},
		{"keeps a line whole where it can", []Line{{a, 2}, {b, 1}},
			map[SKU][]Level{a: {at("east", 9, 1), at("west", 0, 2)}, b: {at("east", 9, 1)}},
			[]Held{{SKU: a, Location: "west", Units: 2}, {SKU: b, Location: "east", Units: 1}}},
		{"passes over what is closed or owed", []Line{{a, 1}},
			map[SKU][]Level{a: {{Location: "shut", OnHand: 9, Closed: true}, {Location: "owes", OnHand: 1, Reserved: 3}, at("west", 0, 1)}},
			[]Held{{SKU: a, Location: "west", Units: 1}}},
		{"takes nothing when nothing is wanted", []Line{{a, 0}}, map[SKU][]Level{a: {at("east", 0, 1)}}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, pick(c.lines, c.levels)); diff != "" {
				t.Errorf("pick(%v) (-want +got):\n%s", c.lines, diff)
			}
		})
	}
}

// drawStock is lines that can be served from some locations.
func drawStock(t *rapid.T, most int) ([]Line, map[SKU][]Level) {
	levels := map[SKU][]Level{}
	var lines []Line
	for n := range rapid.IntRange(1, 4).Draw(t, "lines") {
		sku, total := SKU(fmt.Sprint("sku", n)), int64(0)
		for l := range most {
			v := Level{
				Location: Location(fmt.Sprintf("l%02d", l)), Priority: int32(l % 3), Closed: l%5 == 4,
				OnHand: rapid.Int64Range(0, 4).Draw(t, "on hand"), Reserved: rapid.Int64Range(0, 2).Draw(t, "reserved"),
			}
			levels[sku] = append(levels[sku], v)
			if !v.Closed {
				total += max(v.free(), 0)
			}
		}
		lines = append(lines, Line{sku, rapid.Int64Range(0, total).Draw(t, "units")})
	}
	return lines, levels
}

// taken checks that exactly what was wanted is taken from what is free, and
// returns from how many locations.
func taken(t *rapid.T, lines []Line, levels map[SKU][]Level, held []Held) int {
	places, sum := map[Location]bool{}, map[SKU]int64{}
	type place struct {
		SKU      SKU
		Location Location
	}
	seen := map[place]bool{}
	for _, h := range held {
		places[h.Location] = true
		sum[h.SKU] += h.Units
		if p := (place{h.SKU, h.Location}); seen[p] {
			t.Fatalf("%v is there twice: %v", p, held)
		} else {
			seen[p] = true
		}
		for _, l := range levels[h.SKU] {
			if l.Location == h.Location && (h.Units <= 0 || h.Units > l.free() || l.Closed) {
				t.Fatalf("took %d of %+v", h.Units, l)
			}
		}
	}
	for _, l := range lines {
		if sum[l.SKU] != l.Units {
			t.Fatalf("took %d of %s, want %d", sum[l.SKU], l.SKU, l.Units)
		}
	}
	return len(places)
}

// leastByForce is the number of locations of the smallest set that has everything.
func leastByForce(lines []Line, levels map[SKU][]Level, most int) int {
	least := most
	for set := range 1 << most {
		fits := true
		for _, line := range lines {
			var there int64
			for n, l := range levels[line.SKU] {
				if set&(1<<n) != 0 && !l.Closed {
					there += max(l.free(), 0)
				}
			}
			fits = fits && there >= line.Units
		}
		if fits {
			least = min(least, bits.OnesCount(uint(set)))
		}
	}
	return least
}

func TestPickTakesTheFewestLocations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 8).Draw(t, "locations")
		lines, levels := drawStock(t, most)
		held := pick(lines, levels)
		if got, want := taken(t, lines, levels, held), leastByForce(lines, levels, most); got != want {
			t.Fatalf("took from %d locations where %d do: %v", got, want, held)
		}
		if diff := cmp.Diff(held, pick(lines, levels)); diff != "" {
			t.Fatalf("picks differently the second time:\n%s", diff)
		}
	})
}

// A chain of sixty shops: trying all sets would not end in this test's life.
func TestPickEndsAmongManyLocations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines, levels := drawStock(t, 60)
		taken(t, lines, levels, pick(lines, levels))
	})
}
