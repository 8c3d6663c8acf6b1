package component

import (
	"testing"

	typev1 "github.com/souk-commerce/souk/api/lite/souk/type/v1"
)

func TestMoney(t *testing.T) {
	cases := []struct {
		currency     string
		minor        int64
		shown, plain string
	}{
		{"USD", 0, "$0.00", "0.00"},
		{"USD", 5, "$0.05", "0.05"},
		{"USD", 129900, "$1,299.00", "1299.00"},
		{"EUR", 123456789, "€1,234,567.89", "1234567.89"},
		{"JPY", 1500, "¥1,500", "1500"},
		{"USD", -250, "−$2.50", "-2.50"},
		{"CHF", 990, "9.90\u00a0CHF", "9.90"},
	}
	for _, c := range cases {
		m := &typev1.Money{CurrencyCode: c.currency, MinorUnits: c.minor}
		if got := Money(m); got != c.shown {
			t.Errorf("Money(%s %d) = %q, want %q", c.currency, c.minor, got, c.shown)
		}
		if got := Plain(m); got != c.plain {
			t.Errorf("Plain(%s %d) = %q, want %q", c.currency, c.minor, got, c.plain)
		}
	}
}
