package goods

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// Sort is the order of a list.
type Sort string

// The orders. Changed is the admin's.
const (
	Newest    Sort = "newest"
	Cheapest  Sort = "cheapest"
	Dearest   Sort = "dearest"
	ByTitle   Sort = "title"
	ByChanged Sort = "changed"
)

// Query asks for published products.
type Query struct {
	// By id or slug; empty means any.
	Category, Brand, Collection string
	// For price filters and price orders; empty means USD.
	Currency string
	// In minor units; 0 is open.
	Min, Max int64
	// Products that have each of these, as an attribute or as a choice.
	Attributes []Attribute
	Sort       Sort
	Size       int
	Token      string
}

// AdminQuery asks for products in any status, or in one.
type AdminQuery struct {
	Status Status
	// Words in the title, or a SKU.
	Words string
	Size  int
	Token string
}

// Page is a part of a list. Next is empty on the last one. Shelf names what the
// list was taken from, once resolved.
type Page struct {
	Products []Product
	Next     string
	Shelf    Shelf
}

// Shelf is what a list was narrowed to.
type Shelf struct {
	Category   CategoryID
	Brand      BrandID
	Collection CollectionID
}

// Cursor is the last product of the page before.
type Cursor struct {
	Sort Sort `json:"s"`
	// Of the filters: a cursor fits only the list it came from.
	List string `json:"l"`
	// The key it is sorted by: a time, a price, or a title.
	Number int64     `json:"n,omitempty"`
	Text   string    `json:"t,omitempty"`
	ID     ProductID `json:"i"`
}

// longestToken is what the API lets through.
const longestToken = 1000

// Token writes the cursor as an opaque word.
func (c Cursor) Token() string {
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c); err != nil {
		panic("goods: a cursor is plain data: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strings.TrimSuffix(text.String(), "\n")))
}

// ParseToken reads what Token wrote for the same list; nil is the beginning.
func ParseToken(token string, sort Sort, list string) (*Cursor, error) {
	if token == "" {
		return nil, nil
	}
	if len(token) > longestToken {
		return nil, ErrPageToken
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil, ErrPageToken
	}
	var c Cursor
	if json.Unmarshal(raw, &c) != nil || c.Sort != sort || c.List != list || !idFormat.MatchString(string(c.ID)) {
		return nil, ErrPageToken
	}
	if c.Text != titleKey(c.Text) || c.Number < 0 {
		return nil, ErrPageToken
	}
	return &c, nil
}

// fingerprint tells lists apart, whatever page they are on.
func fingerprint(filter any) string {
	raw, err := json.Marshal(filter)
	if err != nil {
		panic("goods: a filter is plain data: " + err.Error())
	}
	sum := sha256.Sum256(raw)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// cursorAt stands behind p.
func cursorAt(p Product, sort Sort, list, currency string) Cursor {
	c := Cursor{Sort: sort, List: list, ID: p.ID}
	switch sort {
	case Newest:
		c.Number = p.Created.UnixMicro()
	case ByChanged:
		c.Number = p.Updated.UnixMicro()
	case Cheapest, Dearest:
		c.Number, _ = p.Lowest(currency)
	case ByTitle:
		c.Text = p.TitleKey()
	}
	return c
}

// Time is the cursor's number as a time.
func (c Cursor) Time() time.Time { return time.UnixMicro(c.Number).UTC() }

// Lowest is the lowest price of the variants in a currency.
func (p Product) Lowest(currency string) (minor int64, ok bool) {
	for _, v := range p.Variants {
		for _, price := range v.Prices {
			if price.Amount.Currency == currency && (!ok || price.Amount.Minor < minor) {
				minor, ok = price.Amount.Minor, true
			}
		}
	}
	return minor, ok
}

// TitleKey is what titles are sorted and searched by. It is short enough for a
// page token.
func (p Product) TitleKey() string { return titleKey(p.Title) }

func titleKey(title string) string {
	key := []rune(Fold(strings.ReplaceAll(strings.ToValidUTF8(title, ""), "\x00", "")))
	return strings.TrimSpace(string(key[:min(len(key), 100)]))
}

// Facts lists everything that a product can be filtered by: its attributes, its
// variants', and the choices that there are.
func (p Product) Facts() []Attribute {
	all := append([]Attribute(nil), p.Attributes...)
	for _, v := range p.Variants {
		all = append(all, v.Attributes...)
		for _, c := range v.Choices {
			all = append(all, Attribute{c.Option, c.Value})
		}
	}
	for i, a := range all {
		all[i] = Attribute{Fold(a.Name), Fold(a.Value)}
	}
	return once(all)
}
