package cache

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Entry is an answer that is kept. It is never changed.
type Entry struct {
	key    string
	status int
	// Without those of a connection, and without Age.
	header http.Header
	// Bodies by content coding: "" is as the origin sent it.
	bodies map[string][]byte
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
	// What somebody made of it; see Made.
	wire atomic.Pointer[any]
}

// Status is the answer's status.
func (e *Entry) Status() int { return e.status }

// Header returns what everybody gets, without Age and
// Cache-Status. It is not to be changed.
func (e *Entry) Header() http.Header { return e.header }

// Body returns the body in a coding that Coding chose. It is not to be changed.
func (e *Entry) Body(coding string) []byte { return e.bodies[coding] }

// Codings returns in which codings there are bodies, "" among them.
func (e *Entry) Codings() []string { return slices.Sorted(maps.Keys(e.bodies)) }

// Coding chooses the smallest coding that a client takes, by its Accept-Encoding.
func (e *Entry) Coding(accept string) string { return e.coding(accept) }

// Age is how old the answer is.
func (e *Entry) Age(now time.Time) time.Duration { return e.age(now) }

// TTL is for how long the answer is fresh yet.
func (e *Entry) TTL(now time.Time) time.Duration { return e.life.fresh - e.age(now) }

// Made returns what make made of the entry when it was first asked for.
func (e *Entry) Made(make func(*Entry) any) any {
	if made := e.wire.Load(); made != nil {
		return *made
	}
	made := make(e)
	e.wire.Store(&made)
	return made
}

const overhead = 1024

func (e *Entry) cost() int64 {
	n := int64(overhead + len(e.key) + 4*len(e.slots))
	for name, values := range e.header {
		for _, v := range values {
			n += int64(len(name) + len(v) + 48)
		}
	}
	for _, b := range e.bodies {
		n += int64(cap(b))
	}
	return n
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
func (e *Entry) choose(request http.Header) {
	for _, line := range e.header["Vary"] {
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
