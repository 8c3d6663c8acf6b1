package sale

import "github.com/souk-commerce/souk/api/money"

// fee is what a way of delivery costs in one currency, and from which value of
// items on it is free; 0 is never.
type fee struct{ price, freeFrom int64 }

// way is a way of delivery and where it goes.
type way struct {
	id, name, promise string
	near              bool
	fees              map[string]fee
}

// ways are tried in this order; the first that goes there is the default.
var ways = []way{
	{"standard", "Standard delivery", "2–4 working days", true, map[string]fee{"USD": {495, 5000}, "EUR": {495, 5000}, "GBP": {395, 4500}}},
	{"express", "Express delivery", "1–2 working days", true, map[string]fee{"USD": {1495, 0}, "EUR": {1295, 0}, "GBP": {1195, 0}}},
	{"international", "International delivery", "7–14 working days", false, map[string]fee{"USD": {1995, 20000}, "EUR": {1895, 20000}, "GBP": {1695, 18000}}},
}

// near is where parcels go from a warehouse of ours.
func near(country string) bool {
	_, european := vat[country]
	return european || country == "US"
}

// DeliveriesTo returns the ways to send items there, with their prices.
func DeliveriesTo(a Address, items money.Amount) []Delivery {
	var all []Delivery
	for _, w := range ways {
		f, ok := w.fees[items.Currency]
		if !ok || w.near != near(a.Country) {
			continue
		}
		if f.freeFrom > 0 && items.Minor >= f.freeFrom {
			f.price = 0
		}
		all = append(all, Delivery{w.id, w.name, w.promise, money.Of(items.Currency, f.price)})
	}
	return all
}
