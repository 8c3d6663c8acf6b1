package main_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	accountv1 "github.com/souk-commerce/souk/api/gen/souk/account/v1"
	"github.com/souk-commerce/souk/api/gen/souk/account/v1/accountv1connect"
	cartv1 "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	"github.com/souk-commerce/souk/api/gen/souk/cart/v1/cartv1connect"
	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/api/gen/souk/order/v1/orderv1connect"
	paymentv1 "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/api/gen/souk/payment/v1/paymentv1connect"
)

// session is the cookies of somebody who is signed in.
type session []*http.Cookie

// enter makes a call that signs somebody in, and returns what a browser keeps of it.
func (s *shop) enter(call func(context.Context) error) session {
	s.t.Helper()
	ctx, info := connect.NewClientContext(s.t.Context())
	if err := call(ctx); err != nil {
		s.t.Fatal(err)
	}
	resp := http.Response{Header: info.ResponseHeader()}
	return resp.Cookies()
}

// client makes calls as whose session it is.
func (c session) client(t testing.TB) connect.HTTPClient {
	t.Helper()
	for _, cookie := range c {
		if cookie.Name == "souk_at" {
			return tokened(cookie.Value)
		}
	}
	t.Fatal("the session has no token")
	return nil
}

// registered is a shopper with a new account.
func (s *shop) registered(email string) session {
	s.t.Helper()
	accounts := accountv1connect.NewAccountServiceClient(tokened(""), s.url)
	return s.enter(func(ctx context.Context) error {
		_, err := accounts.Register(ctx, &accountv1.RegisterRequest{Email: email, Password: "correct horse battery", Name: "Ada Lovelace"})
		return err
	})
}

// admin is who signs in with the administrator's password.
func (s *shop) admin() connect.HTTPClient {
	s.t.Helper()
	password, err := os.ReadFile(filepath.Join(s.dir, "keys", "admin-password"))
	if err != nil {
		s.t.Fatal(err)
	}
	sessions := accountv1connect.NewSessionServiceClient(tokened(""), s.url)
	return s.enter(func(ctx context.Context) error {
		_, err := sessions.SignIn(ctx, &accountv1.SignInRequest{Email: "admin@souk.example", Password: strings.TrimSpace(string(password))})
		return err
	}).client(s.t)
}

// customer registers and buys some of a SKU.
func (s *shop) customer(sku string, units int32) (session, *orderv1.PlaceOrderRequest, *orderv1.Checkout) {
	s.t.Helper()
	ctx, email := s.t.Context(), uuid.NewString()+"@example.com"
	ada := s.registered(email)
	b := buyer{email, cartv1connect.NewCartServiceClient(ada.client(s.t), s.url), orderv1connect.NewCheckoutServiceClient(ada.client(s.t), s.url)}
	if units > 1 {
		if _, err := b.cart.AddLine(ctx, &cartv1.AddLineRequest{Sku: sku, Quantity: units - 1, CurrencyCode: "USD"}); err != nil {
			s.t.Fatal(err)
		}
	}
	req, err := b.request(ctx, sku, s.cardToken("4242424242424242"))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Email = email
	c, err := b.place(ctx, req)
	if err != nil || c.GetOrder() == nil {
		s.t.Fatalf("no order: %v, %v", c, err)
	}
	return ada, req, c
}

// be makes the browser that of whose session it is.
func (v *visit) be(c session) {
	v.t.Helper()
	for _, cookie := range c {
		params := network.SetCookieParams{Name: cookie.Name, Value: cookie.Value, URL: v.origin, HTTPOnly: new(true)}
		if _, err := chromedp.Call(v.ctx, network.SetCookie, params); err != nil {
			v.t.Fatal(err)
		}
	}
}

