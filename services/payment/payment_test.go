package payment_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	pb "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/api/gen/souk/payment/v1/paymentv1connect"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/config"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/obs"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/payment"
	"github.com/souk-commerce/souk/services/payment/sandbox"
)

func TestMain(m *testing.M) { kittest.Main(m) }

// shop is the service and the provider, each with its own database.
type shop struct {
	t               *testing.T
	pay             paymentv1connect.PaymentServiceClient
	provider        *httptest.Server
	served          *kittest.Served
	ours, providers *crdb.DB
	clock           *clock.Fake
	log             journal
	// When set, it stands between the service and the provider.
	between atomic.Pointer[func(w http.ResponseWriter, r *http.Request, provider http.Handler)]
}

func open(t *testing.T, settings ...func(*payment.Config)) *shop {
	t.Helper()
	s := &shop{t: t, clock: clock.NewFake(time.Now()), ours: kittest.DB(t, payment.Migrations()), providers: kittest.DB(t, sandbox.Migrations())}
	log := slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), &s.log), &slog.HandlerOptions{Level: slog.LevelDebug}))
	calls := kittest.RPC(t, "payment")
	calls.Log = log
	log.Info("the shop opens")
	// Each has to know where the other is, so the provider's handler comes later.
	var handler http.Handler
	s.provider = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if between := s.between.Load(); between != nil {
			(*between)(w, r, handler)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(s.provider.Close)
	cfg := payment.Config{Patience: time.Second, Sandbox: payment.Sandbox{
		URL: s.provider.URL, PublicURL: s.provider.URL, Publishable: "pk", Secret: config.NewSecret("sk"), WebhookSecret: config.NewSecret("wh"),
	}}
	for _, set := range settings {
		set(&cfg)
	}
	svc, err := payment.Open(t.Context(), cfg, payment.Deps{DB: s.ours, Bus: kittest.Bus(t), RPC: calls, Clock: s.clock, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	s.served = kittest.Serve(t, svc.Handlers())
	box := sandbox.New(sandbox.Config{
		PublicURL: s.provider.URL, WebhookURL: s.served.URL + payment.WebhookPath + "sandbox", Publishable: "pk", Secret: config.NewSecret("sk"), WebhookSecret: config.NewSecret("wh"),
	}, s.providers, s.clock, log)
	handler = box.Handler()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { svc.Run(ctx) })
	running.Go(func() { box.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	s.pay = paymentv1connect.NewPaymentServiceClient(s.served.As(t, rpc.Principal{Subject: "order", Role: rpc.Service}), s.served.URL, rpc.ClientOptions()...)
	return s
}

// token is what a browser gets for a card.
func (s *shop) token(number string) string {
	s.t.Helper()
	body := fmt.Sprintf(`{"publishable_key":"pk","number":%q,"exp_month":12,"exp_year":2099,"cvc":"123"}`, number)
	resp, err := http.Post(s.provider.URL+sandbox.TokensPath, "application/json", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct{ Token string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		s.t.Fatalf("no token for %s: %v", number, err)
	}
	return answer.Token
}

// lose lets calls whose path has this ending through to the provider, and their
// answers get lost, until the function it returns is called.
func (s *shop) lose(ending string) (found func()) {
	return s.stand(ending, func(_ http.ResponseWriter, r *http.Request, provider http.Handler) {
		provider.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	})
}

// stand puts f before the provider, for calls whose path has this ending.
func (s *shop) stand(ending string, f func(w http.ResponseWriter, r *http.Request, provider http.Handler)) (away func()) {
	between := func(w http.ResponseWriter, r *http.Request, provider http.Handler) {
		if strings.HasSuffix(r.URL.Path, ending) {
			f(w, r, provider)
			return
		}
		provider.ServeHTTP(w, r)
	}
	s.between.Store(&between)
	return func() { s.between.Store(nil) }
}

func usd(minor int64) *typev1.Money { return &typev1.Money{CurrencyCode: "USD", MinorUnits: minor} }

func (s *shop) authorize(id, number string, minor int64) (*pb.Payment, error) {
	resp, err := s.pay.Authorize(s.t.Context(), &pb.AuthorizeRequest{PaymentId: id, Amount: usd(minor), PaymentMethod: s.token(number), ReturnUrl: "http://shop.example/back"})
	return resp.GetPayment(), err
}

func (s *shop) state(id string) pb.PaymentState {
	s.t.Helper()
	resp, err := s.pay.GetPayment(s.t.Context(), &pb.GetPaymentRequest{PaymentId: id})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.GetPayment().GetState()
}

// held is the money that the provider keeps back or has taken, over all payments.
func (s *shop) held() (n int64) {
	s.t.Helper()
	const query = `SELECT COALESCE(SUM(amount - refunded), 0)::INT8 FROM sandbox_payment WHERE status IN ('authorized', 'captured', 'requires_action')`
	if err := s.providers.QueryRow(s.t.Context(), query).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *shop) waitFor(what string, done func() bool) {
	s.t.Helper()
	deadline := time.After(20 * time.Second)
	for !done() {
		select {
		case <-deadline:
			s.t.Fatalf("waited in vain for %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func reasonOf(err error) string {
	if f, ok := fault.As(rpc.FaultOf(err)); ok {
		return f.Reason
	}
	return fmt.Sprint(err)
}

const (
	visa        = "4242424242424242"
	declined    = "4000000000000002"
	poor        = "4000000000009995"
	secure      = "4000000000003220"
	lostAnswers = "4000000000000119"
	lapsing     = "4000000000000341"
)

const (
	authorized = pb.PaymentState_PAYMENT_STATE_AUTHORIZED
	captured   = pb.PaymentState_PAYMENT_STATE_CAPTURED
	voided     = pb.PaymentState_PAYMENT_STATE_VOIDED
)

func TestMoneyIsTakenOnceAndGivenBackNoMoreThanOnce(t *testing.T) {
	s := open(t)
	id := uuid.NewString()
	first, err := s.authorize(id, visa, 1250)
	if err != nil || first.GetState() != authorized || first.GetSummary() != "Visa ending in 4242" {
		t.Fatalf("Authorize = %v, %v", first, err)
	}
	if again, err := s.authorize(id, visa, 1250); err != nil || again.GetProviderReference() != first.GetProviderReference() {
		t.Errorf("again: %v, %v; want the same payment", again, err)
	}
	if _, err := s.authorize(id, visa, 9999); reasonOf(err) != "payment_differs" {
		t.Errorf("another amount: %v, want payment_differs", err)
	}
	for range 2 {
		if resp, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}); err != nil || resp.GetPayment().GetCaptured().GetMinorUnits() != 1250 {
			t.Fatalf("Capture = %v, %v", resp.GetPayment(), err)
		}
	}
	if _, err := s.pay.Void(t.Context(), &pb.VoidRequest{PaymentId: id}); reasonOf(err) != "payment_captured" {
		t.Errorf("voiding what was captured: %v", err)
	}
	refund := func(name string, minor int64) (*pb.Payment, error) {
		resp, err := s.pay.Refund(t.Context(), &pb.RefundRequest{PaymentId: id, RefundId: name, Amount: usd(minor)})
		return resp.GetPayment(), err
	}
	for range 2 {
		if p, err := refund("part", 250); err != nil || p.GetRefunded().GetMinorUnits() != 250 || p.GetState() != captured {
			t.Fatalf("Refund = %v, %v; want 250 once", p, err)
		}
	}
	if _, err := refund("part", 251); reasonOf(err) != "refund_differs" {
		t.Errorf("same refund, other amount: %v", err)
	}
	if _, err := refund("rest", 1001); reasonOf(err) != "refund_too_much" {
		t.Errorf("more than was captured: %v", err)
	}
	if p, err := refund("rest", 1000); err != nil || p.GetState() != pb.PaymentState_PAYMENT_STATE_REFUNDED {
		t.Errorf("the rest: %v, %v", p, err)
	}
	if got := s.held(); got != 0 {
		t.Errorf("the provider still has %d", got)
	}
}

func TestRefundsAtOnceStayWithinWhatWasCaptured(t *testing.T) {
	s := open(t)
	id := uuid.NewString()
	if _, err := s.authorize(id, visa, 1000); err != nil {
		t.Fatal(err)
	}
	if _, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for n := range 10 {
		all.Go(func() {
			_, err := s.pay.Refund(t.Context(), &pb.RefundRequest{PaymentId: id, RefundId: fmt.Sprint(n), Amount: usd(300)})
			if err != nil && reasonOf(err) != "refund_too_much" {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := s.held(); got != 100 {
		t.Errorf("the provider has %d left of 1000, want 100 after three refunds of 300", got)
	}
}

func (s *shop) capture(minor int64) (id, reference string) {
	s.t.Helper()
	id = uuid.NewString()
	p, err := s.authorize(id, visa, minor)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.pay.Capture(s.t.Context(), &pb.CaptureRequest{PaymentId: id}); err != nil {
		s.t.Fatal(err)
	}
	return id, p.GetProviderReference()
}

func TestARefundThatTheProviderRefusesIsNotChased(t *testing.T) {
	s := open(t)
	id, _ := s.capture(1000)
	// Somebody gives money back at the provider, and no webhook tells.
	if _, err := s.providers.Exec(t.Context(), `UPDATE sandbox_payment SET refunded = 800 WHERE reference = $1`, id); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := s.pay.Refund(t.Context(), &pb.RefundRequest{PaymentId: id, RefundId: "much", Amount: usd(300)})
		if got := reasonOf(err); got != "payment_refund_refused" && got != "refund_too_much" {
			t.Errorf("Refund of 300 of 200: %v; want it refused", err)
		}
	}
	var open int
	if err := s.ours.QueryRow(t.Context(), `SELECT count(*) FROM refund WHERE NOT done`).Scan(&open); err != nil || open != 0 {
		t.Errorf("%d refunds are still chased, %v", open, err)
	}
	resp, err := s.pay.Refund(t.Context(), &pb.RefundRequest{PaymentId: id, RefundId: "rest", Amount: usd(200)})
	if err != nil || resp.GetPayment().GetState() != pb.PaymentState_PAYMENT_STATE_REFUNDED {
		t.Errorf("Refund of the rest = %v, %v", resp.GetPayment(), err)
	}
}

func TestRefundsThatDoNotGetThroughLetOthersPass(t *testing.T) {
	s := open(t)
	stuck, reference := s.capture(1000)
	healthy, _ := s.capture(1000)
	found := s.lose("/refunds")
	if _, err := s.pay.Refund(t.Context(), &pb.RefundRequest{PaymentId: healthy, RefundId: "all", Amount: usd(1000)}); reasonOf(err) != "provider_unavailable" {
		t.Fatalf("Refund: %v; want provider_unavailable", err)
	}
	found()
	s.stand(reference+"/refunds", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		http.Error(w, "broken", http.StatusInternalServerError)
	})
	const many = `INSERT INTO refund (payment, id, amount, done, created_at) SELECT $1, n::TEXT, 1, false, now() - INTERVAL '1 hour' FROM generate_series(1, 60) AS n`
	if _, err := s.ours.Exec(t.Context(), many, stuck); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(time.Minute)
	s.waitFor("the refund that can get through", func() bool {
		var done bool
		err := s.ours.QueryRow(t.Context(), `SELECT done FROM refund WHERE payment = $1`, healthy).Scan(&done)
		return err == nil && done
	})
}

func TestDeclines(t *testing.T) {
	s := open(t)
	for number, want := range map[string]string{declined: "card_declined", poor: "insufficient_funds"} {
		id := uuid.NewString()
		p, err := s.authorize(id, number, 100)
		if err != nil || p.GetState() != pb.PaymentState_PAYMENT_STATE_DECLINED || p.GetDeclineReason() != want {
			t.Errorf("%s: %v, %v; want %s", number, p, err, want)
		}
		if _, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}); reasonOf(err) != "payment_not_authorized" {
			t.Errorf("capturing a declined payment: %v", err)
		}
	}
	resp, err := s.pay.Authorize(t.Context(), &pb.AuthorizeRequest{PaymentId: "x", Amount: usd(5), PaymentMethod: "tok_of_nobody"})
	if err != nil || resp.GetPayment().GetDeclineReason() != "invalid_token" {
		t.Errorf("a token that is none: %v, %v", resp.GetPayment(), err)
	}
}

func TestThreeDSecure(t *testing.T) {
	for answer, want := range map[string]pb.PaymentState{"confirm": authorized, "refuse": pb.PaymentState_PAYMENT_STATE_DECLINED} {
		t.Run(answer, func(t *testing.T) {
			s := open(t)
			id := uuid.NewString()
			p, err := s.authorize(id, secure, 4200)
			if err != nil || p.GetState() != pb.PaymentState_PAYMENT_STATE_ACTION_REQUIRED {
				t.Fatalf("Authorize = %v, %v; want an action", p, err)
			}
			page, err := http.Get(p.GetActionUrl())
			if err != nil {
				t.Fatal(err)
			}
			defer page.Body.Close()
			text, _ := io.ReadAll(page.Body)
			if !bytes.Contains(text, []byte("$42.00")) {
				t.Errorf("the bank's page does not name the amount:\n%s", text)
			}
			client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			resp, err := client.PostForm(p.GetActionUrl(), url.Values{"answer": {answer}})
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := resp.Header.Get("Location"); got != "http://shop.example/back" {
				t.Errorf("sent back to %q", got)
			}
			// The webhook brings it, nobody asks.
			s.waitFor("the webhook", func() bool { return s.state(id) == want })
		})
	}
}

func TestALostAnswerIsFound(t *testing.T) {
	s := open(t)
	id := uuid.NewString()
	p, err := s.authorize(id, lostAnswers, 700)
	if err != nil || p.GetState() != pb.PaymentState_PAYMENT_STATE_PENDING && p.GetState() != authorized {
		t.Fatalf("Authorize = %v, %v; want pending, not an error", p, err)
	}
	s.waitFor("the provider to be asked", func() bool { s.clock.Advance(time.Second); return s.state(id) == authorized })
	if p, err := s.authorize(id, lostAnswers, 700); err != nil || p.GetState() != authorized {
		t.Errorf("asked again: %v, %v", p, err)
	}
	if got := s.held(); got != 700 {
		t.Errorf("the provider holds %d, want 700 once", got)
	}
}

func TestWhatWasGivenUpHoldsNothing(t *testing.T) {
	s := open(t)
	t.Run("after it was authorized", func(t *testing.T) {
		id := uuid.NewString()
		if _, err := s.authorize(id, visa, 100); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if resp, err := s.pay.Void(t.Context(), &pb.VoidRequest{PaymentId: id}); err != nil || resp.GetPayment().GetState() != voided {
				t.Fatalf("Void = %v, %v", resp.GetPayment(), err)
			}
		}
		if got := s.held(); got != 0 {
			t.Errorf("the provider holds %d", got)
		}
	})
	t.Run("before it was begun", func(t *testing.T) {
		id := uuid.NewString()
		if resp, err := s.pay.Void(t.Context(), &pb.VoidRequest{PaymentId: id}); err != nil || resp.GetPayment().GetState() != voided {
			t.Fatalf("Void = %v, %v", resp.GetPayment(), err)
		}
		if _, err := s.authorize(id, visa, 100); reasonOf(err) != "payment_voided" {
			t.Errorf("a late Authorize: %v, want payment_voided", err)
		}
		if got := s.held(); got != 0 {
			t.Errorf("the provider holds %d", got)
		}
	})
	t.Run("while it is on its way", func(t *testing.T) {
		id := uuid.NewString()
		var asked sync.WaitGroup
		asked.Go(func() { s.authorize(id, lostAnswers, 100) })
		s.waitFor("the provider to hold money", func() bool { return s.held() == 100 })
		if _, err := s.pay.Void(t.Context(), &pb.VoidRequest{PaymentId: id}); err != nil {
			t.Fatal(err)
		}
		s.waitFor("the money to be let go", func() bool { s.clock.Advance(time.Second); return s.held() == 0 })
		asked.Wait()
		if got := s.state(id); got != voided {
			t.Errorf("ended %v, want voided", got)
		}
	})
}

func TestWhatCannotBeCapturedHoldsNothing(t *testing.T) {
	s := open(t)
	t.Run("the capture is refused", func(t *testing.T) {
		id := uuid.NewString()
		if p, err := s.authorize(id, lapsing, 100); err != nil || p.GetState() != authorized {
			t.Fatalf("authorized: %v, %v", p, err)
		}
		resp, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id})
		if err != nil || resp.GetPayment().GetState() != voided || resp.GetPayment().GetDeclineReason() != "authorization_expired" {
			t.Fatalf("Capture = %v, %v; want a voided payment that says why", resp.GetPayment(), err)
		}
		if _, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}); reasonOf(err) != "payment_not_authorized" {
			t.Errorf("Capture again: %v; want payment_not_authorized", err)
		}
		if got := s.held(); got != 0 {
			t.Errorf("the provider holds %d", got)
		}
	})
	t.Run("it has lapsed at the provider", func(t *testing.T) {
		id := uuid.NewString()
		if _, err := s.authorize(id, visa, 100); err != nil {
			t.Fatal(err)
		}
		if _, err := s.providers.Exec(t.Context(), `UPDATE sandbox_payment SET status = 'voided' WHERE reference = $1`, id); err != nil {
			t.Fatal(err)
		}
		resp, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id})
		if err != nil || resp.GetPayment().GetState() != voided {
			t.Errorf("Capture = %v, %v; want a voided payment", resp.GetPayment(), err)
		}
	})
}

