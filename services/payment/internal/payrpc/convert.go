package payrpc

import (
	pb "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

func toMoney(m *typev1.Money) money.Amount { return money.Of(m.GetCurrencyCode(), m.GetMinorUnits()) }

func fromMethod(m pay.Method) *pb.PaymentMethodOption {
	return &pb.PaymentMethodOption{
		Provider: m.Provider, Kind: string(m.Kind), Label: m.Label, PaymentMethod: m.Token,
		TokenizeUrl: m.TokenizeURL, PublishableKey: m.PublishableKey,
	}
}

func fromSaved(m pay.Saved) *pb.SavedMethod {
	return &pb.SavedMethod{
		Provider: m.Provider, PaymentMethod: m.Token, Kind: string(m.Kind), Summary: m.Summary,
		ExpiryMonth: int32(m.Month), ExpiryYear: int32(m.Year),
	}
}
