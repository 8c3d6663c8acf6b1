package front

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

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
	unchanged := false
	if q.IfNoneMatch() != nil {
		switch {
		case bytes.ContainsAny(q.IfNoneMatch(), ",*") || e.Status() != http.StatusOK:
			return nil, nil, false
		default:
			unchanged = e.ETag() != "" && strings.TrimPrefix(string(q.IfNoneMatch()), "W/") == strings.TrimPrefix(e.ETag(), "W/")
		}
	}
	if unchanged {
		to = e.HeadUnchanged(append(to, "HTTP/1.1 304 Not Modified\r\n"...))
	} else {
		to = append(appendStatus(to, e.Status()), e.Head()...)
		var coding string
		if body, coding = e.Body(string(q.AcceptEncoding())); coding != "" {
			to = append(append(append(to, "Content-Encoding: "...), coding...), "\r\n"...)
		}
		to = append(strconv.AppendInt(append(to, "Content-Length: "...), int64(len(body)), 10), "\r\n"...)
	}
	to = f.security.append(to, e.Head(), f.proxies > 0 && string(q.ForwardedProto()) == "https")
	to = append(to, "Age: "...)
	to = strconv.AppendInt(to, int64(e.Age(now)/time.Second), 10)
	to = append(to, "\r\nCache-Status: souk; hit; ttl="...)
	to = strconv.AppendInt(to, int64(e.TTL(now)/time.Second), 10)
	to = append(to, "\r\n\r\n"...)
	measure.Hit()
	switch {
	case unchanged || q.Head():
		return to, nil, true
	case len(body) <= copied:
		return append(to, body...), nil, true
	}
	return to, body, true
}

// copied is up to which size a body is copied behind its header, rather than sent
// from where it is.
const copied = 8 << 10

func appendStatus(to []byte, status int) []byte {
	if status == http.StatusOK {
		return append(to, "HTTP/1.1 200 OK\r\n"...)
	}
	to = strconv.AppendInt(append(to, "HTTP/1.1 "...), int64(status), 10)
	return append(append(append(to, ' '), http.StatusText(status)...), "\r\n"...)
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
