//go:build !wasm

package ssr_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountv1 "github.com/souk-commerce/souk/api/gen/souk/account/v1"
	"github.com/souk-commerce/souk/api/gen/souk/account/v1/accountv1connect"
	cartv1 "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	"github.com/souk-commerce/souk/api/gen/souk/cart/v1/cartv1connect"
	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/api/gen/souk/order/v1/orderv1connect"
	paymentv1 "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/api/gen/souk/payment/v1/paymentv1connect"
	searchv1 "github.com/souk-commerce/souk/api/gen/souk/search/v1"
	"github.com/souk-commerce/souk/api/gen/souk/search/v1/searchv1connect"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/storefront/ssr"
)

// fake is a small shop behind real Connect handlers. Its texts come from say, so
// that tests can make them hostile.
type fake struct {
	catalogv1connect.UnimplementedProductServiceHandler
	catalogv1connect.UnimplementedCategoryServiceHandler
	catalogv1connect.UnimplementedCollectionServiceHandler
	inventoryv1connect.UnimplementedStockServiceHandler
	searchv1connect.UnimplementedSearchServiceHandler
	cartv1connect.UnimplementedCartServiceHandler
	accountv1connect.UnimplementedAccountServiceHandler
	accountv1connect.UnimplementedSessionServiceHandler
	orderv1connect.UnimplementedOrderServiceHandler
	orderv1connect.UnimplementedCheckoutServiceHandler
	paymentv1connect.UnimplementedPaymentServiceHandler

	say func(what string) string
	// hold, when not nil, keeps the browser's program back until it is closed.
	hold chan struct{}
	// delay, when not nil, keeps searches waiting until it is closed.
	delay chan struct{}
	// unpriced is a way of delivery that cannot be had.
	unpriced string
	// rewrite, when not nil, changes pages on their way.
	rewrite func(page string) string

	mutex sync.Mutex
	// methods are ways to pay besides a card, saved what was kept to pay with.
	methods []*paymentv1.PaymentMethodOption
	saved   []*paymentv1.SavedMethod
	cart    map[string]int32
	calls   map[string]int
	// sent is the last message to each procedure, as JSON, and what the provider got.
	sent map[string]string
	// news is closed when something more was sent.
	news chan struct{}
}

func newFake() *fake {
	return &fake{say: func(what string) string { return what }, cart: map[string]int32{}, calls: map[string]int{}, sent: map[string]string{}, news: make(chan struct{})}
}

// note is an interceptor that keeps what is sent.
func (f *fake) note(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		raw, _ := json.Marshal(r.Any())
		f.keep(r.Spec().Procedure, string(raw))
		return next(ctx, r)
	}
}

func (f *fake) keep(procedure, sent string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.sent[procedure] = sent
	close(f.news)
	f.news = make(chan struct{})
}

// was returns what was last sent to a procedure, and a signal that there is more.
func (f *fake) was(procedure string) (sent string, news <-chan struct{}) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.sent[procedure], f.news
}

