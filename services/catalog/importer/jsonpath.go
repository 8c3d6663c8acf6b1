package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// jsonPath is a way into JSON: "$.a.b", "[0].name", "[*]". What is not there
// gives nothing.
type jsonPath []any // a string is a field, an int an element, nil all of them

func parsePath(text string) (jsonPath, error) {
	rest := strings.TrimPrefix(strings.TrimSpace(text), "$")
	var path jsonPath
	for first := true; rest != ""; first = false {
		if rest[0] == '[' {
			inside, after, ok := strings.Cut(rest[1:], "]")
			if !ok {
				return nil, fmt.Errorf("JSON path %q: a bracket is not closed", text)
			}
			rest = after
			switch n, err := strconv.Atoi(inside); {
			case inside == "*":
				path = append(path, nil)
			case err == nil && n >= 0:
				path = append(path, n)
			case len(inside) > 2 && (inside[0] == '"' || inside[0] == '\'') && inside[len(inside)-1] == inside[0]:
				path = append(path, inside[1:len(inside)-1])
			default:
				return nil, fmt.Errorf("JSON path %q: [%s] is no number, no * and no quoted name", text, inside)
			}
			continue
		}
		if rest[0] == '.' {
			rest = rest[1:]
		} else if !first {
			return nil, fmt.Errorf("JSON path %q: a dot or a bracket is missing", text)
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return nil, fmt.Errorf("JSON path %q: a name is missing", text)
		}
		if name := rest[:end]; name == "*" {
			path = append(path, nil)
		} else {
			path = append(path, name)
		}
		rest = rest[end:]
	}
	return path, nil
}

var errJSON = errors.New("this is not JSON")

func decodeJSON(text string) (any, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("%q: %w", shorten(text, 60), errJSON)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%q: %w", shorten(text, 60), errJSON)
	}
	return v, nil
}

// texts reads the values that the path leads to.
func (p jsonPath) texts(text string) ([]string, error) {
	v, err := decodeJSON(text)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, found := range p.in(v) {
		if t, ok := jsonText(found); ok {
			out = append(out, t)
		}
	}
	return out, nil
}

func (p jsonPath) in(v any) []any {
	if len(p) == 0 {
		return []any{v}
	}
	var out []any
	switch step := p[0].(type) {
	case string:
		if object, ok := v.(map[string]any); ok {
			if field, ok := object[step]; ok {
				out = p[1:].in(field)
			}
		}
	case int:
		if list, ok := v.([]any); ok && step < len(list) {
			out = p[1:].in(list[step])
		}
	default:
		if list, ok := v.([]any); ok {
			for _, one := range list {
				out = append(out, p[1:].in(one)...)
			}
		}
	}
	return out
}
