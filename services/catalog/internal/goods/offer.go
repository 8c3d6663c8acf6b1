package goods

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Plan says what an offer is to become.
type Plan uint8

// The plans.
const (
	Add     Plan = iota + 1 // a new product
	Replace                 // the product with this id, if it is as it was read
	Upsert                  // the product that matches, else a new one
)

// Offer is a product that somebody wants in the shop. Its brand is given by id,
// else by name; a brand of that name is made when there is none.
type Offer struct {
	Plan    Plan
	Product Product
	// For Replace: the etag that was read.
	Etag string
	// What a new product becomes that has no status; a draft when empty.
	NewStatus Status
	// Names from the root down to one more category; what is missing is made.
	Path []string
	// The caller's own number.
	Reference int64
}

// Outcome is what became of an offer.
type Outcome struct {
	Reference int64
	Product   Product
	// Created and Changed are both false when the product was so already.
	Created, Changed bool
	Err              error
}

func (o Offer) tidy() Offer {
	o.Product = o.Product.Tidy()
	var path []string
	for _, name := range o.Path {
		if name = Line(name); name != "" {
			path = append(path, name)
		}
	}
	o.Path = path
	return o
}

func (o Offer) check() error {
	if len(o.Path) > Deepest {
		return errProduct.On("category_path", "The tree would be too deep.")
	}
	if o.Plan == Replace && o.Etag == "" {
		return errProduct.On("etag", "Send the etag that was read.")
	}
	return o.Product.Check()
}

// Known is where offers look for what is in the shop already.
type Known struct {
	ByID       map[ProductID]*Product
	ByExternal map[string]*Product
	BySlug     map[string]*Product
	BySKU      map[SKU]*Product
}

// Match finds the product that an offer is about; nil means a new one. Nobody
// takes another product's SKU, slug or external id.
func (k Known) Match(o Offer) (*Product, error) {
	var found *Product
	switch o.Plan {
	case Replace:
		if found = k.ByID[o.Product.ID]; found == nil {
			return nil, ErrNoProduct
		}
		if found.Etag() != o.Etag {
			return nil, ErrChanged
		}
	case Upsert:
		var err error
		if found, err = k.search(o.Product); err != nil {
			return nil, err
		}
	}
	other := func(p *Product) bool { return p != nil && (found == nil || p.ID != found.ID) }
	for _, sku := range o.Product.SKUs() {
		if other(k.BySKU[sku]) {
			return nil, ErrSKUTaken.Saying("The SKU %q belongs to another product.", string(sku)).About("sku", string(sku))
		}
	}
	if o.Product.Slug != "" && other(k.BySlug[o.Product.Slug]) {
		return nil, ErrSlugTaken
	}
	if o.Product.ExternalID != "" && other(k.ByExternal[o.Product.ExternalID]) {
		return nil, ErrExternalTaken
	}
	return found, nil
}

// search looks by external id, else slug, else SKU. A product that has another
// external id is somebody else.
func (k Known) search(p Product) (*Product, error) {
	if found := k.ByExternal[p.ExternalID]; found != nil && p.ExternalID != "" {
		return found, nil
	}
	same := func(found *Product) bool {
		return found != nil && (p.ExternalID == "" || found.ExternalID == "")
	}
	if found := k.BySlug[p.Slug]; same(found) && p.Slug != "" {
		return found, nil
	}
	for _, sku := range p.SKUs() {
		if found := k.BySKU[sku]; same(found) {
			return found, nil
		}
	}
	return nil, nil
}

// Become returns what the offer makes of the product it matched, and whether
// that is different. An upsert leaves alone what it does not name: slug,
// status, external id and collections.
func (o Offer) Become(old *Product, now time.Time) (next Product, changed bool) {
	next, now = o.Product, now.Truncate(time.Microsecond)
	next.Breadcrumb = nil
	if old == nil {
		next.ID, next.Version, next.Created, next.Updated = ProductID(uuid.NewString()), 1, now, now
		next.Status = cmp.Or(next.Status, o.NewStatus, Draft)
		next.Variants = named(next.Variants, nil)
		return next, true
	}
	next.ID, next.Version, next.Created, next.Updated = old.ID, old.Version, old.Created, old.Updated
	if next.Slug == "" {
		next.Slug = old.Slug
	}
	if next.Status == "" {
		next.Status = old.Status
	}
	if o.Plan == Upsert {
		if next.ExternalID == "" {
			next.ExternalID = old.ExternalID
		}
		if len(next.Collections) == 0 {
			next.Collections = old.Collections
		}
	}
	next.Variants = named(next.Variants, old.Variants)
	if next.same(*old) {
		return *old, false
	}
	next.Version, next.Updated = old.Version+1, now
	return next, true
}

// named gives variants their ids: the one they had, by id or SKU, else a new one.
func named(variants, old []Variant) []Variant {
	out := slices.Clone(variants)
	free := map[VariantID]bool{}
	bySKU := map[SKU]VariantID{}
	for _, v := range old {
		free[v.ID], bySKU[v.SKU] = true, v.ID
	}
	for i, v := range out {
		if free[v.ID] {
			free[v.ID] = false
		} else {
			out[i].ID = ""
		}
	}
	for i, v := range out {
		if v.ID != "" {
			continue
		}
		if id := bySKU[v.SKU]; free[id] {
			out[i].ID, free[id] = id, false
		} else {
			out[i].ID = VariantID(uuid.NewString())
		}
	}
	return out
}

// same compares what people wrote, not when and how often.
func (p Product) same(other Product) bool {
	return string(p.content()) == string(other.content())
}

func (p Product) content() []byte {
	p.Version, p.Created, p.Updated, p.Breadcrumb = 0, time.Time{}, time.Time{}, nil
	p.Brand = Brand{ID: p.Brand.ID}
	raw, err := json.Marshal(p)
	if err != nil {
		panic("goods: a product is plain data: " + err.Error())
	}
	return raw
}
