//go:build !wasm

package ssr_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	paymentv1 "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
)

// keys presses keys where the focus is.
func (v *visit) keys(keys string) {
	v.t.Helper()
	v.do("press keys", chromedp.KeyEvent(keys))
}

// again loads the page again and waits for the program.
func (v *visit) again() {
	v.t.Helper()
	v.ask(`document.documentElement.dataset.left = ""`)
	v.do("load again", chromedp.Reload(), live())
}

// soon is until for what comes true on another page: it outlives the one it began on.
func (v *visit) soon(condition string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, 15*time.Second)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`Boolean(`+condition+`)`)); err == nil && yes {
			return
		}
		select {
		case <-ctx.Done():
			v.t.Fatalf("waited in vain until %s, at %s", condition, v.ask(`location.href + " " + document.body.innerText.slice(0, 400)`))
		case <-ticker.C:
		}
	}
}

// load opens a page without waiting for the program.
func (v *visit) load(path string) {
	v.t.Helper()
	v.ask(`document.documentElement.dataset.left = ""`)
	v.do("load "+path, chromedp.Navigate(v.origin+path))
	v.soon(`document.readyState === "complete" && !("left" in document.documentElement.dataset)`)
}

// held is a storefront whose program is kept back until release.
func held(t *testing.T, shop *fake) (v *visit, release func()) {
	shop.hold = make(chan struct{})
	v = visitor(t, storefront(t, shop).URL, 1280)
	released := false
	release = func() {
		if !released {
			released = true
			close(shop.hold)
		}
	}
	t.Cleanup(release)
	return v, release
}

const watchShifts = `(() => {
	window.shifted = [];
	new PerformanceObserver((list) => {
		for (const e of list.getEntries()) if (e.value >= .0005) for (const s of e.sources) shifted.push(e.value.toFixed(4) + " " + s.node?.nodeName + "." + s.node?.className);
	}).observe({type: "layout-shift", buffered: true});
	return 1
})()`

// shown is the text of the page, but for what only a program knows.
const shown = `(() => {
	const page = document.getElementById("root").cloneNode(true);
	page.querySelectorAll("#cart-count, .toasts, #said").forEach((e) => e.remove());
	return page.textContent
})()`

func TestNothingMovesAtTakeover(t *testing.T) {
	for _, width := range []int64{1280, 320} {
		shop := newFake()
		shop.cart = map[string]int32{"a-R": 1}
		server := storefront(t, shop)
		var gate chan struct{} // keeps the program back
		meddle(server, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			switch {
			case r.URL.Path == "/sw.js":
				http.NotFound(w, r)
				return
			case strings.HasSuffix(r.URL.Path, ".wasm"):
				<-gate
			}
			next.ServeHTTP(w, r)
		})
		v := visitor(t, server.URL, width)
		if _, err := chromedp.Call(v.ctx, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true}); err != nil {
			t.Fatal(err)
		}
		v.cookie("souk_at", "token")
		for _, path := range []string{"/", "/c/light", "/search?q=lamp", "/p/a", "/cart", "/checkout", "/account", "/orders", "/orders/7KQ2-M9XD", "/orders/find", "/signin", "/nowhere"} {
			gate = make(chan struct{})
			v.load(path)
			v.until(`document.readyState === "complete" && !document.documentElement.dataset.live`)
			v.ask(watchShifts)
			before := v.ask(shown)
			close(gate)
			v.until(`document.documentElement.dataset.live === "same"`)
			v.until(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
			if shifts := v.ask(`window.shifted.join(", ")`); shifts != "" {
				t.Errorf("%s, %d pixels wide: moved %s", path, width, shifts)
			}
			if after := v.ask(shown); after != before {
				t.Errorf("%s, %d pixels wide: the program changed\n%s\nto\n%s", path, width, before, after)
			}
		}
	}
}

