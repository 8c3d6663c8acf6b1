package stock

import (
	"context"
	"maps"
	"slices"
)

// Number is one of the numbers that can be rebuilt.
type Number string

// The numbers: on hand is the ledger's sum, reserved is what reservations hold,
// and available follows from both.
const (
	OnHand    Number = "on_hand"
	Reserved  Number = "reserved"
	Available Number = "available"
)

// Drift is a number that is not what it should be.
type Drift struct {
	SKU SKU
	// Empty for what is available.
	Location         Location
	Number           Number
	Written, Rebuilt int64
	Repaired         bool
}

// Books is what the ledger and the reservations say of a SKU.
type Books struct{ Booked, Held map[Location]int64 }

// Verify is the move that compares items with their books, and repairs them.
type Verify struct {
	SKUs   []SKU
	Repair bool
	Drifts []Drift
}

func (m *Verify) touches() ([]string, []SKU) { return nil, m.SKUs }

func (m *Verify) on(s *Shelf) error {
	m.Drifts = nil
	for _, sku := range m.SKUs {
		i := s.item(sku).copy()
		drifts := s.rebuild(i)
		repair := m.Repair && len(drifts) > 0 && i.keepsPromises()
		for n := range drifts {
			drifts[n].Repaired = repair
		}
		if repair {
			*s.change(sku) = *i
		}
		m.Drifts = append(m.Drifts, drifts...)
	}
	return nil
}

// rebuild makes i what its books say.
func (s *Shelf) rebuild(i *Item) (drifts []Drift) {
	books := s.Books[i.SKU]
	where := map[Location]bool{}
	for _, l := range i.Levels {
		where[l.Location] = true
	}
	for _, side := range []map[Location]int64{books.Booked, books.Held} {
		for l := range side {
			where[l] = true
		}
	}
	for _, w := range slices.Sorted(maps.Keys(where)) {
		l := s.place(i, w)
		if should := books.Booked[w]; l.OnHand != should {
			drifts = append(drifts, Drift{SKU: i.SKU, Location: w, Number: OnHand, Written: l.OnHand, Rebuilt: should})
			l.OnHand = should
		}
		if should := books.Held[w]; l.Reserved != should {
			drifts = append(drifts, Drift{SKU: i.SKU, Location: w, Number: Reserved, Written: l.Reserved, Rebuilt: should})
			l.Reserved = should
		}
	}
	if should := i.Available(); i.Told != should {
		drifts = append(drifts, Drift{SKU: i.SKU, Number: Available, Written: i.Told, Rebuilt: should})
	}
	return drifts
}

// keepsPromises tells whether nothing is promised that is not there, or may be owed.
func (i *Item) keepsPromises() bool {
	return i.Backorder || !slices.ContainsFunc(i.Levels, func(l Level) bool { return l.free() < 0 })
}

// Verification is what came of comparing everything with its books.
type Verification struct {
	SKUs, Count int64
	// The first of them.
	Drifts []Drift
}

const (
	// verifyMost SKUs are looked at in one transaction; their sales wait meanwhile.
	verifyMost = 50
	// driftMost bounds what is listed.
	driftMost = 1000
)

// Verify compares all SKUs with their books, some at a time.
func (d *Desk) Verify(ctx context.Context, repair bool) (v Verification, err error) {
	for _, list := range []func(context.Context, SKU, int) ([]SKU, error){d.store.SKUs, d.store.Strays} {
		for after := SKU(""); ; {
			skus, err := list(ctx, after, verifyMost)
			if err != nil {
				return v, err
			}
			if len(skus) == 0 {
				break
			}
			m := &Verify{SKUs: skus, Repair: repair}
			if err := d.store.Alone(ctx, m); err != nil {
				return v, err
			}
			v.SKUs += int64(len(skus))
			v.Count += int64(len(m.Drifts))
			v.Drifts = append(v.Drifts, m.Drifts[:min(len(m.Drifts), driftMost-len(v.Drifts))]...)
			after = skus[len(skus)-1]
		}
	}
	return v, nil
}
