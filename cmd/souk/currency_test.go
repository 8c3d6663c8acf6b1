package main_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestThePriceOnThePageIsCharged buys in euros: the price is the same on the page
// of the server, of the program, in the cart and on the order; and others go on to
// see dollars, though the edge keeps the page for both.
func TestThePriceOnThePageIsCharged(t *testing.T) {
	s := theShop(t)
	seen := func(currency string) string {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/p/enamel-teapot", nil)
		if err != nil {
			t.Fatal(err)
		}
		if currency != "" {
			request.AddCookie(&http.Cookie{Name: "souk_currency", Value: currency})
		}
		resp, err := plenty.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(page), `<span class="price__now">`)
		price, _, _ := strings.Cut(rest, "<")
		return price
	}
	for range 2 { // from web, and from the edge's memory
		if eur, usd, other := seen("EUR"), seen(""), seen("XXX"); eur != "€34.90" || usd != "$38.00" || other != usd {
			t.Fatalf("the server shows %s in euros, %s to those who chose nothing, %s in what the shop does not know", eur, usd, other)
		}
	}
	v := visitor(t, s.url, 1280)
	v.open("/p/enamel-teapot")
	v.ask(`(() => { const f = document.getElementById("currency"); f.value = "EUR"; f.dispatchEvent(new Event("change", {bubbles: true})); return 1 })()`)
	v.until(`document.querySelector("#price .price__now").innerText === "€34.90"`)
	v.open("/p/enamel-teapot")
	if got := v.ask(`[document.documentElement.dataset.live, document.querySelector("#price .price__now").innerText]`); got != "same,€34.90" {
		t.Errorf("loaded again, first frame and price are %s, want same,€34.90", got)
	}
	v.click(`#buy .button`)
	v.until(`document.getElementById("cart-count")?.innerText === "1"`)
	v.open("/cart")
	if got := v.ask(`document.querySelector(".summary__total dd").innerText`); got != "€34.90" {
		t.Errorf("the cart costs %s, want €34.90", got)
	}
	toReview(v, "euro@example.com", "4242 4242 4242 4242")
	promised := v.ask(`document.querySelector(".summary__total dd").innerText`)
	if !strings.HasPrefix(promised, "€") {
		t.Errorf("the review promises %s, want euros", promised)
	}
	v.click(`#step .button--wide`)
	v.see(`#order-number`)
	if got := v.ask(`[document.querySelector(".summary dd").innerText, document.querySelector(".summary__total dd").innerText]`); got != "€34.90,"+promised {
		t.Errorf("items and total of the order are %s, want €34.90,%s", got, promised)
	}
}
