package mailbus

import (
	"strings"

	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/services/notification/internal/mail"
)

func toOrder(o *orderv1.Order) mail.Order {
	t := o.GetTotals()
	out := mail.Order{
		Number: o.GetNumber(), Placed: o.GetCreateTime().AsTime(), ShipTo: toLabel(o.GetShippingAddress()),
		Totals: mail.Totals{
			Items: toAmount(t.GetItems()), Shipping: toAmount(t.GetShipping()), Tax: toAmount(t.GetTax()),
			Total: toAmount(t.GetTotal()), IncludedTax: toAmount(t.GetIncludedTax()),
		},
		Delivery: o.GetDelivery().GetName(), Promise: o.GetDelivery().GetPromise(),
		Payment: o.GetPaymentSummary(), Captured: o.GetCaptured(),
		Tracking: mail.Tracking{Carrier: o.GetTracking().GetCarrier(), Number: o.GetTracking().GetNumber(), URL: o.GetTracking().GetUrl()},
	}
	for _, l := range o.GetLines() {
		out.Lines = append(out.Lines, mail.Line{
			Title: l.GetTitle(), Variant: l.GetVariantTitle(), Quantity: l.GetQuantity(), Total: toAmount(l.GetLineTotal()),
		})
	}
	return out
}

// toLabel writes an address as it stands on a parcel.
func toLabel(a *typev1.Address) []string {
	var lines []string
	for _, line := range []string{
		a.GetName(), a.GetCompany(), a.GetLine1(), a.GetLine2(), a.GetPostalCode() + " " + a.GetCity(), a.GetRegion(), a.GetCountryCode(),
	} {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func toAmount(m *typev1.Money) money.Amount { return money.Of(m.GetCurrencyCode(), m.GetMinorUnits()) }
