//go:build !wasm

// Package ssr serves the storefront: its pages from the server, the forms that
// work without the program, pictures, and the gallery of components.
package ssr

import (
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"

	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/shell"
	"github.com/souk-commerce/souk/web/storefront"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Config is what the storefront's server needs.
type Config struct {
	// Origin is how the outside reaches the shop.
	Origin string
	// Media is the folder of pictures, served below /media/; nil for none.
	Media fs.FS
	// Built holds the browser's program.
	Built fs.FS
	// Gallery shows the components at /gallery.
	Gallery bool
	// Payment are the origins that card data may be sent to.
	Payment []string
	// Find returns where a procedure is served.
	Find func(procedure string) (rpc.Doer, string)
	Log  *slog.Logger
}

// New returns the storefront's handler.
func New(config Config) (http.Handler, error) {
	pages, err := shell.New(shell.Config{
		Name: "Souk", Origin: config.Origin, Program: "storefront.wasm", Built: config.Built, Style: component.Style,
		Build: storefront.New, Choices: storefront.Choices(), Robots: robots(config.Origin), Find: config.Find, Connect: config.Payment, Log: config.Log,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	forms := &forms{shell: pages, find: config.Find, secure: strings.HasPrefix(config.Origin, "https:")}
	forms.mount(mux)
	mux.Handle("GET /sitemap.xml", &sitemap{origin: config.Origin, find: config.Find, log: config.Log})
	if config.Media != nil {
		mux.Handle("/media/", http.StripPrefix("/media/", media(config.Media)))
	}
	if config.Gallery {
		mux.HandleFunc("GET /gallery", pages.Gallery)
	}
	// Forms come from our own pages only.
	guard := http.NewCrossOriginProtection()
	if config.Origin != "" {
		if err := guard.AddTrustedOrigin(config.Origin); err != nil {
			return nil, fmt.Errorf("origin: %w", err)
		}
	}
	return guard.Handler(mux), nil
}

// media serves pictures, and nothing that could be taken for a page.
func media(files fs.FS) http.Handler {
	server := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "" || strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		header := w.Header()
		header.Set("Cache-Control", "public, max-age=86400, stale-while-revalidate=604800")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
		server.ServeHTTP(w, r)
	})
}
