package stock

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

type (
	// SKU names what is sold.
	SKU string
	// Location names where it lies.
	Location string
)

// checkNames refuses what nobody writes on a shelf.
func checkNames(where Location, skus ...SKU) error {
	odd := func(text string) bool {
		return !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl)
	}
	for _, sku := range skus {
		if odd(string(sku)) {
			return errName.On("sku", "Use letters, digits and signs that can be printed.")
		}
	}
	if odd(string(where)) {
		return errName.On("location", "Use letters, digits and signs that can be printed.")
	}
	return nil
}

// Main is where stock lies when nobody says where.
const Main Location = "main"

// Level is what is at one location.
type Level struct {
	Location Location
	OnHand   int64
	// Of those on hand, or still to come when backordered.
	Reserved int64
}

func (l Level) free() int64 { return l.OnHand - l.Reserved }

// Item is one SKU at all locations.
type Item struct {
	SKU SKU
	// May be sold below zero.
	Backorder bool
	// When backordered units are expected; zero when nobody knows.
	Expected time.Time
	Levels   []Level
	// Grows with every change of what is available.
	Version int64
}

// Available is what can be promised at once, over all locations; never below 0.
func (i *Item) Available() int64 {
	var sum int64
	for _, l := range i.Levels {
		sum += l.free()
	}
	return max(sum, 0)
}

// expected is what shoppers are told: nothing when nothing can be backordered.
func (i *Item) expected() time.Time {
	if !i.Backorder {
		return time.Time{}
	}
	return i.Expected
}

// Promise is what shoppers are told of the item.
func (i *Item) Promise() Availability {
	return Availability{SKU: i.SKU, Available: i.Available(), Backorder: i.Backorder, Expected: i.expected()}
}

// At returns the level at a location, which is added when it is new.
func (i *Item) At(where Location) *Level {
	for n := range i.Levels {
		if i.Levels[n].Location == where {
			return &i.Levels[n]
		}
	}
	i.Levels = append(i.Levels, Level{Location: where})
	return &i.Levels[len(i.Levels)-1]
}

// Held is units of one SKU set aside at one location.
type Held struct {
	SKU      SKU
	Location Location
	Units    int64
	// Of those sold, what came back.
	Returned int64 `json:",omitempty"`
}

// hold sets units aside: at one location when one has enough, so that they
// travel together; else where most lies first. What is backordered falls to the
// location that comes first by name.
func (i *Item) hold(units int64) ([]Held, error) {
	if i.Available() < units && !i.Backorder {
		return nil, ErrShort
	}
	var held []Held
	take := func(l *Level, n int64) {
		if n <= 0 {
			return
		}
		l.Reserved += n
		units -= n
		for k := range held {
			if held[k].Location == l.Location {
				held[k].Units += n
				return
			}
		}
		held = append(held, Held{SKU: i.SKU, Location: l.Location, Units: n})
	}
	for _, l := range i.byFree() {
		take(i.At(l), min(units, i.At(l).free()))
	}
	if units > 0 {
		take(i.first(), units)
	}
	return held, nil
}

// byFree names the locations with something free, most first.
func (i *Item) byFree() []Location {
	levels := slices.Clone(i.Levels)
	slices.SortFunc(levels, func(a, b Level) int {
		return cmp.Or(cmp.Compare(b.free(), a.free()), cmp.Compare(a.Location, b.Location))
	})
	var names []Location
	for _, l := range levels {
		if l.free() > 0 {
			names = append(names, l.Location)
		}
	}
	return names
}

func (i *Item) first() *Level {
	if len(i.Levels) == 0 {
		return i.At(Main)
	}
	least := &i.Levels[0]
	for n := range i.Levels {
		if i.Levels[n].Location < least.Location {
			least = &i.Levels[n]
		}
	}
	return least
}

// mostUnits bounds a level, far from where sums could overflow.
const mostUnits = math.MaxInt64 / 1_000_000

// move changes what is on hand by units, which may be negative.
func (i *Item) move(where Location, units int64) error {
	l := i.At(where)
	after := l.OnHand + units
	if after > mostUnits {
		return errTooMany
	}
	if units < 0 && !i.Backorder && after < l.Reserved {
		return ErrShort.Saying("Only %d units can be taken away here: the rest is sold or reserved.", max(l.free(), 0)).About("sku", string(i.SKU))
	}
	l.OnHand = after
	return nil
}
