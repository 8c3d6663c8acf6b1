package checkout

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/souk-commerce/souk/web/browser"
)

// digits keeps the digits of what was typed.
func digits(typed string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, typed)
}

// expiry reads "12 / 28", "12/2028" or "1228".
func (c Card) expiry() (month, year int, ok bool) {
	d := digits(c.Expiry)
	if len(d) != 4 && len(d) != 6 {
		return 0, 0, false
	}
	month, _ = strconv.Atoi(d[:2])
	year, _ = strconv.Atoi(d[2:])
	if year < 100 {
		year += 2000
	}
	return month, year, month >= 1 && month <= 12
}

// wrong tells which fields of the card cannot be right.
func (c Card) wrong() map[string]string {
	wrong := map[string]string{}
	if number := digits(c.Number); len(number) < 12 || len(number) > 19 || !luhn(number) {
		wrong["card_number"] = "Check the card number."
	}
	if _, _, ok := c.expiry(); !ok {
		wrong["card_expiry"] = "Month and year, such as 12 / 28."
	}
	if code := digits(c.Code); len(code) < 3 || len(code) > 4 {
		wrong["card_code"] = "Three or four digits."
	}
	return wrong
}

// luhn reports whether the check digit of a card number is right.
func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		digit := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			digit *= 2
			if digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return sum%10 == 0
}

//lint:ignore ST1005 shoppers read it as it is
var errProvider = errors.New("The payment provider cannot be reached. Please try again.")

// tokenize hands the card to the provider, which gives a token for it.
func tokenize(ctx context.Context, way Way, card Card) (string, error) {
	month, year, _ := card.expiry()
	body, err := json.Marshal(map[string]any{
		"publishable_key": way.Key, "number": digits(card.Number),
		"exp_month": month, "exp_year": year, "cvc": digits(card.Code), "name": card.Name,
	})
	if err != nil {
		return "", err
	}
	response, err := browser.Fetch(ctx, browser.Request{
		Method: "POST", URL: way.TokenizeURL, Header: map[string]string{"Content-Type": "application/json"}, Body: body, Foreign: true,
	})
	if err != nil {
		return "", errProvider
	}
	var answer struct {
		Token string `json:"token"`
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(response.Body, &answer) != nil {
		return "", errProvider
	}
	switch {
	case answer.Error.Message != "":
		return "", errors.New(answer.Error.Message)
	case answer.Token == "":
		return "", errProvider
	}
	return answer.Token, nil
}
