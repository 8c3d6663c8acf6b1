package importer

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Step changes a list of texts. In YAML it is a word ("trim") or a mapping of
// one word ("split: ','").
type Step struct {
	apply func([]string) ([]string, error)
}

// each makes a step of what happens to every text.
func each(f func(string) string) Step {
	return Step{func(texts []string) ([]string, error) {
		out := make([]string, len(texts))
		for i, t := range texts {
			out[i] = f(t)
		}
		return out, nil
	}}
}

var plainSteps = map[string]Step{
	"trim":  each(strings.TrimSpace),
	"lower": each(strings.ToLower),
	"upper": each(strings.ToUpper),
	"text":  each(textOf),
	"unique": {func(texts []string) ([]string, error) {
		var out []string
		for _, t := range texts {
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
		return out, nil
	}},
	"first": {func(texts []string) ([]string, error) { return texts[:min(len(texts), 1)], nil }},
	"last":  {func(texts []string) ([]string, error) { return texts[max(len(texts)-1, 0):], nil }},
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *Step) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		plain, ok := plainSteps[node.Value]
		if !ok {
			return fmt.Errorf("line %d: there is no step %q", node.Line, node.Value)
		}
		*s = plain
		return nil
	}
	if node.Kind != yaml.MappingNode || len(node.Content) != 2 {
		return fmt.Errorf("line %d: a step is one word, or one word with what it needs", node.Line)
	}
	made, err := makeStep(node.Content[0].Value, node.Content[1])
	if err != nil {
		return fmt.Errorf("line %d: %s: %w", node.Line, node.Content[0].Value, err)
	}
	*s = made
	return nil
}

func makeStep(name string, arg *yaml.Node) (Step, error) {
	switch name {
	case "map":
		var table map[string]string
		err := arg.Decode(&table)
		return each(func(t string) string {
			if to, ok := table[strings.TrimSpace(t)]; ok {
				return to
			}
			return t
		}), err
	case "replace":
		var pair []string
		if err := arg.Decode(&pair); err != nil || len(pair) != 2 {
			return Step{}, fmt.Errorf("needs a pattern and what to put there")
		}
		pattern, err := regexp.Compile(pair[0])
		if err != nil {
			return Step{}, err
		}
		return each(func(t string) string { return pattern.ReplaceAllString(t, pair[1]) }), nil
	}
	var word string
	if err := arg.Decode(&word); err != nil {
		return Step{}, err
	}
	return wordStep(name, word)
}

func wordStep(name, word string) (Step, error) {
	switch name {
	case "split":
		if word == "" {
			return Step{}, fmt.Errorf("needs what to split at")
		}
		return flat(func(t string) ([]string, error) {
			parts := strings.Split(t, word)
			for i, p := range parts {
				parts[i] = strings.TrimSpace(p)
			}
			return parts, nil
		}), nil
	case "json":
		path, err := parsePath(word)
		return flat(func(t string) ([]string, error) { return path.texts(t) }), err
	case "join":
		return Step{func(texts []string) ([]string, error) {
			if len(texts) == 0 {
				return nil, nil
			}
			return []string{strings.Join(texts, word)}, nil
		}}, nil
	case "default":
		return Step{func(texts []string) ([]string, error) {
			if len(texts) == 0 {
				return []string{word}, nil
			}
			return texts, nil
		}}, nil
	case "prefix":
		return each(func(t string) string { return word + t }), nil
	case "suffix":
		return each(func(t string) string { return t + word }), nil
	case "keep", "drop":
		pattern, err := regexp.Compile(word)
		return Step{func(texts []string) ([]string, error) {
			return slices.DeleteFunc(slices.Clone(texts), func(t string) bool {
				return pattern.MatchString(t) != (name == "keep")
			}), nil
		}}, err
	case "truncate":
		most, err := strconv.Atoi(word)
		if err != nil || most < 1 {
			return Step{}, fmt.Errorf("needs a number of characters")
		}
		return each(func(t string) string { return shorten(t, most) }), nil
	}
	return Step{}, fmt.Errorf("there is no such step")
}

// flat makes a step in which a text may become several.
func flat(f func(string) ([]string, error)) Step {
	return Step{func(texts []string) ([]string, error) {
		var out []string
		for _, t := range texts {
			parts, err := f(t)
			if err != nil {
				return nil, err
			}
			out = append(out, parts...)
		}
		return out, nil
	}}
}

// shorten cuts a text to at most so many characters, between words if it can.
func shorten(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	if most == 1 {
		return "…"
	}
	kept := string(runes[:most-1])
	if cut := strings.LastIndexByte(kept, ' '); cut > len(kept)/2 {
		kept = kept[:cut]
	}
	return strings.TrimRight(kept, " ,;:-–") + "…"
}

// jsonText is how a value of JSON looks in a cell.
func jsonText(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	}
	raw, err := json.Marshal(v)
	return string(raw), err == nil
}
