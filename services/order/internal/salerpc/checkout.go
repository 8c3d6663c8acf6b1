package salerpc

import (
	"context"

	pb "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/order/internal/sale"
	"github.com/souk-commerce/souk/services/order/internal/saleproto"
)

type checkouts struct{ desk *sale.Desk }

// Quote implements CheckoutService.
func (s checkouts) Quote(ctx context.Context, req *pb.QuoteRequest) (*pb.QuoteResponse, error) {
	q, err := s.desk.Quote(ctx, rpc.Caller(ctx).Subject, req.GetCurrencyCode(), req.GetDeliveryOptionId(), saleproto.ToAddress(req.GetShippingAddress()))
	if err != nil {
		return nil, err
	}
	resp := &pb.QuoteResponse{Lines: saleproto.FromLines(q.Lines, q.Totals), Totals: saleproto.FromTotals(q.Totals), DeliveryOptionId: q.Delivery.ID, CurrencyCode: q.Currency}
	for _, d := range q.Deliveries {
		resp.DeliveryOptions = append(resp.DeliveryOptions, saleproto.FromDelivery(d))
	}
	return resp, nil
}

// PlaceOrder implements CheckoutService.
func (s checkouts) PlaceOrder(ctx context.Context, req *pb.PlaceOrderRequest) (*pb.PlaceOrderResponse, error) {
	w := sale.Wish{
		Email: req.GetEmail(), Shipping: saleproto.ToAddress(req.GetShippingAddress()), Delivery: req.GetDeliveryOptionId(),
		Currency: req.GetCurrencyCode(), Method: req.GetPaymentMethod(), Expected: saleproto.ToAmount(req.GetExpectedTotal()),
	}
	w.Provider = req.GetPaymentProvider()
	if caller := rpc.Caller(ctx); caller.Is(rpc.Shopper) {
		w.Customer, w.Save = caller.Subject, req.GetSavePaymentMethod()
	}
	w.Billing = w.Shipping
	if req.GetBillingAddress() != nil {
		w.Billing = saleproto.ToAddress(req.GetBillingAddress())
	}
	c, err := s.desk.Place(ctx, req.GetCheckoutId(), rpc.Caller(ctx).Subject, w, req.GetReturnPath())
	if err != nil {
		return nil, err
	}
	m, err := s.show(ctx, c)
	return &pb.PlaceOrderResponse{Checkout: m}, err
}

// ResumeCheckout implements CheckoutService.
func (s checkouts) ResumeCheckout(ctx context.Context, req *pb.ResumeCheckoutRequest) (*pb.ResumeCheckoutResponse, error) {
	c, err := s.desk.Resume(ctx, req.GetCheckoutId(), owners(ctx))
	if err != nil {
		return nil, err
	}
	m, err := s.show(ctx, c)
	return &pb.ResumeCheckoutResponse{Checkout: m}, err
}

// GetCheckout implements CheckoutService.
func (s checkouts) GetCheckout(ctx context.Context, req *pb.GetCheckoutRequest) (*pb.GetCheckoutResponse, error) {
	c, err := s.desk.Checkout(ctx, req.GetCheckoutId(), owners(ctx))
	if err != nil {
		return nil, err
	}
	m, err := s.show(ctx, c)
	return &pb.GetCheckoutResponse{Checkout: m}, err
}

var states = map[sale.State]pb.CheckoutState{
	sale.StatePending: pb.CheckoutState_CHECKOUT_STATE_PENDING,
	sale.StateAction:  pb.CheckoutState_CHECKOUT_STATE_ACTION_REQUIRED,
	sale.StatePlaced:  pb.CheckoutState_CHECKOUT_STATE_PLACED,
	sale.StateRefused: pb.CheckoutState_CHECKOUT_STATE_REFUSED,
}

func (s checkouts) show(ctx context.Context, c sale.Checkout) (*pb.Checkout, error) {
	m := &pb.Checkout{CheckoutId: c.ID, State: states[c.State()]}
	switch c.State() {
	case sale.StatePlaced:
		if c.Order == nil {
			o, err := s.desk.AnyOrder(ctx, c.OrderID)
			if err != nil {
				return nil, err
			}
			c.Order = &o
		}
		m.Order = saleproto.FromOrder(*c.Order)
	case sale.StateAction:
		m.ActionUrl = c.ActionURL
	case sale.StateRefused:
		m.Reason, m.Message, m.ShortSkus = c.Reason, sale.Sentence(c.Reason), c.Short
	}
	return m, nil
}
