//go:build !wasm

// Package web serves what people see of the shop.
package web

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/storefront"
	"github.com/souk-commerce/souk/web/storefront/ssr"
)

//go:embed all:dist
var dist embed.FS

// Config holds the settings of the web target.
type Config struct {
	Origin  string   `help:"How the outside reaches the shop." default:"http://127.0.0.1:8080" env:"SOUK_ORIGIN"`
	Media   string   `help:"Folder of pictures, served below /media/." env:"SOUK_MEDIA_DIR"`
	Gallery bool     `help:"Show the design system at /gallery." env:"SOUK_GALLERY"`
	Payment []string `help:"Origins of payment providers that browsers send card data to." env:"SOUK_PAYMENT_ORIGINS"`
}

// Deps are what the web target is given.
type Deps struct {
	// Reach returns how a service, by its name ("catalog"), is reached. Calls carry
	// the shopper's own token, so it must add none.
	Reach func(service string) (http.RoundTripper, *url.URL)
	// Media replaces the folder of the settings.
	Media fs.FS
	Log   *slog.Logger
}

// Open returns the storefront's handler.
func Open(_ context.Context, config Config, deps Deps) (http.Handler, error) {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("built files: %w", err)
	}
	media := deps.Media
	if media == nil && config.Media != "" {
		root, err := os.OpenRoot(config.Media)
		if err != nil {
			return nil, fmt.Errorf("media: %w", err)
		}
		media = root.FS()
	}
	return ssr.New(ssr.Config{
		Origin: strings.TrimSuffix(config.Origin, "/"), Media: media, Built: built, Gallery: config.Gallery, Payment: config.Payment,
		Find: finder(deps.Reach), Log: deps.Log,
	})
}

// PublicPaths are the pages that are the same for everybody, as path prefixes; one
// that ends in "$" stands for itself only.
func PublicPaths() []string {
	paths := []string{"/sitemap.xml$"}
	for _, page := range storefront.New(nil, nil).Pages {
		if !page.Public {
			continue
		}
		prefix, _, varies := strings.Cut(page.Pattern, "{")
		if !varies {
			prefix += "$"
		}
		paths = append(paths, prefix)
	}
	return paths
}

// PublicCookies are the cookies that public pages are made from.
func PublicCookies() []string { return storefront.Choices() }

// finder finds the service that a procedure, "/souk.catalog.v1.…", belongs to.
func finder(reach func(service string) (http.RoundTripper, *url.URL)) func(string) (rpc.Doer, string) {
	return func(procedure string) (rpc.Doer, string) {
		name := strings.TrimPrefix(procedure, "/souk.")
		if dot := strings.IndexByte(name, '.'); dot >= 0 {
			name = name[:dot]
		}
		transport, base := reach(name)
		return &http.Client{Transport: transport, CheckRedirect: stay}, strings.TrimSuffix(base.String(), "/")
	}
}

// stay makes clients hand redirects back: services do not redirect.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
