package sale

import "github.com/souk-commerce/souk/api/money"

// A rate is in hundredths of a percent: 1900 is 19 %.
type rate uint64

const whole rate = 10000

// vat is the standard rate of value-added tax where prices include it: the EU
// (Council Directive 2006/112/EC, rates of 2026), the United Kingdom, Norway
// and Switzerland.
var vat = map[string]rate{
	"AT": 2000, "BE": 2100, "BG": 2000, "CH": 810, "CY": 1900, "CZ": 2100, "DE": 1900, "DK": 2500, "EE": 2400, "ES": 2100,
	"FI": 2550, "FR": 2000, "GB": 2000, "GR": 2400, "HR": 2500, "HU": 2700, "IE": 2300, "IT": 2200, "LT": 2100, "LU": 1700,
	"LV": 2100, "MT": 1800, "NL": 2100, "NO": 2500, "PL": 2300, "PT": 2300, "RO": 2100, "SE": 2500, "SI": 2200, "SK": 2300,
}

// salesTax is the state's own rate in the United States, on top of prices.
// Counties and cities may add to it; a tax service replaces this table.
var salesTax = map[string]rate{
	"AL": 400, "AR": 650, "AZ": 560, "CA": 725, "CO": 290, "CT": 635, "DC": 600, "FL": 600, "GA": 400, "HI": 400, "IA": 600, "ID": 600,
	"IL": 625, "IN": 700, "KS": 650, "KY": 600, "LA": 500, "MA": 625, "MD": 600, "ME": 550, "MI": 600, "MN": 688, "MO": 423, "MS": 700,
	"NC": 475, "ND": 500, "NE": 550, "NJ": 663, "NM": 488, "NV": 685, "NY": 400, "OH": 575, "OK": 450, "PA": 600, "RI": 700, "SC": 600,
	"SD": 420, "TN": 700, "TX": 625, "UT": 610, "VA": 530, "VT": 600, "WA": 650, "WI": 500, "WV": 600, "WY": 400,
}

// taxed is an amount's tax: on top of it, or within it.
type taxed struct {
	rate     rate
	included bool
}

// taxable refuses an address that does not tell which state's tax is due.
func taxable(a Address) error {
	if a.Country == "US" && !isState(stateOf(a.Region)) {
		return ErrRegion
	}
	return nil
}

func taxAt(a Address) taxed {
	if r, ok := vat[a.Country]; ok {
		return taxed{r, true}
	}
	if a.Country == "US" {
		return taxed{salesTax[stateOf(a.Region)], false}
	}
	return taxed{}
}

// of returns the tax of an amount, rounded half up once for each line.
func (t taxed) of(a money.Amount) (money.Amount, error) {
	if t.included {
		return a.Share(uint64(t.rate), uint64(whole+t.rate))
	}
	return a.Share(uint64(t.rate), uint64(whole))
}
