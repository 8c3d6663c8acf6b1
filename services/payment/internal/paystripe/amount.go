package paystripe

// Stripe counts a few currencies otherwise than ISO 4217 does:
// docs.stripe.com/currencies#special-cases.

// units turns minor units into Stripe's. Not every amount can be said.
func units(currency string, minor int64) (int64, bool) {
	switch currency {
	case "ISK", "UGX": // two decimal places for Stripe, which must be zero
		return minor * 100, minor <= most
	case "MGA": // none for Stripe
		return minor / 100, minor%100 == 0
	case "BHD", "JOD", "KWD", "OMR", "TND": // three, of which the last must be zero
		return minor, minor%10 == 0
	}
	return minor, true
}

// minor turns Stripe's units into minor ones.
func minor(currency string, units int64) int64 {
	switch currency {
	case "ISK", "UGX":
		return units / 100
	case "MGA":
		return units * 100
	}
	return units
}

// most is the largest amount that Stripe takes, in its units.
const most = 99_999_999

// least are the smallest amounts, in minor units.
var least = map[string]int64{
	"USD": 50, "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400,
	"HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000,
}

func payable(currency string, amount int64) bool {
	u, ok := units(currency, amount)
	return ok && u <= most && amount >= least[currency]
}
