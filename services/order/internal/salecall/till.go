package salecall

import (
	"context"

	paymentv1 "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/api/gen/souk/payment/v1/paymentv1connect"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/order/internal/sale"
)

// Till implements sale.Till.
type Till struct {
	payments paymentv1connect.PaymentServiceClient
}

// NewTill returns the payment service that is found through the dialer.
func NewTill(d *rpc.Dialer) *Till {
	client, url := d.Client("payment")
	return &Till{paymentv1connect.NewPaymentServiceClient(client, url, rpc.ClientOptions()...)}
}

var paid = map[paymentv1.PaymentState]string{
	paymentv1.PaymentState_PAYMENT_STATE_PENDING:         "pending",
	paymentv1.PaymentState_PAYMENT_STATE_ACTION_REQUIRED: "action",
	paymentv1.PaymentState_PAYMENT_STATE_AUTHORIZED:      "authorized",
	paymentv1.PaymentState_PAYMENT_STATE_CAPTURED:        "captured",
	paymentv1.PaymentState_PAYMENT_STATE_VOIDED:          "voided",
	paymentv1.PaymentState_PAYMENT_STATE_DECLINED:        "declined",
	paymentv1.PaymentState_PAYMENT_STATE_REFUNDED:        "refunded",
}

func toPaid(p *paymentv1.Payment) sale.Paid {
	return sale.Paid{
		State: paid[p.GetState()], ActionURL: p.GetActionUrl(), Decline: p.GetDeclineReason(), Summary: p.GetSummary(),
		Captured: toAmount(p.GetCaptured()), Refunded: toAmount(p.GetRefunded()),
	}
}

func toAmount(m *typev1.Money) money.Amount { return money.Of(m.GetCurrencyCode(), m.GetMinorUnits()) }

func fromAmount(a money.Amount) *typev1.Money {
	return &typev1.Money{CurrencyCode: a.Currency, MinorUnits: a.Minor}
}

// Authorize implements sale.Till.
func (t *Till) Authorize(ctx context.Context, id string, amount money.Amount, w sale.Wish) (sale.Paid, error) {
	resp, err := t.payments.Authorize(ctx, &paymentv1.AuthorizeRequest{
		PaymentId: id, Amount: fromAmount(amount), PaymentMethod: w.Method, ReturnUrl: w.ReturnURL,
		Provider: w.Provider, CountryCode: w.Billing.Country, CustomerId: w.Customer, SaveMethod: w.Save,
	})
	return toPaid(resp.GetPayment()), explain("authorize", err)
}

// Sync implements sale.Till.
func (t *Till) Sync(ctx context.Context, id string) (sale.Paid, error) {
	resp, err := t.payments.Sync(ctx, &paymentv1.SyncRequest{PaymentId: id})
	return toPaid(resp.GetPayment()), explain("ask for the payment", err)
}

// Payment implements sale.Till.
func (t *Till) Payment(ctx context.Context, id string) (sale.Paid, error) {
	resp, err := t.payments.GetPayment(ctx, &paymentv1.GetPaymentRequest{PaymentId: id})
	return toPaid(resp.GetPayment()), explain("look at the payment", err)
}

// Capture implements sale.Till.
func (t *Till) Capture(ctx context.Context, id string) (sale.Paid, error) {
	resp, err := t.payments.Capture(ctx, &paymentv1.CaptureRequest{PaymentId: id})
	return toPaid(resp.GetPayment()), explain("capture", err)
}

// Void implements sale.Till.
func (t *Till) Void(ctx context.Context, id string) error {
	_, err := t.payments.Void(ctx, &paymentv1.VoidRequest{PaymentId: id})
	return explain("void", err)
}

// Refund implements sale.Till.
func (t *Till) Refund(ctx context.Context, id, refund string, amount money.Amount) error {
	_, err := t.payments.Refund(ctx, &paymentv1.RefundRequest{PaymentId: id, RefundId: refund, Amount: fromAmount(amount)})
	return explain("refund", err)
}
