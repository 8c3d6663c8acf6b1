package order_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	cartv1 "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	"github.com/souk-commerce/souk/api/gen/souk/cart/v1/cartv1connect"
	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	paymentv1 "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/api/gen/souk/payment/v1/paymentv1connect"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
)

// others stand in for cart, catalog, inventory and payment.
type others struct {
	mu       sync.Mutex
	carts    map[string]map[string]int32 // owner → SKU → units
	prices   map[string]int64            // in cents, of USD and EUR alike
	stock    map[string]int64
	holds    map[string]*hold
	payments map[string]*paymentv1.Payment
	charged  int // payments captured
	refunds  map[string]int64
	asked    map[string]*paymentv1.AuthorizeRequest
	// Asked before and after a call is done, when set: what they return is the
	// answer. They may block.
	before, after func(call string) error
}

type hold struct {
	state   string
	lines   map[string]int64
	returns map[string]bool
}

var errDown = connect.NewError(connect.CodeUnavailable, errors.New("down"))

func refusal(reason string) error { return fault.New(fault.Refused, reason, reason) }

// set changes what the others do.
func (o *others) set(change func(*others)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change(o)
}

// do is one call.
func (o *others) do(call string, f func() error) error {
	o.mu.Lock()
	before, after := o.before, o.after
	o.mu.Unlock()
	if before != nil {
		if err := before(call); err != nil {
			return err
		}
	}
	o.mu.Lock()
	err := f()
	o.mu.Unlock()
	if err == nil && after != nil {
		err = after(call)
	}
	return err
}

func (o *others) serve(t *testing.T) map[string]*kittest.Served {
	var mounts []rpc.Mount
	add := func(path string, h http.Handler) { mounts = append(mounts, rpc.Mount{Path: path, Handler: h}) }
	add(cartv1connect.NewCartServiceHandler(carts{o: o}, rpc.Options(kittest.RPC(t, "cart"))...))
	add(catalogv1connect.NewProductServiceHandler(catalog{o: o}, rpc.Options(kittest.RPC(t, "catalog"))...))
	add(inventoryv1connect.NewReservationServiceHandler(inventory{o: o}, rpc.Options(kittest.RPC(t, "inventory"))...))
	add(paymentv1connect.NewPaymentServiceHandler(payments{o: o}, rpc.Options(kittest.RPC(t, "payment"))...))
	s := kittest.Serve(t, mounts)
	return map[string]*kittest.Served{"cart": s, "catalog": s, "inventory": s, "payment": s}
}

type carts struct {
	cartv1connect.UnimplementedCartServiceHandler
	o *others
}

func (c carts) GetCartFor(_ context.Context, req *cartv1.GetCartForRequest) (*cartv1.GetCartForResponse, error) {
	cart := &cartv1.Cart{Id: req.GetOwner(), CurrencyCode: cmp.Or(req.GetCurrencyCode(), "USD")}
	err := c.o.do("cart", func() error {
		for _, sku := range slices.Sorted(maps.Keys(c.o.carts[req.GetOwner()])) {
			cart.Lines = append(cart.Lines, &cartv1.CartLine{Sku: sku, Quantity: c.o.carts[req.GetOwner()][sku]})
		}
		return nil
	})
	return &cartv1.GetCartForResponse{Cart: cart}, err
}

type catalog struct {
	catalogv1connect.UnimplementedProductServiceHandler
	o *others
}

func (c catalog) BatchGetVariants(_ context.Context, req *catalogv1.BatchGetVariantsRequest) (*catalogv1.BatchGetVariantsResponse, error) {
	resp := &catalogv1.BatchGetVariantsResponse{}
	err := c.o.do("catalog", func() error {
		for _, sku := range req.GetSkus() {
			price, sold := c.o.prices[sku]
			if !sold {
				continue
			}
			v := &catalogv1.Variant{Sku: sku}
			for _, currency := range []string{"EUR", "USD"} {
				v.Prices = append(v.Prices, &catalogv1.Price{Amount: &typev1.Money{CurrencyCode: currency, MinorUnits: price}})
			}
			resp.Variants = append(resp.Variants, &catalogv1.SellableVariant{
				Variant: v, ProductId: "id-" + strings.Split(sku, "/")[0], ProductSlug: "slug-" + sku, ProductTitle: "The " + sku, VariantTitle: "Blue", Image: &catalogv1.Image{Url: "/media/" + sku},
			})
		}
		return nil
	})
	return resp, err
}

