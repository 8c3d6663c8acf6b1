// Package state holds what outlives a page of the storefront: the session,
// the cart, the currency, the menu. Pages and the frame share one Shop; on a server
// it lives for one request.
package state

import (
	"context"
	"slices"
	"strconv"
	"time"

	accountv1 "github.com/souk-commerce/souk/api/lite/souk/account/v1"
	cartv1 "github.com/souk-commerce/souk/api/lite/souk/cart/v1"
	catalogv1 "github.com/souk-commerce/souk/api/lite/souk/catalog/v1"
	searchv1 "github.com/souk-commerce/souk/api/lite/souk/search/v1"
	"github.com/souk-commerce/souk/web/browser"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
)

// Currencies are what the shop sells in; who chooses none sees the first.
var Currencies = []string{"USD", "EUR"}

// CurrencyChoice is the cookie that keeps the chosen currency.
const CurrencyChoice = "souk_currency"

// Shop is the state.
type Shop struct {
	Client   *rpc.Client
	Currency string
	// Menu is the category tree, parents before children.
	Menu []*catalogv1.Category
	// Cart is nil until it is known.
	Cart *cartv1.Cart
	// Toast is what just happened.
	Toast Toast
	// Said is what just happened, for those who do not see it.
	Said string
	// Hints are what could become of what stands in the search field.
	Hints *searchv1.SuggestResponse

	role  string
	chose bool
	// typed is what was typed into the search field for the page of typedOn.
	typed           string
	typedOn         *site.Env
	toasts, typings int
}

// Toast is a short message that goes away by itself.
type Toast struct {
	Sentence string
	// Label and Address are a link that goes with it.
	Label, Address string
	// At is the page that it belongs to, on others it would be in the way; empty for
	// the one that says it.
	At string
}

// New returns the state of a new visit.
func New(client *rpc.Client, choices site.Choices) *Shop {
	s := &Shop{Client: client, Currency: Currencies[0]}
	if currency := choices[CurrencyChoice]; slices.Contains(Currencies, currency) {
		s.Currency, s.chose = currency, true
	}
	return s
}

// Chosen is the currency that the shopper chose; "" when none, and a cart keeps
// its own.
func (s *Shop) Chosen() string {
	if !s.chose {
		return ""
	}
	return s.Currency
}

// SignedIn reports whether a shopper is known to be signed in.
func (s *Shop) SignedIn() bool { return s.role != "" && s.role != guest }

// Guest reports whether the shopper is known to be a guest.
func (s *Shop) Guest() bool { return s.role == guest }

// Units is how many things are in the cart, as far as known.
func (s *Shop) Units() int { return int(s.Cart.GetUnits()) }

// LoadMenu gets the category tree once.
func (s *Shop) LoadMenu(ctx context.Context) {
	if s.Menu != nil {
		return
	}
	answer, err := catalogv1.NewCategoryServiceClient(s.Client).ListCategories(ctx, &catalogv1.ListCategoriesRequest{})
	if err == nil {
		s.Menu = answer.GetCategories() // without it, the shop still works
	}
}

// TopCategories are the menu's entries at the root.
func (s *Shop) TopCategories() []*catalogv1.Category {
	var top []*catalogv1.Category
	for _, c := range s.Menu {
		if c.GetParentId() == "" {
			top = append(top, c)
		}
	}
	return top
}

// remembered is where the browser keeps the role of the session it has. Programs
// cannot see the session's cookies; and visitors who only look never begin one.
const remembered = "session"

const guest = "guest"

// Awake finds out who is there and what is in their cart, now and whenever they
// come back from another tab.
func (s *Shop) Awake(env *site.Env) {
	s.role = browser.Stored(remembered)
	s.keepUp(env)
	if s.role != "" && s.Cart == nil {
		s.ReloadCart(env)
	}
	browser.List(".header__search", func() {
		if s.Hints != nil {
			env.Go(func(context.Context) func() { return s.ForgetHints })
		}
	})
	browser.OnReturn(func() {
		env.Go(func(context.Context) func() {
			return func() {
				s.role = browser.Stored(remembered)
				s.keepUp(env)
				s.ReloadCart(env)
			}
		})
	})
}

// keepUp goes over to the currency that was chosen elsewhere: in another tab, or
// before a copy of this page was kept.
func (s *Shop) keepUp(env *site.Env) {
	if currency := browser.Cookie(CurrencyChoice); slices.Contains(Currencies, currency) && currency != s.Currency {
		s.Currency, s.chose = currency, true
		env.Reload()
	}
}

// Remember notes that there is a session; its role, too, where it is known.
func (s *Shop) Remember(role string) {
	if role == "" && s.role != "" {
		return
	}
	if role == "" {
		role = guest
	}
	s.role = role
	browser.Store(remembered, role)
}

// ReloadCart gets the cart again. Who has no session has none.
func (s *Shop) ReloadCart(env *site.Env) {
	if s.role == "" {
		s.Cart = nil
		return
	}
	env.Go(func(ctx context.Context) func() {
		answer, err := s.cart().GetCart(ctx, &cartv1.GetCartRequest{CurrencyCode: s.Chosen()})
		if err != nil {
			return nil
		}
		return func() { s.Cart = answer.GetCart() }
	})
}

