package cache

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answer writes an entry.
func (c *Cache) answer(w http.ResponseWriter, r *http.Request, e *Entry, now time.Time, status string) {
	h := w.Header()
	for name, values := range e.header() {
		h[name] = append(h[name], values...)
	}
	age := e.age(now)
	if strings.HasPrefix(status, "hit") {
		status += "; ttl=" + strconv.Itoa(int((e.life.fresh-age)/time.Second))
	}
	h.Set("Cache-Status", c.name+"; "+status)
	h.Set("Age", strconv.Itoa(int(age/time.Second)))
	if e.status == http.StatusOK && e.unchanged(r.Header) {
		unchanged(h)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Header.Get("Range") != "" && e.status == http.StatusOK && r.Method == http.MethodGet {
		changed, _ := parseDate(e.modified)
		http.ServeContent(w, r, "", changed, bytes.NewReader(e.plain))
		return
	}
	body, coding := e.Body(r.Header.Get("Accept-Encoding"))
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	if e.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(e.status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// unchanged removes from a header what a 304 does not have.
func unchanged(h http.Header) {
	for name := range h {
		if ofBody(name) {
			h.Del(name)
		}
	}
}

// ofBody tells whether a field is about a body, and so not in a 304.
func ofBody(name string) bool {
	return strings.HasPrefix(name, "Content-") && name != "Content-Location" && name != "Content-Security-Policy"
}

// HeadUnchanged appends the head of a 304.
func (e *Entry) HeadUnchanged(to []byte) []byte {
	for rest := e.head; rest != ""; {
		line, after, _ := strings.Cut(rest, "\r\n")
		rest = after
		if name, _, _ := strings.Cut(line, ":"); !ofBody(name) {
			to = append(append(to, line...), "\r\n"...)
		}
	}
	return to
}

// unchanged tells whether who asks has it already (RFC 9110 §13.1).
func (e *Entry) unchanged(request http.Header) bool {
	if asked := request["If-None-Match"]; len(asked) > 0 {
		return matches(strings.Join(asked, ","), e.tag)
	}
	since, ok := parseDate(request.Get("If-Modified-Since"))
	if !ok {
		return false
	}
	changed, ok := parseDate(e.modified)
	return ok && !changed.After(since)
}

func matches(ifNoneMatch, tag string) bool {
	for part := range strings.SplitSeq(ifNoneMatch, ",") {
		part = strings.TrimSpace(part)
		if part == "*" || tag != "" && strings.TrimPrefix(part, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// accepts tells whether a coding is wanted (RFC 9110 §12.5.3).
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q := strings.ReplaceAll(weight, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}