// audit finds what keeps people out: what has no name, no label, too little
// contrast; what is there twice, or out of order.
const audit = `(() => {
	const wrong = [];
	const say = (what, e) => wrong.push(what + ": " + e.outerHTML.slice(0, 120));
	const seen = (e) => e.checkVisibility({visibilityProperty: true, opacityProperty: true});
	const name = (e) => (e.getAttribute("aria-label") || e.innerText || [...e.querySelectorAll("img")].map((i) => i.alt).join("")).trim();
	const ids = new Set();
	for (const e of document.querySelectorAll("[id]")) { if (ids.has(e.id)) say("an id twice", e); ids.add(e.id) }
	for (const e of document.querySelectorAll("a[href], button")) if (seen(e) && !name(e)) say("no name", e);
	for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
		if (!e.labels.length && !e.getAttribute("aria-label")) say("no label", e);
	for (const e of document.querySelectorAll("img")) if (!e.hasAttribute("alt")) say("no alt", e);
	for (const e of document.querySelectorAll("[aria-describedby]"))
		for (const id of e.getAttribute("aria-describedby").split(" ")) if (!document.getElementById(id)) say("described by nothing", e);
	let level = 0;
	for (const e of document.querySelectorAll("h1, h2, h3, h4")) { if (+e.tagName[1] > level + 1) say("a heading too deep", e); level = +e.tagName[1] }
	if (document.querySelectorAll("h1").length !== 1) wrong.push(document.querySelectorAll("h1").length + " headings of the page");
	if (document.querySelectorAll("main").length !== 1) wrong.push("not one main");
	const rgb = (text) => { const n = text.match(/[\d.]+/g)?.map(Number) ?? []; return text.startsWith("rgb") && (n[3] ?? 1) === 1 ? n : null };
	const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b };
	for (const e of document.querySelectorAll("#root *")) {
		if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !seen(e) || e.closest("[aria-disabled=true], :disabled, .visually-hidden, .skip")) continue;
		const style = getComputedStyle(e);
		const ink = rgb(style.color);
		let ground = null;
		for (let at = e; at && !ground; at = at.parentElement) ground = rgb(getComputedStyle(at).backgroundColor);
		if (!ink || !ground) continue;
		const [a, b] = [light(ink), light(ground)].sort();
		const large = parseFloat(style.fontSize) >= 24 || parseFloat(style.fontSize) >= 18.66 && +style.fontWeight >= 700;
		const ratio = (b + .05) / (a + .05);
		if (ratio < (large ? 3 : 4.5)) say("contrast " + ratio.toFixed(2), e);
	}
	return wrong.join("\n")
})()`

func TestEverybodyCanUseIt(t *testing.T) {
	shop := newFake()
	shop.cart = map[string]int32{"a-R": 1, "b-R": 2}
	v := visitor(t, storefront(t, shop).URL, 320)
	v.cookie("souk_at", "token")
	check := func(what string) {
		t.Helper()
		if wrong := v.ask(audit); wrong != "" {
			t.Errorf("%s:\n%s", what, wrong)
		}
	}
	for _, theme := range []string{"light", "dark"} {
		v.theme(theme)
		for _, path := range []string{"/", "/c/light", "/search?q=lamp&f.brand=Lumen", "/p/a", "/cart", "/checkout", "/orders", "/orders/7KQ2-M9XD", "/orders/find", "/account", "/signin", "/register", "/nowhere", "/offline"} {
			v.open(path)
			check(theme + " " + path)
		}
		v.load("/gallery")
		check(theme + " gallery")
		v.open("/checkout")
		v.ask(`(() => { for (const id of ["email", "line1", "city"]) { const f = document.getElementById(id); f.value = ""; f.dispatchEvent(new Event("input", {bubbles: true})) } return 1 })()`)
		v.click(`#address .button`)
		v.see(`#line1-error`)
		check(theme + " complaints")
		v.open("/account")
		v.click(`.live-only > .button`)
		v.see(`#line1`)
		check(theme + " new address")
	}
}

