package goods

import (
	"context"
	"strings"
	"time"
)

// Store is where the catalog lives: SQL in goodsdb.
type Store interface {
	// Product finds one by id, else by slug, in any status.
	Product(ctx context.Context, key Key) (Product, error)
	// Products finds published ones; the unknown are left out.
	Products(ctx context.Context, ids []ProductID) ([]Product, error)
	// Selling finds the published products that have the SKUs.
	Selling(ctx context.Context, skus []SKU) ([]Product, error)
	// List returns up to q.Size+1 products after the cursor, and what q was narrowed to.
	List(ctx context.Context, q Query, after *Cursor) ([]Product, Shelf, error)
	ListAny(ctx context.Context, q AdminQuery, after *Cursor) ([]Product, error)

	// Write takes one offer, all or nothing.
	Write(ctx context.Context, o Offer, now time.Time) (Product, error)
	// WriteAll takes offers that do not name the same things, in one transaction.
	// A refused one has its error in its outcome.
	WriteAll(ctx context.Context, offers []Offer, now time.Time) ([]Outcome, error)

	// Categories returns all, with the numbers of their products.
	Categories(ctx context.Context) ([]Category, error)
	// PutCategory stores what decide makes of the tree and the category that
	// there is (nil: none).
	PutCategory(ctx context.Context, key Key, decide func(tree *Tree, old *Category) (Category, error), now time.Time) (Category, error)

	Collections(ctx context.Context) ([]Collection, error)
	PutCollection(ctx context.Context, key Key, decide func(old *Collection) (Collection, error)) (Collection, error)

	Brands(ctx context.Context) ([]Brand, error)
	PutBrand(ctx context.Context, key Key, decide func(old *Brand) (Brand, error), now time.Time) (Brand, error)
}

// Key names something by its id or, without one, by its slug.
type Key struct{ ID, Slug string }

func (k Key) clean() Key { return Key{Line(k.ID), Line(k.Slug)} }

// Clock tells the time.
type Clock interface{ Now() time.Time }

// Desk answers what shoppers and staff ask of the catalog.
type Desk struct {
	store Store
	clock Clock
}

// New returns a desk over a store.
func New(store Store, clock Clock) *Desk { return &Desk{store, clock} }

// Product returns a published product.
func (d *Desk) Product(ctx context.Context, key Key) (Product, error) {
	p, err := d.AnyProduct(ctx, key)
	if err == nil && p.Status != Published {
		return Product{}, ErrNoProduct
	}
	return p, err
}

// AnyProduct returns a product in any status.
func (d *Desk) AnyProduct(ctx context.Context, key Key) (Product, error) {
	return d.store.Product(ctx, key.clean())
}

// Products returns published products in the order asked; the unknown are left out.
func (d *Desk) Products(ctx context.Context, ids []ProductID) ([]Product, error) {
	found, err := d.store.Products(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID := map[ProductID]Product{}
	for _, p := range found {
		byID[p.ID] = p
	}
	var out []Product
	for _, id := range once(ids) {
		if p, ok := byID[id]; ok {
			out = append(out, p)
		}
	}
	return out, nil
}

// Sellable is a variant with what a line of a cart shows of its product.
type Sellable struct {
	Variant Variant
	Product Product
}

// Image is the picture of the variant, else of the product.
func (s Sellable) Image() *Image {
	for _, images := range [][]Image{s.Variant.Images, s.Product.Images} {
		if len(images) > 0 {
			return &images[0]
		}
	}
	return nil
}

// Sellables returns what may be sold, in the order asked; the rest is left out.
func (d *Desk) Sellables(ctx context.Context, skus []SKU) ([]Sellable, error) {
	clean := make([]SKU, len(skus))
	for i, s := range skus {
		clean[i] = SKU(Line(string(s)))
	}
	products, err := d.store.Selling(ctx, clean)
	if err != nil {
		return nil, err
	}
	bySKU := map[SKU]Sellable{}
	for _, p := range products {
		for _, v := range p.Variants {
			bySKU[v.SKU] = Sellable{v, p}
		}
	}
	var out []Sellable
	for _, sku := range once(clean) {
		if s, ok := bySKU[sku]; ok {
			out = append(out, s)
		}
	}
	return out, nil
}

// List returns published products in pages.
func (d *Desk) List(ctx context.Context, q Query) (Page, error) {
	if q.Size <= 0 {
		q.Size = 24
	}
	if q.Currency == "" {
		q.Currency = "USD"
	}
	if q.Sort == "" {
		q.Sort = Newest
	}
	q.Size = min(q.Size, 100)
	q.Category, q.Brand, q.Collection = Line(q.Category), Line(q.Brand), Line(q.Collection)
	wanted := make([]Attribute, len(q.Attributes))
	for i, a := range q.Attributes {
		wanted[i] = Attribute{Fold(Line(a.Name)), Fold(Line(a.Value))}
	}
	q.Attributes = wanted
	filter := q
	filter.Size, filter.Token = 0, ""
	list := fingerprint(filter)
	after, err := ParseToken(q.Token, q.Sort, list)
	if err != nil {
		return Page{}, err
	}
	products, shelf, err := d.store.List(ctx, q, after)
	if err != nil {
		return Page{}, err
	}
	page := cut(products, q.Size, func(p Product) Cursor { return cursorAt(p, q.Sort, list, q.Currency) })
	page.Shelf = shelf
	return page, nil
}

// ListAny returns products in any status, the last changed first.
func (d *Desk) ListAny(ctx context.Context, q AdminQuery) (Page, error) {
	if q.Size <= 0 {
		q.Size = 50
	}
	q.Size, q.Words = min(q.Size, 200), strings.TrimSpace(Line(q.Words))
	filter := q
	filter.Size, filter.Token = 0, ""
	list := fingerprint(filter)
	after, err := ParseToken(q.Token, ByChanged, list)
	if err != nil {
		return Page{}, err
	}
	products, err := d.store.ListAny(ctx, q, after)
	if err != nil {
		return Page{}, err
	}
	return cut(products, q.Size, func(p Product) Cursor { return cursorAt(p, ByChanged, list, "") }), nil
}

// cut makes a page of size from products, which go one beyond it if there are more.
func cut(products []Product, size int, cursor func(Product) Cursor) Page {
	if len(products) <= size {
		return Page{Products: products}
	}
	return Page{Products: products[:size], Next: cursor(products[size-1]).Token()}
}

// Create adds a product.
func (d *Desk) Create(ctx context.Context, p Product) (Product, error) {
	return d.write(ctx, Offer{Plan: Add, Product: p})
}

// Update replaces a product that is as it was when etag was read.
func (d *Desk) Update(ctx context.Context, p Product, etag string) (Product, error) {
	return d.write(ctx, Offer{Plan: Replace, Product: p, Etag: etag})
}

func (d *Desk) write(ctx context.Context, o Offer) (Product, error) {
	o = o.tidy()
	if err := o.check(); err != nil {
		return Product{}, err
	}
	return d.store.Write(ctx, o, d.clock.Now())
}

// Archive takes a product out of sale. Without an etag it does so whatever the
// product has become.
func (d *Desk) Archive(ctx context.Context, id ProductID, etag string) (Product, error) {
	p, err := d.store.Product(ctx, Key{ID: Line(string(id))})
	if err != nil {
		return Product{}, err
	}
	if etag == "" {
		etag = p.Etag()
	}
	p.Status = Archived
	return d.store.Write(ctx, Offer{Plan: Replace, Product: p, Etag: etag}, d.clock.Now())
}
