package sale

import (
	"strconv"
	"strings"

	"github.com/souk-commerce/souk/api/money"
)

// StepKind is a step from a price to what is paid.
type StepKind string

// The steps, in their order.
const (
	ByPrice    StepKind = "price"
	ByDiscount StepKind = "discount"
	ByShipping StepKind = "shipping"
	ByTax      StepKind = "tax"
	ByRounding StepKind = "rounding"
)

// PriceStep explains an amount. Steps that are not included in those before add
// up to what is paid.
type PriceStep struct {
	Kind     StepKind
	Label    string
	Amount   money.Amount
	Included bool
}

// percent writes hundredths of a percent: 725 is "7.25 %".
func percent(rate uint64) string {
	text := strconv.FormatUint(rate/100, 10)
	if cents := rate % 100; cents != 0 {
		text += "." + strings.TrimRight(strconv.FormatUint(100+cents, 10)[1:], "0")
	}
	return text + " %"
}

// TraceOf explains what is paid for a line.
func (t Totals) TraceOf(l Line) []PriceStep {
	steps := []PriceStep{{Kind: ByPrice, Label: strconv.FormatInt(l.Quantity, 10) + " × " + l.UnitPrice.String(), Amount: l.Total}}
	included := t.Tax.IsZero()
	if l.Tax.IsZero() {
		return steps
	}
	label := "Tax"
	if t.Rate != 0 {
		label = "Tax " + percent(t.Rate)
	}
	if included {
		label += ", included"
	}
	steps = append(steps, PriceStep{Kind: ByTax, Label: label, Amount: l.Tax, Included: included})
	if exact, rounded := t.exact(l.Total, included); rounded {
		steps = append(steps, PriceStep{Kind: ByRounding, Label: "Tax rounded half up from " + exact + " " + t.Total.Currency, Amount: money.Of(t.Total.Currency, 0), Included: true})
	}
	return steps
}

// exact is a tax before it is rounded, to four more places, cut off.
func (t Totals) exact(a money.Amount, included bool) (text string, rounded bool) {
	if t.Rate == 0 || a.Minor < 0 || a.Minor > 1<<40 {
		return "", false
	}
	n, d := uint64(a.Minor)*t.Rate, uint64(whole)
	if included {
		d += t.Rate
	}
	if n%d == 0 {
		return "", false
	}
	tenThousandths := n % d * 10000 / d
	digits := money.Digits(a.Currency)
	text = money.Of(a.Currency, int64(n/d)).Decimal()
	if digits == 0 {
		text += "."
	}
	return text + strconv.FormatUint(10000+tenThousandths, 10)[1:], true
}

// Trace explains the total.
func (t Totals) Trace() []PriceStep {
	steps := []PriceStep{{Kind: ByPrice, Label: "Items", Amount: t.Items}, {Kind: ByShipping, Label: "Delivery", Amount: t.Shipping}}
	label := "Tax"
	if t.Rate != 0 {
		label = "Tax " + percent(t.Rate)
	}
	switch {
	case !t.Tax.IsZero():
		steps = append(steps, PriceStep{Kind: ByTax, Label: label, Amount: t.Tax})
	case !t.Included.IsZero():
		steps = append(steps, PriceStep{Kind: ByTax, Label: label + ", included", Amount: t.Included, Included: true})
	}
	return steps
}