type inventory struct {
	inventoryv1connect.UnimplementedReservationServiceHandler
	o *others
}

func (i inventory) Reserve(_ context.Context, req *inventoryv1.ReserveRequest) (*inventoryv1.ReserveResponse, error) {
	return &inventoryv1.ReserveResponse{}, i.o.do("reserve", func() error {
		if h := i.o.holds[req.GetReservationId()]; h != nil {
			if h.state == "released" {
				return refusal("reservation_released")
			}
			return nil
		}
		var short []string
		lines := map[string]int64{}
		for _, l := range req.GetLines() {
			if lines[l.GetSku()] += l.GetUnits(); i.o.stock[l.GetSku()] < l.GetUnits() {
				short = append(short, l.GetSku())
			}
		}
		if len(short) > 0 {
			return fault.New(fault.Refused, "stock_short", "short").About("skus", strings.Join(short, "\n"))
		}
		for sku, units := range lines {
			i.o.stock[sku] -= units
		}
		i.o.holds[req.GetReservationId()] = &hold{state: "held", lines: lines}
		return nil
	})
}

// back puts a reservation's units on the shelf again.
func (o *others) back(h *hold, state string) {
	for sku, units := range h.lines {
		o.stock[sku] += units
	}
	h.state = state
}

func (i inventory) Release(_ context.Context, req *inventoryv1.ReleaseRequest) (*inventoryv1.ReleaseResponse, error) {
	return &inventoryv1.ReleaseResponse{}, i.o.do("release", func() error {
		switch h := i.o.holds[req.GetReservationId()]; {
		case h == nil:
			i.o.holds[req.GetReservationId()] = &hold{state: "released"}
		case h.state == "committed":
			return refusal("reservation_committed")
		case h.state == "held":
			i.o.back(h, "released")
		}
		return nil
	})
}

func (i inventory) Commit(_ context.Context, req *inventoryv1.CommitRequest) (*inventoryv1.CommitResponse, error) {
	return &inventoryv1.CommitResponse{}, i.o.do("commit", func() error {
		switch h := i.o.holds[req.GetReservationId()]; {
		case h == nil:
			return fault.New(fault.NotFound, "reservation_not_found", "none")
		case h.state == "released":
			return refusal("reservation_released")
		case h.state == "held":
			h.state = "committed"
		}
		return nil
	})
}

// Return takes units of a sale back, once for a return's id.
func (i inventory) Return(_ context.Context, req *inventoryv1.ReturnRequest) (*inventoryv1.ReturnResponse, error) {
	return &inventoryv1.ReturnResponse{}, i.o.do("return", func() error {
		h := i.o.holds[req.GetReservationId()]
		if h == nil || h.state != "committed" {
			return refusal("reservation_not_committed")
		}
		if h.returns[req.GetReturnId()] {
			return nil
		}
		for _, l := range req.GetLines() {
			if h.lines[l.GetSku()] < l.GetUnits() {
				return refusal("return_too_many")
			}
		}
		for _, l := range req.GetLines() {
			h.lines[l.GetSku()] -= l.GetUnits()
			i.o.stock[l.GetSku()] += l.GetUnits()
		}
		if h.returns == nil {
			h.returns = map[string]bool{}
		}
		h.returns[req.GetReturnId()] = true
		return nil
	})
}

const (
	action     = paymentv1.PaymentState_PAYMENT_STATE_ACTION_REQUIRED
	authorized = paymentv1.PaymentState_PAYMENT_STATE_AUTHORIZED
	captured   = paymentv1.PaymentState_PAYMENT_STATE_CAPTURED
	voided     = paymentv1.PaymentState_PAYMENT_STATE_VOIDED
	declined   = paymentv1.PaymentState_PAYMENT_STATE_DECLINED
	refunded   = paymentv1.PaymentState_PAYMENT_STATE_REFUNDED
)

type payments struct {
	paymentv1connect.UnimplementedPaymentServiceHandler
	o *others
}

func (p payments) known(id string) (*paymentv1.Payment, error) {
	if known := p.o.payments[id]; known != nil {
		return known, nil
	}
	return nil, fault.New(fault.NotFound, "payment_not_found", "none")
}

