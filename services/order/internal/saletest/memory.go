package saletest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/souk-commerce/souk/services/order/internal/sale"
)

// Memory is a sale.Store for a shopper or two: it has no lists of all orders. It
// keeps everything as JSON, as the database does.
type Memory struct {
	sale.Store
	mu        sync.Mutex
	checkouts map[string]*row
	orders    map[string][]byte
}

type row struct {
	body, wish []byte
	lease      sale.Lease
}

// NewMemory returns a store that is empty.
func NewMemory() *Memory { return &Memory{checkouts: map[string]*row{}, orders: map[string][]byte{}} }

func write(what any) []byte {
	text, err := json.Marshal(what)
	if err != nil {
		panic(err)
	}
	return text
}

func read[T any](text []byte) (what T) {
	if err := json.Unmarshal(text, &what); err != nil {
		panic(err)
	}
	return what
}

// Begin implements sale.Store.
func (m *Memory) Begin(_ context.Context, c sale.Checkout, l sale.Lease, first func(*sale.Checkout)) (sale.Checkout, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.checkouts[c.ID]
	if !ok {
		wish := write(c.Wish)
		if first != nil {
			first(&c)
		}
		m.checkouts[c.ID] = &row{write(c), wish, unless(c, l)}
		return c, true, nil
	}
	kept := read[sale.Checkout](known.body)
	if kept.Owner == c.Owner && !slices.Equal(known.wish, write(c.Wish)) {
		return sale.Checkout{}, false, sale.ErrDiffers
	}
	return kept, false, nil
}

// Claim implements sale.Store.
func (m *Memory) Claim(_ context.Context, id string, l sale.Lease, now time.Time) (c sale.Checkout, held bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.checkouts[id]
	if !ok {
		return c, false, sale.ErrNoCheckout
	}
	c = read[sale.Checkout](r.body)
	if held = c.Step != sale.StepEnded && !r.lease.Until.After(now); held {
		r.lease = l
	}
	return c, held, nil
}

// Move implements sale.Store.
func (m *Memory) Move(_ context.Context, id string, l sale.Lease, f func(*sale.Checkout) sale.Effects) (sale.Checkout, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.checkouts[id]
	if !ok || r.lease.Holder != l.Holder {
		return sale.Checkout{}, sale.ErrLost
	}
	c := read[sale.Checkout](r.body)
	if err := m.do(&c, f(&c)); err != nil {
		return c, err
	}
	r.body, r.lease = write(c), unless(c, l)
	return read[sale.Checkout](r.body), nil
}

// unless is the lease, or none when the checkout has ended.
func unless(c sale.Checkout, l sale.Lease) sale.Lease {
	if c.Step == sale.StepEnded {
		return sale.Lease{}
	}
	return l
}

func (m *Memory) do(c *sale.Checkout, e sale.Effects) error {
	switch {
	case e.Place != nil:
		for _, text := range m.orders {
			if o := read[sale.Order](text); o.Checkout == e.Place.Checkout {
				return errors.New("a checkout has one order")
			}
		}
		m.orders[e.Place.ID] = write(e.Place)
	case e.Complete:
		return m.change(c.OrderID, func(o *sale.Order) error { o.Complete(c.Due); return nil })
	case e.Cancel != "":
		return m.change(c.OrderID, func(o *sale.Order) error { return o.Cancel(c.Due, "system", e.Cancel) })
	case e.Undone:
		return m.change(c.OrderID, func(o *sale.Order) error { o.Undone(c.Due); return nil })
	}
	return nil
}

func (m *Memory) change(id string, f func(*sale.Order) error) error {
	text, ok := m.orders[id]
	if !ok {
		return sale.ErrNoOrder
	}
	o := read[sale.Order](text)
	if err := f(&o); err != nil {
		return err
	}
	m.orders[id] = write(o)
	return nil
}

// LetGo implements sale.Store.
func (m *Memory) LetGo(_ context.Context, id, holder string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.checkouts[id]; ok && r.lease.Holder == holder {
		r.lease = sale.Lease{}
	}
	return nil
}

// Checkout implements sale.Store.
func (m *Memory) Checkout(_ context.Context, id string) (sale.Checkout, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.checkouts[id]; ok {
		return read[sale.Checkout](r.body), nil
	}
	return sale.Checkout{}, sale.ErrNoCheckout
}

// Due implements sale.Store.
func (m *Memory) Due(_ context.Context, now time.Time, most int) (ids []string, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, r := range m.checkouts {
		c := read[sale.Checkout](r.body)
		if c.Step != sale.StepEnded && !c.Due.After(now) && !r.lease.Until.After(now) && len(ids) < most {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// Order implements sale.Store.
func (m *Memory) Order(_ context.Context, id string) (sale.Order, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if text, ok := m.orders[id]; ok {
		return read[sale.Order](text), nil
	}
	return sale.Order{}, sale.ErrNoOrder
}

// Shown implements sale.Store: nobody looks orders up.
func (m *Memory) Shown(context.Context, string, []string, time.Time) (bool, error) { return false, nil }

// OrdersOf implements sale.Store; it knows one page.
func (m *Memory) OrdersOf(_ context.Context, owners []string, _ sale.Page) (all []sale.Order, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, text := range m.orders {
		if o := read[sale.Order](text); slices.Contains(owners, o.Owner) {
			all = append(all, o)
		}
	}
	return all, nil
}

// ChangeOrder implements sale.Store.
func (m *Memory) ChangeOrder(_ context.Context, id string, now time.Time, f func(*sale.Order) error) (o sale.Order, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var before sale.Status
	if err := m.change(id, func(o *sale.Order) error { before = o.Status; return f(o) }); err != nil {
		return o, err
	}
	if o = read[sale.Order](m.orders[id]); o.Status == sale.Cancelled && before != sale.Cancelled && o.ByCheckout {
		r := m.checkouts[o.Checkout]
		c := read[sale.Checkout](r.body)
		c.CancelOrder(now)
		r.body = write(c)
	}
	return o, nil
}
