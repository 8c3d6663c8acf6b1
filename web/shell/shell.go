//go:build !wasm

package shell

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"text/template"

	"github.com/souk-commerce/souk/kit/tag"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
)

//go:embed static
var static embed.FS

// Config is what a shell needs.
type Config struct {
	// Name of the shop.
	Name string
	// Origin is how the outside reaches the shop: "https://shop.example".
	Origin string
	// Program is the name of the WebAssembly file among the built files.
	Program string
	// Built holds what the build of the WebAssembly left; without it pages work
	// like any HTML.
	Built fs.FS
	// Style is the stylesheet.
	Style []byte
	// Build makes the site for one request.
	Build func(client *rpc.Client, choices site.Choices) *site.Site
	// Choices are the cookies that pages are made from, public ones too.
	Choices []string
	// Robots is /robots.txt.
	Robots string
	// Find returns where a procedure is served.
	Find func(procedure string) (rpc.Doer, string)
	// Connect are origins, besides the shop's own, that pages may send to.
	Connect []string
	// Log gets what went wrong.
	Log *slog.Logger
}

// Shell serves the pages of a site.
type Shell struct {
	config Config
	assets *Assets
	worker []byte
	icons  map[string]func() []byte
	policy string
}

// New returns a shell.
func New(config Config) (*Shell, error) {
	if config.Log == nil {
		config.Log = slog.Default()
	}
	s := &Shell{config: config, assets: NewAssets()}
	s.assets.Add("style.css", config.Style)
	s.assets.Add("icon.svg", []byte(markSVG))
	for _, name := range []string{"theme.js", "loader.js"} {
		raw, err := static.ReadFile("static/" + name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		s.assets.Add(name, raw)
	}
	if config.Built != nil {
		if err := s.assets.AddDir(config.Built); err != nil {
			return nil, err
		}
	}
	s.icons = map[string]func() []byte{
		"/icon-192.png":      sync.OnceValue(func() []byte { return iconPNG(192, false) }),
		"/icon-512.png":      sync.OnceValue(func() []byte { return iconPNG(512, false) }),
		"/icon-maskable.png": sync.OnceValue(func() []byte { return iconPNG(512, true) }),
	}
	s.policy = policy(config.Connect)
	worker, err := s.renderWorker()
	s.worker = worker
	return s, err
}

// policy is the Content-Security-Policy: own scripts and WebAssembly, no inline
// scripts or styles, pictures from anywhere over https.
func policy(connect []string) string {
	return strings.Join([]string{
		"default-src 'self'",
		"script-src 'self' 'wasm-unsafe-eval'",
		"style-src 'self'",
		"img-src 'self' data: https:",
		"connect-src " + strings.Join(append([]string{"'self'"}, connect...), " "),
		"object-src 'none'",
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors 'none'",
	}, "; ")
}

func (s *Shell) renderWorker() ([]byte, error) {
	source, err := static.ReadFile("static/sw.js")
	if err != nil {
		return nil, fmt.Errorf("read sw.js: %w", err)
	}
	var files []string
	for _, name := range []string{"style.css", "theme.js", "loader.js", "icon.svg", "wasm_exec.js", s.config.Program} {
		if path := s.assets.Path(name); path != "" {
			files = append(files, path)
		}
	}
	list, err := json.Marshal(files)
	if err != nil {
		return nil, err
	}
	parsed, err := template.New("sw").Parse(string(source))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, map[string]string{"Shell": string(list)})
	return out.Bytes(), err
}

// ServeHTTP serves pages, hashed files, the service worker, manifest and icons.
func (s *Shell) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, assetRoot):
		s.assets.ServeHTTP(w, r)
	case path == "/sw.js":
		s.small(w, "text/javascript; charset=utf-8", "no-cache", s.worker)
	case path == "/manifest.webmanifest":
		s.small(w, "application/manifest+json", "public, max-age=3600", s.manifest())
	case s.icons[path] != nil:
		s.small(w, "image/png", "public, max-age=86400", s.icons[path]())
	case path == "/favicon.ico":
		http.Redirect(w, r, s.assets.Path("icon.svg"), http.StatusFound)
	case path == "/robots.txt":
		s.small(w, "text/plain; charset=utf-8", "public, max-age=3600", []byte(s.config.Robots))
	default:
		s.page(w, r)
	}
}

func (s *Shell) small(w http.ResponseWriter, kind, cache string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Write(body)
}

