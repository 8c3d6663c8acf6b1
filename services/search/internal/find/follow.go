package find

import (
	"context"
	"slices"
	"time"
)

// Index keeps an engine in step with what is known: documents by version, and
// whether any of their SKUs is in stock. It is used by one goroutine.
type Index struct {
	engine Engine
	docs   map[string]Document
	bySKU  map[string]map[string]bool // SKU → documents; two while it moves from one to the other
	stock  map[string]StockChange
}

// NewIndex returns an index over an empty engine.
func NewIndex(e Engine) *Index {
	return &Index{engine: e, docs: map[string]Document{}, bySKU: map[string]map[string]bool{}, stock: map[string]StockChange{}}
}

// StockChange is news of one SKU.
type StockChange struct {
	SKU     string
	Version int64
	InStock bool
	// When it was remembered.
	Told time.Time
}

// NewDocument tells whether a version of a document, remembered at a time, is news.
func (x *Index) NewDocument(id string, version int64, told time.Time) bool {
	known, ok := x.docs[id]
	return !ok || version > known.Version || told.After(known.Told)
}

// Apply takes news in. What is known already, or older than it, changes nothing.
func (x *Index) Apply(ctx context.Context, docs []Document, stock []StockChange) error {
	touched := map[string]bool{}
	for _, d := range docs {
		if x.NewDocument(d.ID, d.Version, d.Told) {
			x.replace(d)
			touched[d.ID] = true
		}
	}
	for _, s := range stock {
		known, ok := x.stock[s.SKU]
		if ok && s.Version <= known.Version && !s.Told.After(known.Told) {
			continue
		}
		x.stock[s.SKU] = s
		if known.InStock == s.InStock {
			continue
		}
		for id := range x.bySKU[s.SKU] {
			touched[id] = true
		}
	}
	if len(touched) == 0 {
		return nil
	}
	put := make([]Document, 0, len(touched))
	for id := range touched {
		d := x.docs[id]
		d.InStock = slices.ContainsFunc(d.SKUs, func(sku string) bool { return x.stock[sku].InStock })
		put = append(put, d)
	}
	return x.engine.Put(ctx, put)
}

func (x *Index) replace(d Document) {
	for _, sku := range x.docs[d.ID].SKUs {
		delete(x.bySKU[sku], d.ID)
	}
	x.docs[d.ID] = d
	for _, sku := range d.SKUs {
		if x.bySKU[sku] == nil {
			x.bySKU[sku] = map[string]bool{}
		}
		x.bySKU[sku][d.ID] = true
	}
}
