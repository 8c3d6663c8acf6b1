package component

import (
	"strconv"
	"strings"

	typev1 "github.com/souk-commerce/souk/api/lite/souk/type/v1"
	"github.com/souk-commerce/souk/web/ui"
)

// Money writes an amount for people: "$1,299.00".
func Money(m *typev1.Money) string {
	if m == nil {
		return ""
	}
	sign, whole, fraction := split(m)
	if sign != "" {
		sign = "−"
	}
	amount := thousands(whole)
	if fraction != "" {
		amount += "." + fraction
	}
	switch m.GetCurrencyCode() {
	case "USD":
		return sign + "$" + amount
	case "EUR":
		return sign + "€" + amount
	case "GBP":
		return sign + "£" + amount
	case "JPY":
		return sign + "¥" + amount
	}
	return sign + amount + "\u00a0" + m.GetCurrencyCode()
}

// Plain writes an amount for programs: "1299.00".
func Plain(m *typev1.Money) string {
	sign, whole, fraction := split(m)
	if fraction == "" {
		return sign + whole
	}
	return sign + whole + "." + fraction
}

// split cuts an amount into its sign, whole units and the digits behind the point.
func split(m *typev1.Money) (sign, whole, fraction string) {
	digits := decimals(m.GetCurrencyCode())
	minor := m.GetMinorUnits()
	if minor < 0 {
		sign, minor = "-", -minor
	}
	text := strconv.FormatUint(uint64(minor), 10)
	for len(text) <= digits {
		text = "0" + text
	}
	return sign, text[:len(text)-digits], text[len(text)-digits:]
}

func decimals(currency string) int {
	switch currency {
	case "JPY", "KRW", "ISK", "VND", "CLP":
		return 0
	case "BHD", "KWD", "OMR", "JOD", "TND":
		return 3
	}
	return 2
}

func thousands(whole string) string {
	var b strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// Price shows what something costs, and what it cost before.
func Price(now, was *typev1.Money, from bool) ui.Node {
	if now == nil {
		return ui.Span(ui.Class("muted"), ui.Text("Not sold in this currency"))
	}
	sale := was != nil && was.GetMinorUnits() > now.GetMinorUnits()
	prefix := ""
	if from {
		prefix = "from "
	}
	return ui.Span(ui.Class("price"), ui.ClassIf(sale, "price--sale"),
		ui.Span(ui.Class("price__now"), ui.Text(prefix+Money(now))),
		ui.If(sale, func() ui.Node {
			return ui.S(ui.Class("price__was"), ui.Span(ui.Class("visually-hidden"), ui.Text("before: ")), ui.Text(Money(was)))
		}),
	)
}
