package main_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
)

func (s *shop) available(sku string) int64 {
	s.t.Helper()
	client := inventoryv1connect.NewStockServiceClient(tokened(""), s.parts["inventory"])
	resp, err := client.GetAvailability(s.t.Context(), &inventoryv1.GetAvailabilityRequest{Skus: []string{sku}})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.GetAvailabilities()[0].GetAvailable()
}

// intoCart searches a product by a word with a typo and puts it into the cart.
func intoCart(s *shop, v *visit) (sku string) {
	s.newStock("KIT001ET-CREAM", 50) // whatever was bought before
	v.open("/")
	v.write("#q", "enamle teapot\r")
	v.see(".listing")
	v.picture("search")
	v.click(`.card__title a[href^="/p/enamel-teapot"]`)
	v.see("#buy")
	sku = v.ask(`document.querySelector('#buy input[name=sku]').value`)
	v.picture("product")
	v.click(`#buy .button`)
	v.until(`document.getElementById("cart-count")?.innerText === "1"`)
	v.open("/cart")
	v.see(fmt.Sprintf(`[data-sku=%q]`, sku))
	v.picture("cart")
	return sku
}

// toReview fills the checkout in up to its last step.
func toReview(v *visit, email, card string) {
	toPayment(v, email)
	pay(v, card)
}

// toPayment fills the checkout in up to the card. Who is signed in need not name an
// address for mails again.
func toPayment(v *visit, email string) {
	v.click(`a[href="/checkout"]`)
	v.see(`#address`)
	if email != "" {
		v.write(`#email`, email)
		v.write(`#name`, "Ada Lovelace")
	}
	v.write(`#line1`, "12 St James's Square")
	v.write(`#postal_code`, "94103")
	v.write(`#city`, "San Francisco")
	v.write(`#region`, "CA")
	v.picture("checkout-address")
	v.click(`#address .button`)
	v.see(`.choice`)
	v.picture("checkout-delivery")
	v.click(`#step form .button`)
	v.see(`#payment`)
}

func pay(v *visit, card string) {
	v.see(`#payment`)
	v.ask(`(() => { for (const id of ["card_number", "card_expiry", "card_code"]) { const f = document.getElementById(id); f.value = ""; f.dispatchEvent(new Event("input", {bubbles: true})) } return 1 })()`)
	v.write(`#card_number`, card)
	v.write(`#card_expiry`, "1239")
	v.write(`#card_code`, "123")
	v.picture("checkout-payment")
	v.click(`#payment .button`)
	v.see(`#step .facts`)
	v.picture("checkout-review")
}

// TestAPersonBuys is the whole way: found, put into the cart, declined, paid,
// seen in the history; a mail comes, and there is one less.
func TestAPersonBuys(t *testing.T) {
	s := theShop(t)
	for _, width := range []int64{1280, 375} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			s := *s
			s.t = t
			v := visitor(t, s.url, width)
			email := fmt.Sprintf("ada%d@example.com", width)
			sku := intoCart(&s, v)
			before := s.available(sku)
			toReview(v, email, "4000 0000 0000 0002")
			v.click(`#step .button--wide`)
			v.until(`document.querySelector("#step [role=alert]")?.innerText.includes("declined")`)
			v.picture("declined")
			if got := s.available(sku); got != before {
				waitFor(t, "the declined card's units to come back", 20*time.Second, func() bool { return s.available(sku) == before })
			}
			pay(v, "4242 4242 4242 4242")
			v.click(`#step .button--wide`)
			v.see(`#order-number`)
			v.picture("thanks")
			number := v.ask(`document.getElementById("order-number").innerText`)
			if got := s.available(sku); got != before-1 {
				t.Errorf("%d of %s available, want one less than %d", got, sku, before)
			}
			v.open("/orders")
			v.see(fmt.Sprintf(`a[href="/orders/%s"]`, number))
			v.picture("orders")
			v.open("/orders/" + number)
			v.see(`.track`)
			v.picture("order")
			v.until(`!document.getElementById("cart-count")`)
			waitFor(t, "the confirmation", 20*time.Second, func() bool {
				for _, m := range s.mails(email) {
					if strings.Contains(m.Subject+m.Text, number) && strings.Contains(m.HTML, "Enamel Teapot") {
						return true
					}
				}
				return false
			})
		})
	}
}

