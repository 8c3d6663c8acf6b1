package quick

import "bytes"

// request is a plain request. Its fields are parts of what was read.
type request struct {
	head           bool
	target, host   []byte
	cookie, accept []byte // Cookie; Accept-Encoding
	match          []byte // If-None-Match
	forwarded      []byte // X-Forwarded-For
	proto          []byte // X-Forwarded-Proto
}

// verdict is what is to be done with what was read.
type verdict int

const (
	// more is needed to tell.
	more verdict = iota
	// plain can be answered here.
	plain
	// other is for net/http.
	other
)

// mostHead bounds what is read of a request; a longer one is for net/http.
const mostHead = 8 << 10

var end = []byte("\r\n\r\n")

// parse reads a request at the beginning of b, and tells how long it is.
func parse(b []byte, r *request) (verdict, int) {
	switch {
	case len(b) < 5:
		if !bytes.HasPrefix([]byte("GET "), b) && !bytes.HasPrefix([]byte("HEAD "), b) {
			return other, 0
		}
		return more, 0
	case string(b[:4]) == "GET ":
		*r = request{}
		return r.parse(b, 4)
	case string(b[:5]) == "HEAD ":
		*r = request{head: true}
		return r.parse(b, 5)
	}
	return other, 0
}

func (r *request) parse(b []byte, from int) (verdict, int) {
	length := bytes.Index(b, end)
	if length < 0 {
		if len(b) >= mostHead || bareLF(b) {
			return other, 0
		}
		return more, 0
	}
	length += len(end)
	if length > mostHead {
		return other, 0
	}
	line := b[from:length]
	space := bytes.IndexByte(line, ' ')
	if space < 1 || !isTarget(line[:space]) {
		return other, 0
	}
	r.target = line[:space]
	const version = "HTTP/1.1\r\n"
	rest := line[space+1:]
	if len(rest) < len(version) || string(rest[:len(version)]) != version {
		return other, 0
	}
	for rest = rest[len(version):]; len(rest) > 2; {
		eol := bytes.IndexByte(rest, '\n')
		if eol < 1 || rest[eol-1] != '\r' || !r.field(rest[:eol-1]) {
			return other, 0
		}
		rest = rest[eol+1:]
	}
	if len(rest) != 2 || len(r.host) == 0 {
		return other, 0
	}
	return plain, length
}

// bareLF tells whether a line ends as it should not: what is written so may be whole.
func bareLF(b []byte) bool {
	for n := bytes.IndexByte(b, '\n'); n >= 0; {
		if n == 0 || b[n-1] != '\r' {
			return true
		}
		next := bytes.IndexByte(b[n+1:], '\n')
		if next < 0 {
			return false
		}
		n += 1 + next
	}
	return false
}

// isTarget tells whether a target is a path in the form that can be read in one way
// only; the query may have what queries have.
func isTarget(target []byte) bool {
	if target[0] != '/' {
		return false
	}
	for n, c := range target {
		if !targets[c] || c == '%' && (n+2 >= len(target) || !isHex(target[n+1]) || !isHex(target[n+2])) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// field reads a field; false when it changes what is asked for, or is not written as
// fields are.
func (r *request) field(line []byte) bool {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 {
		return false
	}
	name, value := line[:colon], line[colon+1:]
	for _, c := range name {
		if !tokens[c] {
			return false
		}
	}
	for len(value) > 0 && (value[0] == ' ' || value[0] == '\t') {
		value = value[1:]
	}
	for len(value) > 0 && (value[len(value)-1] == ' ' || value[len(value)-1] == '\t') {
		value = value[:len(value)-1]
	}
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	switch c := name[0] | 0x20; {
	case c == 'h' && is(name, "host"):
		if r.host != nil || !isHost(value) {
			return false
		}
		r.host = value
	case c == 'c' && is(name, "cookie"):
		return once(&r.cookie, value)
	case c == 'a' && is(name, "accept-encoding"):
		return once(&r.accept, value)
	case c == 'i' && is(name, "if-none-match"):
		return once(&r.match, value)
	case c == 'x' && is(name, "x-forwarded-for"):
		return once(&r.forwarded, value)
	case c == 'x' && is(name, "x-forwarded-proto"):
		return once(&r.proto, value)
	case c == 'c' && is(name, "connection"):
		return is(value, "keep-alive")
	default:
		return !changes(name)
	}
	return true
}

func once(field *[]byte, value []byte) bool {
	if *field != nil {
		return false
	}
	*field = value
	return true
}

// changing are fields that make a request another one: a body, a part, a condition, a
// protocol, another site's script.
var changing = []string{
	"content-length", "transfer-encoding", "trailer", "te", "expect", "upgrade", "http2-settings", "range", "if-range", "if-match", "if-modified-since",
	"if-unmodified-since", "origin", "access-control-request-method", "keep-alive", "proxy-connection",
}

func changes(name []byte) bool {
	for _, c := range changing {
		if len(c) == len(name) && is(name, c) {
			return true
		}
	}
	return false
}

// is compares with a word in lower case, whatever case text is in.
func is(text []byte, word string) bool {
	if len(text) != len(word) {
		return false
	}
	for n, c := range text {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != word[n] {
			return false
		}
	}
	return true
}

func isHost(value []byte) bool {
	for _, c := range value {
		if !hosts[c] {
			return false
		}
	}
	return len(value) > 0
}

var targets, tokens, hosts = set("-._~!$&'()*+,;=:@/%?"), set("!#$%&'*+-.^_`|~"), set("-.:[]_")

// set is the letters, digits and those given.
func set(more string) (chars [256]bool) {
	for c := range 256 {
		chars[c] = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	for _, c := range []byte(more) {
		chars[c] = true
	}
	return chars
}
