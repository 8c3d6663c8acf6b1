package basket

import (
	"strconv"

	"github.com/souk-commerce/souk/api/money"
)

// Ware is what a line shows of its product.
type Ware struct {
	ProductID, Slug, Title string
	// "Red / M"
	Variant string
	Image   string
}

// Price is what a unit costs; CompareAt is zero when it is not on sale.
type Price struct{ Amount, CompareAt money.Amount }

// Offer is a ware with its prices by currency.
type Offer struct {
	Ware   Ware
	Prices map[string]Price
}

// Stock is what can be had of a SKU.
type Stock struct {
	Available int64
	// More than available may be ordered: so many more, or any number when Left is 0.
	Backorder bool
	Left      int64
}

// covers tells whether so many units can be ordered.
func (s Stock) covers(units int64) bool {
	return units <= s.Available || s.Backorder && (s.Left == 0 || units <= s.Available+s.Left)
}

// Market is what catalog and inventory said about some SKUs.
type Market struct {
	// Which were asked for.
	Asked  map[SKU]bool
	Offers map[SKU]Offer
	Stock  map[SKU]Stock
	// Why there are no offers, or no stock, if so.
	NoOffers, NoStock error
}

// knows tells whether all lines of a cart were asked for.
func (m Market) knows(c *Cart) bool {
	for _, l := range c.Lines {
		if !m.Asked[l.SKU] {
			return false
		}
	}
	return true
}

// sells tells whether a SKU is sold in a currency.
func (m Market) sells(sku SKU, currency string) error {
	if m.NoOffers != nil {
		return ErrClosed.Because(m.NoOffers)
	}
	if !m.Asked[sku] {
		return ErrClosed
	}
	offer, known := m.Offers[sku]
	if !known {
		return ErrUnknown.About("sku", string(sku))
	}
	if _, sold := offer.Prices[currency]; !sold {
		return ErrNotSold.About("sku", string(sku)).About("currency", currency)
	}
	return nil
}

// covers tells whether there are so many units.
func (m Market) covers(sku SKU, units int32) error {
	if m.NoStock != nil {
		return ErrClosed.Because(m.NoStock)
	}
	if s := m.Stock[sku]; !s.covers(int64(units)) {
		return ErrShort.About("sku", string(sku)).About("available", strconv.FormatInt(s.Available+s.Left, 10))
	}
	return nil
}

// seen returns what there is to see of a SKU now, and what was seen last where
// nothing can be said.
func (m Market) seen(sku SKU, currency string, last Seen) Seen {
	if offer, known := m.Offers[sku]; known {
		last.Ware = offer.Ware
		if price, sold := offer.Prices[currency]; sold {
			last.Price = price
		}
	}
	if stock, known := m.Stock[sku]; known {
		last.Stock = stock
	}
	return last
}
