package site

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/ui"
)

// View is a loaded page. Its fields are its state: handlers change them, and the
// page is drawn again.
type View interface {
	Head() Head
	Body() ui.Node
}

// Awaker is a view that wants to know when it lives in a browser.
type Awaker interface {
	Awake()
}

// Page is a kind of page.
type Page struct {
	// Pattern is an address with names for what varies: "/p/{slug}".
	Pattern string
	// Public pages are the same for everybody: the server loads them without the
	// caller's session, so that they can be kept by shared caches.
	Public bool
	// Load gets what the page shows.
	Load func(ctx context.Context, env *Env) (View, error)
}

// Site is a set of pages with a frame around them.
type Site struct {
	Pages []Page
	// Layout puts the frame (header, navigation, footer) around a page.
	Layout func(env *Env, view View) ui.Node
	// Awake is called once, when the program has taken the document over.
	Awake func(env *Env)
	// Missing loads the page for unknown addresses; its error goes to Failed.
	Missing func(ctx context.Context, env *Env) (View, error)
	// Failed is the page shown when loading fails.
	Failed func(env *Env, err error) View
}

// Choices are what a visitor chose for all pages, by the cookies that keep it.
type Choices map[string]string

// ErrNotFound says that there is no such page.
var ErrNotFound = errors.New("no such page")

// Redirect is an error of Load: the page is elsewhere.
type Redirect struct {
	To string
	// Permanent redirects are remembered by browsers.
	Permanent bool
}

// Error implements error.
func (r Redirect) Error() string { return "redirect to " + r.To }

// Env is what a page may use while it loads and lives.
type Env struct {
	// URL is the address of the page.
	URL *url.URL
	// Client makes calls.
	Client *rpc.Client
	// Live is true in the browser.
	Live bool

	params map[string]string
	live   live
}

// live is what only the browser can do.
type live interface {
	coming() *Env
	run(work func(ctx context.Context) func())
	navigate(address string)
	become(address string)
	move(address string, push bool)
	reload()
}

// Param returns what the address has in place of {name}.
func (e *Env) Param(name string) string { return e.params[name] }

// Query returns the first value of the query parameter.
func (e *Env) Query(name string) string { return e.URL.Query().Get(name) }

// Path returns the address without the origin.
func (e *Env) Path() string {
	if e.URL.RawQuery == "" {
		return e.URL.EscapedPath()
	}
	return e.URL.EscapedPath() + "?" + e.URL.RawQuery
}

// Go does work away from the goroutine that draws; what work returns is called on
// that goroutine, and the page is drawn again. On a server it does nothing.
func (e *Env) Go(work func(ctx context.Context) (then func())) {
	if e.live != nil {
		e.live.run(work)
	}
}

// Coming is what a page has that is on its way to take this one's place; e when
// there is none.
func (e *Env) Coming() *Env {
	if e.live != nil {
		return e.live.coming()
	}
	return e
}

// Navigate shows the page at address. On a server it does nothing.
func (e *Env) Navigate(address string) {
	if e.live != nil {
		e.live.navigate(address)
	}
}

// Become is Navigate without a step in the history: there is no way back to where
// one was. On a server it does nothing.
func (e *Env) Become(address string) {
	if e.live != nil {
		e.live.become(address)
	}
}

// Replace makes address the page's own, with what it shows: it has to be another
// query of the same path. On a server it does nothing.
func (e *Env) Replace(address string) {
	if e.live != nil {
		e.live.move(address, false)
	}
}

// Push is Replace with a step in the history: going back loads the page again.
func (e *Env) Push(address string) {
	if e.live != nil {
		e.live.move(address, true)
	}
}

// Reload loads the page again and shows it where it stands.
func (e *Env) Reload() {
	if e.live != nil {
		e.live.reload()
	}
}

// Find returns the page for a path, and what its pattern's names stand for.
func (s *Site) Find(path string) (Page, map[string]string, bool) {
	for _, page := range s.Pages {
		if params, ok := match(page.Pattern, path); ok {
			return page, params, true
		}
	}
	return Page{}, nil, false
}

// Load loads the page of env's address. A Redirect comes back as the error; any
// other failure is a view of its own.
func (s *Site) Load(ctx context.Context, env *Env) (View, error) {
	page, params, ok := s.Find(env.URL.Path)
	if !ok {
		page.Load = s.Missing
	}
	env.params = params
	view, err := page.Load(ctx, env)
	var redirect Redirect
	switch {
	case errors.As(err, &redirect):
		return nil, redirect
	case rpc.CodeOf(err) == rpc.NotFound:
		return s.Failed(env, ErrNotFound), nil
	case err != nil:
		return s.Failed(env, err), nil
	}
	return view, nil
}

// match compares a path with a pattern, part by part.
func match(pattern, path string) (map[string]string, bool) {
	wanted, given := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(wanted) != len(given) {
		return nil, false
	}
	params := map[string]string{}
	for i, part := range wanted {
		switch {
		case strings.HasPrefix(part, "{") && given[i] != "":
			params[strings.Trim(part, "{}")] = given[i]
		case part != given[i]:
			return nil, false
		}
	}
	return params, true
}
