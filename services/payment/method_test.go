package payment_test

import (
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	pb "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/api/gen/souk/payment/v1/paymentv1connect"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/payment"
)

func TestMethodsFollowWhatIsPaid(t *testing.T) {
	s := open(t, func(c *payment.Config) {
		c.Sandbox.Only = payment.Only{Currencies: []string{"USD", "EUR"}, Countries: []string{"US", "DE"}}
	})
	cases := []struct {
		name              string
		currency, country string
		want              int
	}{
		{"nothing is known", "", "", 1},
		{"the currency is known", "EUR", "", 1},
		{"both are known", "EUR", "DE", 1},
		{"the currency is another", "JPY", "DE", 0},
		{"the country is another", "EUR", "FR", 0},
	}
	for _, c := range cases {
		resp, err := s.pay.GetPaymentConfig(t.Context(), &pb.GetPaymentConfigRequest{CurrencyCode: c.currency, CountryCode: c.country, Amount: 100})
		if err != nil || len(resp.GetMethods()) != c.want {
			t.Errorf("%s: %v, %v; want %d methods", c.name, resp, err, c.want)
			continue
		}
		for _, m := range resp.GetMethods() {
			if m.GetProvider() != "sandbox" || m.GetKind() != "card" || m.GetLabel() == "" || m.GetTokenizeUrl() != resp.GetTokenizeUrl() || m.GetPublishableKey() != "pk" {
				t.Errorf("%s: %v", c.name, m)
			}
		}
	}
	authorize := func(provider, currency, country string) error {
		m := usd(100)
		m.CurrencyCode = currency
		_, err := s.pay.Authorize(t.Context(), &pb.AuthorizeRequest{PaymentId: uuid.NewString(), Amount: m, PaymentMethod: s.token(visa), Provider: provider, CountryCode: country})
		return err
	}
	if err := authorize("sandbox", "EUR", "DE"); err != nil {
		t.Errorf("what is offered: %v", err)
	}
	if err := authorize("", "JPY", ""); reasonOf(err) != "payment_not_offered" {
		t.Errorf("what is not offered: %v", err)
	}
	if err := authorize("sandbox", "EUR", "FR"); reasonOf(err) != "payment_not_offered" {
		t.Errorf("what the provider named is not used for: %v", err)
	}
	if err := authorize("other", "EUR", "DE"); reasonOf(err) != "provider_not_found" {
		t.Errorf("a provider that is not there: %v", err)
	}
}

// as is a shopper's own client.
func (s *shop) as(subject string) paymentv1connect.PaymentServiceClient {
	return paymentv1connect.NewPaymentServiceClient(s.served.As(s.t, rpc.Principal{Subject: subject, Role: rpc.Shopper}), s.served.URL, rpc.ClientOptions()...)
}

func (s *shop) saved(subject string) []*pb.SavedMethod {
	s.t.Helper()
	resp, err := s.as(subject).ListSavedMethods(s.t.Context(), &pb.ListSavedMethodsRequest{})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.GetMethods()
}

func TestASavedMethodIsItsOwners(t *testing.T) {
	s := open(t)
	ada, eve := uuid.NewString(), uuid.NewString()
	pay := func(customer, token string, save bool) *pb.Payment {
		t.Helper()
		resp, err := s.pay.Authorize(t.Context(), &pb.AuthorizeRequest{PaymentId: uuid.NewString(), Amount: usd(100), PaymentMethod: token, CustomerId: customer, SaveMethod: save})
		if err != nil {
			t.Fatal(err)
		}
		return resp.GetPayment()
	}
	pay(ada, s.token(declined), true)
	pay(ada, s.token(visa), false)
	if got := s.saved(ada); len(got) != 0 {
		t.Errorf("kept without being asked to: %v", got)
	}
	pay(ada, s.token(visa), true)
	kept := s.saved(ada)
	if len(kept) != 1 || kept[0].GetSummary() != "Visa ending in 4242" || kept[0].GetExpiryYear() != 2099 || kept[0].GetProvider() != "sandbox" {
		t.Fatalf("kept: %v", kept)
	}
	token := kept[0].GetPaymentMethod()
	if p := pay(ada, token, true); p.GetState() != authorized {
		t.Errorf("paying with it: %v", p)
	}
	for name, customer := range map[string]string{"another": eve, "nobody": ""} {
		if p := pay(customer, token, false); p.GetDeclineReason() != "invalid_token" {
			t.Errorf("%s pays with it: %v", name, p)
		}
	}
	if got := s.saved(eve); len(got) != 0 {
		t.Errorf("another sees %v", got)
	}
	drop := &pb.DeleteSavedMethodRequest{Provider: "sandbox", PaymentMethod: token}
	if _, err := s.as(eve).DeleteSavedMethod(t.Context(), drop); err != nil || len(s.saved(ada)) != 1 {
		t.Errorf("another deletes it: %v, %v", err, s.saved(ada))
	}
	for range 2 {
		if _, err := s.as(ada).DeleteSavedMethod(t.Context(), drop); err != nil || len(s.saved(ada)) != 0 {
			t.Errorf("deleting it: %v, %v", err, s.saved(ada))
		}
	}
	if p := pay(ada, token, false); p.GetDeclineReason() != "invalid_token" {
		t.Errorf("paying with what was deleted: %v", p)
	}
	_, err := s.pay.Authorize(t.Context(), &pb.AuthorizeRequest{PaymentId: uuid.NewString(), Amount: usd(100), PaymentMethod: s.token(visa), SaveMethod: true})
	if reasonOf(err) != "customer_missing" {
		t.Errorf("keeping it for nobody: %v", err)
	}
	s.provider.Close()
	if _, err := s.as(ada).ListSavedMethods(t.Context(), &pb.ListSavedMethodsRequest{}); connect.CodeOf(err) != connect.CodeUnavailable {
		t.Errorf("while the provider is down: %v", err)
	}
}
