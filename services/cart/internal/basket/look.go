package basket

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/souk-commerce/souk/api/money"
)

// Change is what became of a line since it was added.
type Change string

// The changes.
const (
	PriceUp   Change = "price up"
	PriceDown Change = "price down"
	Short     Change = "short"
	SoldOut   Change = "sold out"
	Gone      Change = "gone"
)

// View is a cart as it looks now.
type View struct {
	Owner    Owner
	Currency string
	Lines    []Sight
	// Over lines that can be bought.
	Subtotal money.Amount
	Units    int32
	Version  int64
	// True when there are lines and each can be bought as it is.
	Ready bool
}

// Sight is a line as it looks now.
type Sight struct {
	SKU      SKU
	Quantity int32
	Seen
	// What a unit cost when it was added; zero when that was in another currency.
	Added   money.Amount
	Total   money.Amount
	Changes []Change
}

// Priced tells whether there is a price; a line that is gone has none.
func (s Sight) Priced() bool { return s.Price.Amount.Currency != "" }

func (s Sight) buyable() bool {
	return s.Priced() && !slices.ContainsFunc(s.Changes, func(c Change) bool { return c == Short || c == SoldOut || c == Gone })
}

// Look says how the cart looks in the market, in a currency; an empty one means
// the cart's. Where the market does not answer, it shows what was seen last.
func (c *Cart) Look(currency string, m Market) (View, error) {
	currency = cmp.Or(currency, c.Currency, DefaultCurrency)
	v := View{Owner: c.Owner, Currency: currency, Units: c.Units(), Version: c.Version, Subtotal: money.Of(currency, 0)}
	v.Ready = len(c.Lines) > 0 && m.NoOffers == nil && m.NoStock == nil
	for _, l := range c.Lines {
		s, err := l.look(currency, m)
		if err != nil {
			return View{}, fmt.Errorf("line %s of cart %s: %w", l.SKU, c.Owner, err)
		}
		if s.buyable() {
			if v.Subtotal, err = v.Subtotal.Add(s.Total); err != nil {
				return View{}, fmt.Errorf("subtotal of cart %s: %w", c.Owner, err)
			}
		} else {
			v.Ready = false
		}
		v.Lines = append(v.Lines, s)
	}
	return v, nil
}

func (l Line) look(currency string, m Market) (Sight, error) {
	s := Sight{SKU: l.SKU, Quantity: l.Quantity, Seen: m.seen(l.SKU, currency, l.Seen), Added: l.Added}
	if s.Price.Amount.Currency != currency {
		s.Price = Price{}
	}
	if m.NoOffers == nil {
		if _, sold := m.Offers[l.SKU].Prices[currency]; !sold {
			s.Price, s.Changes = Price{}, append(s.Changes, Gone)
		}
	}
	if s.Added.Currency != currency {
		s.Added = s.Price.Amount
	}
	if s.Priced() {
		s.compare()
	}
	if m.NoStock == nil && s.Priced() {
		s.count()
	}
	var err error
	if s.Priced() {
		s.Total, err = s.Price.Amount.Times(int64(l.Quantity))
	}
	return s, err
}

func (s *Sight) compare() {
	switch now := s.Price.Amount.Compare(s.Added); {
	case now > 0:
		s.Changes = append(s.Changes, PriceUp)
	case now < 0:
		s.Changes = append(s.Changes, PriceDown)
	}
}

func (s *Sight) count() {
	switch {
	case s.Stock.covers(int64(s.Quantity)):
	case s.Stock.Available+s.Stock.Left <= 0:
		s.Changes = append(s.Changes, SoldOut)
	default:
		s.Changes = append(s.Changes, Short)
	}
}
