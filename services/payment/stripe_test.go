package payment_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stripe/stripe-go/v85/webhook"
	"google.golang.org/protobuf/testing/protocmp"

	pb "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/config"
	"github.com/souk-commerce/souk/services/payment"
)

const (
	pending        = pb.PaymentState_PAYMENT_STATE_PENDING
	actionRequired = pb.PaymentState_PAYMENT_STATE_ACTION_REQUIRED
	declinedState  = pb.PaymentState_PAYMENT_STATE_DECLINED
	refunded       = pb.PaymentState_PAYMENT_STATE_REFUNDED
)

// openStripe is a shop with Stripe beside the sandbox.
func openStripe(t *testing.T, settings ...func(*payment.Config)) (*shop, *bank) {
	t.Helper()
	fake := clock.NewFake(time.Now())
	b := newBank(t, fake)
	s := open(t, append([]func(*payment.Config){func(c *payment.Config) {
		c.Stripe = payment.Stripe{Secret: config.NewSecret("sk_test_one"), WebhookSecret: config.NewSecret("whsec_one"), Publishable: "pk_test_one", URL: b.url}
	}}, settings...)...)
	b.clock = s.clock
	return s, b
}

// charge authorizes with Stripe.
func (s *shop) charge(id, method string, change ...func(*pb.AuthorizeRequest)) *pb.Payment {
	s.t.Helper()
	req := &pb.AuthorizeRequest{PaymentId: id, Amount: usd(4200), PaymentMethod: method, ReturnUrl: "https://shop.example/back", Provider: "stripe"}
	for _, f := range change {
		f(req)
	}
	resp, err := s.pay.Authorize(s.t.Context(), req)
	if err != nil {
		s.t.Fatalf("authorize with %s: %v", method, err)
	}
	return resp.GetPayment()
}

func (s *shop) payment(id string) *pb.Payment {
	s.t.Helper()
	resp, err := s.pay.GetPayment(s.t.Context(), &pb.GetPaymentRequest{PaymentId: id})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.GetPayment()
}

func signStripe(secret string, body []byte, at time.Time) string {
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(webhook.ComputeSignature(at, body, secret)))
}

// post sends a webhook, and returns how it was answered.
func (s *shop) post(body []byte, signature string) int {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.served.URL+payment.WebhookPath+"stripe", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Stripe-Signature", signature)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func (s *shop) hear(body []byte) {
	s.t.Helper()
	if got := s.post(body, signStripe("whsec_one", body, s.clock.Now())); got != http.StatusOK {
		s.t.Errorf("a webhook was answered %d: %s", got, body)
	}
}

// TestStripeFromTheAuthorizationToTheReplay goes the whole way, with Stripe's mock
// checking each request: authorize, 3-D Secure, capture, partial refund, and all
// webhooks again, in any order.
func TestStripeFromTheAuthorizationToTheReplay(t *testing.T) {
	s, b := openStripe(t)
	id := uuid.NewString()
	p := s.charge(id, "pm_3ds")
	if p.GetState() != actionRequired || !strings.HasPrefix(p.GetActionUrl(), "https://hooks.stripe.example/3ds/") || p.GetProvider() != "stripe" {
		t.Fatalf("Authorize = %v; want an action", p)
	}
	var told [][]byte
	tell := func(event, kind string) {
		t.Helper()
		told = append(told, b.message(event, kind, id))
		s.hear(told[len(told)-1])
	}
	tell("evt_1", "payment_intent.created")
	tell("evt_2", "payment_intent.requires_action")
	if got := s.state(id); got != actionRequired {
		t.Errorf("before the shopper confirms: %v", got)
	}
	b.confirm(id, "requires_capture")
	tell("evt_3", "payment_intent.amount_capturable_updated")
	if p := s.payment(id); p.GetState() != authorized || p.GetSummary() != "Visa ending in 4242" {
		t.Fatalf("after 3-D Secure: %v", p)
	}
	for range 2 {
		resp, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id})
		if err != nil || resp.GetPayment().GetCaptured().GetMinorUnits() != 4200 {
			t.Fatalf("Capture = %v, %v", resp.GetPayment(), err)
		}
	}
	tell("evt_4", "payment_intent.succeeded")
	for range 2 {
		resp, err := s.pay.Refund(t.Context(), &pb.RefundRequest{PaymentId: id, RefundId: "part", Amount: usd(1200)})
		if err != nil || resp.GetPayment().GetRefunded().GetMinorUnits() != 1200 || resp.GetPayment().GetState() != captured {
			t.Fatalf("Refund = %v, %v", resp.GetPayment(), err)
		}
	}
	tell("evt_5", "charge.refunded")
	tell("evt_6", "refund.updated")
	want := s.payment(id)
	for round := range 3 {
		rand.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
		for _, body := range told {
			s.hear(body)
		}
		if diff := cmp.Diff(want, s.payment(id), protocmp.Transform()); diff != "" {
			t.Errorf("replay %d changed the payment: %s", round, diff)
		}
	}
	for what, n := range map[string]int{"intent": 1, "capture": 1, "refund": 1, "cancel": 0} {
		if got := b.count(what); got != n {
			t.Errorf("%s at Stripe %d times, want %d", what, got, n)
		}
	}
}