// TestKeyboard goes where a mouse is not needed.
func TestKeyboard(t *testing.T) {
	v := visitor(t, storefront(t, newFake()).URL, 1280)
	v.open("/")
	v.keys("\t")
	if got := v.ask(`document.activeElement.className + " " + (document.activeElement.getBoundingClientRect().top >= 0)`); got != "skip true" {
		t.Errorf("the first Tab leads to %q, want the skip link in sight", got)
	}
	v.keys("\r\t")
	v.until(`Boolean(document.activeElement.closest("main"))`)
	if ring := v.ask(`getComputedStyle(document.activeElement).outlineStyle`); ring != "solid" {
		t.Errorf("the focus is shown by %q", ring)
	}

	v.write("#q", "la")
	v.see(".suggest")
	v.until(`document.getElementById("said").innerText.includes("1 suggestion")`)
	v.keys(kb.ArrowDown)
	v.until(`document.activeElement.matches(".suggest a")`)
	v.keys(kb.Escape)
	v.until(`!document.querySelector(".suggest") && document.activeElement.id === "q" && document.getElementById("q").value === "la"`)
	v.write("#q", "m")
	v.see(".suggest")
	v.keys("\t\t\t\t") // on, past the list
	v.until(`!document.querySelector(".suggest")`)
	v.write("#q", "p")
	v.see(".suggest")
	v.ask(`(document.querySelector("main").dispatchEvent(new Event("pointerdown", {bubbles: true})), 1)`)
	v.until(`!document.querySelector(".suggest")`)
}

func TestFocusStaysWhereItWas(t *testing.T) {
	shop := newFake()
	server := storefront(t, shop)
	v := visitor(t, server.URL, 1280)
	v.open("/p/a")
	v.ask(`(document.querySelector("#buy .button").focus(), 1)`)
	v.keys("\r")
	v.until(`document.getElementById("cart-count")?.innerText === "1"`)
	if got := v.ask(`document.activeElement.innerText`); got != "Add to cart" {
		t.Errorf("after adding, the focus is on %q", got)
	}
	v.open("/cart")
	v.ask(`(document.querySelector("[aria-label='One more']").focus(), 1)`)
	v.keys("\r\r") // faster than the answers
	v.until(`document.getElementById("said").innerText.startsWith("3 items in your cart")`)
	if got := v.ask(`[document.querySelector(".quantity__number").value, document.activeElement.getAttribute("aria-label")]`); got != "3,One more" {
		t.Errorf("after two more, quantity and focus are %s, want 3,One more", got)
	}
	v.ask(`(document.querySelector(".line .button--text").focus(), 1)`)
	v.keys("\r")
	v.until(`document.querySelector("h1").innerText === "Your cart is empty"`)
	v.until(`document.activeElement.tagName === "H1"`)
	v.until(`document.getElementById("said").innerText.includes("empty")`)

	v.open("/c/light")
	v.ask(`(document.querySelectorAll(".facet__value")[1].focus(), 1)`)
	label := v.ask(`document.activeElement.innerText`)
	v.keys("\r")
	v.until(`location.search.includes("f.")`)
	v.until(`document.activeElement.matches(".facet__value")`)
	if got := v.ask(`document.activeElement.innerText`); got != label {
		t.Errorf("after choosing %q, the focus is on %q", label, got)
	}
}

func TestAWrongPasswordEmptiesNothing(t *testing.T) {
	v := visitor(t, storefront(t, newFake()).URL, 1280)
	v.open("/signin")
	v.write("#email", "ada@example.com")
	v.write("#password", "wrong\r")
	v.see(`[role=alert]`)
	if got := v.ask(`[document.getElementById("email").value, document.activeElement.id]`); got != "ada@example.com,password" {
		t.Errorf("e-mail and focus are %s, want ada@example.com,password", got)
	}
	v.ask(`(document.getElementById("password").select(), 1)`)
	v.write("#password", "right password\r")
	v.until(`document.querySelector("h1").innerText === "Hello, Ada"`)
}

func TestScrollIsKept(t *testing.T) {
	v := visitor(t, storefront(t, newFake()).URL, 375)
	v.open("/c/light")
	v.ask(`(window.scrollTo(0, 600), 1)`)
	v.until(`history.state?.scroll === 600`)
	v.ask(`(document.querySelectorAll(".card__title a")[2].click(), 1)`)
	v.see("#buy")
	v.until(`scrollY === 0`)
	v.ask(`(window.scrollTo(0, 300), 1)`)
	v.until(`history.state?.scroll === 300`)
	v.ask(`(history.back(), 1)`)
	v.see(".listing")
	v.until(`scrollY === 600`)
	v.ask(`(history.forward(), 1)`)
	v.see("#buy")
	v.until(`scrollY === 300`)
	v.again()
	v.until(`scrollY === 300`)
}

