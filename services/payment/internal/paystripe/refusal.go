package paystripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/stripe/stripe-go/v85"

	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

// failure is Stripe's error without what must not be told: its own text has the
// whole intent in it.
type failure struct {
	status  int
	kind    stripe.ErrorType
	code    stripe.ErrorCode
	param   string
	request string
}

// Error implements error.
func (f failure) Error() string {
	return fmt.Sprintf("stripe answered %d %s %s %s (request %s)", f.status, f.kind, f.code, f.param, f.request)
}

// plain makes an error fit to be logged. It is never a Refusal.
func plain(err error) error {
	var said *stripe.Error
	var unreachable *url.Error
	switch {
	case errors.As(err, &said):
		return failure{said.HTTPStatusCode, said.Type, said.Code, said.Param, said.RequestID}
	case errors.As(err, &unreachable):
		return fmt.Errorf("stripe does not answer: %w", unreachable.Err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return errors.New("stripe's answer cannot be read")
}

// refusal tells Stripe's definite no, after which nothing was done, from not
// knowing. Anything that is not plainly a no is the latter.
func refusal(err error) error {
	var said *stripe.Error
	if !errors.As(err, &said) {
		return plain(err)
	}
	switch {
	case said.Type == stripe.ErrorTypeCard && said.HTTPStatusCode == http.StatusPaymentRequired:
		return pay.Refusal{Reason: reason(said)}
	case said.Type == stripe.ErrorTypeInvalidRequest && said.Code == stripe.ErrorCodeResourceMissing && isToken(said.Param):
		return pay.Refusal{Reason: "invalid_token"}
	case said.Type == stripe.ErrorTypeInvalidRequest && said.HTTPStatusCode == http.StatusBadRequest && said.Code != stripe.ErrorCodeResourceMissing:
		return pay.Refusal{Reason: reason(said)}
	}
	return plain(err)
}

func isToken(param string) bool { return param == "payment_method" || param == "confirmation_token" }

// unexpected tells that an intent is not in the status that the call is for.
func unexpected(err error) bool {
	var said *stripe.Error
	return errors.As(err, &said) && said.Type == stripe.ErrorTypeInvalidRequest &&
		(said.Code == stripe.ErrorCodePaymentIntentUnexpectedState || said.Code == stripe.ErrorCodeChargeAlreadyCaptured)
}

// reasons are Stripe's codes in our words. What is not here is not told to
// shoppers: some codes would tell a thief that the card is known to be stolen.
var reasons = map[string]string{
	"insufficient_funds":                    "insufficient_funds",
	"expired_card":                          "expired_card",
	"incorrect_cvc":                         "incorrect_cvc",
	"invalid_cvc":                           "incorrect_cvc",
	"incorrect_number":                      "incorrect_number",
	"invalid_number":                        "incorrect_number",
	"processing_error":                      "processing_error",
	"authentication_required":               "authentication_failed",
	"payment_intent_authentication_failure": "authentication_failed",
	"capture_charge_authorization_expired":  "authorization_expired",
	"charge_expired_for_capture":            "authorization_expired",
	"amount_too_small":                      "amount_invalid",
	"amount_too_large":                      "amount_invalid",
	"charge_already_refunded":               "already_refunded",
	"charge_disputed":                       "disputed",
}

func reason(e *stripe.Error) string {
	for _, code := range []string{string(e.DeclineCode), string(e.Code)} {
		if word := reasons[code]; word != "" {
			return word
		}
	}
	if e.Type == stripe.ErrorTypeCard || e.DeclineCode != "" {
		return "card_declined"
	}
	return "invalid_request"
}
