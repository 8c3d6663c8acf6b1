// Package money does sums with amounts of money: integer minor units of an
// ISO 4217 currency, never a float. Sums that would overflow or mix currencies
// are errors, not surprises.
package money

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"
)

var (
	// ErrCurrency is returned for a sum over two currencies.
	ErrCurrency = errors.New("amounts are of different currencies")
	// ErrRange is returned when a result does not fit.
	ErrRange = errors.New("amount is out of range")
	// ErrFormat is returned for text that is not an amount.
	ErrFormat = errors.New("not an amount of money")
)

// Amount is a number of minor units of a currency: {"USD", 1250} is $12.50.
// The zero value is no money in no currency; adding it changes nothing.
type Amount struct {
	Currency string `json:"currency"`
	Minor    int64  `json:"minor"`
}

// Of returns minor units of a currency.
func Of(currency string, minor int64) Amount { return Amount{Currency: currency, Minor: minor} }

// IsZero tells whether no money is meant, in whatever currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// Add returns a + b.
func (a Amount) Add(b Amount) (Amount, error) {
	if b == (Amount{}) {
		return a, nil
	}
	if a == (Amount{}) {
		return b, nil
	}
	if a.Currency != b.Currency {
		return Amount{}, fmt.Errorf("%s and %s: %w", a.Currency, b.Currency, ErrCurrency)
	}
	sum := a.Minor + b.Minor
	if (sum > a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		return Amount{}, ErrRange
	}
	return Amount{a.Currency, sum}, nil
}

// Sub returns a - b.
func (a Amount) Sub(b Amount) (Amount, error) {
	if b.Minor == math.MinInt64 {
		return Amount{}, ErrRange
	}
	return a.Add(Amount{b.Currency, -b.Minor})
}

// Times returns a taken n times.
func (a Amount) Times(n int64) (Amount, error) {
	if a.Minor == 0 || n == 0 {
		return Amount{a.Currency, 0}, nil
	}
	product := a.Minor * n
	if product/n != a.Minor || (a.Minor == -1 && n == math.MinInt64) || (n == -1 && a.Minor == math.MinInt64) {
		return Amount{}, ErrRange
	}
	return Amount{a.Currency, product}, nil
}

// Share returns a × numerator ÷ denominator, rounded half up (away from zero),
// as tax tables and invoices do. It keeps the full product between the two steps.
func (a Amount) Share(numerator, denominator uint64) (Amount, error) {
	if denominator == 0 {
		return Amount{}, ErrRange
	}
	minor, negative := uint64(a.Minor), a.Minor < 0
	if negative {
		minor = -minor
	}
	hi, lo := bits.Mul64(minor, numerator)
	lo, carry := bits.Add64(lo, denominator/2, 0)
	hi += carry
	if hi >= denominator {
		return Amount{}, ErrRange
	}
	q, _ := bits.Div64(hi, lo, denominator)
	if q > math.MaxInt64 {
		return Amount{}, ErrRange
	}
	if negative {
		return Amount{a.Currency, -int64(q)}, nil
	}
	return Amount{a.Currency, int64(q)}, nil
}

// Compare orders two amounts of one currency.
func (a Amount) Compare(b Amount) int { return cmp.Compare(a.Minor, b.Minor) }

// Sum adds amounts up.
func Sum(amounts ...Amount) (Amount, error) {
	var sum Amount
	var err error
	for _, a := range amounts {
		if sum, err = sum.Add(a); err != nil {
			return Amount{}, err
		}
	}
	return sum, nil
}

// Digits is how many decimal places a currency has (ISO 4217, list one).
func Digits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	default:
		return 2
	}
}

// Decimal writes the amount without its currency: "12.50".
func (a Amount) Decimal() string {
	digits := Digits(a.Currency)
	minor, sign := uint64(a.Minor), ""
	if a.Minor < 0 {
		minor, sign = -minor, "-"
	}
	text := fmt.Sprintf("%0*d", digits+1, minor)
	if digits == 0 {
		return sign + text
	}
	return sign + text[:len(text)-digits] + "." + text[len(text)-digits:]
}

// String writes the amount as people read it: "$12.50", "€12.50", "CHF 12.50".
func (a Amount) String() string {
	sign, decimal := "", a.Decimal()
	if strings.HasPrefix(decimal, "-") {
		sign, decimal = "-", decimal[1:]
	}
	switch a.Currency {
	case "USD":
		return sign + "$" + decimal
	case "EUR":
		return sign + "€" + decimal
	case "GBP":
		return sign + "£" + decimal
	case "JPY":
		return sign + "¥" + decimal
	}
	return sign + strings.TrimSpace(a.Currency+" "+decimal)
}

// Parse reads a decimal as machines write it ("12.5", "1250", "-3.00") in a currency.
// More decimals than the currency has are refused unless they are zeros.
func Parse(currency, text string) (Amount, error) {
	whole, fraction, _ := strings.Cut(strings.TrimSpace(text), ".")
	negative := strings.HasPrefix(whole, "-")
	whole = strings.TrimPrefix(whole, "-")
	digits := Digits(currency)
	fraction = strings.TrimRight(fraction, "0")
	if whole == "" || len(fraction) > digits {
		return Amount{}, fmt.Errorf("%q: %w", text, ErrFormat)
	}
	var minor uint64
	for _, c := range whole + fraction + strings.Repeat("0", digits-len(fraction)) {
		if c < '0' || c > '9' {
			return Amount{}, fmt.Errorf("%q: %w", text, ErrFormat)
		}
		if minor > (math.MaxInt64-9)/10 {
			return Amount{}, fmt.Errorf("%q: %w", text, ErrRange)
		}
		minor = minor*10 + uint64(c-'0')
	}
	if negative {
		return Amount{currency, -int64(minor)}, nil
	}
	return Amount{currency, int64(minor)}, nil
}
