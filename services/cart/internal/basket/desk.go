package basket

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/souk-commerce/souk/kit/clock"
)

// Store is where carts are kept.
type Store interface {
	// Carts returns an owner's cart and that of the guest they were; one that is
	// not there has version 0.
	Carts(ctx context.Context, owner, guest Owner) (own, guests Cart, err error)
	// Change stores what f leaves in a cart when its version has grown, and returns
	// it. Known is the owner's cart as it was read just now; f gets what it is then.
	// A call that is repeated changes nothing and returns the cart. The database may
	// ask for a second try, so f can run more than once.
	Change(ctx context.Context, known Cart, f func(*Cart) error) (Cart, error)
	// Merge removes the guest's cart and stores what f leaves in the owner's; f is
	// not run when there is no guest's cart any more.
	Merge(ctx context.Context, owner, guest Owner, f func(own *Cart, guests Cart)) (Cart, error)
	// Bought stores what f leaves in the owner's cart, or in the cart that the
	// owner's was merged into.
	Bought(ctx context.Context, owner Owner, f func(*Cart)) error
	// Touch notes that a cart was used.
	Touch(ctx context.Context, owner Owner, now time.Time) error
	// Sweep removes carts that were not used since, and forgets as old merges.
	Sweep(ctx context.Context, since time.Time) error
}

// Catalog says what is sold.
type Catalog interface {
	// Offers returns the offers there are; SKUs that are not sold are left out.
	Offers(ctx context.Context, skus []SKU) (map[SKU]Offer, error)
}

// Inventory says what can be had.
type Inventory interface {
	Stock(ctx context.Context, skus []SKU) (map[SKU]Stock, error)
}

// Deps is what a Desk needs.
type Deps struct {
	Store     Store
	Catalog   Catalog
	Inventory Inventory
	Clock     clock.Clock
	// How many lines a cart may have.
	Lines int
	// For how long a cart is kept that nobody uses.
	Keep time.Duration
	// Degraded hears why a cart was shown as it was last seen.
	Degraded func(ctx context.Context, err error)
}

// Desk is what can be asked for.
type Desk struct{ Deps }

// New returns a desk.
func New(d Deps) *Desk { return &Desk{d} }

// Who is somebody with a cart.
type Who struct {
	Owner Owner
	// The guest they were before signing in, if any.
	Guest Owner
}

const (
	// How long a shopper waits for the market before the cart is shown without it.
	patience = 2 * time.Second
	// How exactly the last use is known.
	touchEvery = 24 * time.Hour
)

// Cart shows the caller's cart. A currency other than the cart's becomes the
// cart's when the market can tell the prices in it.
func (d *Desk) Cart(ctx context.Context, who Who, currency string) (View, error) {
	c, err := d.own(ctx, who)
	if err != nil {
		return View{}, err
	}
	if c.Version == 0 {
		return c.Look(currency, Market{})
	}
	m := d.market(ctx, c.SKUs())
	if currency != "" && currency != c.Currency && m.NoOffers == nil {
		c, err = d.change(ctx, c, m, func(c *Cart) error { c.Choose(currency, m); return nil })
		if err != nil {
			return View{}, err
		}
	} else if now := d.Clock.Now(); now.Sub(c.Touched) > touchEvery {
		if err := d.Store.Touch(ctx, who.Owner, now); err != nil {
			return View{}, err
		}
	}
	return d.show(ctx, c, m)
}

// CartOf shows an owner's cart to somebody else; it changes nothing.
func (d *Desk) CartOf(ctx context.Context, owner Owner, currency string) (View, error) {
	c, _, err := d.Store.Carts(ctx, owner, "")
	if err != nil {
		return View{}, err
	}
	m := d.market(ctx, c.SKUs())
	if m.NoOffers != nil {
		currency = ""
	}
	return c.Look(currency, m)
}

// LinesOf is like CartOf, for those who ask the market themselves: it knows no
// prices, and is not ready.
func (d *Desk) LinesOf(ctx context.Context, owner Owner, currency string) (View, error) {
	c, _, err := d.Store.Carts(ctx, owner, "")
	if err != nil {
		return View{}, err
	}
	v := View{Owner: owner, Currency: cmp.Or(currency, c.Currency, DefaultCurrency), Units: c.Units(), Version: c.Version}
	for _, l := range c.Lines {
		v.Lines = append(v.Lines, Sight{SKU: l.SKU, Quantity: l.Quantity})
	}
	return v, nil
}