// Tell says to those who do not see the page what happened on it.
func (s *Shop) Tell(sentence string) {
	if s.Said == sentence {
		sentence += "\u00a0" // the same again is told again
	}
	s.Said = sentence
}

func (s *Shop) cart() cartv1.CartServiceClient { return cartv1.NewCartServiceClient(s.Client) }

// Add puts units of a SKU into the cart. done is called with the outcome.
func (s *Shop) Add(env *site.Env, sku string, units int, done func(error)) {
	key := rpc.NewKey()
	s.change(env, done, func(ctx context.Context) (*cartv1.Cart, error) {
		answer, err := s.cart().AddLine(rpc.WithKey(ctx, key), &cartv1.AddLineRequest{Sku: sku, Quantity: int32(units), CurrencyCode: s.Currency})
		return answer.GetCart(), err
	})
}

// SetQuantity changes a line of the cart; 0 removes it.
func (s *Shop) SetQuantity(env *site.Env, sku string, units int, done func(error)) {
	s.change(env, done, func(ctx context.Context) (*cartv1.Cart, error) {
		answer, err := s.cart().SetQuantity(ctx, &cartv1.SetQuantityRequest{Sku: sku, Quantity: int32(units)})
		return answer.GetCart(), err
	})
}

func (s *Shop) change(env *site.Env, done func(error), call func(context.Context) (*cartv1.Cart, error)) {
	begins := s.role == ""
	env.Go(func(ctx context.Context) func() {
		role := ""
		if begins { // asked for first, so that the call need not be refused for want of it
			answer, err := accountv1.NewSessionServiceClient(s.Client).EnsureSession(ctx, &accountv1.EnsureSessionRequest{})
			if err == nil {
				role = answer.GetSession().GetRole()
			}
		}
		cart, err := call(ctx)
		return func() {
			if err == nil {
				s.Cart = cart
				s.Remember(role)
			}
			done(err)
		}
	})
}

// Say shows a toast for a few seconds.
func (s *Shop) Say(env *site.Env, toast Toast) {
	if toast.At == "" {
		toast.At = env.URL.Path
	}
	s.Toast = toast
	s.toasts++
	mine := s.toasts
	env.Go(func(ctx context.Context) func() {
		wait(ctx, 6*time.Second)
		return func() {
			if s.toasts == mine {
				s.Toast = Toast{}
			}
		}
	})
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Typed is what stands in the search field: what was typed on this page, or before
// it when it was on its way already, or was looked for.
func (s *Shop) Typed(env *site.Env) string {
	switch {
	case s.typedOn == env || s.typedOn != nil && s.typedOn == env.Coming():
		return s.typed
	case env.URL.Path == "/search":
		return env.Query("q")
	}
	return ""
}

func hinted(hints int) string {
	switch hints {
	case 0:
		return "No suggestions."
	case 1:
		return "1 suggestion: the arrow keys lead to it."
	}
	return strconv.Itoa(hints) + " suggestions: the arrow keys lead to them."
}

// Type notes what is being typed into the search field and asks for hints once
// the typing pauses.
func (s *Shop) Type(env *site.Env, query string) {
	s.typed, s.typedOn = query, env.Coming()
	s.typings++
	mine := s.typings
	if len([]rune(query)) < 2 {
		s.Hints = nil
		return
	}
	env.Go(func(ctx context.Context) func() {
		wait(ctx, 150*time.Millisecond)
		if s.typings != mine {
			return nil
		}
		answer, err := searchv1.NewSearchServiceClient(s.Client).Suggest(ctx, &searchv1.SuggestRequest{Query: query, Limit: 6, CurrencyCode: s.Currency})
		return func() {
			if err == nil && s.typings == mine {
				s.Hints = answer
				s.Tell(hinted(len(answer.GetProducts()) + len(answer.GetCategories())))
			}
		}
	})
}

// ForgetHints closes the list of hints.
func (s *Shop) ForgetHints() {
	s.typings++
	s.Hints = nil
}

// SetCurrency changes what prices are shown in.
func (s *Shop) SetCurrency(env *site.Env, currency string) {
	if !slices.Contains(Currencies, currency) {
		return
	}
	s.Currency, s.chose = currency, true
	browser.SetCookie(CurrencyChoice, currency)
	env.Reload()
	if s.Cart != nil {
		s.ReloadCart(env)
	}
}

// SignedInAs takes a new session over.
func (s *Shop) SignedInAs(env *site.Env, session *accountv1.Session) {
	s.Remember(session.GetRole())
	s.ReloadCart(env)
}

// SignOut ends the session.
func (s *Shop) SignOut(env *site.Env) {
	env.Go(func(ctx context.Context) func() {
		accountv1.NewSessionServiceClient(s.Client).SignOut(ctx, &accountv1.SignOutRequest{}) // the cookies go either way
		return func() {
			s.Cart, s.role = nil, ""
			browser.Store(remembered, "")
			env.Navigate("/")
		}
	})
}
