package paystripe

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85/webhook"

	"github.com/souk-commerce/souk/services/payment/internal/pay"
)

// SignatureHeader carries a message's signatures: "t=<unix>,v1=<hex>,v1=…".
const SignatureHeader = "Stripe-Signature"

// tolerance is how old a message may be, or how far ahead its clock.
const tolerance = webhook.DefaultTolerance

// event is what we read of a message. Its object is a payment intent, a charge, a
// refund or a dispute; nothing else of it is believed, so it does not matter in
// which version of Stripe's API it was written.
type event struct {
	ID     string `json:"id"`
	Object string `json:"object"`
	Data   struct {
		Object struct {
			ID            string            `json:"id"`
			Object        string            `json:"object"`
			PaymentIntent json.RawMessage   `json:"payment_intent"`
			Metadata      map[string]string `json:"metadata"`
		} `json:"object"`
	} `json:"data"`
}

// Webhook implements pay.Provider.
func (p *Provider) Webhook(header map[string][]string, body []byte, now time.Time) (pay.Notice, error) {
	signature := http.Header(header).Get(SignatureHeader)
	signed := func(secret string) bool {
		return webhook.ValidatePayloadIgnoringTolerance(body, signature, secret) == nil
	}
	if !slices.ContainsFunc(p.cfg.WebhookSecret.RevealAll(), signed) {
		return pay.Notice{}, pay.ErrSignature
	}
	if age := now.Sub(signedAt(signature)); age > tolerance || age < -tolerance {
		return pay.Notice{}, pay.ErrSignature
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil || e.Object != "event" {
		return pay.Notice{}, pay.ErrSignature.Because(err)
	}
	n := pay.Notice{Event: e.ID, Payment: e.Data.Object.Metadata[ourPayment], Reference: id(e.Data.Object.PaymentIntent)}
	if e.Data.Object.Object == "payment_intent" {
		n.Reference = e.Data.Object.ID
	}
	if n.Reference == "" {
		return pay.Notice{}, nil // a payout, a customer, …
	}
	return n, nil
}

// id is the id of an object that may be expanded.
func id(raw json.RawMessage) string {
	var plain string
	if json.Unmarshal(raw, &plain) == nil {
		return plain
	}
	var expanded struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(raw, &expanded) != nil {
		return ""
	}
	return expanded.ID
}

// signedAt is when a message was signed: the last time in the header, which is
// the one that the signature covers.
func signedAt(header string) (at time.Time) {
	for part := range strings.SplitSeq(header, ",") {
		if text, ok := strings.CutPrefix(part, "t="); ok {
			unix, _ := strconv.ParseInt(text, 10, 64) // 0 is too old
			at = time.Unix(unix, 0)
		}
	}
	return at
}
