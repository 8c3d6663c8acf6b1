package stock

import (
	"maps"
	"slices"
	"time"
)

// Kind is why a level moved.
type Kind string

// The kinds of ledger entries.
const (
	Received Kind = "received"
	Sold     Kind = "sold"
	Returned Kind = "returned"
	Adjusted Kind = "adjusted"
	// What came back and cannot be sold again.
	WrittenOff Kind = "written_off"
)

// Entry is a line of the ledger. Entries are added, never changed.
type Entry struct {
	ID       string
	SKU      SKU
	Location Location
	Kind     Kind
	// Negative when units left.
	Units int64
	// Order, return or note that explains it.
	Reason string
	// An account, or a service's name.
	Actor string
	Time  time.Time
}

// Move is one change of stock: Reserve, Release, Commit, Return, Adjust, Count,
// AllowBackorder, SetRules, Refresh or Verify. It can be tried again on a fresh shelf.
type Move interface {
	// The reservations and SKUs it has to see, besides the SKUs of those reservations.
	touches() (reservations []string, skus []SKU)
	// Does it, or leaves the shelf as it was.
	on(*Shelf) error
}

// Shelf is what a transaction has read, and what becomes of it.
type Shelf struct {
	Items        map[SKU]*Item
	Reservations map[string]*Reservation
	// What is known of the locations that moves name.
	Places map[Location]Place
	// Of SKUs that are verified.
	Books map[SKU]Books
	// Return ids that were seen before.
	Returns map[string]bool

	// What was done under keys that moves name.
	Keyed map[string]Keyed
	// What moves have changed, for the store to write down.
	ChangedItems        map[SKU]bool
	ChangedReservations map[string]bool
	NewReturns          []string
	NewKeys             []string
	Entries             []Entry
}

// NewShelf returns an empty shelf.
func NewShelf() *Shelf {
	return &Shelf{
		Items: map[SKU]*Item{}, Reservations: map[string]*Reservation{}, Places: map[Location]Place{}, Books: map[SKU]Books{}, Keyed: map[string]Keyed{}, Returns: map[string]bool{},
		ChangedItems: map[SKU]bool{}, ChangedReservations: map[string]bool{},
	}
}

// Needs is what has to be on a shelf before moves are made on it.
type Needs struct {
	Reservations, Returns []string
	SKUs                  []SKU
	Locations             []Location
	// Of these the ledger's sums and what reservations hold.
	Books []SKU
	// Of adjustments.
	Keys []string
}

// NeedsOf returns what moves need, sorted.
func NeedsOf(moves []Move) Needs {
	ids, returns, skus, places := map[string]bool{}, map[string]bool{}, map[SKU]bool{}, map[Location]bool{}
	var books []SKU
	keys := map[string]bool{}
	for _, m := range moves {
		i, s := m.touches()
		for _, id := range i {
			ids[id] = true
		}
		for _, sku := range s {
			skus[sku] = true
		}
		switch m := m.(type) {
		case *Return:
			returns[m.ID] = true
			if m.Location != "" {
				places[m.Location] = true
			}
		case *Adjust:
			places[m.Location] = true
			if m.Key != "" {
				keys[m.Key] = true
			}
		case *Count:
			places[m.Location] = true
		case *Verify:
			books = append(books, m.SKUs...)
		}
	}
	return Needs{slices.Sorted(maps.Keys(ids)), slices.Sorted(maps.Keys(returns)), slices.Sorted(maps.Keys(skus)), slices.Sorted(maps.Keys(places)), books, slices.Sorted(maps.Keys(keys))}
}

// Make makes the moves one after the other and returns what came of each. A
// move that fails leaves the shelf to the next as it found it.
func (s *Shelf) Make(moves []Move) []error {
	results := make([]error, len(moves))
	for n, m := range moves {
		results[n] = m.on(s)
	}
	for sku := range s.ChangedItems {
		s.Items[sku].Version++
	}
	return results
}

// item is for reading.
func (s *Shelf) item(sku SKU) *Item {
	if i, ok := s.Items[sku]; ok {
		return i
	}
	return &Item{SKU: sku}
}

// change is for a change that will happen.
func (s *Shelf) change(sku SKU) *Item {
	i, ok := s.Items[sku]
	if !ok {
		i = &Item{SKU: sku}
		s.Items[sku] = i
	}
	s.ChangedItems[sku] = true
	return i
}

// place is the level of an item at a location, as the location is.
func (s *Shelf) place(i *Item, where Location) *Level {
	known := len(i.Levels)
	l := i.At(where)
	if len(i.Levels) == known {
		return l
	}
	p, listed := s.Places[where]
	l.Priority, l.Closed, l.Unlisted = p.Priority, listed && !p.Active, !listed
	return l
}

func (s *Shelf) keep(r Reservation) {
	s.Reservations[r.ID] = &r
	s.ChangedReservations[r.ID] = true
}

func (s *Shelf) note(e Entry) { s.Entries = append(s.Entries, e) }
