//go:build !wasm

package ssr

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	accountv1 "github.com/souk-commerce/souk/api/lite/souk/account/v1"
	cartv1 "github.com/souk-commerce/souk/api/lite/souk/cart/v1"
	orderv1 "github.com/souk-commerce/souk/api/lite/souk/order/v1"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/shell"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/page/account"
	"github.com/souk-commerce/souk/web/storefront/page/cart"
	"github.com/souk-commerce/souk/web/storefront/page/order"
	"github.com/souk-commerce/souk/web/storefront/state"
)

// forms takes what is posted where the program is not there.
type forms struct {
	shell *shell.Shell
	find  func(procedure string) (rpc.Doer, string)
	// secure is true where the shop is reached over https.
	secure bool
}

func (f *forms) mount(mux *http.ServeMux) {
	mux.HandleFunc("POST /cart/add", f.cart(func(ctx context.Context, carts cartv1.CartServiceClient, form line) error {
		_, err := carts.AddLine(ctx, &cartv1.AddLineRequest{Sku: form.sku, Quantity: max(form.units, 1), CurrencyCode: form.currency})
		return err
	}))
	mux.HandleFunc("POST /currency", f.currency)
	mux.HandleFunc("POST /cart/set", f.cart(func(ctx context.Context, carts cartv1.CartServiceClient, form line) error {
		_, err := carts.SetQuantity(ctx, &cartv1.SetQuantityRequest{Sku: form.sku, Quantity: form.units})
		return err
	}))
	mux.HandleFunc("POST /cart/remove", f.cart(func(ctx context.Context, carts cartv1.CartServiceClient, form line) error {
		_, err := carts.RemoveLine(ctx, &cartv1.RemoveLineRequest{Sku: form.sku})
		return err
	}))
	mux.HandleFunc("POST /orders/{number}/cancel", f.order(func(ctx context.Context, client *rpc.Client, fields map[string]string) (*orderv1.Order, error) {
		return order.Cancel(ctx, client, fields["id"])
	}))
	mux.HandleFunc("POST /orders/{number}/lines", f.order(order.CancelLines))
	mux.HandleFunc("POST /orders/{number}/return", f.order(order.AskReturn))
	mux.HandleFunc("POST /orders/{number}/return/cancel", f.order(func(ctx context.Context, client *rpc.Client, fields map[string]string) (*orderv1.Order, error) {
		return order.KeepReturn(ctx, client, fields["id"], fields["return"])
	}))
	mux.HandleFunc("GET /orders/{number}/invoice.pdf", f.invoice)
	mux.HandleFunc("POST /orders/find", f.look)
	mux.HandleFunc("POST /signin", f.sign(false))
	mux.HandleFunc("POST /register", f.sign(true))
	mux.HandleFunc("POST /signout", f.signOut)
}

// most is how large a form may be.
const most = 64 << 10

// line is what a form says about a line of the cart. The currency is empty where
// none was chosen.
type line struct {
	sku      string
	units    int32
	currency string
}

// cart changes the cart and shows it; a guest's session begins where there is none.
func (f *forms) cart(change func(ctx context.Context, carts cartv1.CartServiceClient, form line) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, most)
		session := shell.NewSession(f.find, r)
		session.Begin = true
		units, _ := strconv.ParseInt(r.PostFormValue("quantity"), 10, 32)
		form := line{sku: r.PostFormValue("sku"), units: int32(units)}
		if cookie, err := r.Cookie(state.CurrencyChoice); err == nil && slices.Contains(state.Currencies, cookie.Value) {
			form.currency = cookie.Value
		}
		err := change(r.Context(), cartv1.NewCartServiceClient(rpc.NewClient(session)), form)
		if err == nil {
			f.seeOther(w, r, session, "/cart")
			return
		}
		f.show(w, r, session, "/cart", func(view site.View) {
			if page, ok := view.(*cart.Page); ok {
				page.Wrong = rpc.Sentence(err)
			}
		})
	}
}