// A replayed message is not even asked about; the same news in another message is.
func TestStripeMessagesAreHeardOnce(t *testing.T) {
	s, b := openStripe(t)
	id := uuid.NewString()
	s.charge(id, "pm_visa")
	b.change(func() { b.before = func(path string) { b.change(func() { b.made[path]++ }) } })
	asked := func() int {
		return b.count("GET /v1/payment_intents/" + s.payment(id).GetProviderReference())
	}
	body := b.message("evt_1", "payment_intent.amount_capturable_updated", id)
	for range 3 {
		s.hear(body)
	}
	if got := asked(); got != 1 {
		t.Errorf("asked %d times about one message, want once", got)
	}
	s.hear(b.message("evt_2", "payment_intent.amount_capturable_updated", id))
	if got := asked(); got != 2 {
		t.Errorf("asked %d times about two messages", got)
	}
}

func TestStripeWebhooksComeBeforeTheCallReturns(t *testing.T) {
	s, b := openStripe(t)
	t.Run("and the answer comes", func(t *testing.T) {
		id := uuid.NewString()
		b.change(func() {
			b.before = func(path string) {
				if path == "POST /v1/payment_intents" {
					s.hear(b.message("evt_a", "payment_intent.amount_capturable_updated", id))
				}
			}
		})
		if p := s.charge(id, "pm_visa"); p.GetState() != authorized {
			t.Errorf("Authorize = %v", p)
		}
	})
	t.Run("and the answer is lost", func(t *testing.T) {
		id := uuid.NewString()
		b.change(func() {
			b.before = func(path string) {
				if path == "POST /v1/payment_intents" {
					s.hear(b.message("evt_b", "payment_intent.amount_capturable_updated", id))
					panic(http.ErrAbortHandler)
				}
			}
		})
		s.charge(id, "pm_visa")
		if p := s.payment(id); p.GetState() != authorized || p.GetProviderReference() == "" {
			t.Errorf("after the webhook: %v", p)
		}
	})
	t.Run("of a capture and of a refund", func(t *testing.T) {
		id := uuid.NewString()
		b.change(func() { b.before = nil })
		s.charge(id, "pm_visa")
		b.change(func() {
			b.before = func(path string) {
				switch {
				case strings.HasSuffix(path, "/capture"):
					s.hear(b.message("evt_c", "payment_intent.succeeded", id))
				case path == "POST /v1/refunds":
					s.hear(b.message("evt_d", "charge.refunded", id))
				}
			}
		})
		if _, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}); err != nil {
			t.Error(err)
		}
		resp, err := s.pay.Refund(t.Context(), &pb.RefundRequest{PaymentId: id, RefundId: "all", Amount: usd(4200)})
		if err != nil || resp.GetPayment().GetState() != refunded {
			t.Errorf("Refund = %v, %v", resp.GetPayment(), err)
		}
	})
	if got := b.count("intent"); got != 3 {
		t.Errorf("%d intents, want 3", got)
	}
}

