package mail

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/souk-commerce/souk/api/money"
)

var update = flag.Bool("update", false, "write testdata anew")

var shop = Shop{Name: "Souk", URL: "https://shop.example/"}

func letter(t Template) Letter {
	usd := func(minor int64) money.Amount { return money.Of("USD", minor) }
	return Letter{
		Template: t, Recipient: "ada@example.com", Name: "Ada Lovelace",
		Order: Order{
			Number: "7KQ2-M9XD", Placed: noon,
			Lines: []Line{
				{Title: "Mug", Variant: "Blue, 300 ml", Quantity: 2, Total: usd(2500)},
				{Title: "Tea", Quantity: 1, Total: usd(123456)},
			},
			Totals:   Totals{Items: usd(125956), Shipping: usd(490), Tax: usd(1001), Total: usd(127447)},
			ShipTo:   []string{"Ada Lovelace", "12 St James's Square", "SW1Y 4JH London", "GB"},
			Delivery: "Standard", Promise: "2–4 working days", Payment: "Visa ending in 4242", Captured: true,
			Tracking: Tracking{Carrier: "Post", Number: "RR123", URL: "https://track.example/RR123?a=1&b=2"},
		},
	}
}

// hostile is a letter in which every word wants to be something else.
func hostile() Letter {
	const bad = "<script>alert(1)</script>\"'\r\nBcc: eve@example.com"
	l := letter(Shipped)
	l.Name, l.Order.Number, l.Order.Promise = bad, bad, bad
	l.Order.Lines = []Line{{Title: bad, Variant: bad, Quantity: 1, Total: money.Of("JPY", 500)}}
	l.Order.ShipTo = []string{bad}
	l.Order.Tracking = Tracking{Carrier: bad, Number: bad, URL: "javascript:alert(1)"}
	return l
}

func TestLettersLookLikeThis(t *testing.T) {
	w := NewWriter(shop)
	letters := map[string]Letter{"hostile": hostile()}
	for name := range subjects {
		letters[string(name)] = letter(name)
	}
	welcome := letters["welcome"]
	welcome.Order = Order{}
	letters["welcome"] = welcome
	included := letter(Cancelled)
	included.Name, included.Order.Captured = "", false
	letters["cancelled_uncharged"] = included
	for name, l := range letters {
		m, err := w.Write(l)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		golden(t, name+".html", m.HTML)
		golden(t, name+".txt", "Subject: "+m.Subject+"\n\n"+m.Text)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", name, d)
	}
}

func TestHostileWordsStayWords(t *testing.T) {
	m, err := NewWriter(shop).Write(hostile())
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(m.Subject, "\r\n") {
		t.Errorf("subject %q has more than one line", m.Subject)
	}
	if strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "javascript:") {
		t.Errorf("a script is in:\n%s", m.HTML)
	}
	for line := range strings.Lines(m.Text) {
		if strings.HasPrefix(line, "Bcc:") {
			t.Errorf("a line of its own: %q", line)
		}
	}
}

func TestWriteRefusesUnknownTemplates(t *testing.T) {
	if _, err := NewWriter(shop).Write(Letter{Template: "spam"}); !errors.Is(err, ErrTemplate) {
		t.Errorf("Write = %v; want %v", err, ErrTemplate)
	}
}
