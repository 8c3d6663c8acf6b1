package payment_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	pb "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/api/gen/souk/payment/v1/paymentv1connect"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/payment"
)

func audited(c *payment.Config) { c.AuditEvery, c.AuditBack = 50*time.Millisecond, 30*time.Hour }

func (s *shop) sql(db *crdb.DB, statement string, args ...any) {
	s.t.Helper()
	if done, err := db.Exec(s.t.Context(), statement, args...); err != nil || done.RowsAffected() != 1 {
		s.t.Fatalf("%s: %v, %v", statement, done, err)
	}
}

// quiet waits until the sandbox has sent its messages.
func (s *shop) quiet() {
	s.t.Helper()
	s.waitFor("webhooks", func() bool {
		var n int
		err := s.providers.QueryRow(s.t.Context(), `SELECT count(*) FROM webhook`).Scan(&n)
		return err == nil && n == 0
	})
}

// audit waits until payments have been compared as they are now.
func (s *shop) audit() {
	s.t.Helper()
	s.clock.Advance(time.Hour)
	for range 2 { // the first may have begun before
		s.clock.Advance(time.Second)
		now := s.clock.Now()
		s.waitFor("an audit", func() bool {
			var done bool
			err := s.ours.QueryRow(s.t.Context(), `SELECT due_at > $1 FROM audit`, now).Scan(&done)
			return err == nil && done
		})
	}
}

func (s *shop) discrepancies(all bool) (found []*pb.Discrepancy) {
	s.t.Helper()
	admin := paymentv1connect.NewPaymentServiceClient(s.served.As(s.t, rpc.Principal{Subject: "staff", Role: rpc.Admin}), s.served.URL, rpc.ClientOptions()...)
	token := ""
	for {
		resp, err := admin.ListDiscrepancies(s.t.Context(), &pb.ListDiscrepanciesRequest{PageSize: 2, PageToken: token, IncludeEnded: all})
		if err != nil {
			s.t.Fatal(err)
		}
		found = append(found, resp.GetDiscrepancies()...)
		if token = resp.GetNextPageToken(); token == "" {
			return found
		}
	}
}

// kinds says of each payment how it differs, and whether that was put right.
func kinds(found []*pb.Discrepancy) map[string]string {
	all := map[string]string{}
	for _, d := range found {
		how := "waits"
		switch {
		case d.GetRepairTime() != nil:
			how = "repaired" // and ended by the next audit
		case d.GetEndTime() != nil:
			how = "ended"
		}
		all[d.GetPaymentId()] = d.GetKind() + ", " + how
	}
	return all
}

// TestAnAuditFindsWhatTheProvidersBooksSay changes the sandbox's books behind the
// shop's back.
func TestAnAuditFindsWhatTheProvidersBooksSay(t *testing.T) {
	s := open(t, audited)
	authorize := func(number string) string {
		t.Helper()
		id := uuid.NewString()
		if _, err := s.authorize(id, number, 1000); err != nil {
			t.Fatal(err)
		}
		return id
	}
	captured1000 := func() string { id, _ := s.capture(1000); return id }
	void := func() string {
		t.Helper()
		id := authorize(visa)
		if _, err := s.pay.Void(t.Context(), &pb.VoidRequest{PaymentId: id}); err != nil {
			t.Fatal(err)
		}
		return id
	}
	books := func(id, change string) string {
		t.Helper()
		s.sql(s.providers, `UPDATE sandbox_payment SET `+change+` WHERE reference = $1`, id)
		return id
	}
	fine := []string{authorize(visa), captured1000(), void(), authorize(declined), authorize(secure)}
	settled := []string{authorize(visa), captured1000(), authorize(visa), void(), void(), authorize(declined), captured1000(), authorize(visa)}
	there, here := captured1000(), captured1000()
	s.quiet()
	taken := books(settled[0], `status = 'captured', captured = 1000`)
	back := books(settled[1], `refunded = 300`)
	lapsed := books(settled[2], `status = 'voided'`)
	held := books(settled[3], `status = 'authorized'`)
	kept := books(settled[4], `status = 'captured', captured = 1000`)
	refused := books(settled[5], `status = 'authorized'`)
	ahead := books(settled[6], `status = 'authorized', captured = 0`)
	amount := books(settled[7], `amount = 1100`)
	s.sql(s.providers, `DELETE FROM sandbox_payment WHERE reference = $1`, there)
	s.sql(s.ours, `DELETE FROM payment WHERE id = $1`, here)

	s.audit()
	want := map[string]string{
		taken: "behind, repaired", back: "behind, repaired", lapsed: "behind, repaired",
		held: "held_after_void, repaired", kept: "held_after_void, repaired",
		refused: "held_after_decline, repaired",
		ahead:   "ahead, waits", amount: "amount, waits",
		there: "missing_there, waits", here: "missing_here, waits",
	}
	if diff := cmp.Diff(want, kinds(s.discrepancies(true))); diff != "" {
		t.Fatalf("found (-want +got): %s", diff)
	}
	if open := s.discrepancies(false); len(open) != 4 {
		t.Errorf("waiting for a person: %v", open)
	}
	for id, state := range map[string]pb.PaymentState{taken: captured, lapsed: voided, held: voided, kept: voided, refused: voided, ahead: captured} {
		if got := s.state(id); got != state {
			t.Errorf("%s (%s) is %v now, want %v", id, want[id], got, state)
		}
	}
	if got := s.payment(back).GetRefunded().GetMinorUnits(); got != 300 {
		t.Errorf("refunded %d, want 300 as the provider says", got)
	}
	for _, id := range []string{held, kept, refused} {
		var left int64
		err := s.providers.QueryRow(t.Context(), `SELECT CASE WHEN status IN ('authorized', 'captured', 'requires_action') THEN amount - refunded ELSE 0 END FROM sandbox_payment WHERE reference = $1`, id).Scan(&left)
		if err != nil || left != 0 {
			t.Errorf("%s: the provider still holds %d, %v", want[id], left, err)
		}
	}
	for _, d := range s.discrepancies(false) {
		if d.GetPaymentId() == ahead && (d.GetOurs() != "captured of $10.00, captured $10.00, refunded $0.00" || d.GetTheirs() != "authorized of $10.00, captured $0.00, refunded $0.00") {
			t.Errorf("said of it: %q and %q", d.GetOurs(), d.GetTheirs())
		}
	}

	// A person puts one right; the others still differ, and are no news.
	books(ahead, `status = 'captured', captured = 1000`)
	s.audit()
	s.audit()
	want[ahead] = "ahead, ended"
	if diff := cmp.Diff(want, kinds(s.discrepancies(true))); diff != "" {
		t.Errorf("found later (-want +got): %s", diff)
	}
	found := kinds(s.discrepancies(true))
	for _, id := range fine {
		if found[id] != "" {
			t.Errorf("what is the same differs: %s", found[id])
		}
	}
}