// currency keeps the chosen currency for a year.
func (f *forms) currency(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, most)
	if chosen := r.PostFormValue("currency"); slices.Contains(state.Currencies, chosen) {
		http.SetCookie(w, &http.Cookie{Name: state.CurrencyChoice, Value: chosen, Path: "/", MaxAge: 365 * 24 * 60 * 60, SameSite: http.SameSiteLaxMode, Secure: f.secure})
	}
	f.seeOther(w, r, shell.NewSession(f.find, r), account.SafeNext(r.PostFormValue("next"), "/"))
}

// order changes an order and shows it.
func (f *forms) order(change func(ctx context.Context, client *rpc.Client, fields map[string]string) (*orderv1.Order, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, most)
		session, path := shell.NewSession(f.find, r), "/orders/"+url.PathEscape(r.PathValue("number"))
		err := r.ParseForm()
		if err == nil {
			fields := map[string]string{}
			for name := range r.PostForm {
				fields[name] = r.PostForm.Get(name)
			}
			_, err = change(r.Context(), rpc.NewClient(session), fields)
		}
		if err == nil {
			f.seeOther(w, r, session, path)
			return
		}
		f.show(w, r, session, path, func(view site.View) {
			if page, ok := view.(*order.Page); ok {
				page.Wrong = rpc.Sentence(err)
			}
		})
	}
}

// invoice sends an invoice.
func (f *forms) invoice(w http.ResponseWriter, r *http.Request) {
	session := shell.NewSession(f.find, r)
	answer, err := orderv1.NewOrderServiceClient(rpc.NewClient(session)).GetInvoice(r.Context(), &orderv1.GetInvoiceRequest{Number: r.PathValue("number")})
	if err != nil {
		// The order's own page says what is wrong: to sign in, or that there is none.
		f.seeOther(w, r, session, "/orders/"+url.PathEscape(r.PathValue("number")))
		return
	}
	session.Apply(w)
	header := w.Header()
	header.Set("Content-Type", "application/pdf")
	header.Set("Content-Disposition", mime.FormatMediaType("inline", map[string]string{"filename": answer.GetFilename()}))
	header.Set("Cache-Control", "private, no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.Write(answer.GetPdf())
}

// look finds a guest's order and shows it.
func (f *forms) look(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, most)
	session := shell.NewSession(f.find, r)
	session.Begin = true
	number, email := r.PostFormValue("number"), r.PostFormValue("email")
	path, err := order.Look(r.Context(), rpc.NewClient(session), number, email)
	if err == nil {
		f.seeOther(w, r, session, path)
		return
	}
	f.show(w, r, session, r.URL.Path, func(view site.View) {
		if page, ok := view.(*order.Find); ok {
			page.Number, page.Email = number, email
			page.Complain(err)
		}
	})
}

func (f *forms) sign(up bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, most)
		session := shell.NewSession(f.find, r)
		email := r.PostFormValue("email")
		_, err := account.Enter(r.Context(), rpc.NewClient(session), up, email, r.PostFormValue("password"), r.PostFormValue("name"))
		if err == nil {
			f.seeOther(w, r, session, account.SafeNext(r.PostFormValue("next"), account.Home))
			return
		}
		f.show(w, r, session, r.URL.Path, func(view site.View) {
			if page, ok := view.(*account.Sign); ok {
				page.Email, page.Name, page.Next = email, r.PostFormValue("name"), account.SafeNext(r.PostFormValue("next"), account.Home)
				page.Complain(err)
			}
		})
	}
}

func (f *forms) signOut(w http.ResponseWriter, r *http.Request) {
	session := shell.NewSession(f.find, r)
	// The cookies go either way: a session that cannot be ended now runs out by itself.
	accountv1.NewSessionServiceClient(rpc.NewClient(session)).SignOut(r.Context(), &accountv1.SignOutRequest{})
	f.seeOther(w, r, session, "/")
}

func (f *forms) seeOther(w http.ResponseWriter, r *http.Request, session *shell.Session, path string) {
	session.Apply(w)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, path, http.StatusSeeOther)
}

// show draws the page at path as the answer to a form.
func (f *forms) show(w http.ResponseWriter, r *http.Request, session *shell.Session, path string, change func(site.View)) {
	get := r.Clone(r.Context())
	get.Method, get.URL.Path, get.URL.RawQuery = http.MethodGet, path, ""
	f.shell.Show(w, get, session, change)
}
