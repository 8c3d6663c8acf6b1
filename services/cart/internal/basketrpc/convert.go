package basketrpc

import (
	"github.com/souk-commerce/souk/api/money"

	pb "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/services/cart/internal/basket"
)

var changes = map[basket.Change]pb.LineChange{
	basket.PriceUp:   pb.LineChange_LINE_CHANGE_PRICE_UP,
	basket.PriceDown: pb.LineChange_LINE_CHANGE_PRICE_DOWN,
	basket.Short:     pb.LineChange_LINE_CHANGE_SHORT,
	basket.SoldOut:   pb.LineChange_LINE_CHANGE_SOLD_OUT,
	basket.Gone:      pb.LineChange_LINE_CHANGE_GONE,
}

func fromView(v basket.View) *pb.Cart {
	c := &pb.Cart{
		Id: string(v.Owner), CurrencyCode: v.Currency, Subtotal: fromAmount(v.Subtotal), Units: v.Units, Version: v.Version, Ready: v.Ready,
	}
	for _, s := range v.Lines {
		c.Lines = append(c.Lines, fromSight(s))
	}
	return c
}

func fromSight(s basket.Sight) *pb.CartLine {
	l := &pb.CartLine{
		Sku: string(s.SKU), Quantity: s.Quantity, ProductId: s.Ware.ProductID, ProductSlug: s.Ware.Slug, Title: s.Ware.Title,
		VariantTitle: s.Ware.Variant, ImageUrl: s.Ware.Image, UnitPrice: fromAmount(s.Price.Amount), CompareAt: fromAmount(s.Price.CompareAt),
		AddedUnitPrice: fromAmount(s.Added), LineTotal: fromAmount(s.Total), Available: s.Stock.Available, Backorder: s.Stock.Backorder,
	}
	for _, c := range s.Changes {
		l.Changes = append(l.Changes, changes[c])
	}
	return l
}

// fromAmount leaves out what has no currency: there is none.
func fromAmount(a money.Amount) *typev1.Money {
	if a.Currency == "" {
		return nil
	}
	return &typev1.Money{CurrencyCode: a.Currency, MinorUnits: a.Minor}
}
