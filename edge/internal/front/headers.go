package front

import (
	"net/http"
	"strings"
)

// Security writes the headers that every answer to a browser has.
type Security struct{ csp string }

// NewSecurity returns headers under which pages run their own scripts and WASM,
// and connect to themselves and the origins given; nothing else.
func NewSecurity(connect []string) Security {
	return Security{csp: strings.Join([]string{
		"default-src 'none'",
		"script-src 'self' 'wasm-unsafe-eval'",
		"style-src 'self'",
		"img-src 'self' https: data:",
		"font-src 'self'",
		"connect-src " + strings.Join(append([]string{"'self'"}, connect...), " "),
		"manifest-src 'self'",
		"worker-src 'self'",
		"form-action 'self'",
		"base-uri 'none'",
		"frame-ancestors 'none'",
	}, "; ")}
}

const strict = "max-age=31536000; includeSubDomains"

func (s Security) write(h http.Header, secure bool) {
	if strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		h.Set("Content-Security-Policy", s.csp)
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(self)")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	if secure {
		h.Set("Strict-Transport-Security", strict)
	}
	h.Del("Server")
	h.Del("X-Powered-By")
}

// inbound lists what clients may not say: it is ours to say to services.
func stripInbound(h http.Header) {
	for name := range h {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-forwarded-") || strings.HasPrefix(lower, "x-user-") || strings.HasPrefix(lower, "souk-") ||
			lower == "forwarded" || lower == "x-real-ip" || lower == "x-original-url" || lower == "x-rewrite-url" || lower == "x-http-method-override" {
			h.Del(name)
		}
	}
}

// stripOutbound removes what is between us and our own services.
func stripOutbound(h http.Header) {
	h.Del("Surrogate-Key")
	h.Del("Surrogate-Control")
	for name := range h {
		if strings.HasPrefix(strings.ToLower(name), "souk-") {
			h.Del(name)
		}
	}
}
