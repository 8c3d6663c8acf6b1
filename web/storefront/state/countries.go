package state

import "github.com/souk-commerce/souk/web/ui/component"

// Countries are where the shop sends to.
var Countries = []component.Choice{
	{Value: "US", Label: "United States"}, {Value: "CA", Label: "Canada"}, {Value: "GB", Label: "United Kingdom"}, {Value: "DE", Label: "Germany"},
	{Value: "AT", Label: "Austria"}, {Value: "CH", Label: "Switzerland"}, {Value: "FR", Label: "France"}, {Value: "ES", Label: "Spain"},
	{Value: "IT", Label: "Italy"}, {Value: "NL", Label: "Netherlands"}, {Value: "BE", Label: "Belgium"}, {Value: "PL", Label: "Poland"},
	{Value: "SE", Label: "Sweden"}, {Value: "DK", Label: "Denmark"}, {Value: "IE", Label: "Ireland"}, {Value: "PT", Label: "Portugal"},
}

// Country returns the name of a country, or its code where the shop knows none.
func Country(code string) string {
	for _, c := range Countries {
		if c.Value == code {
			return c.Label
		}
	}
	return code
}
