package front

import (
	"bytes"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/souk-commerce/souk/edge/cache"
	"github.com/souk-commerce/souk/edge/internal/measure"
	"github.com/souk-commerce/souk/edge/internal/quick"
)

// Answer implements quick.Answerer: it answers as public does when the answer is in
// memory, fresh and for everybody.
func (f *Front) Answer(to []byte, q *quick.Question) (answer, body []byte, ok bool) {
	name, ok := f.name(q)
	if !ok {
		return nil, nil, false
	}
	now := f.clock.Now()
	e, ok := f.cache.Fresh(name, now)
	if !ok {
		return nil, nil, false
	}
	if _, ok := f.limiter.Take(household(f.clientOf(q)), now); !ok {
		return nil, nil, false
	}
	w := e.Made(f.wire).(*wire)
	secure := f.proxies > 0 && string(q.ForwardedProto()) == "https"
	part := &w.plain
	if len(w.coded) > 0 {
		part = w.choose(q.AcceptEncoding())
	}
	if q.IfNoneMatch() != nil {
		switch {
		case bytes.ContainsAny(q.IfNoneMatch(), ",*") || w.status != http.StatusOK:
			return nil, nil, false
		case w.tag != "" && strings.TrimPrefix(string(q.IfNoneMatch()), "W/") == w.tag:
			part = &w.unchanged
		}
	}
	to = append(to, part.head...)
	if secure {
		to = append(to, "Strict-Transport-Security: "...)
		to = append(to, strict...)
		to = append(to, "\r\n"...)
	}
	to = append(to, "Age: "...)
	to = strconv.AppendInt(to, int64(e.Age(now)/time.Second), 10)
	to = append(to, "\r\nCache-Status: souk; hit; ttl="...)
	to = strconv.AppendInt(to, int64(e.TTL(now)/time.Second), 10)
	to = append(to, "\r\n\r\n"...)
	measure.Hit()
	switch {
	case q.Head():
	case len(part.body) <= copied:
		to = append(to, part.body...)
	default:
		return to, part.body, true
	}
	return to, nil, true
}

// copied is up to which size a body is copied behind its header, rather than sent
// from where it is.
const copied = 8 << 10

// wire is an entry as it is sent.
type wire struct {
	status    int
	tag       string // without W/
	plain     part
	coded     []part
	unchanged part
}

// part is a header, but for its end, and a body.
type part struct {
	coding     string
	head, body []byte
}

// choose returns the part that a client takes.
func (w *wire) choose(accept []byte) *part {
	for n := range w.coded {
		if takes(accept, w.coded[n].coding) {
			return &w.coded[n]
		}
	}
	return &w.plain
}

// takes tells whether a coding is in a list without a weight. Where weights matter, it
// may say no.
func takes(accept []byte, coding string) bool {
	for len(accept) > 0 {
		var one []byte
		one, accept, _ = bytes.Cut(accept, []byte(","))
		if string(bytes.TrimSpace(one)) == coding {
			return true
		}
	}
	return false
}

// wire makes of an entry what is sent.
func (f *Front) wire(e *cache.Entry) any {
	w := &wire{status: e.Status()}
	h := e.Header().Clone()
	codings := e.Codings()
	if len(codings) > 1 {
		h.Add("Vary", "Accept-Encoding")
	}
	if tag := h.Get("ETag"); tag != "" {
		w.tag = strings.TrimPrefix(tag, "W/")
		if len(codings) > 1 {
			h.Set("ETag", "W/"+w.tag)
		}
	}
	f.security.write(h, false)
	w.unchanged.head = head(http.StatusNotModified, cache.Unchanged(h.Clone()))
	for _, coding := range []string{"br", "gzip", ""} {
		if !slices.Contains(codings, coding) {
			continue
		}
		own := h.Clone()
		if coding != "" {
			own.Set("Content-Encoding", coding)
		}
		body := e.Body(coding)
		own.Set("Content-Length", strconv.Itoa(len(body)))
		p := part{coding, head(e.Status(), own), body}
		if coding == "" {
			w.plain = p
		} else {
			w.coded = append(w.coded, p)
		}
	}
	return w
}

func head(status int, h http.Header) []byte {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n")
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			b.WriteString(name + ": " + value + "\r\n")
		}
	}
	return b.Bytes()
}

// names remember which key a question has: the same question has the same key.
type names struct {
	mu    sync.RWMutex
	known map[string]string
}

// mostNames bounds what is remembered; then it is begun anew.
const mostNames = 1 << 16

func (n *names) get(question []byte) (string, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	name, ok := n.known[string(question)]
	return name, ok
}

func (n *names) put(question []byte, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil || len(n.known) >= mostNames {
		n.known = map[string]string{}
	}
	n.known[string(question)] = name
}

// name is the key of a question to a public route.
func (f *Front) name(q *quick.Question) (string, bool) {
	scratch, _ := q.Memo.([]byte)
	scratch = append(append(append(scratch[:0], q.Host()...), 0), q.Target()...)
	for _, cookie := range f.cookies {
		scratch = append(append(scratch, 0), cookieOf(q.Cookie(), cookie)...)
	}
	q.Memo = scratch
	if name, ok := f.names.get(scratch); ok {
		return name, true
	}
	name, ok := f.find(q)
	if ok {
		f.names.put(scratch, name)
	}
	return name, ok
}

// find does what ServeHTTP does before it looks into memory.
func (f *Front) find(q *quick.Question) (string, bool) {
	u, err := url.ParseRequestURI(string(q.Target()))
	if err != nil {
		return "", false
	}
	r := &http.Request{Method: http.MethodGet, URL: u, Host: string(q.Host()), Header: http.Header{}}
	if q.Cookie() != nil {
		r.Header.Set("Cookie", string(q.Cookie()))
	}
	if len(f.hosts) > 0 && !slices.Contains(f.hosts, hostOnly(r.Host)) || !cleanPath(u) {
		return "", false
	}
	route, ok := f.table.Find(r)
	if !ok || !route.Public {
		return "", false
	}
	a, ok := f.asks(r, route)
	return a.key, ok
}

// cookieOf returns a cookie's value, as it stands there.
func cookieOf(cookies []byte, name string) []byte {
	for len(cookies) > 0 {
		var one []byte
		one, cookies, _ = bytes.Cut(cookies, []byte(";"))
		one = bytes.TrimSpace(one)
		if len(one) > len(name) && one[len(name)] == '=' && string(one[:len(name)]) == name {
			return one[len(name)+1:]
		}
	}
	return nil
}

// clientOf is the address that limits apply to.
func (f *Front) clientOf(q *quick.Question) string {
	if f.proxies > 0 && q.ForwardedFor() != nil {
		hops := strings.Split(string(q.ForwardedFor()), ",")
		if at := len(hops) - f.proxies; at >= 0 {
			return strings.TrimSpace(hops[at])
		}
	}
	return q.Client
}
