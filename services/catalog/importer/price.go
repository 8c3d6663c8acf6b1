package importer

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/currency"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/api/money"
)

// price is nil when the row has none in this currency.
func (r *reader) price(from PriceMapping, usual string) *catalogv1.Price {
	amount, was := r.text("price", from.Amount), r.text("compare-at price", from.CompareAt)
	if amount == "" {
		return nil
	}
	named := strings.ToUpper(r.text("currency", from.Currency))
	now, err := parseMoney(amount, named, usual, from.Decimal)
	if err == nil && now.Minor < 0 {
		err = fmt.Errorf("%q is below zero", amount)
	}
	r.note("price", err)
	price := &catalogv1.Price{Amount: toMoney(now)}
	if was == "" || err != nil {
		return price
	}
	before, err := parseMoney(was, now.Currency, "", from.Decimal)
	r.note("compare-at price", err)
	if before.Minor > now.Minor { // else it is no sale
		price.CompareAt = toMoney(before)
	}
	return price
}

func toMoney(a money.Amount) *typev1.Money {
	return &typev1.Money{CurrencyCode: a.Currency, MinorUnits: a.Minor}
}

// signs are what currencies are written with, the usual one first.
var signs = map[string][]string{
	"$": {"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU", "BRL"},
	"¥": {"JPY", "CNY"}, "￥": {"JPY", "CNY"}, "£": {"GBP", "EGP"}, "€": {"EUR"}, "₹": {"INR"}, "₩": {"KRW"}, "₺": {"TRY"},
	"₽": {"RUB"}, "₴": {"UAH"}, "₪": {"ILS"}, "₫": {"VND"}, "฿": {"THB"}, "₦": {"NGN"}, "₱": {"PHP", "MXN"}, "₲": {"PYG"}, "₡": {"CRC"}, "₸": {"KZT"},
}

var capitals = regexp.MustCompile(`[A-Z]+`)

// currenciesOf is what a text says about its currency, the most likely first;
// nothing when it says nothing.
func currenciesOf(text string) []string {
	for _, code := range capitals.FindAllString(text, -1) {
		if _, err := currency.ParseISO(code); err == nil {
			return []string{code}
		}
	}
	for sign, all := range signs {
		if strings.Contains(text, sign) {
			return all
		}
	}
	return nil
}

// currencyOf settles on a currency: the one named, else what the text says, else
// the usual one. A text that says another than is named is a mistake.
func currencyOf(text, named, usual string) (string, error) {
	said := currenciesOf(text)
	if named == "" {
		if len(said) == 0 || slices.Contains(said, usual) {
			return usual, nil
		}
		return said[0], nil
	}
	if len(said) > 0 && !slices.Contains(said, named) {
		return "", fmt.Errorf("%q is not in %s", text, named)
	}
	return named, nil
}

var errCurrency = errors.New("is not a currency")

// parseMoney reads "12.5", "$1,299.00", "1.299,00 €" (decimal ","), "USD 3".
func parseMoney(text, named, usual, decimal string) (money.Amount, error) {
	code, err := currencyOf(text, named, usual)
	if err != nil {
		return money.Amount{}, err
	}
	if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return money.Amount{}, fmt.Errorf("%q %w", code, errCurrency)
	}
	group := ","
	if decimal == "," {
		group = "."
	}
	plain := strings.TrimSpace(strings.ReplaceAll(text, code, ""))
	plain = strings.TrimFunc(plain, func(r rune) bool {
		return r != '-' && r != '.' && r != ',' && (r < '0' || r > '9')
	})
	whole, fraction, _ := strings.Cut(plain, cmp.Or(decimal, "."))
	whole, ok := ungroup(whole, group)
	if fraction != "" {
		whole = cmp.Or(whole, "0") + "." + fraction
	}
	a, err := money.Parse(code, whole)
	if err != nil || !ok {
		return money.Amount{}, fmt.Errorf("%q is not a price in %s", text, code)
	}
	return a, nil
}

// ungroup takes out what parts thousands. Those come in threes; else the
// separator means something else.
func ungroup(number, separator string) (plain string, ok bool) {
	parts := strings.FieldsFunc(number, func(r rune) bool { return strings.ContainsRune(separator+" \u00a0\u202f'’", r) })
	for i, p := range parts {
		if i > 0 && len(p) != 3 {
			return "", false
		}
	}
	return strings.Join(parts, ""), true
}
