package front

import (
	"bytes"
	"net/http"
	"strings"
)

// Security writes the headers that every answer to a browser has.
type Security struct {
	csp string
	// The same as lines: of pages, and of all else.
	page, other []byte
}

// NewSecurity returns headers under which pages run their own scripts and WASM,
// and connect to themselves and the origins given; nothing else.
func NewSecurity(connect []string) Security {
	s := Security{csp: strings.Join([]string{
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
	s.page, s.other = s.lines("text/html"), s.lines("")
	return s
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

// managed are the fields that write sets or removes.
var managed = []string{
	"Content-Security-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy", "X-Content-Type-Options", "Referrer-Policy", "Strict-Transport-Security",
	"Server", "X-Powered-By",
}

func (s Security) lines(contentType string) []byte {
	h := http.Header{"Content-Type": {contentType}}
	s.write(h, false)
	h.Del("Content-Type")
	var b bytes.Buffer
	_ = h.Write(&b) // a buffer takes everything
	return b.Bytes()
}

// append writes them as lines, for an answer with a head that has none of them.
func (s Security) append(to []byte, head string, secure bool) []byte {
	if strings.Contains(head, "\r\nContent-Type: text/html") || strings.HasPrefix(head, "Content-Type: text/html") {
		to = append(to, s.page...)
	} else {
		to = append(to, s.other...)
	}
	if secure {
		to = append(append(append(to, "Strict-Transport-Security: "...), strict...), "\r\n"...)
	}
	return to
}

// outbound makes a header of a part one for everybody.
func outbound(h http.Header) {
	stripOutbound(h)
	for _, name := range managed {
		h.Del(name)
	}
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
