package cache

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Entry is an answer that is kept. It is never changed, but for bodies in codings that
// are made when somebody wants them.
type Entry struct {
	key    string
	status int
	// The header as lines, without what belongs to a connection, and without Age. One
	// text for all is a third of what a map of it takes.
	head string
	// The origin's own validators.
	tag, modified string
	plain         []byte
	// The codings that the body may be had in: those of codings, or none.
	codable bool
	coding  sync.Mutex
	coded   [len(codings)]atomic.Pointer[[]byte]
	// What it was chosen by: names of request fields (RFC 9110 §12.5.5), and their
	// values then.
	vary, chosen []string
	life         life
	// CDN-Cache-Control, which nobody but us sees.
	targeted []string
	// When the origin made it, by our clock.
	made time.Time

	asOf  uint64
	slots []uint32
	// Tells whoever keeps it that it has grown by a coding; nil when nobody does.
	grew func()
}

// Status is the answer's status.
func (e *Entry) Status() int { return e.status }

// Head is the header that everybody gets, but for Age, Cache-Status, Content-Encoding
// and Content-Length, as lines that end in CRLF.
func (e *Entry) Head() string { return e.head }

// ETag is the origin's own, or "".
func (e *Entry) ETag() string { return e.tag }

// Body returns the body in the coding that suits an Accept-Encoding best, and the
// coding's name; "" is as the origin sent it. It is not to be changed.
func (e *Entry) Body(accept string) (body []byte, coding string) {
	if e.codable {
		for n, c := range codings {
			if accepts(accept, c.name) {
				if b := e.in(n); len(b) > 0 {
					return b, c.name
				}
			}
		}
	}
	return e.plain, ""
}

// Age is how old the answer is.
func (e *Entry) Age(now time.Time) time.Duration { return e.age(now) }

// TTL is for how long the answer is fresh yet.
func (e *Entry) TTL(now time.Time) time.Duration { return e.life.fresh - e.age(now) }

// header reads the head.
func (e *Entry) header() http.Header {
	h := http.Header{}
	if e.head == "" {
		return h
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(e.head, "\r\n"), "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		h[name] = append(h[name], value)
	}
	return h
}

// writeHead writes a header as lines.
func writeHead(h http.Header) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			b.WriteString(name + ": " + value + "\r\n")
		}
	}
	return b.String()
}

// overhead is what an entry takes beside its texts.
const overhead = 700

func (e *Entry) cost() int64 {
	n := overhead + len(e.key) + len(e.head) + cap(e.plain)
	for c := range e.coded {
		if body := e.coded[c].Load(); body != nil {
			n += cap(*body)
		}
	}
	return int64(n)
}

func (e *Entry) age(now time.Time) time.Duration { return max(0, now.Sub(e.made)) }

// fits tells whether an entry is what a request chooses.
func (e *Entry) fits(request http.Header) bool {
	for n, name := range e.vary {
		if chosenBy(name, request) != e.chosen[n] {
			return false
		}
	}
	return true
}

// choose notes what an answer was chosen by.
func (e *Entry) choose(vary []string, request http.Header) {
	for _, line := range vary {
		for name := range strings.SplitSeq(line, ",") {
			if name = http.CanonicalHeaderKey(strings.Trim(name, " \t")); name != "" && !slices.Contains(e.vary, name) {
				e.vary = append(e.vary, name)
			}
		}
	}
	slices.Sort(e.vary)
	for _, name := range e.vary {
		e.chosen = append(e.chosen, chosenBy(name, request))
	}
}

// chosenBy writes a field in one way: what means the same is the same
// (RFC 9111 §4.1).
func chosenBy(name string, request http.Header) string {
	lines := request[name]
	if len(lines) == 0 {
		return "\x00" // not the same as empty
	}
	members := strings.Split(strings.Join(lines, ","), ",")
	for n, m := range members {
		members[n] = strings.Join(strings.Fields(m), " ")
	}
	if name == "Accept-Language" {
		return languages(members)
	}
	return strings.Join(members, ",")
}

// languages orders them by how much they are wanted.
func languages(members []string) string {
	type wanted struct {
		tag string
		q   float64
	}
	var all []wanted
	for _, m := range members {
		tag, weight, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(m, " ", "")), ";")
		q := 1.0
		if text, ok := strings.CutPrefix(weight, "q="); ok {
			if told, err := strconv.ParseFloat(text, 64); err == nil {
				q = told
			}
		}
		all = append(all, wanted{tag, q})
	}
	slices.SortFunc(all, func(a, b wanted) int {
		return cmp.Or(cmp.Compare(b.q, a.q), cmp.Compare(a.tag, b.tag))
	})
	var b strings.Builder
	for _, w := range all {
		b.WriteString(w.tag + ";" + strconv.FormatFloat(w.q, 'f', 3, 64) + ",")
	}
	return b.String()
}
