package checkout

import "testing"

func TestCard(t *testing.T) {
	good := Card{Number: "4242 4242 4242 4242", Expiry: "12 / 30", Code: "123"}
	cases := []struct {
		name   string
		change func(*Card)
		wrong  string
	}{
		{"takes a good card", func(*Card) {}, ""},
		{"takes a year in full", func(c *Card) { c.Expiry = "12/2030" }, ""},
		{"refuses a wrong check digit", func(c *Card) { c.Number = "4242 4242 4242 4243" }, "card_number"},
		{"refuses a short number", func(c *Card) { c.Number = "4242" }, "card_number"},
		{"refuses month 13", func(c *Card) { c.Expiry = "13/30" }, "card_expiry"},
		{"refuses no year", func(c *Card) { c.Expiry = "12" }, "card_expiry"},
		{"refuses a short code", func(c *Card) { c.Code = "1" }, "card_code"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			card := good
			c.change(&card)
			wrong := card.wrong()
			if c.wrong == "" && len(wrong) > 0 || c.wrong != "" && wrong[c.wrong] == "" {
				t.Errorf("wrong = %v, want %q", wrong, c.wrong)
			}
		})
	}
}