func TestNoAnswerIsNoRefusal(t *testing.T) {
	for name, between := range map[string]func(w http.ResponseWriter, r *http.Request, provider http.Handler){
		"a proxy says no": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			http.Error(w, "conflict", http.StatusConflict)
		},
		"a proxy knows no payment": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			http.Error(w, "no route", http.StatusNotFound)
		},
		"the provider is broken": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			http.Error(w, "broken", http.StatusInternalServerError)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			id := uuid.NewString()
			if _, err := s.authorize(id, visa, 100); err != nil {
				t.Fatal(err)
			}
			away := s.stand("/capture", between)
			if _, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}); reasonOf(err) != "provider_unavailable" {
				t.Errorf("Capture: %v; want provider_unavailable", err)
			}
			away()
			if resp, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}); err != nil || resp.GetPayment().GetState() != captured {
				t.Errorf("Capture again = %v, %v; want it captured", resp.GetPayment(), err)
			}
		})
	}
}

func TestALostAnswerMovesNoMoneyTwice(t *testing.T) {
	s := open(t)
	id := uuid.NewString()
	if _, err := s.authorize(id, visa, 1000); err != nil {
		t.Fatal(err)
	}
	found := s.lose("/capture")
	if _, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}); reasonOf(err) != "provider_unavailable" {
		t.Fatalf("Capture: %v; want provider_unavailable", err)
	}
	found()
	if resp, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}); err != nil || resp.GetPayment().GetCaptured().GetMinorUnits() != 1000 {
		t.Fatalf("Capture again = %v, %v; want 1000", resp.GetPayment(), err)
	}
	found = s.lose("/refunds")
	if _, err := s.pay.Refund(t.Context(), &pb.RefundRequest{PaymentId: id, RefundId: "part", Amount: usd(300)}); reasonOf(err) != "provider_unavailable" {
		t.Fatalf("Refund: %v; want provider_unavailable", err)
	}
	found()
	resp, err := s.pay.Refund(t.Context(), &pb.RefundRequest{PaymentId: id, RefundId: "part", Amount: usd(300)})
	if err != nil || resp.GetPayment().GetRefunded().GetMinorUnits() != 300 {
		t.Errorf("Refund again = %v, %v; want 300", resp.GetPayment(), err)
	}
	if got := s.held(); got != 700 {
		t.Errorf("the provider has %d, want 700", got)
	}
}