// TestThreeDSecure pays with a card whose bank asks back.
func TestThreeDSecure(t *testing.T) {
	s := theShop(t)
	v := visitor(t, s.url, 1280)
	intoCart(s, v)
	toReview(v, "grace@example.com", "4000 0000 0000 3220")
	v.click(`#step .button--wide`)
	v.see(`button[value=confirm]`)
	v.picture("3ds")
	v.click(`button[value=confirm]`)
	v.see(`#order-number`)
}

// TestWithoutJavaScript sees everything on the product page, and fills a cart.
func TestWithoutJavaScript(t *testing.T) {
	s := theShop(t)
	v := visitor(t, s.url, 375)
	if _, err := chromedp.Call(v.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	v.do("open", chromedp.Navigate(s.url+"/p/enamel-teapot"))
	v.picture("plain-product")
	v.click(`#buy .button`)
	v.see(`.line`)
	v.picture("plain-cart")
	if count := v.ask(`document.querySelectorAll(".line").length`); count != "1" {
		t.Errorf("%s lines in the cart, want 1", count)
	}
}

func (s *shop) get(path string) (status int, body string) {
	s.t.Helper()
	resp, err := plenty.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestProductPageIsComplete(t *testing.T) {
	s := theShop(t)
	status, page := s.get("/p/enamel-teapot")
	if status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	for _, want := range []string{"<h1>Enamel Teapot</h1>", "$38.00", `<img src="/media/enamel-teapot`, `application/ld+json`, `"@type":"Product"`, "In stock", `rel="canonical"`, `property="og:image"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	for _, path := range []string{"/p/nothing-like-it", "/c/nowhere", "/nowhere"} {
		if status, _ := s.get(path); status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, status)
		}
	}
}

// TestOffline looks at pages when the shop is gone.
func TestOffline(t *testing.T) {
	s := start(t, t.TempDir())
	stopped := false
	defer func() {
		if !stopped {
			s.stop()
		}
	}()
	v := visitor(t, s.url, 375)
	v.open("/p/enamel-teapot")
	v.until(`navigator.serviceWorker.controller !== null`)
	v.open("/p/enamel-teapot") // this time through the service worker
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	stopped = true
	v.open("/p/enamel-teapot")
	if title := v.ask(`document.title`); title != "Enamel Teapot · Souk" {
		t.Errorf("a page seen before is %q", title)
	}
	v.open("/p/accordion")
	if heading := v.ask(`document.querySelector("h1").innerText`); heading != "You are offline" {
		t.Errorf("a page never seen is %q", heading)
	}
	v.picture("offline")
}

// TestLook leaves pictures of the shop, to be looked at.
func TestLook(t *testing.T) {
	s := theShop(t)
	pages := map[string]string{
		"home": "/", "category": "/c/kitchen", "results": "/search?q=lamp", "nothing": "/search?q=xyzzyqq", "one": "/p/enamel-teapot",
		"empty-cart": "/cart", "signin": "/signin", "register": "/register", "missing": "/nowhere",
	}
	for _, width := range []int64{1280, 320} {
		v := visitor(t, s.url, width)
		for _, theme := range []string{"light", "dark"} {
			v.theme(theme)
			for name, path := range pages {
				v.open(path)
				v.until(`Array.from(document.images).every(i => i.complete || i.loading === "lazy")`)
				v.picture(name + "-" + theme)
				if wide := v.ask(`document.documentElement.scrollWidth > innerWidth`); wide == "true" {
					t.Errorf("%s is wider than its window of %d pixels", name, width)
				}
			}
		}
	}
}
