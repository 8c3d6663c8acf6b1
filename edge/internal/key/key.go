// Package key names answers: two requests have one key exactly when they must
// have one answer.
package key

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Of returns the key of a public request: host, path, query in canonical order,
// and the values of the few cookies that pages are made from. A query that is
// not well-formed, or names an RPC parameter twice, has no key.
func Of(r *http.Request, procedure string, cookies []string) (string, bool) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", false
	}
	if procedure != "" {
		return ofProcedure(procedure, query)
	}
	var b strings.Builder
	b.WriteString("page\x00" + strings.ToLower(r.Host) + "\x00" + r.URL.EscapedPath() + "\x00" + query.Encode())
	for _, name := range cookies {
		value := ""
		if c, err := r.Cookie(name); err == nil {
			value = c.Value
		}
		b.WriteString("\x00" + name + "=" + value)
	}
	return b.String(), true
}

var parameters = []string{"connect", "encoding", "base64", "compression", "message"}

// ofProcedure reads Connect's GET form: unknown parameters have no meaning and
// would only make more keys, so they have none.
func ofProcedure(procedure string, query url.Values) (string, bool) {
	for name, values := range query {
		if len(values) != 1 || !slices.Contains(parameters, name) {
			return "", false
		}
	}
	message, encoding := query.Get("message"), query.Get("encoding")
	if v := query.Get("connect"); v != "" && v != "v1" || encoding != "json" && encoding != "proto" {
		return "", false
	}
	if c := query.Get("compression"); c != "" && c != "identity" {
		return "", false
	}
	if query.Get("base64") == "1" {
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(message, "="))
		if err != nil {
			return "", false
		}
		message = string(raw)
	}
	return "rpc\x00" + procedure + "\x00" + encoding + "\x00" + message, true
}