func (f *fake) handler() http.Handler {
	mux, note := http.NewServeMux(), connect.WithInterceptors(connect.UnaryInterceptorFunc(f.note))
	mux.Handle(catalogv1connect.NewProductServiceHandler(f, note))
	mux.Handle(catalogv1connect.NewCategoryServiceHandler(f, note))
	mux.Handle(catalogv1connect.NewCollectionServiceHandler(f, note))
	mux.Handle(inventoryv1connect.NewStockServiceHandler(f, note))
	mux.Handle(searchv1connect.NewSearchServiceHandler(f, note))
	mux.Handle(cartv1connect.NewCartServiceHandler(f, note))
	mux.Handle(accountv1connect.NewAccountServiceHandler(f, note))
	mux.Handle(accountv1connect.NewSessionServiceHandler(f, note))
	mux.Handle(orderv1connect.NewOrderServiceHandler(f, note))
	mux.Handle(orderv1connect.NewCheckoutServiceHandler(f, note))
	mux.Handle(paymentv1connect.NewPaymentServiceHandler(f, note))
	mux.HandleFunc("POST /tokenize", func(w http.ResponseWriter, r *http.Request) {
		card, _ := io.ReadAll(r.Body)
		f.keep("/tokenize", string(card))
		io.WriteString(w, `{"token":"tok_1"}`)
	})
	// What needs a session is refused without one, as the real services do.
	open := map[string]bool{}
	for _, procedure := range []string{
		"catalog.v1.ProductService/GetProduct", "catalog.v1.ProductService/ListProducts", "catalog.v1.CategoryService/ListCategories",
		"catalog.v1.CategoryService/GetCategory", "catalog.v1.CollectionService/ListCollections", "inventory.v1.StockService/GetAvailability",
		"search.v1.SearchService/Search", "search.v1.SearchService/Suggest", "payment.v1.PaymentService/GetPaymentConfig",
		"account.v1.SessionService/EnsureSession", "account.v1.SessionService/SignIn", "account.v1.SessionService/SignOut", "account.v1.AccountService/Register",
	} {
		open["/souk."+procedure] = true
	}
	open["/tokenize"] = true
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mutex.Lock()
		f.calls[r.URL.Path]++
		f.mutex.Unlock()
		if r.Header.Get("Authorization") == "" {
			if cookie, err := r.Cookie("souk_at"); err == nil { // the edge's work
				r.Header.Set("Authorization", "Bearer "+cookie.Value)
			}
		}
		if !open[r.URL.Path] && r.Header.Get("Authorization") == "" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(401)
			io.WriteString(w, `{"code":"unauthenticated"}`)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func usd(minor int64) *typev1.Money { return &typev1.Money{CurrencyCode: "USD", MinorUnits: minor} }
func eur(minor int64) *typev1.Money { return &typev1.Money{CurrencyCode: "EUR", MinorUnits: minor} }

func (f *fake) image(name string) *catalogv1.Image {
	return &catalogv1.Image{Url: "/media/" + name + ".svg", Alt: f.say("alt")}
}

func (f *fake) product(slug string) *catalogv1.Product {
	variant := func(sku, color string, price int64) *catalogv1.Variant {
		return &catalogv1.Variant{Id: sku, Sku: sku, OptionValues: []*catalogv1.OptionValue{{Option: f.say("Colour"), Value: f.say(color)}},
			Prices:     []*catalogv1.Price{{Amount: usd(price), CompareAt: usd(price + 1000)}, {Amount: eur(price - 100)}},
			Attributes: []*catalogv1.Attribute{{Name: f.say("Weight"), Value: f.say("1 kg")}}}
	}
	return &catalogv1.Product{
		Id: "id-" + slug, Slug: slug, Title: f.say("Lamp " + slug), Summary: f.say("A lamp for reading."), Description: f.say("It gives light.\n\nFor long."),
		Brand: &catalogv1.Brand{Name: f.say("Lumen")}, Options: []*catalogv1.Option{{Name: f.say("Colour"), Values: []string{f.say("Red"), f.say("Blue")}}},
		Variants: []*catalogv1.Variant{variant(slug+"-R", "Red", 4900), variant(slug+"-B", "Blue", 5900)},
		Images:   []*catalogv1.Image{f.image("one"), f.image("two")}, Attributes: []*catalogv1.Attribute{{Name: f.say("Material"), Value: f.say("Brass")}},
		Breadcrumb: []*catalogv1.CategoryRef{{Id: "c1", Slug: "light", Name: f.say("Light")}}, Tags: []string{f.say("tag")},
	}
}

func (f *fake) GetProduct(_ context.Context, r *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	if r.GetSlug() == "gone" {
		return nil, connect.NewError(connect.CodeNotFound, errors.New("no such product"))
	}
	if r.GetSlug() == "former" {
		return &catalogv1.GetProductResponse{Product: f.product("a")}, nil
	}
	return &catalogv1.GetProductResponse{Product: f.product(r.GetSlug())}, nil
}

func (f *fake) ListProducts(context.Context, *catalogv1.ListProductsRequest) (*catalogv1.ListProductsResponse, error) {
	return &catalogv1.ListProductsResponse{Products: []*catalogv1.Product{f.product("a"), f.product("b"), f.product("c"), f.product("d")}}, nil
}

func (f *fake) category() *catalogv1.Category {
	return &catalogv1.Category{Id: "c1", Slug: "light", Name: f.say("Light"), Description: f.say("Lamps and candles"), Image: f.image("one"), ProductCount: 4}
}

func (f *fake) ListCategories(context.Context, *catalogv1.ListCategoriesRequest) (*catalogv1.ListCategoriesResponse, error) {
	return &catalogv1.ListCategoriesResponse{Categories: []*catalogv1.Category{f.category()}}, nil
}

func (f *fake) GetCategory(_ context.Context, r *catalogv1.GetCategoryRequest) (*catalogv1.GetCategoryResponse, error) {
	if r.GetSlug() != "light" {
		return nil, connect.NewError(connect.CodeNotFound, errors.New("no such category"))
	}
	return &catalogv1.GetCategoryResponse{Category: f.category(), Path: []*catalogv1.CategoryRef{{Id: "c1", Slug: "light", Name: f.say("Light")}}, Children: []*catalogv1.Category{f.category()}}, nil
}

func (f *fake) ListCollections(context.Context, *catalogv1.ListCollectionsRequest) (*catalogv1.ListCollectionsResponse, error) {
	return &catalogv1.ListCollectionsResponse{Collections: []*catalogv1.Collection{{Id: "k1", Slug: "gifts", Name: f.say("Gifts")}}}, nil
}

func (f *fake) GetAvailability(_ context.Context, r *inventoryv1.GetAvailabilityRequest) (*inventoryv1.GetAvailabilityResponse, error) {
	answer := &inventoryv1.GetAvailabilityResponse{}
	for _, sku := range r.GetSkus() {
		answer.Availabilities = append(answer.Availabilities, &inventoryv1.Availability{Sku: sku, Available: 3})
	}
	return answer, nil
}

func (f *fake) Search(_ context.Context, r *searchv1.SearchRequest) (*searchv1.SearchResponse, error) {
	if f.delay != nil {
		<-f.delay
	}
	answer := &searchv1.SearchResponse{Total: 48, Page: max(r.GetPage(), 1), PageCount: 2, LowestPrice: 900, HighestPrice: 99000}
	for _, slug := range []string{"a", "b", "c", "d", "e", "f"} {
		answer.Hits = append(answer.Hits, &searchv1.Hit{ProductId: "id-" + slug, Slug: slug, Title: f.say("Lamp " + slug), Brand: f.say("Lumen"), ImageUrl: "/media/one.svg", ImageAlt: f.say("alt"), Price: usd(4900), CompareAt: usd(5900), InStock: slug != "f"})
	}
	for _, field := range []string{"brand", "Colour"} {
		answer.Facets = append(answer.Facets, &searchv1.Facet{Field: f.say(field), Label: f.say(field), Values: []*searchv1.FacetValue{{Value: f.say("Red"), Label: f.say("Red"), Count: 12, Selected: true}, {Value: f.say("Blue"), Count: 4}}})
	}
	return answer, nil
}

func (f *fake) Suggest(context.Context, *searchv1.SuggestRequest) (*searchv1.SuggestResponse, error) {
	return &searchv1.SuggestResponse{Products: []*searchv1.Hit{{Slug: "a", Title: f.say("Lamp a"), ImageUrl: "/media/one.svg", Price: usd(4900)}}}, nil
}

func (f *fake) currentCart() *cartv1.Cart {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	cart := &cartv1.Cart{Id: "guest", CurrencyCode: "USD", Ready: true, Subtotal: usd(0)}
	for _, sku := range []string{"a-R", "a-B", "b-R"} {
		units := f.cart[sku]
		if units == 0 {
			continue
		}
		total := int64(units) * 4900
		cart.Lines = append(cart.Lines, &cartv1.CartLine{Sku: sku, Quantity: units, ProductSlug: "a", Title: f.say("Lamp a"), VariantTitle: f.say("Red"), ImageUrl: "/media/one.svg",
			UnitPrice: usd(4900), AddedUnitPrice: usd(4500), LineTotal: usd(total), Available: 3, Changes: []cartv1.LineChange{cartv1.LineChange_LINE_CHANGE_PRICE_UP}})
		cart.Units += units
		cart.Subtotal.MinorUnits += total
	}
	return cart
}

func (f *fake) GetCart(context.Context, *cartv1.GetCartRequest) (*cartv1.GetCartResponse, error) {
	return &cartv1.GetCartResponse{Cart: f.currentCart()}, nil
}

func (f *fake) AddLine(_ context.Context, r *cartv1.AddLineRequest) (*cartv1.AddLineResponse, error) {
	f.mutex.Lock()
	if f.cart[r.GetSku()]+r.GetQuantity() > 3 {
		f.mutex.Unlock()
		return nil, connect.NewError(connect.CodeFailedPrecondition, errors.New("only 3 are left"))
	}
	f.cart[r.GetSku()] += r.GetQuantity()
	f.mutex.Unlock()
	return &cartv1.AddLineResponse{Cart: f.currentCart()}, nil
}

func (f *fake) SetQuantity(_ context.Context, r *cartv1.SetQuantityRequest) (*cartv1.SetQuantityResponse, error) {
	f.mutex.Lock()
	f.cart[r.GetSku()] = r.GetQuantity()
	f.mutex.Unlock()
	return &cartv1.SetQuantityResponse{Cart: f.currentCart()}, nil
}

func (f *fake) RemoveLine(_ context.Context, r *cartv1.RemoveLineRequest) (*cartv1.RemoveLineResponse, error) {
	f.mutex.Lock()
	delete(f.cart, r.GetSku())
	f.mutex.Unlock()
	return &cartv1.RemoveLineResponse{Cart: f.currentCart()}, nil
}

func (f *fake) session(ctx context.Context, role string) *accountv1.Session {
	call, _ := connect.CallInfoForHandlerContext(ctx)
	call.ResponseHeader().Add("Set-Cookie", "souk_at=token-"+role+"; Path=/; HttpOnly")
	call.ResponseHeader().Add("Set-Cookie", "souk_rt=refresh-"+role+"; Path=/; HttpOnly")
	return &accountv1.Session{Subject: role, Role: role, Name: f.say("Ada")}
}

func (f *fake) EnsureSession(ctx context.Context, _ *accountv1.EnsureSessionRequest) (*accountv1.EnsureSessionResponse, error) {
	return &accountv1.EnsureSessionResponse{Session: f.session(ctx, "guest")}, nil
}

func (f *fake) SignIn(ctx context.Context, r *accountv1.SignInRequest) (*accountv1.SignInResponse, error) {
	if r.GetPassword() != "right password" {
		return nil, connect.NewError(connect.CodeUnauthenticated, errors.New(f.say("e-mail or password is wrong")))
	}
	return &accountv1.SignInResponse{Session: f.session(ctx, "shopper")}, nil
}

func (f *fake) SignOut(context.Context, *accountv1.SignOutRequest) (*accountv1.SignOutResponse, error) {
	return &accountv1.SignOutResponse{}, nil
}

func (f *fake) GetProfile(context.Context, *accountv1.GetProfileRequest) (*accountv1.GetProfileResponse, error) {
	return &accountv1.GetProfileResponse{Profile: &accountv1.Profile{Id: "s", Email: f.say("ada@example.com"), Name: f.say("Ada")}}, nil
}

func (f *fake) address() *typev1.Address {
	return &typev1.Address{Name: f.say("Ada"), Company: f.say("Co"), Line1: f.say("1 Main St"), Line2: f.say("2nd"), City: f.say("Springfield"), Region: f.say("IL"), PostalCode: f.say("62701"), CountryCode: "US", Phone: f.say("1")}
}

func (f *fake) ListAddresses(context.Context, *accountv1.ListAddressesRequest) (*accountv1.ListAddressesResponse, error) {
	return &accountv1.ListAddressesResponse{Addresses: []*accountv1.SavedAddress{{Id: "a1", Address: f.address(), IsDefault: true}}}, nil
}

func (f *fake) GetPaymentConfig(context.Context, *paymentv1.GetPaymentConfigRequest) (*paymentv1.GetPaymentConfigResponse, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	methods := []*paymentv1.PaymentMethodOption{{Provider: "sandbox", Kind: "card", Label: "Card", TokenizeUrl: "/tokenize", PublishableKey: "pk"}}
	return &paymentv1.GetPaymentConfigResponse{Provider: "sandbox", TokenizeUrl: "/tokenize", PublishableKey: "pk", Methods: append(methods, f.methods...)}, nil
}

func (f *fake) ListSavedMethods(context.Context, *paymentv1.ListSavedMethodsRequest) (*paymentv1.ListSavedMethodsResponse, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return &paymentv1.ListSavedMethodsResponse{Methods: f.saved}, nil
}

func (f *fake) DeleteSavedMethod(_ context.Context, r *paymentv1.DeleteSavedMethodRequest) (*paymentv1.DeleteSavedMethodResponse, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.saved = slices.DeleteFunc(f.saved, func(m *paymentv1.SavedMethod) bool {
		return m.GetProvider() == r.GetProvider() && m.GetPaymentMethod() == r.GetPaymentMethod()
	})
	return &paymentv1.DeleteSavedMethodResponse{}, nil
}

func (f *fake) totals() *orderv1.Totals {
	return &orderv1.Totals{Items: usd(4900), Shipping: usd(500), Tax: usd(392), Total: usd(5792)}
}

func (f *fake) lines() []*orderv1.OrderLine {
	return []*orderv1.OrderLine{{Sku: "a-R", Quantity: 1, ProductSlug: "a", Title: f.say("Lamp a"), VariantTitle: f.say("Red"), ImageUrl: "/media/one.svg", UnitPrice: usd(4900), LineTotal: usd(4900)}}
}

func (f *fake) Quote(_ context.Context, r *orderv1.QuoteRequest) (*orderv1.QuoteResponse, error) {
	if option := r.GetDeliveryOptionId(); option != "" && option == f.unpriced {
		return nil, connect.NewError(connect.CodeUnavailable, errors.New("no carrier"))
	}
	return &orderv1.QuoteResponse{Lines: f.lines(), Totals: f.totals(), DeliveryOptionId: "standard", CurrencyCode: "USD", DeliveryOptions: []*orderv1.DeliveryOption{
		{Id: "standard", Name: f.say("Standard"), Promise: f.say("2–4 working days"), Price: usd(500)}, {Id: "express", Name: f.say("Express"), Promise: f.say("Tomorrow"), Price: usd(1500)}}}, nil
}

func (f *fake) PlaceOrder(_ context.Context, r *orderv1.PlaceOrderRequest) (*orderv1.PlaceOrderResponse, error) {
	return &orderv1.PlaceOrderResponse{Checkout: &orderv1.Checkout{CheckoutId: r.GetCheckoutId(), State: orderv1.CheckoutState_CHECKOUT_STATE_PENDING}}, nil
}

func (f *fake) ResumeCheckout(_ context.Context, r *orderv1.ResumeCheckoutRequest) (*orderv1.ResumeCheckoutResponse, error) {
	f.mutex.Lock()
	f.cart = map[string]int32{}
	f.mutex.Unlock()
	return &orderv1.ResumeCheckoutResponse{Checkout: &orderv1.Checkout{CheckoutId: r.GetCheckoutId(), State: orderv1.CheckoutState_CHECKOUT_STATE_PLACED, Order: f.order()}}, nil
}

func (f *fake) order() *orderv1.Order {
	placed := timestamppb.New(timestamppb.Now().AsTime())
	placed.Seconds, placed.Nanos = 1790000000, 0
	lines, totals := f.lines(), f.totals()
	step := &orderv1.PriceStep{Kind: orderv1.PriceStepKind_PRICE_STEP_KIND_PRICE, Label: f.say("1 × $49.00"), Amount: usd(4900)}
	totals.Trace = []*orderv1.PriceStep{step}
	lines[0].Id, lines[0].Quantity, lines[0].Shipped, lines[0].Cancellable, lines[0].Returnable, lines[0].Trace = "1", 3, 2, 1, 2, []*orderv1.PriceStep{step}
	tracking := &orderv1.Tracking{Carrier: f.say("Post"), Number: f.say("T1"), Url: f.say("https://example.com/T1")}
	o := &orderv1.Order{Id: "o1", Number: "7KQ2-M9XD", Status: orderv1.OrderStatus_ORDER_STATUS_SHIPPED, Email: f.say("ada@example.com"), Lines: lines, Totals: totals, ShippingAddress: f.address(),
		Delivery: &orderv1.DeliveryOption{Name: f.say("Standard"), Promise: f.say("2–4 working days")}, Tracking: tracking,
		History: []*orderv1.StatusChange{{Status: orderv1.OrderStatus_ORDER_STATUS_PLACED, Time: placed, Note: f.say("note")}}, CreateTime: placed, Cancellable: true, PaymentSummary: f.say("Visa ending in 4242"),
		Timeline:  []*orderv1.TimelineEntry{{Time: placed, Actor: "shopper", Kind: "placed", Text: f.say("The order was placed.")}, {Time: placed, Actor: "admin", Kind: "parcel_sent", Text: f.say("2 items sent.")}},
		Shipments: []*orderv1.Shipment{{Id: "1", Lines: []*orderv1.LineUnits{{LineId: "1", Units: 2}}, Tracking: tracking, ShipTime: placed}},
		Returns:   []*orderv1.Return{{Id: "r1", State: orderv1.ReturnState_RETURN_STATE_APPROVED, Lines: []*orderv1.ReturnLine{{LineId: "1", Units: 1, Reason: f.say("Too small.")}}, Note: f.say("Use the label."), RequestTime: placed}},
		Refunded:  usd(100), PaymentStatus: orderv1.PaymentStatus_PAYMENT_STATUS_PARTIALLY_REFUNDED,
	}
	return o
}

// find fails with a sentence of the shop's for what no order fits.
func (f *fake) LookupOrder(_ context.Context, r *orderv1.LookupOrderRequest) (*orderv1.LookupOrderResponse, error) {
	if r.GetEmail() != "ada@example.com" {
		return nil, connect.NewError(connect.CodeNotFound, errors.New("There is no such order."))
	}
	return &orderv1.LookupOrderResponse{Order: f.order()}, nil
}

func (f *fake) GetInvoice(context.Context, *orderv1.GetInvoiceRequest) (*orderv1.GetInvoiceResponse, error) {
	return &orderv1.GetInvoiceResponse{Filename: `invoice-"7KQ2.pdf`, Pdf: []byte("%PDF-1.3")}, nil
}

func (f *fake) CancelLines(context.Context, *orderv1.CancelLinesRequest) (*orderv1.CancelLinesResponse, error) {
	o := f.order()
	o.Lines[0].Cancelled, o.Lines[0].Cancellable = 1, 0
	return &orderv1.CancelLinesResponse{Order: o}, nil
}

func (f *fake) RequestReturn(context.Context, *orderv1.RequestReturnRequest) (*orderv1.RequestReturnResponse, error) {
	o := f.order()
	o.Lines[0].Returnable = 0
	return &orderv1.RequestReturnResponse{Order: o}, nil
}

func (f *fake) CancelReturn(context.Context, *orderv1.CancelReturnRequest) (*orderv1.CancelReturnResponse, error) {
	o := f.order()
	o.Returns[0].State = orderv1.ReturnState_RETURN_STATE_CANCELLED
	return &orderv1.CancelReturnResponse{Order: o}, nil
}

func (f *fake) GetOrder(context.Context, *orderv1.GetOrderRequest) (*orderv1.GetOrderResponse, error) {
	return &orderv1.GetOrderResponse{Order: f.order()}, nil
}

func (f *fake) ListOrders(context.Context, *orderv1.ListOrdersRequest) (*orderv1.ListOrdersResponse, error) {
	return &orderv1.ListOrdersResponse{Orders: []*orderv1.Order{f.order()}}, nil
}

// storefront serves the storefront over shop, on one origin with its services.
func storefront(t testing.TB, shop *fake) *httptest.Server {
	t.Helper()
	services := shop.handler()
	var pages http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.URL.Path) > 6 && r.URL.Path[:6] == "/souk." || r.URL.Path == "/tokenize" {
			services.ServeHTTP(w, r)
			return
		}
		if strings.HasSuffix(r.URL.Path, ".wasm") && shop.hold != nil {
			<-shop.hold
		}
		if shop.rewrite == nil || strings.Contains(r.URL.Path, ".") {
			pages.ServeHTTP(w, r)
			return
		}
		page := httptest.NewRecorder()
		pages.ServeHTTP(page, r)
		maps.Copy(w.Header(), page.Header())
		io.WriteString(w, shop.rewrite(page.Body.String()))
	}))
	t.Cleanup(server.Close)
	var err error
	pages, err = ssr.New(ssr.Config{
		Origin: server.URL, Gallery: true, Built: os.DirFS("../../dist"), Media: os.DirFS("testdata/media"), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Find: func(string) (rpc.Doer, string) { return server.Client(), server.URL },
	})
	if err != nil {
		t.Fatal(err)
	}
	return server
}
