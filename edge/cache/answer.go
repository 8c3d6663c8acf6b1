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
	for name, values := range e.header {
		h[name] = append(h[name], values...)
	}
	age := e.age(now)
	if strings.HasPrefix(status, "hit") {
		status += "; ttl=" + strconv.Itoa(int((e.life.fresh-age)/time.Second))
	}
	h.Set("Cache-Status", c.name+"; "+status)
	h.Set("Age", strconv.Itoa(int(age/time.Second)))
	coding := e.coding(r.Header.Get("Accept-Encoding"))
	if len(e.bodies) > 1 {
		h.Add("Vary", "Accept-Encoding")
		if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
			h.Set("ETag", "W/"+tag) // one tag stands for all codings, so it can only be weak
		}
	}
	if e.status == http.StatusOK && e.unchanged(r.Header) {
		Unchanged(h)
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Header.Get("Range") != "" && e.status == http.StatusOK && r.Method == http.MethodGet {
		changed, _ := parseDate(e.header.Get("Last-Modified"))
		http.ServeContent(w, r, "", changed, bytes.NewReader(e.bodies[""]))
		return
	}
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	body := e.bodies[coding]
	if e.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(e.status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// Unchanged removes from a header what a 304 does not have, and returns it.
func Unchanged(h http.Header) http.Header {
	for name := range h {
		if strings.HasPrefix(name, "Content-") && name != "Content-Location" && name != "Content-Security-Policy" {
			h.Del(name)
		}
	}
	return h
}

// tag is the origin's own ETag.
func (e *Entry) tag() string { return e.header.Get("ETag") }

// unchanged tells whether who asks has it already (RFC 9110 §13.1).
func (e *Entry) unchanged(request http.Header) bool {
	if asked := request["If-None-Match"]; len(asked) > 0 {
		return matches(strings.Join(asked, ","), e.tag())
	}
	since, ok := parseDate(request.Get("If-Modified-Since"))
	if !ok {
		return false
	}
	changed, ok := parseDate(e.header.Get("Last-Modified"))
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

// coding chooses the smallest coding that who asks takes (RFC 9110 §12.5.3).
func (e *Entry) coding(accept string) string {
	if len(e.bodies) == 1 {
		return ""
	}
	for _, c := range []string{"br", "gzip"} {
		if _, ok := e.bodies[c]; ok && accepts(accept, c) {
			return c
		}
	}
	return ""
}

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
