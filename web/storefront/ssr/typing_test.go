//go:build !wasm

package ssr_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// entry is what somebody enters into a field.
type entry struct{ field, text string }

// filled is a form that somebody fills in, and what has to be sent then.
type filled struct {
	page string
	// bring leads from the page to the form; nil where the form is on the page.
	bring   func(v *visit)
	entries []entry
	// send is a button to press; the Enter key, or leaving the field, when empty.
	send, key string
	procedure string
	// sent are parts of what is sent.
	sent []string
}

// The storefront's forms; each field that one can type into is in one of them.
var theForms = map[string]filled{
	"search": {page: "/p/a", entries: []entry{{"#q", "brass lamp"}}, key: "\r",
		procedure: "/souk.search.v1.SearchService/Search", sent: []string{`"query":"brass lamp"`}},
	"price": {page: "/search?q=lamp", entries: []entry{{"input[name=min]", "12"}, {"input[name=max]", "340.50"}}, key: "\r",
		procedure: "/souk.search.v1.SearchService/Search", sent: []string{`"min_price":1200`, `"max_price":34050`}},
	"quantity": {page: "/p/a", entries: []entry{{"#quantity", "3"}}, send: "#buy .button",
		procedure: "/souk.cart.v1.CartService/AddLine", sent: []string{`"quantity":3`}},
	"quantity in the cart": {page: "/cart", entries: []entry{{"[data-sku=a-R] .quantity__number", "3"}}, key: "\t",
		procedure: "/souk.cart.v1.CartService/SetQuantity", sent: []string{`"quantity":3`}},
	"sign in": {page: "/signin", entries: []entry{{"#email", "grace@example.com"}, {"#password", "compilers are for people"}}, key: "\r",
		procedure: "/souk.account.v1.SessionService/SignIn", sent: []string{`"email":"grace@example.com"`, `"password":"compilers are for people"`}},
	"register": {page: "/register", entries: []entry{{"#name", "Grace Brewster Hopper"}, {"#email", "grace@example.com"}, {"#password", "compilers are for people"}}, send: "#sign .button",
		procedure: "/souk.account.v1.AccountService/Register", sent: []string{`"name":"Grace Brewster Hopper"`, `"email":"grace@example.com"`, `"password":"compilers are for people"`}},
	"name": {page: "/account", entries: []entry{{"#profile_name", "Grace Brewster Hopper"}}, key: "\r",
		procedure: "/souk.account.v1.AccountService/UpdateProfile", sent: []string{`"name":"Grace Brewster Hopper"`}},
	"address book": {page: "/account", bring: func(v *visit) {
		v.ask(`(Array.from(document.querySelectorAll("main button")).find(b => b.innerText === "Change").click(), 1)`)
		v.see("#line1")
	}, entries: addressEntries[1:], key: "\r",
		procedure: "/souk.account.v1.AccountService/SaveAddress", sent: addressSent},
	"checkout": {page: "/checkout", entries: append(addressEntries, entry{"#phone", "+1 212 555 0100"}), send: "#address .button",
		procedure: "/souk.order.v1.CheckoutService/Quote", sent: append(addressSent, `"phone":"+1 212 555 0100"`)},
	"card": {page: "/checkout", bring: func(v *visit) {
		v.click("#address .button")
		v.see(".choice")
		v.click("#step form .button")
		v.see("#payment")
	}, entries: []entry{{"#card_number", "4242 4242 4242 4242"}, {"#card_expiry", "12 / 39"}, {"#card_code", "123"}, {"#card_name", "Grace B. Hopper"}}, key: "\r",
		procedure: "/tokenize", sent: []string{`"number":"4242424242424242"`, `"exp_month":12`, `"exp_year":2039`, `"cvc":"123"`, `"name":"Grace B. Hopper"`}},
}