func TestWebhooksMustBeSigned(t *testing.T) {
	s := open(t)
	body := []byte(`{"payment":{"reference":"x"}}`)
	large := bytes.Repeat([]byte(" "), 300<<10)
	now := s.clock.Now()
	cases := []struct {
		name, path, signature string
		body                  []byte
		want                  int
	}{
		{"by nobody", "sandbox", "", body, 400},
		{"by another", "sandbox", sandbox.Sign("other", body, now), body, 400},
		{"long ago", "sandbox", sandbox.Sign("wh", body, now.Add(-6*time.Minute)), body, 400},
		{"in times to come", "sandbox", sandbox.Sign("wh", body, now.Add(6*time.Minute)), body, 400},
		{"with its time changed", "sandbox", fmt.Sprintf("t=%d,v1=%s", now.Unix(), strings.SplitN(sandbox.Sign("wh", body, now.Add(-time.Hour)), "v1=", 2)[1]), body, 400},
		{"for another body", "sandbox", sandbox.Sign("wh", []byte("{}"), now), body, 400},
		{"for another provider", "stripe", sandbox.Sign("wh", body, now), body, 404},
		{"well, and too large", "sandbox", sandbox.Sign("wh", large, now), large, 413},
		{"well, and no JSON", "sandbox", sandbox.Sign("wh", []byte("?"), now), []byte("?"), 400},
		{"well, about what is not ours", "sandbox", sandbox.Sign("wh", body, now), body, 200},
		{"well, once more", "sandbox", sandbox.Sign("wh", body, now), body, 200},
		{"a while ago", "sandbox", sandbox.Sign("wh", body, now.Add(-4*time.Minute)), body, 200},
	}
	for _, c := range cases {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.served.URL+payment.WebhookPath+c.path, bytes.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(sandbox.SignatureHeader, c.signature)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("signed %s: %d, want %d", c.name, resp.StatusCode, c.want)
		}
	}
}

