package basket

import (
	"cmp"
	"slices"
)

// Merge puts the lines of the cart that the owner had as a guest into c. Units of
// one SKU add up, at most to MostUnits. When there are more than limit lines, the
// ones added last stay. Units and SKUs are the same whichever cart is merged into
// the other.
func (c *Cart) Merge(guest Cart, limit int) {
	if len(guest.Lines) == 0 {
		return
	}
	if len(c.Lines) == 0 {
		c.Currency = guest.Currency
	}
	for _, g := range guest.Lines {
		had := c.line(g.SKU)
		if had == nil {
			c.Lines = append(c.Lines, g)
			continue
		}
		units := min(had.Quantity+g.Quantity, MostUnits)
		if g.AddedAt.After(had.AddedAt) {
			*had = g
		}
		had.Quantity = units
	}
	slices.SortFunc(c.Lines, func(a, b Line) int {
		return cmp.Or(a.AddedAt.Compare(b.AddedAt), cmp.Compare(a.SKU, b.SKU))
	})
	if over := len(c.Lines) - limit; over > 0 {
		c.Lines = slices.Delete(c.Lines, 0, over)
	}
	c.Version++
}
