package site

import (
	"context"
	"errors"
	"net/url"
	"testing"

	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/ui"
)

type view struct{ name string }

func (v view) Head() Head    { return Head{Title: v.name} }
func (v view) Body() ui.Node { return ui.Text(v.name) }

func TestLoad(t *testing.T) {
	shop := &Site{
		Pages: []Page{
			{Pattern: "/", Load: func(context.Context, *Env) (View, error) { return view{"home"}, nil }},
			{Pattern: "/p/{slug}", Load: func(_ context.Context, env *Env) (View, error) { return view{"product " + env.Param("slug")}, nil }},
			{Pattern: "/gone", Load: func(context.Context, *Env) (View, error) { return nil, &rpc.Error{Code: rpc.NotFound} }},
			{Pattern: "/moved", Load: func(context.Context, *Env) (View, error) { return nil, Redirect{To: "/"} }},
			{Pattern: "/broken", Load: func(context.Context, *Env) (View, error) { return nil, errors.New("broken") }},
		},
		Missing: func(context.Context, *Env) (View, error) { return nil, ErrNotFound },
		Failed:  func(_ *Env, err error) View { return view{err.Error()} },
	}
	cases := []struct{ path, want string }{
		{"/", "home"},
		{"/p/lamp", "product lamp"},
		{"/p/", "no such page"},
		{"/p/a/b", "no such page"},
		{"/gone", "no such page"},
		{"/broken", "broken"},
		{"/moved", "redirect to /"},
	}
	for _, c := range cases {
		view, err := shop.Load(context.Background(), &Env{URL: &url.URL{Path: c.path}})
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = view.Head().Title
		}
		if got != c.want {
			t.Errorf("Load(%q) = %q, want %q", c.path, got, c.want)
		}
	}
}