// mailed waits for a mail and returns it.
func (s *shop) mailed(to, subject string) (found mail) {
	s.t.Helper()
	waitFor(s.t, "a mail “"+subject+"” to "+to, 20*time.Second, func() bool {
		for _, m := range s.mails(to) {
			if strings.Contains(m.Subject, subject) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// TestWhatFollowsAPurchase goes the way of an order with its shopper: who packs and
// sends it signs in as an administrator and calls the shop.
func TestWhatFollowsAPurchase(t *testing.T) {
	s := theShop(t)
	v := visitor(t, s.url, 1280)
	email := uuid.NewString() + "@example.com"
	v.open("/register")
	v.write("#name", "Ada Lovelace")
	v.write("#email", email)
	v.write("#password", "correct horse battery\r")
	v.until(`document.querySelector("h1").innerText === "Hello, Ada Lovelace"`)
	s.mailed(email, "Welcome")

	intoCart(s, v)
	toReview(v, "", "4242 4242 4242 4242")
	v.click(`#step .button--wide`)
	v.see(`#order-number`)
	number := v.ask(`document.getElementById("order-number").innerText`)
	s.mailed(email, number)

	// shows looks at the order on its own page, and among all orders.
	shows := func(status, happened string) {
		t.Helper()
		v.open("/orders")
		row := v.ask(`document.querySelector('a[href="/orders/` + number + `"]').closest("li").innerText`)
		if !strings.Contains(row, status) {
			t.Errorf("the orders say %q, want %q", row, status)
		}
		v.click(`a[href="/orders/` + number + `"]`)
		v.until(`document.getElementById("order-number")?.innerText === "` + number + `"`)
		if badge := v.ask(`document.querySelector("main .badge").innerText`); badge != status {
			t.Errorf("the order's page says %q, want %q", badge, status)
		}
		if all := v.ask(`document.getElementById("timeline").innerText`); !strings.Contains(all, happened) {
			t.Errorf("what happened is %q, want %q in it", all, happened)
		}
	}
	shows("Placed", "The order was placed.")

	desk := orderv1connect.NewOrderAdminServiceClient(s.admin(), s.url)
	var order *orderv1.Order
	waitFor(t, "the order to be paid", 20*time.Second, func() bool {
		list, err := desk.ListAdminOrders(t.Context(), &orderv1.ListAdminOrdersRequest{Query: number})
		if err != nil || len(list.GetOrders()) != 1 {
			t.Fatalf("the desk finds %d orders for %s, %v", len(list.GetOrders()), number, err)
		}
		order = list.GetOrders()[0]
		return order.GetCaptured()
	})
	packed, err := desk.StartProcessing(t.Context(), &orderv1.StartProcessingRequest{Id: order.GetId(), Etag: order.GetEtag()})
	if err != nil {
		t.Fatal(err)
	}
	shows("Being packed", "The order is being packed.")
	if v.ask(`!!document.getElementById("cancel")`) != "true" {
		t.Error("an order that is being packed cannot be cancelled")
	}

	const parcel = "https://post.example/parcels/RX1?lang=en&from=souk"
	sent, err := desk.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: order.GetId(), Etag: packed.GetOrder().GetEtag(), Carrier: "Swift Post", TrackingNumber: "RX1", TrackingUrl: parcel})
	if err != nil {
		t.Fatal(err)
	}
	shows("On its way", "Everything is on its way.")
	v.picture("order-shipped")
	if link := v.ask(`Array.from(document.querySelectorAll("main a")).filter(a => a.innerText === "RX1").map(a => a.href)`); link != parcel {
		t.Errorf("the parcel's link is %q, want %q", link, parcel)
	}
	if v.ask(`!!document.getElementById("cancel")`) != "false" {
		t.Error("an order that is on its way can be cancelled")
	}
	if m := s.mailed(email, number+" is on its way"); !strings.Contains(m.Text, parcel) || !strings.Contains(m.HTML, "Swift Post") {
		t.Errorf("the mail does not tell how to follow the parcel:\n%s", m.Text)
	}

	if _, err := desk.DeliverOrder(t.Context(), &orderv1.DeliverOrderRequest{Id: order.GetId(), Etag: sent.GetOrder().GetEtag()}); err != nil {
		t.Fatal(err)
	}
	shows("Delivered", "Everything has arrived.")
	s.mailed(email, number+" has arrived")
	if n := len(s.mails(email)); n != 4 {
		t.Errorf("%d mails came, want 4: welcome, confirmation, on its way, arrived", n)
	}
}

// TestAShopperSendsSomethingBack changes an order from its page, with scripts and
// without: one of three is not wanted, another comes back. The money for both is
// seen to go back, and the invoice opens.
func TestAShopperSendsSomethingBack(t *testing.T) {
	s := theShop(t)
	desk := orderv1connect.NewOrderAdminServiceClient(s.admin(), s.url)
	for _, scripts := range []bool{true, false} {
		name := "with scripts"
		if !scripts {
			name = "without scripts"
		}
		t.Run(name, func(t *testing.T) {
			s := *s
			s.t = t
			const sku = "KIT001ET-CREAM"
			s.newStock(sku, 50)
			before := s.available(sku)
			ada, _, c := s.customer(sku, 3)
			id, number := c.GetOrder().GetId(), c.GetOrder().GetNumber()

			v := visitor(t, s.url, 375)
			v.be(ada)
			page := "/orders/" + number
			open := func() {
				t.Helper()
				if scripts {
					v.open(page)
					return
				}
				v.do("open", chromedp.Navigate(v.origin+page))
			}
			if !scripts {
				if _, err := chromedp.Call(v.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
					t.Fatal(err)
				}
			}
			happened := func(kind, text string) {
				t.Helper()
				entry := `#timeline [data-kind="` + kind + `"]`
				v.see(entry)
				if told := v.ask("document.querySelector('" + entry + "').innerText"); !strings.HasPrefix(told, text) {
					t.Errorf("it says %q, want %q", told, text)
				}
			}
			// The page is asked for again until it says so, as people do.
			comes := func(what string) {
				t.Helper()
				waitFor(t, what, 30*time.Second, func() bool {
					open()
					return v.ask(`document.getElementById("timeline").innerText.includes("`+what+`")`) == "true"
				})
			}
			open()
			v.click(`#cancel-lines summary`)
			v.write(`#cancel-lines-units-1`, "1")
			v.write(`#cancel-reason`, "Two will do.")
			v.click(`#cancel-lines .button`)
			happened("items_cancelled", "1 item cancelled. Two will do.")
			comes("went back to you.")

			order, err := desk.GetAdminOrder(t.Context(), &orderv1.GetAdminOrderRequest{Id: id})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := desk.ShipLines(t.Context(), &orderv1.ShipLinesRequest{Id: id, Etag: order.GetOrder().GetEtag(), Lines: []*orderv1.LineUnits{{LineId: "1", Units: 2}}, Carrier: "Swift Post", TrackingNumber: "RX2"}); err != nil {
				t.Fatal(err)
			}
			comes("Everything is on its way.")
			v.click(`#return summary`)
			v.click(`#return .button`) // nothing is chosen yet
			v.see(`.notice--wrong`)
			if told := v.ask(`document.querySelector(".notice--wrong").innerText`); told != "Choose how many of which items." {
				t.Errorf("with nothing chosen it says %q", told)
			}
			if !scripts {
				v.click(`#return summary`)
			}
			v.write(`#return-units-1`, "1")
			v.write(`#return-reason`, "It is chipped.")
			v.click(`#return .button`)
			happened("return_requested", "A return of 1 item was asked for.")
			v.picture("order-return")

			order, err = desk.GetAdminOrder(t.Context(), &orderv1.GetAdminOrderRequest{Id: id})
			if err != nil || len(order.GetOrder().GetReturns()) != 1 {
				t.Fatalf("the desk sees %v, %v; want one return", order.GetOrder().GetReturns(), err)
			}
			back := order.GetOrder().GetReturns()[0]
			if reason := back.GetLines()[0].GetReason(); reason != "It is chipped." {
				t.Errorf("the desk is told %q", reason)
			}
			if _, err := desk.ApproveReturn(t.Context(), &orderv1.ApproveReturnRequest{Id: id, ReturnId: back.GetId(), Note: "Use the label."}); err != nil {
				t.Fatal(err)
			}
			comes("The return was approved: please send the goods. Use the label.")
			if _, err := desk.ReceiveReturn(t.Context(), &orderv1.ReceiveReturnRequest{Id: id, ReturnId: back.GetId(), Lines: []*orderv1.ReceivedLine{{LineId: "1", WrittenOff: 1}}}); err != nil {
				t.Fatal(err)
			}
			comes("The return is complete.")
			v.picture("order-refunded")

			// One of three is paid for and kept; one is back on the shelf, one is broken.
			waitFor(t, "one unit to be back", 20*time.Second, func() bool { return s.available(sku) == before-2 })
			order, err = desk.GetAdminOrder(t.Context(), &orderv1.GetAdminOrderRequest{Id: id})
			if err != nil {
				t.Fatal(err)
			}
			paid, err := paymentv1connect.NewPaymentServiceClient(s.service(), s.parts["payment"]).GetPayment(t.Context(), &paymentv1.GetPaymentRequest{PaymentId: c.GetCheckoutId()})
			price := order.GetOrder().GetLines()[0].GetUnitPrice().GetMinorUnits()
			if refunded := paid.GetPayment().GetRefunded().GetMinorUnits(); err != nil || refunded != order.GetOrder().GetRefunded().GetMinorUnits() || refunded < 2*price || refunded >= 3*price {
				t.Errorf("%d was refunded for two of three at %d, %v; the order says %v", refunded, price, err, order.GetOrder().GetRefunded())
			}
			if told := v.ask(`document.querySelector("main").innerText`); !strings.Contains(told, "Back to you") || !strings.Contains(told, "Partly refunded") {
				t.Errorf("the page does not tell of the money:\n%s", told)
			}
			invoice, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.ask(`document.getElementById("invoice").href`), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, cookie := range ada {
				invoice.AddCookie(cookie)
			}
			pdf, err := http.DefaultClient.Do(invoice)
			if err != nil {
				t.Fatal(err)
			}
			defer pdf.Body.Close()
			if body, err := io.ReadAll(pdf.Body); err != nil || pdf.Header.Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(body, []byte("%PDF-")) || !bytes.HasSuffix(bytes.TrimSpace(body), []byte("%%EOF")) {
				t.Errorf("the invoice is %s of %d bytes, %v", pdf.Header.Get("Content-Type"), len(body), err)
			}
		})
	}
}

// TestAShopperPaysWithAKeptCard buys twice, enters the card once, and forgets it.
func TestAShopperPaysWithAKeptCard(t *testing.T) {
	s := theShop(t)
	v := visitor(t, s.url, 375)
	v.be(s.registered(uuid.NewString() + "@example.com"))
	v.open("/account")
	intoCart(s, v)
	toPayment(v, "")
	v.click(`#keep`)
	pay(v, "4242 4242 4242 4242")
	v.click(`#step .button--wide`)
	v.see(`#order-number`)

	intoCart(s, v)
	toPayment(v, "")
	v.picture("checkout-kept-card")
	if first := v.ask(`document.querySelector("#ways label").innerText + (document.getElementById("card_number") ? ", and a card" : "")`); first != "Visa ending in 4242" {
		t.Errorf("to pay with, there is %q first", first)
	}
	v.click(`#payment .button`)
	v.see(`#step .facts`)
	v.click(`#step .button--wide`)
	v.see(`#order-number`)

	v.open("/account")
	v.click(`[aria-label="Forget Visa ending in 4242"]`)
	v.until(`!document.getElementById("cards")`)
	v.open("/account")
	if v.ask(`!!document.getElementById("cards")`) != "false" {
		t.Error("the card is not forgotten")
	}
}

// TestAGuestFindsAnOrder looks an order up in another browser, by its number and
// the e-mail it was placed with.
func TestAGuestFindsAnOrder(t *testing.T) {
	s := theShop(t)
	const sku = "KIT001ET-CREAM"
	s.newStock(sku, 50)
	b := s.buyer()
	req, err := b.request(t.Context(), sku, s.cardToken("4242424242424242"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.place(t.Context(), req)
	if err != nil || c.GetOrder() == nil {
		t.Fatalf("no order: %v, %v", c, err)
	}
	number := c.GetOrder().GetNumber()
	v := visitor(t, s.url, 375)
	v.open("/orders")
	v.see(`a[href="/orders/find"]`)
	v.open("/orders/" + number) // as the mail's link does
	v.until(`document.getElementById("number")?.value === "` + number + `"`)
	v.write("#email", "somebody@example.com\r")
	v.see(`.notice--wrong`)
	v.ask(`(() => { const f = document.getElementById("email"); f.value = ""; f.dispatchEvent(new Event("input", {bubbles: true})); return 1 })()`)
	v.write("#email", req.GetEmail()+"\r")
	v.until(`document.getElementById("order-number")?.innerText === "` + number + `"`)
	v.open("/orders/" + number) // and again, as whoever found it
	v.see("#timeline")
}

// TestAShopperCallsAnOrderOff cancels an order from its page, with scripts and
// without.
func TestAShopperCallsAnOrderOff(t *testing.T) {
	s := theShop(t)
	for _, scripts := range []bool{true, false} {
		name := "with scripts"
		if !scripts {
			name = "without scripts"
		}
		t.Run(name, func(t *testing.T) {
			s := *s
			s.t = t
			const sku = "KIT001ET-CREAM"
			s.newStock(sku, 50)
			before := s.available(sku)
			ada, req, c := s.customer(sku, 1)
			if got := s.available(sku); got != before-1 {
				t.Errorf("%d available after the purchase, want one less than %d", got, before)
			}

			v := visitor(t, s.url, 375)
			v.be(ada)
			page := "/orders/" + c.GetOrder().GetNumber()
			if scripts {
				v.open(page)
			} else {
				if _, err := chromedp.Call(v.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
					t.Fatal(err)
				}
				v.do("open", chromedp.Navigate(v.origin+page))
			}
			v.click(`#cancel .button`)
			v.see(`#timeline [data-kind="cancelled"]`)
			v.picture("order-cancelled")
			if badge := v.ask(`document.querySelector("main .badge").innerText`); badge != "Cancelled" {
				t.Errorf("the page says %q, want Cancelled", badge)
			}
			if v.ask(`!!document.getElementById("cancel")`) != "false" {
				t.Error("a cancelled order can be cancelled")
			}

			waitFor(t, "the unit to be back", 20*time.Second, func() bool { return s.available(sku) == before })
			payments := paymentv1connect.NewPaymentServiceClient(s.service(), s.parts["payment"])
			waitFor(t, "the money to be back", 20*time.Second, func() bool {
				resp, err := payments.GetPayment(t.Context(), &paymentv1.GetPaymentRequest{PaymentId: c.GetCheckoutId()})
				if err != nil {
					t.Fatal(err)
				}
				p := resp.GetPayment()
				return p.GetState() == paymentv1.PaymentState_PAYMENT_STATE_VOIDED && p.GetCaptured().GetMinorUnits() == 0 ||
					p.GetState() == paymentv1.PaymentState_PAYMENT_STATE_REFUNDED && p.GetRefunded().GetMinorUnits() == req.GetExpectedTotal().GetMinorUnits()
			})
			s.mailed(req.GetEmail(), c.GetOrder().GetNumber()+" is cancelled")
		})
	}
}
