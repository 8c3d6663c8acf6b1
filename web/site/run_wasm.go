//go:build wasm

package site

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/souk-commerce/souk/web/browser"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/ui"
)

// running is the program in the browser. All its fields belong to the goroutine
// that draws.
type running struct {
	site   *Site
	client *rpc.Client
	env    *Env
	view   View
	// next is the page on its way; nil when none is.
	next   *Env
	cancel context.CancelFunc
	// standsIn is true while a page is shown for one that cannot be had.
	standsIn bool
}

// Run shows the page that the document was loaded with, follows links from
// there, and does not return.
func Run(build func(client *rpc.Client, choices Choices) *Site) {
	var state State
	_ = json.Unmarshal([]byte(browser.Text(StateID)), &state) // without it, we ask again
	copied := ""
	if state.Address != browser.Address() {
		copied, state.Tape = state.Address, nil // an offline copy of another page
	}
	player := rpc.NewPlayer(&rpc.Link{}, state.Tape)
	r := &running{client: rpc.NewClient(player), cancel: func() {}}
	r.site = build(r.client, state.Choices)
	r.first(copied)
	player.Stop()
	ui.Run(r.draw, func() {
		browser.Navigate(browser.Navigation{Go: r.navigate, Back: r.back})
		browser.Hydrated()
		switch {
		case r.standsIn:
			browser.OnLine(func() { browser.Leave(browser.Address()) })
		case copied != "":
			setHead(r.view.Head()) // the document's is the copy's
		}
		r.site.Awake(r.env)
		r.awake()
	})
}

// first loads the page of the document; until it is there, the server's HTML is
// what people see. Where it cannot be loaded, the page that stands in for it stays.
func (r *running) first(standIn string) {
	address := browser.Address()
	for range 5 {
		env := r.newEnv(address)
		view, err := r.site.Load(context.Background(), env)
		var redirect Redirect
		if errors.As(err, &redirect) {
			browser.Replace(redirect.To)
			address = redirect.To
			continue
		}
		if standIn != "" && view.Head().Status >= 500 {
			if stays, err := r.site.Load(context.Background(), r.newEnv(standIn)); err == nil {
				view, r.standsIn = stays, true
			}
		}
		r.env, r.view = env, view
		return
	}
	r.env = r.newEnv(address)
	r.view = r.site.Failed(r.env, errors.New("too many redirects"))
}

func (r *running) newEnv(address string) *Env {
	u, err := url.Parse(address)
	if err != nil {
		u = &url.URL{Path: "/"}
	}
	return &Env{URL: u, Client: r.client, Live: true, live: r}
}

func (r *running) draw() ui.Node { return r.site.Layout(r.env, r.view) }

// run implements live.
func (r *running) run(work func(ctx context.Context) func()) {
	go func() {
		then := work(context.Background())
		ui.Dispatch(func() {
			if then != nil {
				then()
			}
		})
	}()
}

// coming implements live.
func (r *running) coming() *Env {
	if r.next != nil {
		return r.next
	}
	return r.env
}

// navigate implements live.
func (r *running) navigate(address string) {
	r.show(r.newEnv(address), address, func(landed string) { browser.Push(landed) }, 0)
}

// become implements live.
func (r *running) become(address string) { r.show(r.newEnv(address), address, browser.Replace, 0) }

// move implements live.
func (r *running) move(address string, push bool) {
	if u, err := url.Parse(address); err == nil {
		r.env.URL = u
	}
	if push {
		browser.Push(address)
		return
	}
	browser.Replace(address)
}

// reload implements live.
func (r *running) reload() {
	r.show(r.env, r.env.Path(), func(string) {}, browser.Scroll())
}

func (r *running) awake() {
	if view, ok := r.view.(Awaker); ok {
		view.Awake()
	}
}

func (r *running) back(address string, scroll int) {
	if u, err := url.Parse(address); err == nil && u.Path == r.env.URL.Path && u.RawQuery == r.env.URL.RawQuery {
		if scroll >= 0 { // back from a place on this page
			browser.ScrollTo(scroll)
		}
		return
	}
	r.show(r.newEnv(address), address, func(landed string) {
		if landed != address {
			browser.Replace(landed)
		}
	}, scroll)
}

// show loads the page at address and shows it once it is there. A click in the
// meantime calls it off.
func (r *running) show(env *Env, address string, arrive func(landed string), scroll int) {
	if u, err := url.Parse(address); err != nil || !r.knows(u.Path) {
		browser.Leave(address)
		return
	}
	r.cancel()
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.next = cancel, env
	typed := typing()
	browser.Loading(true)
	go func() {
		env, view, err := r.follow(ctx, env)
		ui.Dispatch(func() {
			if ctx.Err() != nil {
				return
			}
			cancel()
			r.next = nil
			browser.Loading(false)
			if err != nil {
				browser.Leave(address) // the service worker may have a copy
				return
			}
			arrive(env.Path())
			r.arrived(env, view, address, scroll, typed)
		})
	}()
}

// field is what has the focus, and what stands in it.
type field struct{ id, value string }

func typing() field { return field{browser.Focused(), browser.FocusedValue()} }

// arrived shows a page. The focus goes to its heading, but not from under the hands
// of somebody who typed meanwhile into a field that stays.
func (r *running) arrived(env *Env, view View, address string, scroll int, typed field) {
	samePage := r.env.URL.Path == env.URL.Path
	now := typing()
	typesOn := now.id != "" && now.id == typed.id && now.value != typed.value
	r.env, r.view = env, view
	r.awake()
	setHead(view.Head())
	_, fragment, _ := strings.Cut(address, "#")
	ui.After(func() {
		browser.ScrollTo(scroll)
		if fragment != "" {
			browser.ScrollToID(fragment)
		}
		switch {
		case typesOn && browser.Focused() == now.id:
		case !samePage:
			browser.FocusMain()
		case now.id != "":
			browser.FocusID(now.id) // what had it may be elsewhere now
		}
	})
}

func setHead(head Head) {
	absolute := func(address string) string {
		if strings.HasPrefix(address, "/") {
			return browser.Origin() + address
		}
		return address
	}
	browser.SetHead(browser.Head{
		Title: head.Title, Description: head.Description, Indexed: head.Indexed(),
		Canonical: absolute(head.Canonical), Image: absolute(head.Image),
	})
}

var errOffline = errors.New("no network")

// follow loads the page of env, or where it has moved to.
func (r *running) follow(ctx context.Context, env *Env) (*Env, View, error) {
	for range 5 {
		view, err := r.site.Load(ctx, env)
		var redirect Redirect
		switch {
		case errors.As(err, &redirect):
			env = r.newEnv(redirect.To)
		case err != nil:
			return nil, nil, err
		case view.Head().Status >= 500 && !browser.Online():
			return nil, nil, errOffline
		default:
			return env, view, nil
		}
	}
	return nil, nil, errors.New("too many redirects")
}

func (r *running) knows(path string) bool {
	_, _, ok := r.site.Find(path)
	return ok
}
