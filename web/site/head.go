package site

import (
	"time"

	"github.com/souk-commerce/souk/web/rpc"
)

// Head is what a page tells the document's head and the HTTP response.
type Head struct {
	Title       string
	Description string
	// Canonical is the path under which search engines know the page; "" when they
	// shall not.
	Canonical string
	// Image is shown where the page is shared.
	Image string
	// Kind is the OpenGraph type; "website" when empty.
	Kind string
	// Private pages are kept out of search engines and caches.
	Private bool
	// Hidden pages are kept out of search engines, but not out of caches.
	Hidden bool
	// Static pages do without the browser's program.
	Static bool
	// Data are JSON-LD objects.
	Data []any
	// Status is the HTTP status; 0 means 200.
	Status int
	// Cache says how long shared caches may keep the page.
	Cache Cache
	// Keys are the surrogate keys under which caches forget the page.
	Keys []string
}

// Indexed reports whether search engines may show the page.
func (h Head) Indexed() bool { return !h.Private && !h.Hidden && h.Status < 400 }

// Cache is the life of a response in shared caches.
type Cache struct {
	Fresh, Stale, Error time.Duration
}

// State is what the server leaves in the page for the browser's first frame.
type State struct {
	// Address is the page's, without the origin.
	Address string `json:"address"`
	// Tape holds the answers that the page was drawn from.
	Tape rpc.Tape `json:"tape,omitempty"`
	// Choices are those that the page was drawn with.
	Choices Choices `json:"choices,omitempty"`
}

// StateID is the id of the element that holds the State as JSON.
const StateID = "souk-state"
