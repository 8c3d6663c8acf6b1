package find

import (
	"context"
	"slices"
)

// Index keeps an engine in step with what is known: documents by version, and
// whether any of their SKUs is in stock. It is used by one goroutine.
type Index struct {
	engine   Engine
	versions map[string]int64
	docs     map[string]Document
	bySKU    map[string]string // SKU → document
	stock    map[string]bool
	stockAt  map[string]int64
}

// NewIndex returns an index over an empty engine.
func NewIndex(e Engine) *Index {
	return &Index{engine: e, versions: map[string]int64{}, docs: map[string]Document{}, bySKU: map[string]string{}, stock: map[string]bool{}, stockAt: map[string]int64{}}
}

// StockChange is news of one SKU.
type StockChange struct {
	SKU     string
	Version int64
	InStock bool
}

// Apply takes news in. What is known already, or older than it, changes nothing.
func (x *Index) Apply(ctx context.Context, docs []Document, stock []StockChange) error {
	touched := map[string]bool{}
	for _, d := range docs {
		if d.Version <= x.versions[d.ID] {
			continue
		}
		for _, sku := range x.docs[d.ID].SKUs {
			delete(x.bySKU, sku)
		}
		x.versions[d.ID], x.docs[d.ID] = d.Version, d
		for _, sku := range d.SKUs {
			x.bySKU[sku] = d.ID
		}
		touched[d.ID] = true
	}
	for _, s := range stock {
		if s.Version <= x.stockAt[s.SKU] {
			continue
		}
		x.stockAt[s.SKU] = s.Version
		if was, known := x.stock[s.SKU]; known && was == s.InStock {
			continue
		}
		x.stock[s.SKU] = s.InStock
		if id, ok := x.bySKU[s.SKU]; ok {
			touched[id] = true
		}
	}
	if len(touched) == 0 {
		return nil
	}
	put := make([]Document, 0, len(touched))
	for id := range touched {
		d := x.docs[id]
		d.InStock = slices.ContainsFunc(d.SKUs, func(sku string) bool { return x.stock[sku] })
		put = append(put, d)
	}
	return x.engine.Put(ctx, put)
}