func TestAChoiceHasItsAddress(t *testing.T) {
	v := visitor(t, storefront(t, newFake()).URL, 1280)
	v.open("/p/a")
	v.click(`.product__words .chips a:nth-child(2)`)
	v.until(`location.search === "?variant=a-B" && document.getElementById("price").innerText.includes("$59.00")`)
	v.open("/p/a?variant=a-B")
	if got := v.ask(`[document.getElementById("price").innerText.split("\n")[0], document.querySelector("#buy [name=sku]").value, document.documentElement.dataset.live]`); got != "$59.00,a-B,same" {
		t.Errorf("price, SKU, first frame = %s, want $59.00,a-B,same", got)
	}
}

func TestTheHeadFollows(t *testing.T) {
	v := visitor(t, storefront(t, newFake()).URL, 1280)
	v.open("/")
	v.ask(`(document.querySelector(".card__title a").click(), 1)`)
	v.see("#buy")
	head := `[document.title, document.querySelector("link[rel=canonical]")?.href.replace(location.origin, ""), document.querySelector("meta[property='og:url']")?.content.replace(location.origin, ""), document.querySelector("meta[name=robots]")?.content]`
	if got := v.ask(head); got != "Lamp a · Souk,/p/a,/p/a," {
		t.Errorf("title, canonical, og:url, robots = %s", got)
	}
	v.ask(`(document.querySelector("a[href='/cart']").click(), 1)`)
	v.until(`document.title === "Cart · Souk"`)
	if got := v.ask(head); got != "Cart · Souk,/cart,/cart,noindex" {
		t.Errorf("title, canonical, og:url, robots = %s", got)
	}
}

// TestBeforeTheProgram does what shoppers do while it is on its way.
func TestBeforeTheProgram(t *testing.T) {
	v, release := held(t, newFake())
	choose := func(id string) { // the next of a select's
		v.ask(`(document.getElementById("` + id + `").focus(), 1)`)
		v.keys(kb.ArrowDown)
	}
	v.load("/c/light")
	choose("sort")
	v.soon(`location.search === "?sort=newest"`)
	v.load("/p/a")
	v.click(`#buy .button`)
	v.see(`.line`)
	v.ask(`(document.querySelector(".quantity__number").select(), 1)`)
	v.keys("2\t")
	v.soon(`document.querySelector(".summary")?.innerText.includes("$98.00")`)
	choose("currency")
	v.soon(`document.cookie.includes("souk_currency=EUR") && document.getElementById("currency")?.value === "EUR"`)
	v.load("/checkout")
	for id, text := range map[string]string{"email": "ada@example.com", "name": "Ada", "line1": "1 Main St", "postal_code": "62701", "city": "Springfield"} {
		v.ask(`(document.getElementById("` + id + `").value = "", 1)`)
		v.write("#"+id, text)
	}
	v.click(`#address .button`)
	v.until(`"loading" in document.documentElement.dataset`)
	release()
	v.see(`.choice`)
}

// TestAProgramThatDoesNotArrive leaves a page that works as without scripts.
func TestAProgramThatDoesNotArrive(t *testing.T) {
	server := storefront(t, newFake())
	meddle(server, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, ".wasm") {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		next.ServeHTTP(w, r)
	})
	v := visitor(t, server.URL, 375)
	v.load("/p/a")
	v.until(`!("scripts" in document.documentElement.dataset)`)
	v.click(`#buy .button`)
	v.see(`.line`)
	v.until(`!("scripts" in document.documentElement.dataset)`)
	v.see(`.line .plain-only`)
	v.load("/checkout")
	v.until(`!("scripts" in document.documentElement.dataset)`)
	v.see(`main .plain-only .button`)
	v.picture("without-program")
	if seen := v.ask(`document.getElementById("address").checkVisibility()`); seen != "false" {
		t.Error("a form is shown that nothing takes")
	}
}

