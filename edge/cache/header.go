package cache

import (
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"

	"github.com/dunglas/httpsfv"
)

// hops are fields of a connection, not of an answer (RFC 9110 §7.6.1, RFC 9111 §3.1).
var hops = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade",
}

// dropHops removes what is between two ends of one connection.
func dropHops(h http.Header) {
	for _, line := range h["Connection"] {
		drop(h, line)
	}
	for _, name := range hops {
		h.Del(name)
	}
}

// groups are the surrogate keys in Cache-Groups (RFC 9875).
func groups(h http.Header) (keys []string) {
	if len(h["Cache-Groups"]) == 0 {
		return nil
	}
	list, err := httpsfv.UnmarshalList(h["Cache-Groups"])
	if err != nil {
		return nil
	}
	for _, member := range list {
		if item, ok := member.(httpsfv.Item); ok {
			if name, ok := item.Value.(string); ok {
				keys = append(keys, name)
			}
		}
	}
	return keys
}

// forward is a request that is passed on as it is; what the origin says before its
// answer is passed back on w.
func (c *Cache) forward(r *http.Request, w http.ResponseWriter) *http.Request {
	var mu sync.Mutex
	trace := &httptrace.ClientTrace{Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
		mu.Lock()
		defer mu.Unlock()
		tell(w, interim{status, http.Header(h)})
		return nil
	}}
	out := r.Clone(httptrace.WithClientTrace(r.Context(), trace))
	upgrade := out.Header.Get("Upgrade")
	dropHops(out.Header)
	if upgrade != "" && strings.EqualFold(r.Header.Get("Connection"), "upgrade") {
		out.Header.Set("Connection", "Upgrade")
		out.Header.Set("Upgrade", upgrade)
	}
	out.RequestURI = ""
	if out.ContentLength == 0 {
		out.Body = nil
	}
	return out
}
