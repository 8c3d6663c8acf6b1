package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Where the API answers.
const (
	TokensPath   = "/sandbox/v1/tokens"
	PaymentsPath = "/sandbox/v1/payments"
	actionPath   = "/sandbox/3ds/"
)

// The statuses of a payment.
const (
	RequiresAction = "requires_action"
	Authorized     = "authorized"
	Captured       = "captured"
	Voided         = "voided"
	Declined       = "declined"
	Refunded       = "refunded"
)

// PaymentRequest asks for an authorization. The same Reference again returns the
// payment that is there.
type PaymentRequest struct {
	Reference string `json:"reference"`
	Currency  string `json:"currency"`
	Amount    int64  `json:"amount"`
	Token     string `json:"token"`
	ReturnURL string `json:"return_url"`
	// Whose payment it is, when they come back, and whether the card is kept for them.
	Customer string `json:"customer,omitempty"`
	Save     bool   `json:"save,omitempty"`
}

// RefundRequest gives captured money back, once for a Reference.
type RefundRequest struct {
	Reference string `json:"reference"`
	Amount    int64  `json:"amount"`
}

// Payment is what the API answers.
type Payment struct {
	ID        string `json:"id"`
	Reference string `json:"reference"`
	Status    string `json:"status"`
	Currency  string `json:"currency"`
	Amount    int64  `json:"amount"`
	Captured  int64  `json:"captured"`
	Refunded  int64  `json:"refunded"`
	// "Visa ending in 4242"
	Card        string `json:"card"`
	DeclineCode string `json:"decline_code,omitempty"`
	// Where the shopper confirms, while that is required.
	ActionURL string `json:"action_url,omitempty"`

	returnURL string
	behaviour Behaviour
}

// Event is what a webhook brings.
type Event struct {
	ID      string  `json:"id"`
	Type    string  `json:"type"`
	Payment Payment `json:"payment"`
}

// Error is what the API answers when it does not do what was asked: 422 and 409
// for a definite no.
type Error struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// SignatureHeader carries a webhook's signature: "t=<unix>,v1=<hex>".
const SignatureHeader = "Sandbox-Signature"

// tolerance is how old a message may be.
const tolerance = 5 * time.Minute

// Sign signs a webhook: HMAC-SHA-256 over the time, a dot, and the body.
func Sign(secret string, body []byte, now time.Time) string {
	return fmt.Sprintf("t=%d,v1=%s", now.Unix(), hex.EncodeToString(mac(secret, now.Unix(), body)))
}

// Verify tells whether a webhook is ours and not old.
func Verify(secret, header string, body []byte, now time.Time) bool {
	var at int64
	var given []byte
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "t":
			at, _ = strconv.ParseInt(value, 10, 64) // 0 is too old
		case "v1":
			given, _ = hex.DecodeString(value) // half of it does not match
		}
	}
	age := now.Sub(time.Unix(at, 0))
	return secret != "" && age <= tolerance && age >= -tolerance && hmac.Equal(given, mac(secret, at, body))
}

func mac(secret string, at int64, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(h, "%d.", at)
	h.Write(body)
	return h.Sum(nil)
}