func TestTwoTabs(t *testing.T) {
	shop := newFake()
	v := visitor(t, storefront(t, shop).URL, 1280)
	v.open("/p/a")
	v.ask(`(document.cookie = "souk_currency=EUR; path=/", localStorage.setItem("souk.session", "guest"), 1)`) // what another tab leaves
	v.cookie("souk_at", "token")
	shop.mutex.Lock()
	shop.cart["b-R"] = 2
	shop.mutex.Unlock()
	v.ask(`(document.dispatchEvent(new Event("visibilitychange")), 1)`)
	v.until(`document.getElementById("cart-count")?.innerText === "2"`)
	v.until(`document.getElementById("price").innerText.includes("€48.00")`)
	v.until(`document.getElementById("currency").value === "EUR"`)
}

// toPayment fills a checkout in, up to the card.
func toPayment(v *visit) {
	v.t.Helper()
	v.see(`#address`)
	for id, text := range map[string]string{"email": "ada@example.com", "name": "Ada", "line1": "1 Main St", "postal_code": "62701", "city": "Springfield"} {
		v.ask(`(() => { const f = document.getElementById("` + id + `"); f.value = ""; f.dispatchEvent(new Event("input", {bubbles: true})); return 1 })()`)
		v.write("#"+id, text)
	}
	v.click(`#address .button`)
	v.see(`.choice`)
	v.click(`#step form .button`)
	v.see(`#payment`)
}

func fillCard(v *visit) {
	v.t.Helper()
	v.write(`#card_number`, "4242 4242 4242 4242")
	v.write(`#card_expiry`, "1230")
	v.write(`#card_code`, "123")
	v.click(`#payment .button`)
	v.see(`#step .facts`)
}

func TestStepsOfTheCheckout(t *testing.T) {
	shop := newFake()
	shop.cart = map[string]int32{"a-R": 1}
	v := visitor(t, storefront(t, shop).URL, 1280)
	v.cookie("souk_at", "token")
	v.open("/checkout")
	toPayment(v)
	fillCard(v)
	v.until(`location.search === "?step=review" && document.activeElement.id === "step"`)
	v.ask(`(history.back(), 1)`)
	v.see(`#payment`)
	if got := v.ask(`[location.search, document.getElementById("card_number").value]`); got != "?step=payment,4242 4242 4242 4242" {
		t.Errorf("a step back, step and card are %s", got)
	}
	v.ask(`(history.go(-2), 1)`)
	v.see(`#address`)
	if got := v.ask(`document.getElementById("line1").value`); got != "1 Main St" {
		t.Errorf("three steps back, the street is %q", got)
	}
	v.ask(`(history.go(3), 1)`)
	v.see(`#step .facts`)

	v.again()
	v.see(`#payment`) // the card is kept nowhere
	if got := v.ask(`[document.getElementById("card_number").value, Object.values(sessionStorage).join().includes("4242")]`); got != ",false" {
		t.Errorf("after loading again, the card is %s, want none and kept nowhere", got)
	}
	v.ask(`(document.querySelector(".steps button").click(), 1)`)
	v.see(`#address`)
	if got := v.ask(`document.getElementById("line1").value`); got != "1 Main St" {
		t.Errorf("after loading again, the street is %q", got)
	}
}

