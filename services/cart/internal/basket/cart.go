package basket

import (
	"cmp"
	"slices"
	"time"

	"github.com/souk-commerce/souk/api/money"
)

// SKU names what is sold.
type SKU string

// Owner is whose cart it is: the id of a guest or an account.
type Owner string

const (
	// MostUnits is how many units a line may have.
	MostUnits = 999
	// DefaultCurrency is that of a cart for which nobody chose one.
	DefaultCurrency = "USD"
)

// Cart is what its owner means to buy. The zero Version is a cart that was never
// stored.
type Cart struct {
	Owner    Owner
	Currency string
	Lines    []Line // in the order they were added
	// Grows with every change.
	Version int64
	// When it was last used.
	Touched time.Time
}

// Line is units of one SKU.
type Line struct {
	SKU      SKU
	Quantity int32
	// The price of a unit when the line was added, in the cart's currency of then.
	Added   money.Amount
	AddedAt time.Time
	// For when the market does not answer.
	Seen Seen
}

// Seen is what was last seen of a line in the market.
type Seen struct {
	Ware  Ware
	Price Price
	Stock Stock
}

// Units counts the units over all lines.
func (c *Cart) Units() int32 {
	var n int32
	for _, l := range c.Lines {
		n += l.Quantity
	}
	return n
}

// SKUs returns what is in the cart.
func (c *Cart) SKUs() []SKU {
	skus := make([]SKU, len(c.Lines))
	for i, l := range c.Lines {
		skus[i] = l.SKU
	}
	return skus
}

// line returns the line of a SKU, or nil.
func (c *Cart) line(sku SKU) *Line {
	if i := c.find(sku); i >= 0 {
		return &c.Lines[i]
	}
	return nil
}

func (c *Cart) find(sku SKU) int {
	return slices.IndexFunc(c.Lines, func(l Line) bool { return l.SKU == sku })
}

// Add puts n units of a SKU into the cart, onto the line that is there. A cart
// of limit lines takes no other SKU.
func (c *Cart) Add(sku SKU, n int32, limit int, m Market, now time.Time) error {
	currency := cmp.Or(c.Currency, DefaultCurrency)
	if err := m.sells(sku, currency); err != nil {
		return err
	}
	had := c.line(sku)
	want := n
	if had != nil {
		want += had.Quantity
	}
	if want > MostUnits {
		return ErrMost.About("sku", string(sku))
	}
	if had == nil && len(c.Lines) >= limit {
		return ErrFull
	}
	if err := m.covers(sku, want); err != nil {
		return err
	}
	c.Currency = currency
	if had == nil {
		seen := m.seen(sku, currency, Seen{})
		c.Lines = append(c.Lines, Line{SKU: sku, Added: seen.Price.Amount, AddedAt: now, Seen: seen})
		had = &c.Lines[len(c.Lines)-1]
	}
	had.Quantity = want
	c.Version++
	return nil
}

// Set gives a line n units; 0 removes it. Only growing asks the market.
func (c *Cart) Set(sku SKU, n int32, m Market) error {
	if n <= 0 {
		c.Remove(sku)
		return nil
	}
	had := c.line(sku)
	switch {
	case had == nil:
		return ErrNoLine.About("sku", string(sku))
	case n > MostUnits:
		return ErrMost.About("sku", string(sku))
	case had.Quantity == n:
		return nil
	case n > had.Quantity:
		if err := m.sells(sku, c.Currency); err != nil {
			return err
		}
		if err := m.covers(sku, n); err != nil {
			return err
		}
	}
	had.Quantity = n
	c.Version++
	return nil
}

// Remove takes a line out; one that is gone is fine.
func (c *Cart) Remove(sku SKU) {
	if i := c.find(sku); i >= 0 {
		c.Lines = slices.Delete(c.Lines, i, i+1)
		c.Version++
	}
}

// Bought takes out what was bought. What was added since stays.
func (c *Cart) Bought(units map[SKU]int32) {
	before := c.Units()
	kept := c.Lines[:0]
	for _, l := range c.Lines {
		if l.Quantity -= max(0, min(units[l.SKU], l.Quantity)); l.Quantity > 0 {
			kept = append(kept, l)
		}
	}
	if c.Lines = kept; c.Units() != before {
		c.Version++
	}
}

// Choose makes currency the cart's, and what its lines cost now the price that
// they were added for.
func (c *Cart) Choose(currency string, m Market) {
	if currency == "" || c.Currency == currency {
		return
	}
	c.Currency = currency
	c.Version++
	c.Note(m)
}

// Note remembers what the market shows. It is no change of the cart. A line that
// was added in another currency gets a price to compare with.
func (c *Cart) Note(m Market) {
	for i := range c.Lines {
		l := &c.Lines[i]
		l.Seen = m.seen(l.SKU, c.Currency, l.Seen)
		if l.Added.Currency != c.Currency && l.Seen.Price.Amount.Currency == c.Currency {
			l.Added = l.Seen.Price.Amount
		}
	}
}
