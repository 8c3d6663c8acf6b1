package mail

import (
	netmail "net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/souk-commerce/souk/api/money"
)

// Template names what a letter says.
type Template string

// The templates.
const (
	Welcome           Template = "welcome"
	OrderConfirmation Template = "order_confirmation"
	Shipped           Template = "shipped"
	Delivered         Template = "delivered"
	Cancelled         Template = "cancelled"
)

// Letter is what is to be said to whom. It is kept as JSON until it is sent.
type Letter struct {
	Template  Template
	Recipient string
	// The person's name, where it is known.
	Name string
	// What all but Welcome are about.
	Order Order
}

// Order is what a letter tells about an order.
type Order struct {
	Number   string
	Placed   time.Time
	Lines    []Line
	Totals   Totals
	ShipTo   []string // the lines of an address label
	Delivery string   // "Standard"
	Promise  string   // "2–4 working days"
	Payment  string   // "Visa ending in 4242"
	Captured bool
	Tracking Tracking
}

// Line is one thing that was bought.
type Line struct {
	Title, Variant string
	Quantity       int32
	Total          money.Amount
}

// Totals adds up as the order does.
type Totals struct{ Items, Shipping, Tax, Total, IncludedTax money.Amount }

// Tracking is how to follow a parcel.
type Tracking struct{ Carrier, Number, URL string }

// address returns the address to write to: one, bare, and nothing but an address.
func address(text string) (string, error) {
	text = strings.TrimSpace(text)
	a, err := netmail.ParseAddress(text)
	if err != nil {
		return "", ErrRecipient.Because(err)
	}
	if a.Name != "" || a.Address != text || len(text) > 254 || text != plain(text) {
		return "", ErrRecipient
	}
	return text, nil
}

// tidy returns the letter with every text on one line and every link one that a
// browser opens as a page, so that no name or title can pretend to be more.
func (l Letter) tidy() Letter {
	o := &l.Order
	o.Lines, o.ShipTo = slices.Clone(o.Lines), slices.Clone(o.ShipTo)
	l.Name = plain(l.Name)
	for _, text := range []*string{&o.Number, &o.Delivery, &o.Promise, &o.Payment, &o.Tracking.Carrier, &o.Tracking.Number} {
		*text = plain(*text)
	}
	for i := range o.Lines {
		o.Lines[i].Title, o.Lines[i].Variant = plain(o.Lines[i].Title), plain(o.Lines[i].Variant)
	}
	for i := range o.ShipTo {
		o.ShipTo[i] = plain(o.ShipTo[i])
	}
	o.Tracking.URL = link(o.Tracking.URL)
	return l
}

// plain makes text one line of at most 300 letters, without what turns the
// writing direction around.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	text = strings.Join(strings.Fields(text), " ")
	if letters := []rune(text); len(letters) > 300 {
		return string(letters[:299]) + "…"
	}
	return text
}

func link(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.String()
}
