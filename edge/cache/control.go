package cache

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dunglas/httpsfv"
)

// directives are what a Cache-Control field says: arguments by name in lower case,
// as first given. A directive without an argument has "".
type directives map[string]string

func (d directives) has(name string) bool { _, ok := d[name]; return ok }

// seconds is the argument of a directive; false when it is not there or is no
// number, and then what it bounds is to be taken for over (RFC 9111 §4.2.1).
func (d directives) seconds(name string) (life time.Duration, given bool) {
	text, given := d[name]
	if !given {
		return 0, false
	}
	life, _ = deltaSeconds(text)
	return life, true
}

// longest is what every longer time is taken for.
const longest = 1 << 31 * time.Second

// deltaSeconds reads digits (RFC 9111 §1.2.2); what is too large is very large.
func deltaSeconds(text string) (time.Duration, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > int64(longest/time.Second) {
		return longest, true
	}
	return time.Duration(n) * time.Second, true
}

// parseControl reads the lines of a Cache-Control field.
func parseControl(lines []string) directives {
	if len(lines) == 0 {
		return nil
	}
	d := directives{}
	for rest := strings.Join(lines, ","); rest != ""; {
		var part string
		part, rest = cutMember(rest)
		name, value, _ := strings.Cut(part, "=")
		name = strings.ToLower(strings.TrimLeft(name, " \t"))
		if _, twice := d[name]; !twice && name != "" {
			d[name] = unquote(strings.TrimRight(value, " \t"))
		}
	}
	return d
}

// cutMember cuts a list at its first comma that is not within quotes.
func cutMember(list string) (member, rest string) {
	quoted := false
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			return list[:i], list[i+1:]
		}
	}
	return list, ""
}

func unquote(value string) string {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return value
	}
	return strings.ReplaceAll(value[1:len(value)-1], `\`, "")
}

// forUs are the directives that a shared cache like us obeys: those of
// CDN-Cache-Control when there are any that can be read, else those of
// Cache-Control (RFC 9213 §2.1). Targeted tells which.
func forUs(h http.Header) (d directives, targeted bool) {
	if lines := h["Cdn-Cache-Control"]; len(lines) > 0 {
		if d, ok := parseTargeted(lines); ok {
			return d, true
		}
	}
	return parseControl(h["Cache-Control"]), false
}

// parseTargeted reads a structured dictionary (RFC 8941); what is none is ignored.
func parseTargeted(lines []string) (directives, bool) {
	dict, err := httpsfv.UnmarshalDictionary(lines)
	if err != nil || len(dict.Names()) == 0 {
		return nil, false
	}
	d := directives{}
	for _, name := range dict.Names() {
		member, _ := dict.Get(name)
		item, ok := member.(httpsfv.Item)
		if !ok {
			continue
		}
		switch v := item.Value.(type) {
		case bool:
			if v {
				d[name] = ""
			}
		case int64:
			d[name] = strconv.FormatInt(v, 10)
		default:
			if name == "max-age" || strings.HasPrefix(name, "stale-") {
				return nil, false
			}
		}
	}
	return d, true
}
