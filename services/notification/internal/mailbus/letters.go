// Package mailbus hears what happened in the shop and has letters written about it.
package mailbus

import (
	"context"

	"google.golang.org/protobuf/proto"

	accountv1 "github.com/souk-commerce/souk/api/gen/souk/account/v1"
	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/services/notification/internal/mail"
)

// Handlers queue a letter for each event. They are run within the inbox's
// transaction.
func Handlers(desk *mail.Desk) map[string]bus.Handler {
	return map[string]bus.Handler{
		"souk.account.registered": queue(desk, new(accountv1.AccountRegistered), func(e *accountv1.AccountRegistered) mail.Letter {
			return mail.Letter{Template: mail.Welcome, Recipient: e.GetEmail(), Name: e.GetName()}
		}),
		"souk.order.placed":    aboutOrder(desk, new(orderv1.OrderPlaced), mail.OrderConfirmation),
		"souk.order.shipped":   aboutOrder(desk, new(orderv1.OrderShipped), mail.Shipped),
		"souk.order.delivered": aboutOrder(desk, new(orderv1.OrderDelivered), mail.Delivered),
		"souk.order.cancelled": aboutOrder(desk, new(orderv1.OrderCancelled), mail.Cancelled),
	}
}

type orderEvent interface {
	proto.Message
	GetOrder() *orderv1.Order
}

func aboutOrder[E orderEvent](desk *mail.Desk, kind E, t mail.Template) bus.Handler {
	return queue(desk, kind, func(e E) mail.Letter {
		o := e.GetOrder()
		return mail.Letter{Template: t, Recipient: o.GetEmail(), Name: o.GetShippingAddress().GetName(), Order: toOrder(o)}
	})
}

func queue[E proto.Message](desk *mail.Desk, kind E, write func(E) mail.Letter) bus.Handler {
	return func(ctx context.Context, d bus.Delivery) error {
		e := kind.ProtoReflect().New().Interface().(E)
		if err := bus.Decode(d, e); err != nil {
			return err
		}
		err := desk.Queue(ctx, d.ID, write(e))
		if fault.KindOf(err) == fault.Invalid {
			return bus.Poison(err) // nobody can be written to, however often we try
		}
		return err
	}
}