func TestStripesLostAnswers(t *testing.T) {
	s, b := openStripe(t)
	lose := func(method, ending string) (found func()) {
		b.change(func() {
			b.before = func(path string) {
				if strings.HasPrefix(path, method) && strings.HasSuffix(path, ending) {
					panic(http.ErrAbortHandler)
				}
			}
		})
		return func() { b.change(func() { b.before = nil }) }
	}
	t.Run("of an authorization", func(t *testing.T) {
		id := uuid.NewString()
		found := lose("POST", "/payment_intents")
		if p := s.charge(id, "pm_visa"); p.GetState() != pending {
			t.Errorf("Authorize = %v, want pending", p)
		}
		found()
		s.waitFor("the intent to be found", func() bool { s.clock.Advance(time.Second); return s.state(id) == authorized })
		if got := b.count("intent"); got != 1 {
			t.Errorf("%d intents, want 1", got)
		}
	})
	t.Run("until Stripe has forgotten the key", func(t *testing.T) {
		id := uuid.NewString()
		before := b.count("intent")
		found := lose("", "")
		s.charge(id, "pm_visa")
		s.clock.Advance(25 * time.Hour)
		b.change(func() { clear(b.answers) })
		found()
		s.waitFor("the intent to be searched for", func() bool { s.clock.Advance(time.Minute); return s.state(id) == authorized })
		if got := b.count("intent"); got != before+1 {
			t.Errorf("%d intents, want 1", got-before)
		}
	})
	t.Run("since Stripe is broken", func(t *testing.T) {
		id := uuid.NewString()
		before := b.count("intent")
		s.charge(id, "pm_broken")
		s.waitFor("the intent to be searched for", func() bool { s.clock.Advance(time.Second); return s.state(id) == authorized })
		if got := b.count("intent"); got != before+1 {
			t.Errorf("%d intents, want 1", got-before)
		}
	})
	t.Run("of what comes after", func(t *testing.T) {
		id := uuid.NewString()
		s.charge(id, "pm_visa")
		for _, step := range []struct {
			ending string
			call   func() (*pb.Payment, error)
		}{
			{"/capture", func() (*pb.Payment, error) {
				resp, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id})
				return resp.GetPayment(), err
			}},
			{"/refunds", func() (*pb.Payment, error) {
				resp, err := s.pay.Refund(t.Context(), &pb.RefundRequest{PaymentId: id, RefundId: "part", Amount: usd(200)})
				return resp.GetPayment(), err
			}},
		} {
			found := lose("POST", step.ending)
			if _, err := step.call(); reasonOf(err) != "provider_unavailable" {
				t.Errorf("%s: %v, want provider_unavailable", step.ending, err)
			}
			found()
			// A day later Stripe knows the refund, but not the key.
			b.change(func() { clear(b.answers) })
			if _, err := step.call(); err != nil {
				t.Errorf("%s again: %v", step.ending, err)
			}
		}
		if p := s.payment(id); p.GetCaptured().GetMinorUnits() != 4200 || p.GetRefunded().GetMinorUnits() != 200 || b.count("refund") != 1 {
			t.Errorf("ended %v after %d refunds", p, b.count("refund"))
		}
	})
}

func TestWhatStripeSays(t *testing.T) {
	s, b := openStripe(t)
	for method, want := range map[string]struct {
		state  pb.PaymentState
		reason string
	}{
		"pm_declined": {declinedState, "card_declined"},
		"pm_poor":     {declinedState, "insufficient_funds"},
		"pm_stolen":   {declinedState, "card_declined"},
		"pm_unknown":  {declinedState, "invalid_token"},
		"pm_wrong":    {declinedState, "invalid_request"},
		"pm_busy":     {pending, ""},
		"pm_waits":    {authorized, ""},
	} {
		id := uuid.NewString()
		if p := s.charge(id, method); p.GetState() != want.state || p.GetDeclineReason() != want.reason {
			t.Errorf("%s: %v; want %v %s", method, p, want.state, want.reason)
		}
	}
	t.Run("when the key is wrong", func(t *testing.T) {
		b.change(func() { b.keys = []string{"sk_test_other"} })
		defer b.change(func() { b.keys = []string{"sk_test_one"} })
		if p := s.charge(uuid.NewString(), "pm_visa"); p.GetState() != pending {
			t.Errorf("Authorize = %v; want pending: nobody has refused the card", p)
		}
	})
	t.Run("when the authorization has lapsed", func(t *testing.T) {
		id := uuid.NewString()
		s.charge(id, "pm_lapses")
		resp, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id})
		if err != nil || resp.GetPayment().GetState() != voided || resp.GetPayment().GetDeclineReason() != "authorization_expired" {
			t.Errorf("Capture = %v, %v", resp.GetPayment(), err)
		}
	})
	t.Run("when more was given back there", func(t *testing.T) {
		id := uuid.NewString()
		s.charge(id, "pm_visa")
		if _, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}); err != nil {
			t.Fatal(err)
		}
		b.change(func() { b.intent(id).refunded = 4000 })
		_, err := s.pay.Refund(t.Context(), &pb.RefundRequest{PaymentId: id, RefundId: "r", Amount: usd(300)})
		if reasonOf(err) != "payment_refund_refused" || s.payment(id).GetRefunded().GetMinorUnits() != 4000 {
			t.Errorf("Refund: %v, %v", err, s.payment(id))
		}
	})
	if log := s.log.String(); strings.Contains(log, "secret_of_the_client") || strings.Contains(log, "sk_test") {
		t.Error("the log has a secret of Stripe's")
	}
}

