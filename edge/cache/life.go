package cache

import (
	"net/http"
	"strings"
	"time"
)

// life is for how long an answer may be used. Times count from when the origin made
// it, as its age does.
type life struct {
	fresh time.Duration
	// After that, while it is asked for again, and while the origin fails.
	whileAsking, ifFailed time.Duration
	// It is to be confirmed before each use.
	noCache bool
}

// cacheable are statuses that may be kept for as long as the origin says. What a
// cache does not know is kept only when it is told to (RFC 9111 §3).
func cacheable(status int) bool {
	switch status {
	case http.StatusPartialContent, http.StatusNotModified:
		return false
	}
	return status >= 200
}

// understood are statuses whose caching we know: must-understand asks for that.
func understood(status int) bool {
	switch status {
	case 200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 414, 451, 500, 501, 502, 503, 504:
		return true
	}
	return false
}

// heuristic statuses may be kept without being told to (RFC 9110 §15.1).
func heuristic(status int) bool {
	switch status {
	case 200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501:
		return true
	}
	return false
}

// lifeOf reads how long an answer may be used; false when it must not be kept
// (RFC 9111 §3). Authorized says that the request had a token.
func (c *Cache) lifeOf(status int, h http.Header, authorized bool, answered time.Time) (l life, ok bool) {
	d, targeted := forUs(h)
	if !cacheable(status) || d.has("must-understand") && !understood(status) {
		return l, false
	}
	if d.has("no-store") && !d.has("must-understand") || d.has("private") || len(h["Set-Cookie"]) > 0 || starred(h["Vary"]) {
		return l, false
	}
	if authorized && !d.has("public") && !d.has("must-revalidate") && !d.has("s-maxage") {
		return l, false
	}
	fresh, given := freshness(d, targeted, h, answered)
	if !given && c.heuristics && heuristic(status) {
		fresh, given = guess(h, answered)
	}
	l = life{fresh: fresh, noCache: d.has("no-cache") && d["no-cache"] == ""}
	if !l.noCache && !d.has("must-revalidate") && !d.has("proxy-revalidate") {
		l.whileAsking, _ = d.seconds("stale-while-revalidate")
		var told bool
		// s-maxage forbids it, too, unless it is asked for (RFC 9111 §5.2.2.10).
		if l.ifFailed, told = d.seconds("stale-if-error"); !told && !d.has("s-maxage") {
			l.ifFailed = c.staleIfDown
		}
	}
	if !given && !l.noCache {
		return l, false
	}
	// What is never fresh is worth keeping only to be confirmed.
	return l, l.fresh > 0 || validator(h)
}

func freshness(d directives, targeted bool, h http.Header, answered time.Time) (fresh time.Duration, given bool) {
	if !targeted {
		if fresh, given = d.seconds("s-maxage"); given {
			return fresh, true
		}
	}
	if fresh, given = d.seconds("max-age"); given || targeted {
		return fresh, given
	}
	if len(h["Expires"]) == 0 {
		return 0, false
	}
	// What cannot be read is in the past (RFC 9111 §5.3).
	expires, ok := parseDate(h.Get("Expires"))
	if !ok || len(h["Expires"]) > 1 {
		return 0, true
	}
	born, ok := parseDate(h.Get("Date"))
	if !ok {
		born = answered
	}
	return max(0, expires.Sub(born)), true
}

// guess is a tenth of the time for which the content has not changed (RFC 9111 §4.2.2).
func guess(h http.Header, answered time.Time) (time.Duration, bool) {
	changed, ok := parseDate(h.Get("Last-Modified"))
	if !ok {
		return 0, false
	}
	return min(max(0, answered.Sub(changed)/10), 24*time.Hour), true
}

func validator(h http.Header) bool { return h.Get("ETag") != "" || h.Get("Last-Modified") != "" }

func starred(vary []string) bool {
	for _, line := range vary {
		for name := range strings.SplitSeq(line, ",") {
			if strings.Trim(name, " \t") == "*" {
				return true
			}
		}
	}
	return false
}

// made is when the origin made an answer, by our clock (RFC 9111 §4.2.3).
func made(h http.Header, asked, answered time.Time) time.Time {
	var age time.Duration
	if lines := h["Age"]; len(lines) > 0 {
		first, _, _ := strings.Cut(lines[0], ",")
		age, _ = deltaSeconds(strings.Trim(first, " \t"))
	}
	born := answered.Add(-age - answered.Sub(asked))
	if date, ok := parseDate(h.Get("Date")); ok && date.Before(born) {
		return date
	}
	return born
}
