package money_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/souk-commerce/souk/api/money"
	"pgregory.net/rapid"
)

func TestAdd(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b money.Amount
		want money.Amount
		err  error
	}{
		{"adds up", money.Of("USD", 1250), money.Of("USD", 50), money.Of("USD", 1300), nil},
		{"takes the zero value as nothing", money.Amount{}, money.Of("EUR", 7), money.Of("EUR", 7), nil},
		{"refuses two currencies", money.Of("USD", 1), money.Of("EUR", 1), money.Amount{}, money.ErrCurrency},
		{"refuses what does not fit", money.Of("USD", math.MaxInt64), money.Of("USD", 1), money.Amount{}, money.ErrRange},
		{"refuses what does not fit below", money.Of("USD", math.MinInt64), money.Of("USD", -1), money.Amount{}, money.ErrRange},
	} {
		if got, err := c.a.Add(c.b); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %v + %v = %v, %v; want %v, %v", c.name, c.a, c.b, got, err, c.want, c.err)
		}
	}
}

// Every result is the exact one of big integers, or refused.
func TestSumsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, n := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "n")
		exact := new(big.Int).Mul(big.NewInt(a), big.NewInt(n))
		got, err := money.Of("USD", a).Times(n)
		if fits := exact.IsInt64(); fits != (err == nil) || fits && got.Minor != exact.Int64() {
			t.Fatalf("%d × %d = %v, %v; want %v", a, n, got, err, exact)
		}
		sum := new(big.Int).Add(big.NewInt(a), big.NewInt(n))
		got, err = money.Of("USD", a).Add(money.Of("USD", n))
		if fits := sum.IsInt64(); fits != (err == nil) || fits && got.Minor != sum.Int64() {
			t.Fatalf("%d + %d = %v, %v; want %v", a, n, got, err, sum)
		}
	})
}

func TestShareRoundsHalfUp(t *testing.T) {
	for _, c := range []struct{ minor, want int64 }{{1000, 83}, {7, 1}, {6, 0}, {-7, -1}, {0, 0}} {
		if got, err := money.Of("USD", c.minor).Share(83, 1000); err != nil || got.Minor != c.want {
			t.Errorf("8.3 %% of %d = %d, %v; want %d", c.minor, got.Minor, err, c.want)
		}
	}
}

func TestParseReadsWhatDecimalWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		currency := rapid.SampledFrom([]string{"USD", "JPY", "KWD"}).Draw(t, "currency")
		a := money.Of(currency, rapid.Int64Range(-1e15, 1e15).Draw(t, "minor"))
		if got, err := money.Parse(currency, a.Decimal()); err != nil || got != a {
			t.Fatalf("Parse(%q) = %v, %v; want %v", a.Decimal(), got, err, a)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"12.5", "", "-", ".", "1.234", "9223372036854775807", "1e5", "٣", "-0.00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := money.Parse("USD", s)
		if err != nil {
			return
		}
		if again, err := money.Parse("USD", a.Decimal()); err != nil || again != a {
			t.Fatalf("Parse(%q) = %v, which reads back as %v, %v", s, a, again, err)
		}
	})
}