func TestWhatWasGivenUpHoldsNothingAtStripe(t *testing.T) {
	s, b := openStripe(t)
	status := func(id string) (status string) {
		b.change(func() { status = b.intent(id).status })
		return status
	}
	void := func(id string) {
		t.Helper()
		resp, err := s.pay.Void(t.Context(), &pb.VoidRequest{PaymentId: id})
		if err != nil || resp.GetPayment().GetState() != voided {
			t.Errorf("Void = %v, %v", resp.GetPayment(), err)
		}
	}
	t.Run("after it was authorized", func(t *testing.T) {
		id := uuid.NewString()
		s.charge(id, "pm_visa")
		void(id)
		if got := status(id); got != "canceled" {
			t.Errorf("at Stripe it is %s", got)
		}
	})
	t.Run("while it is on its way", func(t *testing.T) {
		id := uuid.NewString()
		b.change(func() { b.before = func(string) { panic(http.ErrAbortHandler) } })
		s.charge(id, "pm_visa")
		void(id)
		before := b.count("intent")
		b.change(func() { b.before = nil })
		s.waitFor("the money to be let go", func() bool { s.clock.Advance(time.Second); return status(id) == "canceled" })
		if got := b.count("intent"); got != before {
			t.Error("it was authorized once more only to be given up")
		}
	})
	t.Run("before it got there", func(t *testing.T) {
		id := uuid.NewString()
		before := b.count("intent")
		b.change(func() { b.deaf = true })
		s.charge(id, "pm_visa")
		void(id)
		b.change(func() { b.deaf = false })
		s.waitFor("nothing to be asked any more", func() bool {
			s.clock.Advance(time.Minute)
			var settled bool
			err := s.ours.QueryRow(t.Context(), `SELECT settled FROM payment WHERE id = $1`, id).Scan(&settled)
			return err == nil && settled
		})
		if got := b.count("intent"); got != before {
			t.Error("it was authorized only to be given up")
		}
	})
	t.Run("when it was taken after all", func(t *testing.T) {
		id := uuid.NewString()
		s.charge(id, "pm_waits")
		void(id)
		b.confirm(id, "succeeded")
		s.waitFor("the money to be given back", func() bool {
			s.clock.Advance(time.Minute)
			var back int64
			b.change(func() { back = b.intent(id).refunded })
			return back == 4200
		})
	})
}