func (s *Shell) manifest() []byte {
	icon := func(src, sizes, purpose string) map[string]string {
		return map[string]string{"src": src, "sizes": sizes, "type": "image/png", "purpose": purpose}
	}
	manifest, _ := json.Marshal(map[string]any{
		"name": s.config.Name, "short_name": s.config.Name, "id": "/", "start_url": "/", "scope": "/", "lang": "en",
		"display": "standalone", "background_color": "#faf8f4", "theme_color": "#1f4d40",
		"icons": []map[string]string{
			icon("/icon-192.png", "192x192", "any"), icon("/icon-512.png", "512x512", "any"),
			icon("/icon-maskable.png", "512x512", "maskable"),
		},
	}) // strings and maps always marshal
	return manifest
}

// page serves a page of the site.
func (s *Shell) page(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	session := NewSession(s.config.Find, r)
	s.Show(w, r, session, nil)
}

// Show draws the page at r's address as session sees it. change, when not nil,
// may change the loaded view before it is drawn: to show what was wrong with a
// form, say.
func (s *Shell) Show(w http.ResponseWriter, r *http.Request, session *Session, change func(site.View)) {
	var transport rpc.Transport = session
	if s.public(r.URL.Path) {
		transport = &rpc.Link{Find: s.config.Find}
	}
	recorder := rpc.NewRecorder(transport)
	client := rpc.NewClient(recorder)
	choices := s.choices(r)
	pages := s.config.Build(client, choices)
	defer s.recovered(w, r)
	env := &site.Env{URL: &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}, Client: client}
	view, err := pages.Load(r.Context(), env)
	session.Apply(w)
	var redirect site.Redirect
	if errors.As(err, &redirect) {
		s.redirect(w, r, redirect)
		return
	}
	if change != nil {
		change(view)
	}
	head := view.Head()
	state := site.State{Address: env.Path(), Tape: recorder.Tape(), Choices: choices}
	body, err := s.document(head, pages.Layout(env, view), state)
	if err != nil {
		s.config.Log.ErrorContext(r.Context(), "page not drawn", "path", r.URL.Path, "error", err)
		http.Error(w, "something went wrong", http.StatusInternalServerError)
		return
	}
	s.send(w, r, head, body)
}

// recovered answers for a page that panicked: nothing of it has been sent yet.
func (s *Shell) recovered(w http.ResponseWriter, r *http.Request) {
	if reason := recover(); reason != nil {
		s.config.Log.ErrorContext(r.Context(), "page panicked", "path", r.URL.Path, "reason", reason, "stack", string(debug.Stack()))
		w.Header().Set("Cache-Control", "private, no-store")
		http.Error(w, "something went wrong", http.StatusInternalServerError)
	}
}

func (s *Shell) public(path string) bool {
	page, _, ok := s.config.Build(nil, nil).Find(path)
	return !ok || page.Public
}

func (s *Shell) choices(r *http.Request) site.Choices {
	choices := site.Choices{}
	for _, name := range s.config.Choices {
		if cookie, err := r.Cookie(name); err == nil {
			choices[name] = cookie.Value
		}
	}
	return choices
}

func (s *Shell) redirect(w http.ResponseWriter, r *http.Request, to site.Redirect) {
	status := http.StatusSeeOther
	if to.Permanent {
		status = http.StatusMovedPermanently
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to.To, status)
}

func (s *Shell) send(w http.ResponseWriter, r *http.Request, head site.Head, body []byte) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", s.policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	header.Set("Cache-Control", cacheControl(head))
	if len(s.config.Choices) > 0 {
		header.Add("Vary", "Cookie")
	}
	if len(head.Keys) > 0 && !head.Private {
		header.Set("Surrogate-Key", tag.Join(head.Keys))
	}
	status := head.Status
	if status == 0 {
		status = http.StatusOK
	}
	if status == http.StatusOK && !head.Private {
		sum := sha256.Sum256(body)
		etag := `"` + hex.EncodeToString(sum[:12]) + `"`
		header.Set("ETag", etag)
		if matches(r.Header.Get("If-None-Match"), etag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// cacheControl tells shared caches; browsers ask again each time, which the ETag
// makes cheap.
func cacheControl(head site.Head) string {
	if head.Private || head.Status >= 500 {
		return "private, no-store"
	}
	if head.Cache.Fresh == 0 {
		return "public, max-age=0, must-revalidate"
	}
	control := fmt.Sprintf("public, max-age=0, s-maxage=%d", int(head.Cache.Fresh.Seconds()))
	if head.Cache.Stale > 0 {
		control += fmt.Sprintf(", stale-while-revalidate=%d", int(head.Cache.Stale.Seconds()))
	}
	if head.Cache.Error > 0 {
		control += fmt.Sprintf(", stale-if-error=%d", int(head.Cache.Error.Seconds()))
	}
	return control
}

// matches compares weakly: a cache on the way may have compressed the page.
func matches(given, etag string) bool {
	for _, candidate := range strings.Split(given, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == etag || candidate == "*" {
			return true
		}
	}
	return false
}
