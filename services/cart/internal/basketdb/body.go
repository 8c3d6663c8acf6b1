package basketdb

import (
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/services/cart/internal/basket"
)

// The lines of a cart as they are stored: CBOR (RFC 8949) with numbers for names.
// A number is never used for another thing.
type (
	line struct {
		SKU      basket.SKU `cbor:"1,keyasint"`
		Quantity int32      `cbor:"2,keyasint"`
		Added    amount     `cbor:"3,keyasint,omitempty"`
		// In microseconds since 1970.
		AddedAt   int64  `cbor:"4,keyasint,omitempty"`
		ProductID string `cbor:"5,keyasint,omitempty"`
		Slug      string `cbor:"6,keyasint,omitempty"`
		Title     string `cbor:"7,keyasint,omitempty"`
		Variant   string `cbor:"8,keyasint,omitempty"`
		Image     string `cbor:"9,keyasint,omitempty"`
		Price     amount `cbor:"10,keyasint,omitempty"`
		CompareAt amount `cbor:"11,keyasint,omitempty"`
		Available int64  `cbor:"12,keyasint,omitempty"`
		Backorder bool   `cbor:"13,keyasint,omitempty"`
		Left      int64  `cbor:"14,keyasint,omitempty"`
	}
	amount struct {
		Currency string `cbor:"1,keyasint,omitempty"`
		Minor    int64  `cbor:"2,keyasint,omitempty"`
	}
)

func pack(lines []basket.Line) ([]byte, error) {
	packed := make([]line, len(lines))
	for n, l := range lines {
		w := l.Seen.Ware
		packed[n] = line{
			SKU: l.SKU, Quantity: l.Quantity, Added: amount(l.Added), ProductID: w.ProductID, Slug: w.Slug, Title: w.Title, Variant: w.Variant, Image: w.Image,
			Price: amount(l.Seen.Price.Amount), CompareAt: amount(l.Seen.Price.CompareAt), Available: l.Seen.Stock.Available, Backorder: l.Seen.Stock.Backorder, Left: l.Seen.Stock.Left,
		}
		if !l.AddedAt.IsZero() {
			packed[n].AddedAt = l.AddedAt.UnixMicro()
		}
	}
	return cbor.Marshal(packed)
}

func unpack(body []byte) ([]basket.Line, error) {
	var packed []line
	if err := cbor.Unmarshal(body, &packed); err != nil {
		return nil, err
	}
	lines := make([]basket.Line, len(packed))
	for n, l := range packed {
		lines[n] = basket.Line{SKU: l.SKU, Quantity: l.Quantity, Added: money.Amount(l.Added), Seen: basket.Seen{
			Ware:  basket.Ware{ProductID: l.ProductID, Slug: l.Slug, Title: l.Title, Variant: l.Variant, Image: l.Image},
			Price: basket.Price{Amount: money.Amount(l.Price), CompareAt: money.Amount(l.CompareAt)},
			Stock: basket.Stock{Available: l.Available, Backorder: l.Backorder, Left: l.Left},
		}}
		if l.AddedAt != 0 {
			lines[n].AddedAt = time.UnixMicro(l.AddedAt).UTC()
		}
	}
	return lines, nil
}