// Bank debits and redirects take the money when the shopper agrees, or days later.
func TestStripeMethodsThatAreNotCards(t *testing.T) {
	s, b := openStripe(t, func(c *payment.Config) { c.Stripe.Methods = []string{"card", "ideal", "sepa_debit"} })
	euros := func(req *pb.AuthorizeRequest) {
		req.Amount, req.CountryCode = &typev1.Money{CurrencyCode: "EUR", MinorUnits: 4200}, "NL"
	}
	capture := func(id string) pb.PaymentState {
		t.Helper()
		resp, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id})
		if err != nil {
			t.Fatal(err)
		}
		return resp.GetPayment().GetState()
	}
	t.Run("a redirect", func(t *testing.T) {
		id := uuid.NewString()
		if p := s.charge(id, "type:ideal", euros); p.GetState() != actionRequired {
			t.Fatalf("Authorize = %v", p)
		}
		b.confirm(id, "succeeded")
		s.hear(b.message("evt_"+id, "payment_intent.succeeded", id))
		if got := s.state(id); got != captured {
			t.Errorf("after the bank: %v", got)
		}
		if got := capture(id); got != captured || b.count("capture") != 0 {
			t.Errorf("Capture of what was taken already: %v", got)
		}
	})
	t.Run("a debit that takes days", func(t *testing.T) {
		id := uuid.NewString()
		s.charge(id, "ctoken_sepa", euros)
		b.confirm(id, "processing")
		s.hear(b.message("evt_1"+id, "payment_intent.succeeded", id))
		if got := capture(id); got != authorized {
			t.Errorf("Capture while the bank works: %v, want authorized", got)
		}
		b.confirm(id, "succeeded")
		if got := capture(id); got != captured {
			t.Errorf("Capture when the bank has paid: %v", got)
		}
	})
	t.Run("a debit that bounces", func(t *testing.T) {
		id := uuid.NewString()
		s.charge(id, "ctoken_sepa", euros)
		b.confirm(id, "processing")
		s.hear(b.message("evt_1"+id, "payment_intent.succeeded", id))
		b.confirm(id, "requires_payment_method")
		s.hear(b.message("evt_2"+id, "payment_intent.payment_failed", id))
		if p := s.payment(id); p.GetState() != declinedState {
			t.Errorf("after the bank refused: %v", p)
		}
	})
	t.Run("one that is not offered there", func(t *testing.T) {
		if p := s.charge(uuid.NewString(), "type:ideal"); p.GetDeclineReason() != "method_not_offered" {
			t.Errorf("iDEAL in dollars: %v", p)
		}
		if p := s.charge(uuid.NewString(), "type:card"); p.GetDeclineReason() != "method_not_offered" {
			t.Errorf("a card of which nothing is known: %v", p)
		}
	})
}

var allMethods = []string{"card", "apple_pay", "google_pay", "link", "paypal", "cashapp", "amazon_pay", "revolut_pay", "alipay", "us_bank_account", "sepa_debit",
	"bacs_debit", "au_becs_debit", "acss_debit", "ideal", "twint", "bancontact", "eps", "p24", "klarna"}

func TestStripeMethodsFollowWhatIsPaid(t *testing.T) {
	s, _ := openStripe(t, func(c *payment.Config) {
		c.Providers = []string{"stripe", "sandbox"}
		c.Stripe.Methods = allMethods
	})
	everywhere := []string{"Card", "Apple Pay", "Google Pay", "Link"}
	cases := []struct {
		name, currency, country string
		amount                  int64
		want                    []string
	}{
		{"dollars in the US", "USD", "US", 1000, append(everywhere, "PayPal", "Cash App Pay", "Amazon Pay", "US bank account", "Klarna")},
		{"euros in the Netherlands", "EUR", "NL", 1000, append(everywhere, "PayPal", "Amazon Pay", "Revolut Pay", "SEPA Direct Debit", "iDEAL", "Klarna")},
		{"euros in Belgium", "EUR", "BE", 1000, append(everywhere, "PayPal", "Amazon Pay", "Revolut Pay", "SEPA Direct Debit", "Bancontact", "Klarna")},
		{"pounds in Britain", "GBP", "GB", 1000, append(everywhere, "PayPal", "Amazon Pay", "Revolut Pay", "Bacs Direct Debit", "Klarna")},
		{"euros in China", "EUR", "CN", 1000, append(everywhere, "PayPal", "Amazon Pay", "Alipay")},
		{"zloty in Poland", "PLN", "PL", 1000, append(everywhere, "PayPal", "Revolut Pay", "Przelewy24", "Klarna")},
		{"pesos in Mexico", "MXN", "MX", 1000, everywhere},
		{"too little", "USD", "US", 49, nil},
		{"too much", "USD", "US", 100_000_000, nil},
		{"dinars that Stripe cannot say", "KWD", "KW", 1005, nil},
		{"dinars that it can", "KWD", "KW", 1010, everywhere},
	}
	for _, c := range cases {
		resp, err := s.pay.GetPaymentConfig(t.Context(), &pb.GetPaymentConfigRequest{CurrencyCode: c.currency, CountryCode: c.country, Amount: c.amount})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range resp.GetMethods() {
			if (m.GetPaymentMethod() == "") == (m.GetTokenizeUrl() == "") {
				t.Errorf("%s: %v can be paid with neither a token nor an address, or both", c.name, m)
			}
			if m.GetProvider() == "stripe" {
				got = append(got, m.GetLabel())
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got): %s", c.name, diff)
		}
		if last := resp.GetMethods()[len(resp.GetMethods())-1]; last.GetProvider() != "sandbox" {
			t.Errorf("%s: the sandbox is not beside Stripe: %v", c.name, last)
		}
	}
	// Too little for Stripe is taken by the next.
	resp, err := s.pay.Authorize(t.Context(), &pb.AuthorizeRequest{PaymentId: uuid.NewString(), Amount: usd(10), PaymentMethod: s.token(visa)})
	if err != nil || resp.GetPayment().GetProvider() != "sandbox" {
		t.Errorf("ten cents: %v, %v; want the sandbox", resp.GetPayment(), err)
	}
	id := uuid.NewString()
	if p := s.charge(id, "pm_visa", func(r *pb.AuthorizeRequest) { r.Provider = "" }); p.GetProvider() != "stripe" {
		t.Errorf("dollars: %v; want Stripe, which is the first", p)
	}
	_, err = s.pay.Authorize(t.Context(), &pb.AuthorizeRequest{PaymentId: id, Amount: usd(4200), PaymentMethod: s.token(visa), Provider: "sandbox"})
	if reasonOf(err) != "payment_differs" {
		t.Errorf("the same payment at another provider: %v", err)
	}
}

