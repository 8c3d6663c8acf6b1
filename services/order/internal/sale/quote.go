package sale

import (
	"context"
	"errors"

	"github.com/souk-commerce/souk/api/money"
)

// Wanted is a line of a cart.
type Wanted struct {
	SKU      string
	Quantity int64
}

// Quote is what a cart costs when it is sent to an address.
type Quote struct {
	Lines      []Line
	Deliveries []Delivery
	// The one that the totals are of.
	Delivery Delivery
	Totals   Totals
	Currency string
}

// Market is where lines and their prices come from.
type Market interface {
	// Cart returns what an owner wants, and in which currency when none is given.
	Cart(ctx context.Context, owner, currency string) (wanted []Wanted, inCurrency string, err error)
	// Offers returns lines of one unit at today's prices in a currency, by SKU. What
	// is not sold is left out.
	Offers(ctx context.Context, skus []string, currency string) (map[string]Line, error)
}

// quote prices an owner's cart. An empty delivery means the first there is.
func (d *Desk) quote(ctx context.Context, owner, currency, delivery string, to Address) (Quote, error) {
	wanted, currency, err := d.Market.Cart(ctx, owner, currency)
	if err != nil {
		return Quote{}, err
	}
	if len(wanted) == 0 {
		return Quote{}, ErrCartEmpty
	}
	skus := make([]string, len(wanted))
	for n, w := range wanted {
		skus[n] = w.SKU
	}
	offers, err := d.Market.Offers(ctx, skus, currency)
	if err != nil {
		return Quote{}, err
	}
	q := Quote{Currency: currency}
	for _, w := range wanted {
		line, ok := offers[w.SKU]
		if !ok {
			return Quote{}, ErrCartChanged.About("sku", w.SKU)
		}
		line.Quantity = w.Quantity
		q.Lines = append(q.Lines, line)
	}
	err = q.price(delivery, to)
	return q, err
}

// price adds everything up.
func (q *Quote) price(delivery string, to Address) error {
	err := q.add(delivery, to)
	if errors.Is(err, money.ErrRange) {
		return ErrTooMuch.Because(err)
	}
	return err
}

func (q *Quote) add(delivery string, to Address) (err error) {
	none := money.Of(q.Currency, 0)
	tax := taxAt(to)
	t := Totals{Items: none, Shipping: none, Tax: none, Total: none, Included: none, Rate: uint64(tax.rate)}
	taxes := none
	for n := range q.Lines {
		l := &q.Lines[n]
		if l.Total, err = l.UnitPrice.Times(l.Quantity); err != nil {
			return err
		}
		if l.Tax, err = tax.of(l.Total); err != nil {
			return err
		}
		if t.Items, err = t.Items.Add(l.Total); err != nil {
			return err
		}
		if taxes, err = taxes.Add(l.Tax); err != nil {
			return err
		}
	}
	if q.Deliveries = DeliveriesTo(to, t.Items); len(q.Deliveries) == 0 {
		return ErrCurrency
	}
	if q.Delivery, err = choose(q.Deliveries, delivery); err != nil {
		return err
	}
	t.Shipping = q.Delivery.Price
	if tax.included {
		ofShipping, err := tax.of(t.Shipping)
		if err != nil {
			return err
		}
		if t.Included, err = taxes.Add(ofShipping); err != nil {
			return err
		}
	} else {
		t.Tax = taxes
	}
	t.Total, err = money.Sum(t.Items, t.Shipping, t.Tax)
	q.Totals = t
	return err
}

func choose(all []Delivery, id string) (Delivery, error) {
	if id == "" {
		return all[0], nil
	}
	for _, d := range all {
		if d.ID == id {
			return d, nil
		}
	}
	return Delivery{}, ErrDelivery
}

// Quote prices an owner's cart for an address. Without a country it is priced
// for the shop's own; a delivery that does not go there gives way to one that does.
func (d *Desk) Quote(ctx context.Context, owner, currency, delivery string, to Address) (Quote, error) {
	if to.Country == "" {
		to = Address{Country: d.Home}
	} else if err := taxable(to); err != nil {
		return Quote{}, err
	}
	q, err := d.quote(ctx, owner, currency, delivery, to)
	if errors.Is(err, ErrDelivery) {
		err = q.price("", to)
	}
	return q, err
}
