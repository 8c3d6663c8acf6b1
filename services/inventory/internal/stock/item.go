package stock

import (
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

// checkNames refuses what nobody writes on a shelf. An empty location is none.
func checkNames(where Location, skus ...SKU) error {
	odd := func(text string) bool {
		return !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || strings.TrimSpace(text) == "" && text != ""
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

// checkWords refuses what no database keeps, unless there is something else to say.
func checkWords(text string, other error) error {
	if other == nil && (!utf8.ValidString(text) || strings.Contains(text, "\x00")) {
		return errWords
	}
	return other
}

// Main is where stock lies when nobody says where.
const Main Location = "main"

// Level is what is at one location.
type Level struct {
	Location Location
	OnHand   int64
	// Of those on hand, or still to come when backordered.
	Reserved int64

	// Of the location: see Place. What lies at a closed one is not available.
	Priority int32
	Closed   bool
	// The location is not in the list of places yet.
	Unlisted bool
}

func (l Level) free() int64 { return l.OnHand - l.Reserved }

// Item is one SKU at all locations.
type Item struct {
	SKU SKU
	// May be sold below zero.
	Backorder bool
	// When backordered units are expected; zero when nobody knows.
	Expected time.Time
	// How many units may be owed; 0 is no limit.
	Limit int64
	// Never promised, over all locations together.
	Safety int64
	// Stock is low when so few are available; 0 is never.
	LowAt  int64
	Levels []Level
	// Grows with every change of what is available.
	Version int64
	// What was last said to be available.
	Told int64
}

// balance is what is free over all open locations, less what is owed anywhere.
func (i *Item) balance() (sum int64) {
	for _, l := range i.Levels {
		if l.Closed {
			sum += min(l.free(), 0)
			continue
		}
		sum += l.free()
	}
	return sum
}

// Available is what can be promised at once, over all open locations and less
// the safety stock; never below 0.
func (i *Item) Available() int64 { return max(i.balance()-i.Safety, 0) }

// Owed is what is promised beyond that.
func (i *Item) Owed() int64 {
	if !i.Backorder {
		return 0
	}
	return max(i.Safety-i.balance(), 0)
}

// mayPromise tells whether units more can be promised. A limit that was lowered
// takes no promise back.
func (i *Item) mayPromise(units int64) bool {
	return units <= i.Available() || i.Backorder && (i.Limit == 0 || units <= i.Available()+max(i.Limit-i.Owed(), 0))
}

// Promise is what is told of the item.
func (i *Item) Promise() Availability { return i.promise(i.Available()) }

// Was is Promise as it was last told.
func (i *Item) Was() Availability { return i.promise(i.Told) }

func (i *Item) promise(available int64) Availability {
	a := Availability{SKU: i.SKU, Available: available, Low: i.LowAt > 0 && available <= i.LowAt}
	return a.withBackorder(i.Backorder, i.Limit, i.Owed(), i.Expected)
}

// withBackorder says whether more may be ordered, and how many, and until when.
func (a Availability) withBackorder(allowed bool, limit, owed int64, expected time.Time) Availability {
	if allowed && (limit == 0 || owed < limit) {
		a.Backorder, a.Expected, a.Left = true, expected, max(limit-owed, 0)
	}
	if limit == 0 {
		a.Left = 0
	}
	return a
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

// first is where backordered units fall to when nothing of them is anywhere.
func (i *Item) first() Location {
	var open []Level
	for _, l := range i.Levels {
		if !l.Closed {
			open = append(open, l)
		}
	}
	if len(open) == 0 {
		return Main
	}
	return slices.MinFunc(open, before).Location
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
