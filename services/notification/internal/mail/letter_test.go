package mail

import (
	"errors"
	"testing"
)

func TestAddress(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       error
	}{
		{"takes an address", "ada@example.com", nil},
		{"takes letters of the world", "žofie@příklad.example", nil},
		{"refuses nothing", "", ErrRecipient},
		{"refuses a name", "Ada <ada@example.com>", ErrRecipient},
		{"refuses two", "ada@example.com, bob@example.com", ErrRecipient},
		{"refuses another header", "ada@example.com\r\nBcc: bob@example.com", ErrRecipient},
		{"refuses no host", "ada", ErrRecipient},
	} {
		if got, err := address(c.text); !errors.Is(err, c.want) {
			t.Errorf("address %s: address(%q) = %q, %v; want %v", c.name, c.text, got, err, c.want)
		}
	}
}

func TestPlain(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"leaves text alone", "Tasse “blau”, 2 €", "Tasse “blau”, 2 €"},
		{"makes one line of many", "a\r\nBcc: b\x00\tc d", "a Bcc: b c d"},
		{"does not turn around", "in\u202evoice", "invoice"},
		{"takes broken letters", "a\xff", "a�"},
	} {
		if got := plain(c.text); got != c.want {
			t.Errorf("plain %s: plain(%q) = %q; want %q", c.name, c.text, got, c.want)
		}
	}
}

func TestLink(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"takes a page", "https://track.example/7?x=1", "https://track.example/7?x=1"},
		{"refuses a script", "javascript:alert(1)", ""},
		{"refuses a path", "/orders", ""},
		{"refuses what is none", "http://[", ""},
	} {
		if got := link(c.text); got != c.want {
			t.Errorf("link %s: link(%q) = %q; want %q", c.name, c.text, got, c.want)
		}
	}
}
