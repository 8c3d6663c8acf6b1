package cache

import (
	"bytes"
	"compress/gzip"
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

// compress adds the codings that make the body smaller.
func compress(e *Entry) {
	plain := e.bodies[""]
	if e.header.Get("Content-Encoding") != "" || len(plain) < minCompressed || !compressible(e.header.Get("Content-Type")) {
		return
	}
	var br, gz bytes.Buffer
	bw := brotli.NewWriterLevel(&br, 5)
	bw.Write(plain)
	bw.Close()
	gw, _ := gzip.NewWriterLevel(&gz, 6)
	gw.Write(plain)
	gw.Close()
	if br.Len() < len(plain) {
		e.bodies["br"] = bytes.Clone(br.Bytes())
	}
	if gz.Len() < len(plain) {
		e.bodies["gzip"] = bytes.Clone(gz.Bytes())
	}
}