// Who has kept a card pays with it, or in any other way that there is.
func TestWaysToPay(t *testing.T) {
	shop := newFake()
	shop.methods = []*paymentv1.PaymentMethodOption{
		{Provider: "stripe", Kind: "redirect", Label: "Pay by bank", PaymentMethod: "ideal"},
		{Provider: "stripe", Kind: "card", Label: "Card elsewhere"}, // which takes more than we have
	}
	shop.saved = []*paymentv1.SavedMethod{
		{Provider: "sandbox", PaymentMethod: "pm_kept", Kind: "card", Summary: "Visa ending in 1881"},
		{Provider: "gone", PaymentMethod: "pm_gone", Kind: "card", Summary: "Visa ending in 0000"},
	}
	v := visitor(t, storefront(t, shop).URL, 320)
	v.cookie("souk_at", "token")
	v.open("/checkout")
	v.ask(`(localStorage.setItem("souk.session", "shopper"), 1)`)
	for _, c := range []struct{ choose, fact, provider, token, keep string }{
		{"", "Visa ending in 1881", "sandbox", "pm_kept", ""},
		{"#way-stripe-Pay-by-bank", "Pay by bank", "stripe", "ideal", ""},
		{"#way-sandbox-Card", "Card ending in 4242", "sandbox", "tok_1", "true"},
	} {
		shop.mutex.Lock()
		shop.cart = map[string]int32{"a-R": 1}
		shop.mutex.Unlock()
		v.open("/checkout")
		toPayment(v)
		if got := v.ask(`Array.from(document.querySelectorAll("#ways label")).map(l => l.innerText)`); got != "Visa ending in 1881,Card,Pay by bank" {
			t.Errorf("the ways to pay are %s", got)
		}
		if c.choose != "" {
			v.click(c.choose)
		}
		if c.keep == "" {
			v.until(`!document.getElementById("card_number")`)
			v.click(`#payment .button`)
			v.see(`#step .facts`)
		} else {
			v.see(`#card_number`)
			v.picture("checkout-ways")
			v.click(`#keep`)
			if wrong := v.ask(audit); wrong != "" {
				t.Error(wrong)
			}
			fillCard(v)
		}
		if facts := v.ask(`document.querySelector("#step .facts").innerText`); !strings.Contains(facts, c.fact) {
			t.Errorf("the review says %q, want %q", facts, c.fact)
		}
		v.click(`#step .button--wide`)
		v.see(`#order-number`)
		var placed struct {
			PaymentMethod     string `json:"payment_method"`
			PaymentProvider   string `json:"payment_provider"`
			SavePaymentMethod bool   `json:"save_payment_method"`
		}
		sent, _ := shop.was("/souk.order.v1.CheckoutService/PlaceOrder")
		if err := json.Unmarshal([]byte(sent), &placed); err != nil || placed.PaymentMethod != c.token || placed.PaymentProvider != c.provider || placed.SavePaymentMethod != (c.keep != "") {
			t.Errorf("%s: sent %s, %v", c.fact, sent, err)
		}
	}
	v.open("/account")
	v.click(`[aria-label="Forget Visa ending in 1881"]`)
	v.until(`document.getElementById("cards").innerText.includes("0000") && !document.getElementById("cards").innerText.includes("1881")`)
	v.again()
	v.until(`!document.getElementById("cards").innerText.includes("1881")`)
}

func TestPayingTwiceIsPayingOnce(t *testing.T) {
	shop := newFake()
	shop.cart = map[string]int32{"a-R": 1}
	server := storefront(t, shop)
	gate := make(chan struct{})
	meddle(server, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/PlaceOrder") {
			<-gate
		}
		next.ServeHTTP(w, r)
	})
	v := visitor(t, server.URL, 1280)
	v.cookie("souk_at", "token")
	v.open("/checkout")
	toPayment(v)
	fillCard(v)
	v.do("pay, hastily", chromedp.DoubleClick(chromedp.CSS(`#step .button--wide`)))
	v.until(`location.pathname.startsWith("/checkout/return/")`)
	close(gate)
	v.see(`#order-number`)
	if n := shop.count("/souk.order.v1.CheckoutService/PlaceOrder"); n != 1 {
		t.Errorf("paying with a double click placed %d orders", n)
	}
	v.ask(`(history.back(), 1)`) // not into the checkout that is over
	v.until(`document.querySelector("h1").innerText === "Your cart is empty"`)
}

// TestLoadingAgainWhilePaying tells what came of the order.
func TestLoadingAgainWhilePaying(t *testing.T) {
	shop := newFake()
	shop.cart = map[string]int32{"a-R": 1}
	server := storefront(t, shop)
	gate := make(chan struct{})
	meddle(server, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/PlaceOrder") {
			io.Copy(io.Discard, r.Body) // it arrived; the answer is lost
			<-gate
			return
		}
		next.ServeHTTP(w, r)
	})
	v := visitor(t, server.URL, 1280)
	t.Cleanup(func() { close(gate) })
	v.cookie("souk_at", "token")
	v.open("/checkout")
	toPayment(v)
	fillCard(v)
	v.click(`#step .button--wide`)
	v.until(`location.pathname.startsWith("/checkout/return/")`)
	v.again()
	v.see(`#order-number`)
	v.until(`location.pathname === "/checkout/thanks/7KQ2-M9XD"`)
}

