package front

import (
	"net/http"
	"slices"
	"strings"
)

const (
	corsMethods = "GET, POST"
	corsHeaders = "Authorization, Content-Type, Connect-Protocol-Version, Connect-Timeout-Ms, Connect-Accept-Encoding, Connect-Content-Encoding, Grpc-Timeout, Idempotency-Key, X-Grpc-Web, X-User-Agent"
	corsExposed = "Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin, Retry-After, RateLimit, RateLimit-Policy"
)

// cors answers preflights and marks answers for origins on the list. Cookies
// are never shared with other origins: their calls carry a token or nothing.
func cors(origins []string, w http.ResponseWriter, r *http.Request) (done bool) {
	origin := r.Header.Get("Origin")
	if origin == "" || sameOrigin(r, origin) {
		return false
	}
	preflight := r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
	h := w.Header()
	h.Add("Vary", "Origin")
	if slices.Contains(origins, origin) {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", corsExposed)
		if preflight {
			h.Set("Access-Control-Allow-Methods", corsMethods)
			h.Set("Access-Control-Allow-Headers", corsHeaders)
			h.Set("Access-Control-Max-Age", "7200")
		}
		r.Header.Del("Cookie")
	}
	if preflight {
		w.WriteHeader(http.StatusNoContent)
	}
	return preflight
}

func sameOrigin(r *http.Request, origin string) bool {
	_, host, _ := strings.Cut(origin, "://")
	return strings.EqualFold(host, r.Host)
}