var (
	addressEntries = []entry{{"#email", "grace@example.com"}, {"#name", "Grace Brewster Hopper"}, {"#line1", "1 Harvard Yard"}, {"#line2", "Room 2"},
		{"#postal_code", "02138"}, {"#city", "Cambridge"}, {"#region", "MA"}}
	addressSent = []string{`"name":"Grace Brewster Hopper"`, `"line1":"1 Harvard Yard"`, `"line2":"Room 2"`, `"postal_code":"02138"`, `"city":"Cambridge"`, `"region":"MA"`}
)

// entered selects all fields that are typed into.
func entered() string {
	var all []string
	for _, f := range theForms {
		for _, e := range f.entries {
			all = append(all, e.field)
		}
	}
	return strings.Join(all, ", ")
}

// over types over what stands in a field.
func (v *visit) over(e entry) {
	v.t.Helper()
	v.ask(`(document.querySelector("` + e.field + `").select(), 1)`)
	v.write(e.field, e.text)
}

// has compares the fields with what was entered.
func (v *visit) has(entries []entry) {
	v.t.Helper()
	for _, e := range entries {
		if got := v.ask(`document.querySelector("` + e.field + `").value`); got != e.text {
			v.t.Errorf("typed %q into %s, it has %q", e.text, e.field, got)
		}
	}
}

// sends sends the form and compares what arrives with what was entered.
func (v *visit) sends(f filled, shop *fake) {
	v.t.Helper()
	if f.send != "" {
		v.click(f.send)
	} else {
		v.write(f.entries[len(f.entries)-1].field, f.key)
	}
	v.arrives(shop, f.procedure, f.sent...)
}

// arrives waits until a service was sent something with these parts.
func (v *visit) arrives(shop *fake, procedure string, parts ...string) {
	v.t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	for {
		sent, news := shop.was(procedure)
		missing := slices.DeleteFunc(slices.Clone(parts), func(part string) bool { return strings.Contains(sent, part) })
		if len(missing) == 0 {
			return
		}
		select {
		case <-news:
		case <-deadline.C:
			v.t.Fatalf("%s was sent %s, want %s in it", procedure, sent, strings.Join(missing, ", "))
		}
	}
}

// slow makes the browser's processor so many times slower.
func (v *visit) slow(times float64) {
	v.t.Helper()
	if _, err := chromedp.Call(v.ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: times}); err != nil {
		v.t.Fatal(err)
	}
}

// at is the same browser in a part of the test, at another shop.
func (v *visit) at(t *testing.T, origin string) *visit {
	other := *v
	other.t, other.origin = t, origin
	return &other
}

// TestTypingBeforeAndDuringTakeover types while the program is on its way and while
// it takes the page over, into every form that the server draws.
func TestTypingBeforeAndDuringTakeover(t *testing.T) {
	browser := visitor(t, "", 1280)
	for name, f := range theForms {
		if f.bring != nil {
			continue // the program draws it
		}
		t.Run(name, func(t *testing.T) {
			shop := newFake()
			shop.cart["a-R"], shop.hold = 1, make(chan struct{})
			v := browser.at(t, storefront(t, shop).URL)
			v.cookie("souk_at", "token")
			v.do("open", chromedp.Navigate(v.origin+f.page))
			last := len(f.entries) - 1
			for _, e := range f.entries[:last] {
				v.over(e)
			}
			text := f.entries[last].text
			v.over(entry{f.entries[last].field, text[:len(text)/2]})
			if v.ask(`document.documentElement.dataset.live`) != "undefined" {
				t.Fatal("the program was not held back")
			}
			close(shop.hold)
			v.write(f.entries[last].field, text[len(text)/2:])
			v.do("wait", live())
			v.has(f.entries)
			if focus := v.ask(`document.activeElement === document.querySelector("` + f.entries[last].field + `")`); focus != "true" {
				t.Errorf("%s has lost the focus", f.entries[last].field)
			}
			v.sends(f, shop)
		})
	}
}

