// Package payproto turns payments into messages, for calls and events alike.
package payproto

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

var states = map[pay.State]pb.PaymentState{
	pay.Pending:    pb.PaymentState_PAYMENT_STATE_PENDING,
	pay.Action:     pb.PaymentState_PAYMENT_STATE_ACTION_REQUIRED,
	pay.Authorized: pb.PaymentState_PAYMENT_STATE_AUTHORIZED,
	pay.Captured:   pb.PaymentState_PAYMENT_STATE_CAPTURED,
	pay.Voided:     pb.PaymentState_PAYMENT_STATE_VOIDED,
	pay.Declined:   pb.PaymentState_PAYMENT_STATE_DECLINED,
	pay.Refunded:   pb.PaymentState_PAYMENT_STATE_REFUNDED,
}

// FromPayment leaves out what nobody outside needs: the provider's token.
func FromPayment(p pay.Payment) *pb.Payment {
	money := func(minor int64) *typev1.Money {
		return &typev1.Money{CurrencyCode: p.Amount.Currency, MinorUnits: minor}
	}
	m := &pb.Payment{
		PaymentId: p.ID, State: states[p.State], Amount: money(p.Amount.Minor), Captured: money(p.Captured), Refunded: money(p.Refunded),
		Provider: p.Provider, ProviderReference: p.Reference, Summary: p.Summary, CreateTime: timestamppb.New(p.Created),
	}
	switch p.State {
	case pay.Action:
		m.ActionUrl = p.ActionURL
	case pay.Declined, pay.Voided:
		m.DeclineReason = p.Decline
	}
	return m
}