// Stripe's mock refuses what the API does not take: the bank's clean-up looks at that.
func TestStripeTakesWhatWeAskOfIt(t *testing.T) {
	s, _ := openStripe(t, func(c *payment.Config) { c.Stripe.Methods = allMethods })
	for currency, countries := range map[string][]string{"USD": {"US", ""}, "EUR": {"NL", "AT", "PL", "CN"}, "GBP": {"GB"}, "AUD": {"AU"}, "CAD": {"CA"}, "CHF": {"CH"}, "JPY": {"JP"}, "ISK": {"IS"}} {
		for _, country := range countries {
			for _, save := range []bool{false, true} {
				p := s.charge(uuid.NewString(), "pm_visa_"+uuid.NewString(), func(r *pb.AuthorizeRequest) {
					r.Amount, r.CountryCode, r.CustomerId, r.SaveMethod = &typev1.Money{CurrencyCode: currency, MinorUnits: 9000}, country, "ada", save
				})
				if p.GetState() != authorized {
					t.Errorf("%s in %s, kept = %v: %v", currency, country, save, p)
				}
			}
		}
	}
	for _, token := range []string{"type:ideal", "ctoken_1"} {
		s.charge(uuid.NewString(), token, func(r *pb.AuthorizeRequest) {
			r.Amount, r.CountryCode = &typev1.Money{CurrencyCode: "EUR", MinorUnits: 9000}, "NL"
		})
	}
}

func TestStripesAmounts(t *testing.T) {
	s, b := openStripe(t)
	for currency, want := range map[string]int64{"USD": 9000, "JPY": 9000, "ISK": 900000, "UGX": 900000, "MGA": 90, "KWD": 9000} {
		id := uuid.NewString()
		money := &typev1.Money{CurrencyCode: currency, MinorUnits: 9000}
		s.charge(id, "pm_visa", func(r *pb.AuthorizeRequest) { r.Amount = money })
		resp, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id})
		if err != nil || resp.GetPayment().GetCaptured().GetMinorUnits() != 9000 {
			t.Errorf("%s: captured %v, %v", currency, resp.GetPayment(), err)
		}
		b.change(func() {
			if got := b.intent(id).received; got != want {
				t.Errorf("%s: Stripe has %d, want %d", currency, got, want)
			}
		})
		if back, err := s.pay.Refund(t.Context(), &pb.RefundRequest{PaymentId: id, RefundId: "all", Amount: money}); err != nil || back.GetPayment().GetState() != refunded {
			t.Errorf("%s: refund %v, %v", currency, back.GetPayment(), err)
		}
	}
}

