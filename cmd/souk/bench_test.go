package main_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	cartv1 "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	"github.com/souk-commerce/souk/api/gen/souk/cart/v1/cartv1connect"
	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	paymentv1 "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/api/gen/souk/payment/v1/paymentv1connect"
	"github.com/souk-commerce/souk/kit/kittest/ratio"
)

// A purchase in the whole shop, from the cart to the order, paid. Beside it the
// calls that it makes of other services, by somebody who has no order to keep.
func BenchmarkPurchase(b *testing.B) {
	const sku = "KIT001ET-SAGE"
	s := theShop(b)
	s.newStock(sku, 1e6)
	method := s.cardToken("4242424242424242")
	ratio.Of(b, "the calls it makes", buyers(b, func(ctx context.Context) error {
		who := s.buyer()
		req, err := who.request(ctx, sku, method)
		if err != nil {
			return err
		}
		c, err := who.place(ctx, req)
		if err == nil && c.GetState() != orderv1.CheckoutState_CHECKOUT_STATE_PLACED {
			err = fmt.Errorf("checkout %v", c)
		}
		return err
	}), buyers(b, s.calls(sku, method)))
}

// buyers buy four at a time.
func buyers(b *testing.B, buy func(context.Context) error) ratio.Side {
	var all [4]ratio.Side
	for i := range all {
		all[i] = func(n int) {
			for range n {
				if err := buy(b.Context()); err != nil {
					b.Error(err)
					return
				}
			}
		}
	}
	return ratio.Together(all[:]...)
}

// calls are what the order service asks others for when somebody buys.
func (s *shop) calls(sku, method string) func(context.Context) error {
	carts := cartv1connect.NewCartServiceClient(s.service(), s.parts["cart"])
	products := catalogv1connect.NewProductServiceClient(s.service(), s.parts["catalog"])
	holds := inventoryv1connect.NewReservationServiceClient(s.service(), s.parts["inventory"])
	payments := paymentv1connect.NewPaymentServiceClient(s.service(), s.parts["payment"])
	return func(ctx context.Context) error {
		who, id := s.buyer(), uuid.NewString()
		req, err := who.request(ctx, sku, method)
		if err != nil {
			return err
		}
		if _, err := carts.GetCartFor(ctx, &cartv1.GetCartForRequest{Owner: who.id, CurrencyCode: "USD"}); err != nil {
			return err
		}
		if _, err := products.BatchGetVariants(ctx, &catalogv1.BatchGetVariantsRequest{Skus: []string{sku}}); err != nil {
			return err
		}
		if _, err := holds.Reserve(ctx, &inventoryv1.ReserveRequest{ReservationId: id, Lines: []*inventoryv1.StockLine{{Sku: sku, Units: 1}}}); err != nil {
			return err
		}
		paid, err := payments.Authorize(ctx, &paymentv1.AuthorizeRequest{PaymentId: id, Amount: req.GetExpectedTotal(), PaymentMethod: method})
		if err != nil {
			return err
		}
		if paid.GetPayment().GetState() != paymentv1.PaymentState_PAYMENT_STATE_AUTHORIZED {
			return fmt.Errorf("payment %v", paid)
		}
		if _, err := payments.Capture(ctx, &paymentv1.CaptureRequest{PaymentId: id}); err != nil {
			return err
		}
		_, err = holds.Commit(ctx, &inventoryv1.CommitRequest{ReservationId: id, OrderId: id})
		return err
	}
}
