//go:build !wasm

package ssr_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func TestProgramTakesThePageOver(t *testing.T) {
	shop := newFake()
	shop.cart = map[string]int32{"a-R": 1}
	v := visitor(t, storefront(t, shop).URL, 1280)
	v.cookie("souk_at", "token")
	for _, path := range []string{"/", "/c/light", "/search?q=lamp", "/p/a", "/cart", "/checkout", "/signin", "/register", "/account", "/orders", "/orders/7KQ2-M9XD", "/orders/find", "/nowhere", "/offline", "/checkout/thanks/7KQ2-M9XD"} {
		v.open(path)
		if outcome := v.ask(`document.documentElement.dataset.live`); outcome != "same" {
			t.Errorf("%s: the program's first frame is not the server's", path)
		}
	}
}

func TestTakeoverKeepsNodesFocusAndTypedText(t *testing.T) {
	shop := newFake()
	shop.hold = make(chan struct{})
	v := visitor(t, storefront(t, shop).URL, 1280)
	v.do("open", chromedp.Navigate(v.origin+"/register"))
	v.ask(`window.heading = document.querySelector("h1")`)
	v.write("#name", "Ada Lovelace")
	v.write("#email", "ada@example.com")
	if v.ask(`document.documentElement.dataset.live`) != "undefined" {
		t.Fatal("the program was not held back")
	}
	close(shop.hold)
	v.do("wait", live())
	if got := v.ask(`[window.heading === document.querySelector("h1"), document.getElementById("name").value, document.activeElement.id]`); got != "true,Ada Lovelace,email" {
		t.Errorf("kept heading, typed text, focus = %s, want true,Ada Lovelace,email", got)
	}
	// What was typed early is known to the program, not only to the field.
	v.write("#password", "short\r")
	v.until(`document.getElementById("email").value === "ada@example.com"`)
}

// A slow phone draws behind the typing; no key is lost, and what the program
// writes itself is written.
func TestFastTypingOnASlowPhoneLosesNothing(t *testing.T) {
	v := visitor(t, storefront(t, newFake()).URL, 375)
	v.open("/register")
	if _, err := chromedp.Call(v.ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 8}); err != nil {
		t.Fatal(err)
	}
	const name = "Ada Augusta King of Lovelace, born Byron, at 12 St James's Square"
	for range 3 {
		v.ask(`(() => { const f = document.getElementById("name"); f.value = ""; f.dispatchEvent(new Event("input", {bubbles: true})); return 1 })()`)
		v.write("#name", name)
		v.write("#email", "ada@example.com")
		if got := v.ask(`document.getElementById("name").value`); got != name {
			t.Fatalf("typed %q, the field has %q", name, got)
		}
		v.ask(`(() => { const f = document.getElementById("email"); f.value = ""; f.dispatchEvent(new Event("input", {bubbles: true})); return 1 })()`)
	}
}

// TestTakeoverOfAnotherFrame serves a page that is not what the program draws: the
// program's frame wins, whole.
func TestTakeoverOfAnotherFrame(t *testing.T) {
	shop := newFake()
	shop.rewrite = func(page string) string {
		return strings.Replace(page, `<h1>Lamp a</h1>`, `<b id="stranger">?</b><h1>Lamp a</h1>`, 1)
	}
	v := visitor(t, storefront(t, shop).URL, 1280)
	v.open("/p/a")
	if got := v.ask(`[document.documentElement.dataset.live, document.getElementById("stranger"), document.querySelectorAll("h1").length, document.querySelectorAll("footer").length]`); got != "differs,,1,1" {
		t.Errorf("outcome, stranger, headings, footers = %s, want differs,,1,1", got)
	}
	v.click(`[aria-label="One more"]`)
	v.until(`document.querySelector(".quantity__number").value === "2"`)
}

func TestNavigation(t *testing.T) {
	v := visitor(t, storefront(t, newFake()).URL, 1280)
	v.open("/")
	v.ask(`(window.marker = "same", window.scrollTo(0, 500), 1)`)
	v.ask(`(document.querySelector(".card__title a").click(), 1)`)
	v.see("#buy")
	v.until(`document.activeElement.tagName === "H1"`)
	if got := v.ask(`[document.title, window.marker, scrollY]`); got != "Lamp a · Souk,same,0" {
		t.Errorf("title, document, scroll = %s, want Lamp a · Souk,same,0", got)
	}
	v.ask(`(history.back(), 1)`)
	v.see(".hero")
	v.until(`scrollY > 400`)

	v.write("#q", "la")
	v.see(".suggest")
	v.picture("suggest")
	v.write("#q", "mp\r")
	v.see(".listing")
	v.until(`document.title === "“lamp” · Souk"`)
	v.ask(`(document.querySelector(".facet__value").click(), 1)`)
	v.until(`location.search.includes("f.brand")`)
}

