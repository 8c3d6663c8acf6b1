package stock

import (
	"cmp"
	"context"
	"strings"
)

// Place is what is known of a location.
type Place struct {
	ID      Location
	Name    string
	Country string
	// The highest is taken from first.
	Priority int32
	Active   bool
	// How often it was opened or closed.
	Changes int64
}

// before orders places by what is taken from first.
func before(a, b Level) int {
	return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Location, b.Location))
}

// Places returns all locations, first those that are taken from first.
func (d *Desk) Places(ctx context.Context) ([]Place, error) { return d.store.Places(ctx) }

// SetPlace adds or replaces a location, and lets availability follow.
func (d *Desk) SetPlace(ctx context.Context, p Place) (Place, error) {
	if err := checkNames(p.ID); err != nil {
		return p, err
	}
	if err := checkNames(Location(p.Name)); err != nil {
		return p, err
	}
	p.Name = cmp.Or(strings.TrimSpace(p.Name), string(p.ID))
	if err := d.store.SetPlace(ctx, p); err != nil {
		return p, err
	}
	return p, d.Settle(ctx)
}

// settleMost is how many SKUs share a transaction when a location opens or closes.
const settleMost = 200

// Settle lets availability follow where locations were opened or closed. What one
// instance began, another finishes.
func (d *Desk) Settle(ctx context.Context) error {
	open, err := d.store.Unsettled(ctx)
	if err != nil {
		return err
	}
	for _, where := range open {
		for after := SKU(""); ; {
			skus, err := d.store.SKUsAt(ctx, where.ID, after, settleMost)
			if err != nil {
				return err
			}
			if len(skus) == 0 {
				break
			}
			if err := d.store.Together(ctx, &Refresh{SKUs: skus}); err != nil {
				return err
			}
			after = skus[len(skus)-1]
		}
		if err := d.store.Settled(ctx, where); err != nil {
			return err
		}
	}
	return nil
}

// Refresh is the move that says again what is available, where that has changed
// without a move.
type Refresh struct{ SKUs []SKU }

func (m *Refresh) touches() ([]string, []SKU) { return nil, m.SKUs }

func (m *Refresh) on(s *Shelf) error {
	for _, sku := range m.SKUs {
		if i := s.item(sku); i.Told != i.Available() {
			s.change(sku)
		}
	}
	return nil
}