func TestStripesSavedMethodsAreTheirOwners(t *testing.T) {
	s, b := openStripe(t)
	ada, eve := uuid.NewString(), uuid.NewString()
	by := func(customer string, save bool) func(*pb.AuthorizeRequest) {
		return func(r *pb.AuthorizeRequest) { r.CustomerId, r.SaveMethod = customer, save }
	}
	s.charge(uuid.NewString(), "pm_once", by(ada, false))
	if got := s.saved(ada); len(got) != 0 {
		t.Errorf("kept without being asked to: %v", got)
	}
	s.charge(uuid.NewString(), "pm_ada", by(ada, true))
	s.charge(uuid.NewString(), "pm_eve", by(eve, true))
	kept := s.saved(ada)
	if len(kept) != 1 || kept[0].GetPaymentMethod() != "pm_ada" || kept[0].GetSummary() != "Mastercard ending in 4444" || kept[0].GetExpiryMonth() != 4 || kept[0].GetProvider() != "stripe" || kept[0].GetKind() != "card" {
		t.Fatalf("kept: %v", kept)
	}
	if p := s.charge(uuid.NewString(), "pm_ada", by(ada, false)); p.GetState() != authorized {
		t.Errorf("paying with it: %v", p)
	}
	if p := s.charge(uuid.NewString(), "pm_ada", by(eve, false)); p.GetState() != declinedState {
		t.Errorf("another pays with it: %v", p)
	}
	for _, who := range []string{eve, "stranger"} {
		if _, err := s.as(who).DeleteSavedMethod(t.Context(), &pb.DeleteSavedMethodRequest{Provider: "stripe", PaymentMethod: "pm_ada"}); err != nil || len(s.saved(ada)) != 1 {
			t.Errorf("%s deletes it: %v", who, err)
		}
	}
	for range 2 {
		if _, err := s.as(ada).DeleteSavedMethod(t.Context(), &pb.DeleteSavedMethodRequest{Provider: "stripe", PaymentMethod: "pm_ada"}); err != nil || len(s.saved(ada)) != 0 {
			t.Errorf("deleting it: %v", err)
		}
	}
	if len(s.saved(eve)) != 1 {
		t.Error("the other's is gone")
	}
	b.change(func() { b.before = func(string) { panic(http.ErrAbortHandler) } })
	if _, err := s.as(ada).ListSavedMethods(t.Context(), &pb.ListSavedMethodsRequest{}); err != nil {
		t.Errorf("while one of two providers is down: %v", err)
	}
	s.provider.Close()
	if _, err := s.as(ada).ListSavedMethods(t.Context(), &pb.ListSavedMethodsRequest{}); connect.CodeOf(err) != connect.CodeUnavailable {
		t.Errorf("while all providers are down: %v", err)
	}
}

// Keys are replaced while the shop runs: new ones are used at once, and both
// webhook secrets are good for as long as both are in the file.
func TestStripesSecretsChangeWithoutARestart(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		next := filepath.Join(dir, "next")
		if err := os.WriteFile(next, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write("key", "sk_test_one")
	write("webhook", "whsec_one")
	secret := func(name string) (s config.Secret) {
		if err := s.UnmarshalText([]byte("@" + filepath.Join(dir, name))); err != nil {
			t.Fatal(err)
		}
		return s
	}
	s, b := openStripe(t, func(c *payment.Config) { c.Stripe.Secret, c.Stripe.WebhookSecret = secret("key"), secret("webhook") })
	id := uuid.NewString()
	s.charge(id, "pm_visa")
	b.change(func() { b.keys = []string{"sk_test_two"} })
	if _, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}); reasonOf(err) != "provider_unavailable" {
		t.Errorf("with the old key: %v", err)
	}
	write("key", "sk_test_two")
	if _, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}); err != nil {
		t.Errorf("with the new key: %v", err)
	}
	body := b.message("evt_1", "payment_intent.succeeded", id)
	now := s.clock.Now()
	for _, step := range []struct {
		file string
		want map[string]int
	}{
		{"whsec_one", map[string]int{"whsec_one": 200, "whsec_two": 400}},
		{"whsec_two,whsec_one", map[string]int{"whsec_one": 200, "whsec_two": 200}},
		{"whsec_two", map[string]int{"whsec_one": 400, "whsec_two": 200}},
	} {
		write("webhook", step.file)
		for secret, want := range step.want {
			if got := s.post(body, signStripe(secret, body, now)); got != want {
				t.Errorf("file %q, signed with %s: %d, want %d", step.file, secret, got, want)
			}
		}
	}
}