// Add puts units of a SKU into the cart.
func (d *Desk) Add(ctx context.Context, who Who, sku SKU, units int32, currency string) (View, error) {
	if strings.ContainsRune(string(sku), 0) {
		return View{}, ErrUnknown // databases cannot even be asked
	}
	return d.do(ctx, who, sku, func(c *Cart, m Market) error {
		if currency != "" && m.NoOffers == nil {
			c.Choose(currency, m)
		}
		return c.Add(sku, units, d.Lines, m, d.Clock.Now())
	})
}

// Set gives a line another number of units.
func (d *Desk) Set(ctx context.Context, who Who, sku SKU, units int32) (View, error) {
	return d.do(ctx, who, "", func(c *Cart, m Market) error { return c.Set(sku, units, m) })
}

// Remove takes a line out of the cart.
func (d *Desk) Remove(ctx context.Context, who Who, sku SKU) (View, error) {
	return d.do(ctx, who, "", func(c *Cart, _ Market) error { c.Remove(sku); return nil })
}

// Bought takes what was bought out of the owner's cart. A guest who has signed in
// meanwhile has it in the shopper's.
func (d *Desk) Bought(ctx context.Context, owner Owner, units map[SKU]int32) error {
	return d.Store.Bought(ctx, owner, func(c *Cart) {
		c.Bought(units)
		c.Touched = d.Clock.Now()
	})
}

// Sweep removes carts that nobody used for long.
func (d *Desk) Sweep(ctx context.Context) error {
	return d.Store.Sweep(ctx, d.Clock.Now().Add(-d.Keep))
}

// own returns the caller's cart, with that of the guest they were merged into it.
func (d *Desk) own(ctx context.Context, who Who) (Cart, error) {
	if who.Guest == who.Owner {
		who.Guest = ""
	}
	own, guests, err := d.Store.Carts(ctx, who.Owner, who.Guest)
	if err != nil || guests.Version == 0 {
		return own, err
	}
	return d.Store.Merge(ctx, who.Owner, who.Guest, func(own *Cart, guests Cart) {
		own.Merge(guests, d.Lines)
		own.Touched = d.Clock.Now()
	})
}

// do changes the caller's cart and shows it. The market is asked before the
// transaction, since that may run again; a repeated call is shown the cart even
// when the market has closed meanwhile.
func (d *Desk) do(ctx context.Context, who Who, more SKU, f func(*Cart, Market) error) (View, error) {
	c, err := d.own(ctx, who)
	if err != nil {
		return View{}, err
	}
	skus := c.SKUs()
	if more != "" && c.line(more) == nil {
		skus = append(skus, more)
	}
	m := d.market(ctx, skus)
	c, err = d.change(ctx, c, m, func(c *Cart) error { return f(c, m) })
	if err != nil {
		return View{}, err
	}
	return d.show(ctx, c, m)
}

func (d *Desk) change(ctx context.Context, known Cart, m Market, f func(*Cart) error) (Cart, error) {
	return d.Store.Change(ctx, known, func(c *Cart) error {
		if err := f(c); err != nil {
			return err
		}
		c.Touched = d.Clock.Now()
		c.Note(m)
		return nil
	})
}

// show looks at a cart in the market, and asks again when somebody added to the
// cart meanwhile.
func (d *Desk) show(ctx context.Context, c Cart, m Market) (View, error) {
	if !m.knows(&c) {
		m = d.market(ctx, c.SKUs())
	}
	return c.Look("", m)
}

// market asks catalog and inventory at once, and not for long.
func (d *Desk) market(ctx context.Context, skus []SKU) Market {
	m := Market{Asked: map[SKU]bool{}}
	if len(skus) == 0 {
		return m
	}
	for _, sku := range skus {
		m.Asked[sku] = true
	}
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var both sync.WaitGroup
	both.Go(func() { m.Offers, m.NoOffers = d.Catalog.Offers(asking, skus) })
	both.Go(func() { m.Stock, m.NoStock = d.Inventory.Stock(asking, skus) })
	both.Wait()
	if err := errors.Join(m.NoOffers, m.NoStock); err != nil && ctx.Err() == nil {
		d.Degraded(ctx, err)
	}
	return m
}