// count tells how often a procedure was called.
func (f *fake) count(procedure string) int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.calls[procedure]
}

// TestANewRelease is taken up by the service worker, with the old page still open.
func TestANewRelease(t *testing.T) {
	shop := newFake()
	server := storefront(t, shop)
	released := false
	meddle(server, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path == "/sw.js" && released {
			w.Header().Set("Content-Type", "text/javascript")
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			io.WriteString(w, answer.Body.String()+"\n// the next release\nself.release = 2;\naddEventListener('message', (e) => e.ports[0].postMessage(self.release));\n")
			return
		}
		next.ServeHTTP(w, r)
	})
	v := visitor(t, server.URL, 1280)
	v.open("/p/a")
	v.until(`navigator.serviceWorker.controller !== null`)
	v.open("/p/a")
	v.ask(`(window.worker = navigator.serviceWorker.controller, 1)`)
	released = true
	v.ask(`navigator.serviceWorker.ready.then((r) => r.update()).then(() => 1)`)
	v.until(`navigator.serviceWorker.controller !== window.worker`)
	v.until(`new Promise((done) => { const c = new MessageChannel(); c.port1.onmessage = (e) => done(e.data === 2); navigator.serviceWorker.controller.postMessage("", [c.port2]) })`)
	v.click(`[aria-label="One more"]`) // the page that was open goes on
	v.until(`document.querySelector(".quantity__number").value === "2"`)
	server.CloseClientConnections()
	server.Listener.Close()
	v.open("/p/a") // and what was seen is still there
	if title := v.ask(`document.title`); title != "Lamp a · Souk" {
		t.Errorf("without a network after an update, the page is %q", title)
	}
}

// TestBackOnline loads what could not be had as soon as there is a network.
func TestBackOnline(t *testing.T) {
	server := storefront(t, newFake())
	v := visitor(t, server.URL, 1280)
	offline := func(yes bool) {
		if _, err := chromedp.Call(v.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1}); err != nil {
			t.Fatal(err)
		}
	}
	v.open("/p/a")
	v.until(`navigator.serviceWorker.controller !== null`)
	v.open("/p/a")
	lost := false
	meddle(server, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if lost {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
	lost = true
	offline(true)
	v.open("/c/light")
	if heading := v.ask(`document.querySelector("h1").innerText`); heading != "You are offline" {
		t.Fatalf("without a network, a page never seen is %q", heading)
	}
	lost = false
	offline(false)
	v.soon(`document.querySelector("h1")?.innerText === "Light"`)
}

// TestHostileTextInTheBrowser lets the program draw what strangers wrote, on pages it
// takes over and on pages it brings.
func TestHostileTextInTheBrowser(t *testing.T) {
	shop := newFake()
	shop.cart = map[string]int32{"a-R": 1}
	for _, text := range []string{`"><img src=x onerror="window.ran=1"><script>window.ran=1</script>`, `javascript:window.ran=1`} {
		shop.say = func(string) string { return text }
		v := visitor(t, storefront(t, shop).URL, 1280)
		v.cookie("souk_at", "token")
		harmless := func(where string) {
			t.Helper()
			if got := v.ask(`[window.ran, document.querySelectorAll("#root script, #root [onerror], #root a[href^='javascript:']").length]`); got != ",0" {
				t.Errorf("%s with %q: what ran, and what could = %s", where, text, got)
			}
		}
		for _, path := range []string{"/p/a", "/c/light", "/cart", "/orders/7KQ2-M9XD", "/account", "/checkout"} {
			v.open(path)
			harmless(path)
			v.ask(`(document.querySelector(".header__name").click(), 1)`)
			v.until(`location.pathname === "/" && document.activeElement.tagName === "H1"`)
			v.ask(`(history.back(), 1)`)
			v.until(`location.pathname === "` + path + `" && !document.querySelector(".hero")`)
			harmless(path + ", brought by the program")
		}
		v.open("/p/a")
		v.write("#q", "la")
		v.see(".suggest")
		v.click(`#buy .button`)
		v.see(`.toast`)
		harmless("suggestions and toast")
	}
}
