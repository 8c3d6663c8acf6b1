// Package account holds the pages of who is there: sign in, sign up, profile and
// address book.
package account

import (
	"context"
	"strings"

	accountv1 "github.com/souk-commerce/souk/api/lite/souk/account/v1"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/state"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Sign is the page to sign in or up.
type Sign struct {
	shop *state.Shop
	env  *site.Env
	// Up is true for signing up.
	Up                    bool
	Email, Password, Name string
	// Next is where to go afterwards.
	Next   string
	Wrong  string
	Errors map[string]string
	busy   bool
}

// LoadSign gets the page.
func LoadSign(shop *state.Shop, up bool) func(context.Context, *site.Env) (site.View, error) {
	return func(_ context.Context, env *site.Env) (site.View, error) {
		return &Sign{shop: shop, env: env, Up: up, Next: SafeNext(env.Query("next"), Home)}, nil
	}
}

// Home is where one is after signing in for its own sake.
const Home = "/account"

// SafeNext returns next when it is a path of this shop, else otherwise.
func SafeNext(next, otherwise string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return otherwise
	}
	return next
}

// Complain shows what was wrong.
func (s *Sign) Complain(err error) {
	s.Errors = rpc.FieldsOf(err)
	s.Wrong = rpc.Sentence(err)
}

func (s *Sign) title() string {
	if s.Up {
		return "Create an account"
	}
	return "Sign in"
}

// Head implements site.View.
func (s *Sign) Head() site.Head {
	path := "/signin"
	if s.Up {
		path = "/register"
	}
	return site.Head{Title: s.title() + " · Souk", Description: "Your account at Souk.", Canonical: path, Private: true}
}

func (s *Sign) submit() {
	if s.busy {
		return
	}
	s.busy, s.Wrong, s.Errors = true, "", nil
	email, password, name := s.Email, s.Password, s.Name
	s.env.Go(func(ctx context.Context) func() {
		session, err := Enter(ctx, s.shop.Client, s.Up, email, password, name)
		return func() {
			s.busy = false
			if err != nil {
				s.Complain(err)
				return
			}
			s.Password = ""
			s.shop.SignedInAs(s.env, session)
			s.env.Navigate(s.Next)
		}
	})
}

// Enter signs in, or up.
func Enter(ctx context.Context, client *rpc.Client, up bool, email, password, name string) (*accountv1.Session, error) {
	if up {
		answer, err := accountv1.NewAccountServiceClient(client).Register(ctx, &accountv1.RegisterRequest{Email: email, Password: password, Name: name})
		return answer.GetSession(), err
	}
	answer, err := accountv1.NewSessionServiceClient(client).SignIn(ctx, &accountv1.SignInRequest{Email: email, Password: password})
	return answer.GetSession(), err
}

// Body implements site.View.
func (s *Sign) Body() ui.Node {
	action, other, label, secret := "/signin", "/register", "New here? Create an account", "current-password"
	if s.Up {
		action, other, label, secret = "/register", "/signin", "Have an account? Sign in", "new-password"
	}
	next := "?next=" + strings.ReplaceAll(s.Next, "&", "%26")
	hint := ""
	if s.Up {
		hint = "At least 10 characters."
	}
	return ui.Div(ui.Class("dialog panel stack"), ui.H1(ui.Text(s.title())),
		component.Told("wrong", s.Wrong),
		ui.Form(ui.Class("stack"), ui.ID("sign"), ui.Attr("method", "post"), ui.Attr("action", action), ui.OnSubmit(func(map[string]string) { s.submit() }),
			ui.Input(ui.Type("hidden"), ui.Name("next"), ui.Value(s.Next)),
			ui.If(s.Up, func() ui.Node {
				return component.Field(component.Input{ID: "name", Label: "Name", Complete: "name", Bind: &s.Name, Required: true, Error: s.Errors["name"]})
			}),
			component.Field(component.Input{ID: "email", Label: "E-mail", Type: "email", Complete: "email", Bind: &s.Email, Required: true, Error: s.Errors["email"]}),
			component.Field(component.Input{ID: "password", Label: "Password", Type: "password", Complete: secret, Bind: &s.Password, Required: true, Hint: hint, Error: s.Errors["password"]}),
			component.Button(s.title(), "button--wide", s.busy, nil),
		),
		ui.P(ui.Class("center"), ui.A(ui.Href(other+next), ui.Text(label))),
	)
}