func TestStripesWebhooksMustBeSigned(t *testing.T) {
	s, b := openStripe(t)
	id := uuid.NewString()
	s.charge(id, "pm_3ds")
	b.confirm(id, "requires_capture")
	now := s.clock.Now()
	body := b.message("evt_1", "payment_intent.amount_capturable_updated", id)
	old := signStripe("whsec_one", body, now.Add(-6*time.Minute))
	v1 := func(signature string) string { return signature[strings.Index(signature, "v1="):] }
	for name, c := range map[string]struct {
		signature string
		body      []byte
	}{
		"by nobody":                     {"", body},
		"by another":                    {signStripe("whsec_other", body, now), body},
		"with an empty secret":          {signStripe("", body, now), body},
		"long ago":                      {old, body},
		"in times to come":              {signStripe("whsec_one", body, now.Add(6*time.Minute)), body},
		"long ago, with a new time":     {fmt.Sprintf("t=%d,%s", now.Unix(), v1(old)), body},
		"long ago, with two times":      {fmt.Sprintf("t=%d,%s", now.Unix(), old), body},
		"long ago, with the new last":   {old + fmt.Sprintf(",t=%d", now.Unix()), body},
		"by an older scheme":            {strings.Replace(signStripe("whsec_one", body, now), "v1=", "v0=", 1), body},
		"for another body":              {signStripe("whsec_one", []byte("{}"), now), body},
		"well, and it is no JSON":       {signStripe("whsec_one", []byte("?"), now), []byte("?")},
		"well, and it is no event":      {signStripe("whsec_one", []byte(`{"object":"charge"}`), now), []byte(`{"object":"charge"}`)},
		"for the sandbox, with its key": {signStripe("wh", body, now), body},
	} {
		if got := s.post(c.body, c.signature); got != http.StatusBadRequest {
			t.Errorf("signed %s: %d, want 400", name, got)
		}
	}
	if got := s.state(id); got != actionRequired {
		t.Errorf("a message that is not Stripe's was believed: %v", got)
	}
	both := signStripe("whsec_other", body, now) + "," + v1(signStripe("whsec_one", body, now))
	if got := s.post(body, both); got != http.StatusOK || s.state(id) != authorized {
		t.Errorf("signed with two secrets, as while one is replaced: %d, %v", got, s.state(id))
	}
}

// What a message is about is found by our id, or by Stripe's; nothing else matters.
func TestStripeMessagesAboutOtherThings(t *testing.T) {
	s, b := openStripe(t)
	id := uuid.NewString()
	s.charge(id, "pm_visa")
	if _, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}); err != nil {
		t.Fatal(err)
	}
	s.hear(b.message("evt_1", "payout.paid", id))
	other := bytes.ReplaceAll(b.message("evt_2", "payment_intent.succeeded", id), []byte(id), []byte("of-another-shop"))
	s.hear(other)
	// Somebody refunds in Stripe's dashboard: that refund has no metadata of ours.
	b.change(func() { b.intent(id).refunded = 4200 })
	s.hear(bytes.ReplaceAll(b.message("evt_3", "refund.updated", id), []byte(`"souk_payment"`), []byte(`"something"`)))
	if got := s.state(id); got != refunded {
		t.Errorf("after a refund in the dashboard: %v", got)
	}
	kinds, err := filepath.Glob("testdata/stripe/*.json")
	if err != nil || len(kinds) < 10 {
		t.Fatalf("%d kinds of messages, %v", len(kinds), err)
	}
	slices.Sort(kinds)
	for n, kind := range kinds {
		s.hear(b.message(fmt.Sprintf("evt_all_%d", n), strings.TrimSuffix(filepath.Base(kind), ".json"), id))
	}
}
