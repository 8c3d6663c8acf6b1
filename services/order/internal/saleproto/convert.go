// Package saleproto turns orders into messages, for calls and events alike.
package saleproto

import (
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/services/order/internal/sale"
)

// ToAddress reads an address.
func ToAddress(a *typev1.Address) sale.Address {
	return sale.Address{
		Name: a.GetName(), Company: a.GetCompany(), Line1: a.GetLine1(), Line2: a.GetLine2(), City: a.GetCity(), Region: a.GetRegion(),
		PostalCode: a.GetPostalCode(), Country: a.GetCountryCode(), Phone: a.GetPhone(),
	}
}

// FromAddress writes an address.
func FromAddress(a sale.Address) *typev1.Address {
	return &typev1.Address{
		Name: a.Name, Company: a.Company, Line1: a.Line1, Line2: a.Line2, City: a.City, Region: a.Region,
		PostalCode: a.PostalCode, CountryCode: a.Country, Phone: a.Phone,
	}
}

// ToAmount reads money.
func ToAmount(m *typev1.Money) money.Amount {
	return money.Of(m.GetCurrencyCode(), m.GetMinorUnits())
}

// FromAmount writes money.
func FromAmount(a money.Amount) *typev1.Money {
	return &typev1.Money{CurrencyCode: a.Currency, MinorUnits: a.Minor}
}

// FromLines writes lines.
func FromLines(lines []sale.Line, t sale.Totals) []*pb.OrderLine {
	var all []*pb.OrderLine
	for _, l := range lines {
		all = append(all, &pb.OrderLine{
			Id: l.ID, Sku: l.SKU, Quantity: int32(l.Quantity), ProductId: l.ProductID, ProductSlug: l.Slug, Title: l.Title, VariantTitle: l.Variant, ImageUrl: l.Image,
			UnitPrice: FromAmount(l.UnitPrice), LineTotal: FromAmount(l.Total), Tax: FromAmount(l.Tax),
			Cancelled: int32(l.Cancelled), Shipped: int32(l.Shipped), Returned: int32(l.Returned), ExchangeOf: l.ExchangeOf, Trace: fromTrace(t.TraceOf(l)),
		})
	}
	return all
}

var stepKinds = map[sale.StepKind]pb.PriceStepKind{
	sale.ByPrice: pb.PriceStepKind_PRICE_STEP_KIND_PRICE, sale.ByDiscount: pb.PriceStepKind_PRICE_STEP_KIND_DISCOUNT, sale.ByShipping: pb.PriceStepKind_PRICE_STEP_KIND_SHIPPING,
	sale.ByTax: pb.PriceStepKind_PRICE_STEP_KIND_TAX, sale.ByRounding: pb.PriceStepKind_PRICE_STEP_KIND_ROUNDING,
}

func fromTrace(steps []sale.PriceStep) []*pb.PriceStep {
	var all []*pb.PriceStep
	for _, s := range steps {
		all = append(all, &pb.PriceStep{Kind: stepKinds[s.Kind], Label: s.Label, Amount: FromAmount(s.Amount), Included: s.Included})
	}
	return all
}

// FromTotals writes totals.
func FromTotals(t sale.Totals) *pb.Totals {
	return &pb.Totals{
		Items: FromAmount(t.Items), Shipping: FromAmount(t.Shipping), Tax: FromAmount(t.Tax), Total: FromAmount(t.Total), IncludedTax: FromAmount(t.Included), Trace: fromTrace(t.Trace()),
	}
}

// FromDelivery writes a way of delivery.
func FromDelivery(d sale.Delivery) *pb.DeliveryOption {
	return &pb.DeliveryOption{Id: d.ID, Name: d.Name, Promise: d.Promise, Price: FromAmount(d.Price)}
}

var statuses = map[sale.Status]pb.OrderStatus{
	sale.Placed:     pb.OrderStatus_ORDER_STATUS_PLACED,
	sale.Processing: pb.OrderStatus_ORDER_STATUS_PROCESSING,
	sale.Shipped:    pb.OrderStatus_ORDER_STATUS_SHIPPED,
	sale.Delivered:  pb.OrderStatus_ORDER_STATUS_DELIVERED,
	sale.Cancelled:  pb.OrderStatus_ORDER_STATUS_CANCELLED,
}

// ToStatus reads a status; unspecified is empty.
func ToStatus(s pb.OrderStatus) sale.Status {
	for status, m := range statuses {
		if m == s {
			return status
		}
	}
	return ""
}

// FromOrder writes an order as its shopper sees it.
func FromOrder(o sale.Order) *pb.Order {
	m := fromOrder(o)
	m.Timeline = slices.DeleteFunc(m.Timeline, func(e *pb.TimelineEntry) bool { return e.GetInternal() })
	return m
}

// FromOrderForStaff writes an order with what only the shop's own people see.
func FromOrderForStaff(o sale.Order) *pb.Order { return fromOrder(o) }

func fromOrder(o sale.Order) *pb.Order {
	m := &pb.Order{
		Id: o.ID, Number: o.Number, Status: statuses[o.Status], Email: o.Email, Lines: FromLines(o.Lines, o.Totals), Totals: FromTotals(o.Totals),
		ShippingAddress: FromAddress(o.Shipping), BillingAddress: FromAddress(o.Billing), Delivery: FromDelivery(o.Delivery),
		CreateTime: timestamppb.New(o.Created), Etag: o.ETag(), Cancellable: o.Cancellable(), PaymentSummary: o.Payment, Captured: o.Captured,
		PaymentStatus: paymentStatuses[o.PaymentStatus()], FulfilmentStatus: fulfilments[o.FulfilmentStatus()], Refunded: FromAmount(o.Refunded()),
	}
	for n, l := range o.Lines {
		if o.Captured {
			m.Lines[n].Cancellable = int32(l.Open())
		}
		m.Lines[n].Returnable = int32(o.Returnable(l))
	}
	if o.Tracking != (sale.Tracking{}) {
		m.Tracking = fromTracking(o.Tracking)
	}
	for _, c := range o.History {
		m.History = append(m.History, &pb.StatusChange{Status: statuses[c.Status], Time: timestamppb.New(c.At), Actor: c.Actor, Note: c.Note})
	}
	for _, e := range o.Timeline {
		m.Timeline = append(m.Timeline, &pb.TimelineEntry{Time: timestamppb.New(e.At), Actor: e.Actor, Kind: e.Kind, Text: e.Text, Internal: e.Internal})
	}
	for _, s := range o.Shipments {
		m.Shipments = append(m.Shipments, fromShipment(s))
	}
	for _, r := range o.Returns {
		m.Returns = append(m.Returns, fromReturn(r))
	}
	for _, r := range o.Refunds {
		m.Refunds = append(m.Refunds, &pb.Refund{Id: r.ID, Amount: FromAmount(r.Amount), Reason: r.Reason, State: refundStates[r.State], CreateTime: timestamppb.New(r.At)})
	}
	return m
}