// The provider answers nothing: the shop says so, and nothing is lost.
func TestAProviderThatIsDown(t *testing.T) {
	s := open(t)
	token := s.token(visa)
	id := uuid.NewString()
	s.provider.Close()
	resp, err := s.pay.Authorize(t.Context(), &pb.AuthorizeRequest{PaymentId: id, Amount: usd(5), PaymentMethod: token})
	if err != nil || resp.GetPayment().GetState() != pb.PaymentState_PAYMENT_STATE_PENDING {
		t.Errorf("Authorize = %v, %v; want pending", resp.GetPayment(), err)
	}
	if _, err := s.pay.Sync(t.Context(), &pb.SyncRequest{PaymentId: id}); connect.CodeOf(err) != connect.CodeUnavailable {
		t.Errorf("Sync = %v, want unavailable", err)
	}
}

func TestCardNumbersAreKeptNowhere(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	traces := sdktrace.NewTracerProvider(sdktrace.WithSyncer(obs.Masked(spans)))
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(traces)
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	s := open(t)
	for _, number := range []string{visa, declined, lostAnswers, lapsing} {
		id := uuid.NewString()
		if _, err := s.authorize(id, number, 100); err != nil {
			t.Fatal(err)
		}
		s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}) // most cannot be captured
	}
	// A page that takes the card number for the token.
	_, err := s.pay.Authorize(t.Context(), &pb.AuthorizeRequest{PaymentId: "x", Amount: usd(5), PaymentMethod: "4242 4242 4242 4242"})
	if connect.CodeOf(err) != connect.CodeInvalidArgument || s.tells(fmt.Sprint(err)) {
		t.Errorf("a card number as the token: %v; want it refused and not repeated", err)
	}
	// Someone who types it wherever there is room.
	for _, req := range []*pb.AuthorizeRequest{
		{PaymentId: visa, Amount: usd(5), PaymentMethod: s.token(visa)},
		{PaymentId: "y", Amount: usd(5), PaymentMethod: "tok_" + visa},
		{PaymentId: "z", Amount: usd(5), PaymentMethod: s.token(visa), ReturnUrl: "https://shop.example/?card=" + visa},
		{PaymentId: "w", Amount: usd(5), PaymentMethod: s.token(visa), CustomerId: "4242 4242 4242 4242"},
	} {
		if _, err := s.pay.Authorize(t.Context(), req); reasonOf(err) != "card_number" || s.tells(fmt.Sprint(err)) {
			t.Errorf("%v: %v; want it refused and not repeated", req, err)
		}
	}
	if _, err := s.pay.GetPayment(t.Context(), &pb.GetPaymentRequest{PaymentId: visa}); reasonOf(err) != "payment_not_found" {
		t.Errorf("looking for a card number: %v", err)
	}
	// What the provider cannot take.
	for _, body := range []string{`{"publishable_key":"pk","number":"` + visa, `{"publishable_key":"other","number":"` + visa + `"}`, `{"publishable_key":"pk","number":"` + visa + `"}`} {
		resp, err := http.Post(s.provider.URL+sandbox.TokensPath, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if resp.Body.Close(); err != nil || resp.StatusCode < 400 || s.tells(string(text)) {
			t.Errorf("%s: %d %s, %v; want an error without the number", body, resp.StatusCode, text, err)
		}
	}
	for name, db := range map[string]*crdb.DB{"ours": s.ours, "the provider's": s.providers} {
		for _, table := range column(t, db, `SELECT table_name::TEXT FROM information_schema.tables WHERE table_schema = 'public'`) {
			for _, row := range column(t, db, `SELECT row_to_json(x)::TEXT FROM `+table+` AS x`) {
				if s.tells(row) {
					t.Errorf("%s database has a card number in %s: %s", name, table, row)
				}
			}
		}
	}
	if log := s.log.String(); s.tells(log) || log == "" {
		t.Errorf("the log has a card number, or nothing: %s", log)
	}
	if err := traces.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := spans.GetSpans(); len(all) < 10 || s.tells(fmt.Sprintf("%+v", all)) {
		t.Errorf("a span has a card number, or there are hardly any: %+v", all)
	}
}

// tells tells whether a text has a card number in it.
func (s *shop) tells(text string) bool {
	text = strings.NewReplacer(" ", "", "-", "").Replace(text)
	return slices.ContainsFunc([]string{visa, declined, lostAnswers, lapsing}, func(number string) bool { return strings.Contains(text, number) })
}

func column(t *testing.T, db *crdb.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// journal is a log that a test can read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
