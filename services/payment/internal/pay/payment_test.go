package pay

import (
	"testing"
	"time"

	"github.com/souk-commerce/souk/api/money"
)

// A capture that was on its way when the payment was given up is taken and given
// back; the books say both, and the payment stays voided.
func TestMoneyTakenAfterAVoidIsInTheBooks(t *testing.T) {
	p := Payment{ID: "p", State: Voided, Amount: money.Of("USD", 4900)}
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name               string
		report             Report
		captured, refunded int64
		settled            bool
	}{
		{"nothing was taken", Report{State: Authorized}, 0, 0, false},
		{"it was taken", Report{State: Captured, Captured: 4900}, 4900, 0, false},
		{"it went back", Report{State: Voided, Captured: 4900, Refunded: 4900}, 4900, 4900, true},
		{"an old answer comes late", Report{State: Voided}, 4900, 4900, true},
		{"a provider cannot take more than was asked for", Report{State: Voided, Captured: 5000, Refunded: 5000}, 4900, 4900, true},
	} {
		p.Learn(c.report, now)
		if p.State != Voided || p.Captured != c.captured || p.Refunded != c.refunded || p.Settled != c.settled {
			t.Errorf("%s: %s, %d captured, %d refunded, settled %v; want %+v", c.name, p.State, p.Captured, p.Refunded, p.Settled, c)
		}
	}
}
