// Package basketbus hears what was bought.
package basketbus

import (
	"context"

	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/services/cart/internal/basket"
)

// Handlers returns what cart listens to.
func Handlers(desk *basket.Desk) map[string]bus.Handler {
	return map[string]bus.Handler{
		"souk.order.placed": func(ctx context.Context, d bus.Delivery) error {
			var e orderv1.OrderPlaced
			if err := bus.Decode(d, &e); err != nil {
				return err
			}
			units := map[basket.SKU]int32{}
			for _, l := range e.GetOrder().GetLines() {
				units[basket.SKU(l.GetSku())] += l.GetQuantity()
			}
			return desk.Bought(ctx, basket.Owner(e.GetOwner()), units)
		},
	}
}
