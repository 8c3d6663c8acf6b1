package paystripe

import (
	"github.com/stripe/stripe-go/v85"
)

var brands = map[string]string{
	"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay",
}

func card(brand, last4 string) string { return ending(orDefault(brands[brand], "Card"), last4) }

func ending(what, last4 string) string {
	if last4 == "" {
		return what
	}
	return what + " ending in " + last4
}

func orDefault(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// summary is what was paid with, for people: "Visa ending in 4242".
func summary(d *stripe.ChargePaymentMethodDetails) string {
	switch {
	case d == nil:
		return ""
	case d.Card != nil:
		return card(string(d.Card.Brand), d.Card.Last4)
	case d.SEPADebit != nil:
		return ending(label("sepa_debit"), d.SEPADebit.Last4)
	case d.USBankAccount != nil:
		return ending(label("us_bank_account"), d.USBankAccount.Last4)
	case d.BACSDebit != nil:
		return ending(label("bacs_debit"), d.BACSDebit.Last4)
	case d.AUBECSDebit != nil:
		return ending(label("au_becs_debit"), d.AUBECSDebit.Last4)
	case d.ACSSDebit != nil:
		return ending(label("acss_debit"), d.ACSSDebit.Last4)
	}
	return label(string(d.Type))
}

// saved is what a kept method is, for people.
func saved(m *stripe.PaymentMethod) string {
	switch {
	case m.Card != nil:
		return card(string(m.Card.Brand), m.Card.Last4)
	case m.SEPADebit != nil:
		return ending(label("sepa_debit"), m.SEPADebit.Last4)
	case m.USBankAccount != nil:
		return ending(label("us_bank_account"), m.USBankAccount.Last4)
	case m.BACSDebit != nil:
		return ending(label("bacs_debit"), m.BACSDebit.Last4)
	case m.AUBECSDebit != nil:
		return ending(label("au_becs_debit"), m.AUBECSDebit.Last4)
	case m.ACSSDebit != nil:
		return ending(label("acss_debit"), m.ACSSDebit.Last4)
	}
	return label(string(m.Type))
}
