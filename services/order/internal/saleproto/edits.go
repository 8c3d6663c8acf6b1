package saleproto

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/services/order/internal/sale"
)

var paymentStatuses = map[sale.PaymentStatus]pb.PaymentStatus{
	sale.Authorized:        pb.PaymentStatus_PAYMENT_STATUS_AUTHORIZED,
	sale.PaidFor:           pb.PaymentStatus_PAYMENT_STATUS_PAID,
	sale.PartiallyRefunded: pb.PaymentStatus_PAYMENT_STATUS_PARTIALLY_REFUNDED,
	sale.Refunded:          pb.PaymentStatus_PAYMENT_STATUS_REFUNDED,
	sale.Voided:            pb.PaymentStatus_PAYMENT_STATUS_VOIDED,
}

var fulfilments = map[sale.FulfilmentStatus]pb.FulfilmentStatus{
	sale.Unfulfilled:       pb.FulfilmentStatus_FULFILMENT_STATUS_UNFULFILLED,
	sale.PartiallyShipped:  pb.FulfilmentStatus_FULFILMENT_STATUS_PARTIALLY_SHIPPED,
	sale.AllShipped:        pb.FulfilmentStatus_FULFILMENT_STATUS_SHIPPED,
	sale.AllDelivered:      pb.FulfilmentStatus_FULFILMENT_STATUS_DELIVERED,
	sale.PartiallyReturned: pb.FulfilmentStatus_FULFILMENT_STATUS_PARTIALLY_RETURNED,
	sale.AllReturned:       pb.FulfilmentStatus_FULFILMENT_STATUS_RETURNED,
	sale.NothingToSend:     pb.FulfilmentStatus_FULFILMENT_STATUS_CANCELLED,
}

var returnStates = map[sale.ReturnState]pb.ReturnState{
	sale.ReturnRequested: pb.ReturnState_RETURN_STATE_REQUESTED,
	sale.ReturnApproved:  pb.ReturnState_RETURN_STATE_APPROVED,
	sale.ReturnRejected:  pb.ReturnState_RETURN_STATE_REJECTED,
	sale.ReturnCancelled: pb.ReturnState_RETURN_STATE_CANCELLED,
	sale.ReturnReceived:  pb.ReturnState_RETURN_STATE_RECEIVED,
	sale.ReturnCompleted: pb.ReturnState_RETURN_STATE_COMPLETED,
}

var refundStates = map[sale.RefundState]pb.RefundState{
	sale.RefundPending: pb.RefundState_REFUND_STATE_PENDING,
	sale.RefundDone:    pb.RefundState_REFUND_STATE_DONE,
	sale.RefundRefused: pb.RefundState_REFUND_STATE_REFUSED,
}

// ToUnits reads units of lines.
func ToUnits(lines []*pb.LineUnits) (units []sale.Units) {
	for _, l := range lines {
		units = append(units, sale.Units{Line: l.GetLineId(), Units: int64(l.GetUnits())})
	}
	return units
}

func fromUnits(units []sale.Units) (lines []*pb.LineUnits) {
	for _, u := range units {
		lines = append(lines, &pb.LineUnits{LineId: u.Line, Units: int32(u.Units)})
	}
	return lines
}

func fromTracking(t sale.Tracking) *pb.Tracking {
	return &pb.Tracking{Carrier: t.Carrier, Number: t.Number, Url: t.URL}
}

func fromShipment(s sale.Shipment) *pb.Shipment {
	m := &pb.Shipment{Id: s.ID, Lines: fromUnits(s.Lines), Tracking: fromTracking(s.Tracking), ShipTime: timestamppb.New(s.At)}
	if !s.Delivered.IsZero() {
		m.DeliverTime = timestamppb.New(s.Delivered)
	}
	return m
}

// ToAsked reads what a shopper wants to send back.
func ToAsked(lines []*pb.ReturnLine) (asked []sale.Asked) {
	for _, l := range lines {
		asked = append(asked, sale.Asked{Line: l.GetLineId(), Units: int64(l.GetUnits()), Reason: l.GetReason(), Exchange: l.GetExchangeSku()})
	}
	return asked
}

// ToReceived reads what came back.
func ToReceived(lines []*pb.ReceivedLine) (came []sale.Received) {
	for _, l := range lines {
		came = append(came, sale.Received{Line: l.GetLineId(), Restocked: int64(l.GetRestocked()), WrittenOff: int64(l.GetWrittenOff())})
	}
	return came
}

func fromReturn(r sale.Return) *pb.Return {
	m := &pb.Return{Id: r.ID, State: returnStates[r.State], Note: r.Note, RequestTime: timestamppb.New(r.At), RefundId: r.Refund}
	for _, l := range r.Lines {
		line := &pb.ReturnLine{LineId: l.Line, Units: int32(l.Units), Reason: l.Reason, Restocked: int32(l.Restocked), WrittenOff: int32(l.WrittenOff)}
		if l.Exchange != nil {
			line.ExchangeSku = l.Exchange.SKU
		}
		m.Lines = append(m.Lines, line)
	}
	return m
}