func TestAnAuditFindsWhatStripeSays(t *testing.T) {
	s, b := openStripe(t, audited)
	pay := func(taken bool, change func(i *intent)) string {
		t.Helper()
		id := uuid.NewString()
		s.charge(id, "pm_visa")
		if taken {
			if _, err := s.pay.Capture(t.Context(), &pb.CaptureRequest{PaymentId: id}); err != nil {
				t.Fatal(err)
			}
		}
		if change != nil {
			b.change(func() { change(b.intent(id)) })
		}
		return id
	}
	pay(true, nil)
	pay(false, nil)
	b.change(func() {
		b.intents = append(b.intents, &intent{id: "pi_of_others", status: "succeeded", amount: 5, received: 5, currency: "usd", created: s.clock.Now().Unix()})
	})
	lapsed := pay(false, func(i *intent) { i.status = "canceled" })
	back := pay(true, func(i *intent) { i.refunded = 4200 })
	failed := pay(true, nil)
	if _, err := s.pay.Refund(t.Context(), &pb.RefundRequest{PaymentId: failed, RefundId: "r", Amount: usd(200)}); err != nil {
		t.Fatal(err)
	}
	b.change(func() { b.intent(failed).refunded = 0 }) // the bank did not take it, days later
	given := pay(false, nil)
	if _, err := s.pay.Void(t.Context(), &pb.VoidRequest{PaymentId: given}); err != nil {
		t.Fatal(err)
	}
	b.change(func() { b.intent(given).status = "requires_capture" })
	s.audit()
	want := map[string]string{
		lapsed: "behind, repaired", back: "behind, repaired",
		failed: "ahead, waits", given: "held_after_void, repaired",
	}
	if diff := cmp.Diff(want, kinds(s.discrepancies(true))); diff != "" {
		t.Errorf("found (-want +got): %s", diff)
	}
	b.change(func() {
		if got := b.intent(given).status; got != "canceled" {
			t.Errorf("what was given up is %s at Stripe", got)
		}
	})
	if s.state(back) != refunded || s.state(lapsed) != voided {
		t.Errorf("not put right: %v, %v", s.payment(back), s.payment(lapsed))
	}
}

// One instance audits; when it dies, another takes over after a while.
func TestOneInstanceAudits(t *testing.T) {
	s := open(t, audited)
	s.audit()
	s.sql(s.ours, `UPDATE audit SET holder = 'another', claimed_until = $1, due_at = $2`, s.clock.Now().Add(2*time.Hour), s.clock.Now())
	id, _ := s.capture(1000)
	s.quiet()
	s.sql(s.providers, `UPDATE sandbox_payment SET refunded = 500 WHERE reference = $1`, id)
	s.clock.Advance(time.Hour)
	// Something else that the service does every second shows that time has passed.
	lost := uuid.NewString()
	s.authorize(lost, lostAnswers, 100)
	s.waitFor("the chaser", func() bool { s.clock.Advance(time.Second); return s.state(lost) == authorized })
	if got := s.discrepancies(true); len(got) != 0 {
		t.Errorf("audited while another does: %v", got)
	}
	s.clock.Advance(time.Hour)
	s.audit()
	if got := s.discrepancies(true); len(got) != 1 {
		t.Errorf("found after the other has died: %v", got)
	}
}

// A provider that does not answer keeps nobody from comparing with the others.
func TestAnAuditOfAProviderThatIsDown(t *testing.T) {
	s, b := openStripe(t, audited)
	id := uuid.NewString()
	s.charge(id, "pm_visa")
	b.change(func() { b.intent(id).status = "canceled" })
	s.provider.Close()
	s.audit()
	if got := s.discrepancies(true); len(got) != 1 {
		t.Errorf("found: %v; want Stripe's", got)
	}
}