// TestTakeoverKeepsTheCaret types in the middle of a text.
func TestTakeoverKeepsTheCaret(t *testing.T) {
	shop := newFake()
	shop.hold = make(chan struct{})
	v := visitor(t, storefront(t, shop).URL, 1280)
	v.do("open", chromedp.Navigate(v.origin+"/register"))
	v.write("#name", "Ada Lovelace")
	v.ask(`(document.getElementById("name").setSelectionRange(4, 4), 1)`)
	close(shop.hold)
	v.do("wait", live())
	v.write("#name", "Augusta ")
	v.has([]entry{{"#name", "Ada Augusta Lovelace"}})
}

// TestWhatWasLeftBeforeTakeover changes a number, goes on to something else, and
// presses the button when the program is there.
func TestWhatWasLeftBeforeTakeover(t *testing.T) {
	shop := newFake()
	shop.hold = make(chan struct{})
	v := visitor(t, storefront(t, shop).URL, 1280)
	v.do("open", chromedp.Navigate(v.origin+"/p/a"))
	v.over(entry{"#quantity", "3\t"})
	close(shop.hold)
	v.do("wait", live())
	v.click("#buy .button")
	v.arrives(shop, "/souk.cart.v1.CartService/AddLine", `"quantity":3`)
}

// TestTypingOnASlowPhone types while the program draws all the time, more slowly
// than the keys come, into every form there is.
func TestTypingOnASlowPhone(t *testing.T) {
	browser := visitor(t, "", 1280)
	for name, f := range theForms {
		t.Run(name, func(t *testing.T) {
			shop := newFake()
			shop.cart["a-R"] = 1
			v := browser.at(t, storefront(t, shop).URL)
			v.cookie("souk_at", "token")
			v.open(f.page)
			if f.bring != nil {
				f.bring(v)
			}
			if missed := v.ask(`Array.from(document.querySelectorAll("input, textarea")).filter(f => !["hidden", "checkbox", "radio"].includes(f.type) && !f.matches('` + entered() + `')).map(f => f.id || f.name)`); missed != "" {
				t.Errorf("fields that no test types into: %s", missed)
			}
			v.slow(6)
			// Coming back to the page makes the program look again, and draw.
			v.ask(`window.again = setInterval(() => document.dispatchEvent(new Event("visibilitychange")), 10)`)
			for _, e := range f.entries {
				v.over(e)
			}
			v.has(f.entries)
			v.ask(`clearInterval(window.again)`)
			v.slow(1)
			v.sends(f, shop)
		})
	}
}

// TestTypingWhileAPageIsOnItsWay looks for something, and goes on typing before the
// results are there.
func TestTypingWhileAPageIsOnItsWay(t *testing.T) {
	shop := newFake()
	v := visitor(t, storefront(t, shop).URL, 1280)
	v.open("/")
	shop.delay = make(chan struct{})
	v.write("#q", "lamp\r")
	v.until(`document.documentElement.dataset.loading !== undefined`)
	v.write("#q", " red")
	close(shop.delay)
	v.see(".listing")
	v.has([]entry{{"#q", "lamp red"}})
	if focus := v.ask(`document.activeElement.id`); focus != "q" {
		t.Errorf("the focus went to %q", focus)
	}
	v.write("#q", "\r")
	v.arrives(shop, "/souk.search.v1.SearchService/Search", `"query":"lamp red"`)
	v.until(`document.title === "“lamp red” · Souk"`)
	// What was typed for one page is gone on the next.
	v.click(".card__title a")
	v.see("#buy")
	v.until(`document.getElementById("q").value === ""`)
}

// TestAWayOfDeliveryWithoutAPriceIsNotChosen loses the answer to a choice.
func TestAWayOfDeliveryWithoutAPriceIsNotChosen(t *testing.T) {
	shop := newFake()
	shop.cart["a-R"] = 1
	shop.unpriced = "express"
	v := visitor(t, storefront(t, shop).URL, 1280)
	v.cookie("souk_at", "token")
	v.open("/checkout")
	v.click("#address .button")
	v.see(".choice")
	v.click("input[value=express]")
	v.see("#step [role=alert]")
	v.until(`document.querySelector("input[value=standard]").checked`)
}
