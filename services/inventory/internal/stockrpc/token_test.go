package stockrpc

import (
	"errors"
	"testing"
	"time"

	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

func TestTokensLeadBack(t *testing.T) {
	want := place{Time: time.Date(2026, 5, 4, 12, 0, 0, 123000, time.UTC), ID: "1b4e28ba-2fa1-41d2-883f-0016d3cca427"}
	var got place
	if err := fromToken(tokenOf(want), &got); err != nil || got != want {
		t.Errorf("%v led to %v, %v", want, got, err)
	}
}

// A token is one of ours or it is refused as none.
func FuzzToken(f *testing.F) {
	for _, s := range []string{"", "e30", "bnVsbA", "!", tokenOf(place{ID: "x"}), tokenOf("MUG")} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		var p place
		if err := fromToken(token, &p); err != nil && !errors.Is(err, stock.ErrPageToken) {
			t.Errorf("fromToken(%q) = %v", token, err)
		}
		var sku stock.SKU
		if err := fromToken(token, &sku); err != nil && !errors.Is(err, stock.ErrPageToken) {
			t.Errorf("fromToken(%q) = %v", token, err)
		}
	})
}
