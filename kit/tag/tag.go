// Package tag writes surrogate keys into headers and reads them back.
//
// A surrogate key ("product/42", "sku/MUG RED") names what an answer was made
// from, or what has changed. Headers part keys by spaces, and a key may have one
// inside: whoever writes keys uses Join, whoever reads them Split, and what comes
// out is what went in.
package tag

import (
	"net/url"
	"strings"
)

// Join writes keys as the value of a header. Empty keys are left out.
func Join(keys []string) string {
	var out strings.Builder
	for _, key := range keys {
		if key == "" {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		escape(&out, key)
	}
	return out.String()
}

const hex = "0123456789ABCDEF"

// escape writes what is no visible ASCII, and %, as %XX.
func escape(out *strings.Builder, key string) {
	for i := range len(key) {
		if c := key[i]; c > ' ' && c < 0x7f && c != '%' {
			out.WriteByte(c)
		} else {
			out.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
}

// Split reads the keys in the values of a header. A key whose escapes make no
// sense stays as it is.
func Split(values ...string) []string {
	var keys []string
	for _, value := range values {
		for key := range strings.FieldsSeq(value) {
			if plain, err := url.PathUnescape(key); err == nil {
				key = plain
			}
			keys = append(keys, key)
		}
	}
	return keys
}
