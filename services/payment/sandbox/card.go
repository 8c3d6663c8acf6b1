package sandbox

import (
	"strings"
	"time"
)

// Behaviour is what happens when a card is charged.
type Behaviour string

// The behaviours.
const (
	succeeds Behaviour = "succeeds"
	action   Behaviour = "action"
	// The payment is authorized, but the answer does not come.
	silent Behaviour = "silent"
	// The payment is authorized, and cannot be captured.
	uncapturable Behaviour = "uncapturable"
	// Other behaviours are decline codes.
)

// TestCard is a card number and what it does.
type TestCard struct {
	Number    string
	Behaviour Behaviour
	Words     string
}

// TestCards are the cards that do something special; any other valid number succeeds.
var TestCards = []TestCard{
	{"4242424242424242", succeeds, "succeeds (Visa)"},
	{"5555555555554444", succeeds, "succeeds (Mastercard)"},
	{"4000000000003220", action, "asks for 3-D Secure"},
	{"4000000000000002", "card_declined", "is declined"},
	{"4000000000009995", "insufficient_funds", "is declined: insufficient funds"},
	{"4000000000000069", "expired_card", "is declined: expired"},
	{"4000000000000119", silent, "is authorized, but the answer is lost"},
	{"4000000000000341", uncapturable, "is authorized, but the capture is refused"},
}

// charge is what the provider does not forget of a card.
type charge struct {
	behaviour Behaviour
	// "Visa ending in 4242"
	card        string
	month, year int
}

// look looks at a card and says what is to be kept, or what is wrong with it.
func look(number string, month, year int, cvc string, now time.Time) (c charge, code, sentence string) {
	number = strings.NewReplacer(" ", "", "-", "").Replace(number)
	switch {
	case len(number) < 12 || len(number) > 19 || !luhn(number):
		return c, "incorrect_number", "The card number is not right."
	case month < 1 || month > 12 || time.Date(year, time.Month(month)+1, 1, 0, 0, 0, 0, time.UTC).Before(now):
		return c, "invalid_expiry", "The card has expired."
	case len(cvc) < 3 || len(cvc) > 4 || strings.Trim(cvc, "0123456789") != "":
		return c, "incorrect_cvc", "The security code is not right."
	}
	c = charge{succeeds, brand(number) + " ending in " + number[len(number)-4:], month, year}
	for _, t := range TestCards {
		if t.Number == number {
			c.behaviour = t.Behaviour
		}
	}
	return c, "", ""
}

func brand(number string) string {
	switch {
	case number[0] == '4':
		return "Visa"
	case number[0] == '5' || number[0] == '2':
		return "Mastercard"
	case strings.HasPrefix(number, "34") || strings.HasPrefix(number, "37"):
		return "American Express"
	}
	return "Card"
}

// luhn tells whether the check digit is right (ISO/IEC 7812-1).
func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