func (p payments) Authorize(_ context.Context, req *paymentv1.AuthorizeRequest) (*paymentv1.AuthorizeResponse, error) {
	resp := &paymentv1.AuthorizeResponse{}
	return resp, p.o.do("authorize", func() error {
		p.o.asked[req.GetPaymentId()] = proto.CloneOf(req)
		known := p.o.payments[req.GetPaymentId()]
		if known == nil {
			known = &paymentv1.Payment{
				PaymentId: req.GetPaymentId(), Amount: req.GetAmount(), State: authorized, Summary: "Visa ending in 4242",
				Captured: &typev1.Money{CurrencyCode: req.GetAmount().GetCurrencyCode()}, Refunded: &typev1.Money{CurrencyCode: req.GetAmount().GetCurrencyCode()},
			}
			switch req.GetPaymentMethod() {
			case "tok_declined":
				known.State, known.DeclineReason = declined, "card_declined"
			case "tok_3ds":
				known.State, known.ActionUrl = action, "https://bank.example/?back="+req.GetReturnUrl()
			}
			p.o.payments[req.GetPaymentId()] = known
		}
		if known.GetState() == voided {
			return refusal("payment_voided")
		}
		resp.Payment = proto.CloneOf(known)
		return nil
	})
}

func (p payments) Sync(_ context.Context, req *paymentv1.SyncRequest) (*paymentv1.SyncResponse, error) {
	resp := &paymentv1.SyncResponse{}
	return resp, p.o.do("sync", func() error {
		known, err := p.known(req.GetPaymentId())
		resp.Payment = proto.CloneOf(known)
		return err
	})
}

func (p payments) GetPayment(_ context.Context, req *paymentv1.GetPaymentRequest) (*paymentv1.GetPaymentResponse, error) {
	resp := &paymentv1.GetPaymentResponse{}
	return resp, p.o.do("payment", func() error {
		known, err := p.known(req.GetPaymentId())
		resp.Payment = proto.CloneOf(known)
		return err
	})
}

func (p payments) Capture(_ context.Context, req *paymentv1.CaptureRequest) (*paymentv1.CaptureResponse, error) {
	resp := &paymentv1.CaptureResponse{}
	return resp, p.o.do("capture", func() error {
		known, err := p.known(req.GetPaymentId())
		if err != nil {
			return err
		}
		switch known.GetState() {
		case authorized:
			known.State, known.Captured = captured, known.GetAmount()
			p.o.charged++
		case captured, refunded:
		default:
			return refusal("payment_not_authorized")
		}
		resp.Payment = proto.CloneOf(known)
		return nil
	})
}

func (p payments) Void(_ context.Context, req *paymentv1.VoidRequest) (*paymentv1.VoidResponse, error) {
	return &paymentv1.VoidResponse{}, p.o.do("void", func() error {
		known := p.o.payments[req.GetPaymentId()]
		if known == nil {
			known = &paymentv1.Payment{PaymentId: req.GetPaymentId()}
			p.o.payments[req.GetPaymentId()] = known
		}
		switch known.GetState() {
		case captured, refunded:
			return refusal("payment_captured")
		case declined:
		default:
			known.State = voided
		}
		return nil
	})
}

func (p payments) Refund(_ context.Context, req *paymentv1.RefundRequest) (*paymentv1.RefundResponse, error) {
	return &paymentv1.RefundResponse{}, p.o.do("refund", func() error { return p.o.refund(req.GetPaymentId(), req.GetRefundId(), req.GetAmount()) })
}

func (o *others) refund(id, refund string, amount *typev1.Money) error {
	known := o.payments[id]
	if _, done := o.refunds[refund]; done {
		return nil
	}
	left := known.GetCaptured().GetMinorUnits() - known.GetRefunded().GetMinorUnits()
	if amount.GetMinorUnits() > left || amount.GetCurrencyCode() != known.GetAmount().GetCurrencyCode() {
		return refusal("refund_too_much")
	}
	o.refunds[refund] = amount.GetMinorUnits()
	known.Refunded = &typev1.Money{CurrencyCode: amount.GetCurrencyCode(), MinorUnits: known.GetRefunded().GetMinorUnits() + amount.GetMinorUnits()}
	if amount.GetMinorUnits() == left {
		known.State = refunded
	}
	return nil
}
