package cache

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
)

// minCompressed is below which a coding is not worth it.
const minCompressed = 512

func compressible(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.HasPrefix(kind, "text/") || slices.Contains([]string{
		"application/json", "application/proto", "application/javascript", "application/manifest+json", "image/svg+xml", "application/xml", "application/ld+json",
	}, kind)
}

// worthCoding tells whether a body is kept in codings, too.
func worthCoding(h http.Header, body []byte) bool {
	return h.Get("Content-Encoding") == "" && len(body) >= minCompressed && compressible(h.Get("Content-Type"))
}

// codings are what bodies are kept in beside what the origin sent, the smallest first.
var codings = [...]struct {
	name   string
	encode func(to *bytes.Buffer, body []byte)
}{
	{"br", func(to *bytes.Buffer, body []byte) {
		w := brotli.NewWriterLevel(to, 5)
		w.Write(body)
		w.Close()
	}},
	{"gzip", func(to *bytes.Buffer, body []byte) {
		w, _ := gzip.NewWriterLevel(to, 6)
		w.Write(body)
		w.Close()
	}},
}

// in returns the body in a coding, made when it is first wanted; empty when that is
// not smaller.
func (e *Entry) in(n int) []byte {
	if made := e.coded[n].Load(); made != nil {
		return *made
	}
	e.coding.Lock() // a crowd that waited for the entry wants it coded at the same time
	defer e.coding.Unlock()
	if made := e.coded[n].Load(); made != nil {
		return *made
	}
	var b bytes.Buffer
	codings[n].encode(&b, e.plain)
	made := bytes.Clone(b.Bytes())
	if len(made) >= len(e.plain) {
		made = nil
	}
	e.coded[n].Store(&made)
	if e.grew != nil {
		e.grew()
	}
	return made
}