// TestBuy walks from a product to the confirmation.
func TestBuy(t *testing.T) {
	for _, width := range []int64{1280, 375} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			v := visitor(t, storefront(t, newFake()).URL, width)
			v.open("/p/a")
			v.click(`.product__words .chips a:nth-child(2)`)
			v.until(`document.getElementById("price").innerText.includes("$59.00")`)
			v.click(`[aria-label="One more"]`)
			v.click(`#buy .button`)
			v.until(`document.getElementById("cart-count")?.innerText === "2"`)
			v.picture("bought")
			v.click(`.toast a`)
			v.see(`[data-sku="a-B"]`)
			v.click(`[aria-label="One less"]`)
			v.until(`document.getElementById("cart-count")?.innerText === "1"`)
			v.click(`a[href="/checkout"]`)
			v.see(`#address`)
			v.write(`#email`, "ada@example.com")
			v.write(`#name`, "Ada")
			v.write(`#postal_code`, "62701")
			v.write(`#city`, "Springfield")
			v.click(`#address .button`)
			v.see(`#line1-error`)
			v.picture("checkout-address")
			v.write(`#line1`, "1 Main St")
			v.click(`#address .button`)
			v.see(`.choice`)
			v.picture("checkout-delivery")
			v.click(`#step form .button`)
			v.see(`#payment`)
			v.write(`#card_number`, "4242 4242 4242 4242")
			v.write(`#card_expiry`, "1230")
			v.write(`#card_code`, "123")
			v.picture("checkout-payment")
			v.click(`#payment .button`)
			v.see(`#step .facts`)
			v.picture("checkout-review")
			v.click(`#step .button--wide`)
			v.see(`#order-number`)
			v.picture("thanks")
			if number := v.ask(`document.getElementById("order-number").innerText`); number != "7KQ2-M9XD" {
				t.Errorf("order number = %q", number)
			}
			v.until(`!document.getElementById("cart-count")`)
		})
	}
}

// TestOffline looks at a page again without a network.
func TestOffline(t *testing.T) {
	server := storefront(t, newFake())
	v := visitor(t, server.URL, 1280)
	v.open("/p/a")
	v.until(`navigator.serviceWorker.controller !== null`)
	v.open("/p/a") // this time through the service worker
	v.open("/c/light")
	server.CloseClientConnections()
	server.Listener.Close()
	v.open("/p/a")
	if title := v.ask(`document.title`); title != "Lamp a · Souk" {
		t.Errorf("without a network, the page seen before is %q", title)
	}
	v.do("open a page never seen", chromedp.Navigate(server.URL+"/p/other"))
	if heading := v.ask(`document.querySelector("h1").innerText`); heading != "You are offline" {
		t.Errorf("without a network, a page never seen is %q", heading)
	}
}

// TestLook leaves pictures of every page in light and dark, wide and narrow, and
// checks that none is wider than its window.
func TestLook(t *testing.T) {
	shop := newFake()
	shop.cart = map[string]int32{"a-R": 1, "b-R": 2}
	server := storefront(t, shop)
	pages := map[string]string{
		"home": "/", "category": "/c/light", "search": "/search?q=lamp", "product": "/p/a", "cart": "/cart", "checkout": "/checkout", "orders": "/orders",
		"order": "/orders/7KQ2-M9XD", "find": "/orders/find", "account": "/account", "signin": "/signin", "register": "/register", "missing": "/nowhere", "offline": "/offline", "gallery": "/gallery",
	}
	for _, width := range []int64{1280, 320} {
		v := visitor(t, server.URL, width)
		v.cookie("souk_at", "token")
		for _, theme := range []string{"light", "dark"} {
			v.theme(theme)
			for name, path := range pages {
				if name == "gallery" {
					v.do("gallery", chromedp.Navigate(v.origin+path))
				} else {
					v.open(path)
				}
				v.picture(name + "-" + theme)
				if wide := v.ask(`document.documentElement.scrollWidth > innerWidth`); wide == "true" {
					t.Errorf("%s is wider than its window of %d pixels", name, width)
				}
			}
		}
	}
}
