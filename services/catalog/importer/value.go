package importer

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Value takes texts from a row and changes them step by step. In YAML it is the
// name of a column, a list of columns of which the first with something in it
// counts, or a mapping with these fields.
type Value struct {
	// The first column that has something in it.
	Column Columns `yaml:"column"`
	// Every column that has something in it.
	All Columns `yaml:"all"`
	// Stands for a column that the file has and that has nothing in it.
	Blank string `yaml:"blank"`
	// The same for every row.
	Const string `yaml:"const"`
	// What is done with the texts, in order.
	Do []Step `yaml:"do"`
	// When nothing is left.
	Default string `yaml:"default"`
}

// Columns are names of columns, compared without case.
type Columns []string

// Values are several Values, one after the other.
type Values []Value

func (v Value) set() bool {
	return len(v.Column) > 0 || len(v.All) > 0 || v.Const != "" || v.Default != ""
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (c *Columns) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*c = Columns{node.Value}
		return nil
	}
	var list []string
	if err := node.Decode(&list); err != nil {
		return err
	}
	*c = list
	return nil
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (v *Value) UnmarshalYAML(node *yaml.Node) error {
	switch node.Kind {
	case yaml.ScalarNode, yaml.SequenceNode:
		return v.Column.UnmarshalYAML(node)
	case yaml.MappingNode:
		if err := onlyKeys(node, "column", "all", "blank", "const", "do", "default"); err != nil {
			return err
		}
		type plain Value
		return node.Decode((*plain)(v))
	}
	return fmt.Errorf("line %d: a value is a column, a list of columns, or a mapping", node.Line)
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (v *Values) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.SequenceNode {
		var one Value
		if err := node.Decode(&one); err != nil {
			return err
		}
		*v = Values{one}
		return nil
	}
	var many []Value
	if err := node.Decode(&many); err != nil {
		return err
	}
	*v = many
	return nil
}

// onlyKeys finds misspelt keys: KnownFields does not reach below UnmarshalYAML.
func onlyKeys(node *yaml.Node, keys ...string) error {
	for i := 0; i < len(node.Content); i += 2 {
		known := false
		for _, k := range keys {
			known = known || node.Content[i].Value == k
		}
		if !known {
			return fmt.Errorf("line %d: %q is not one of %s", node.Content[i].Line, node.Content[i].Value, strings.Join(keys, ", "))
		}
	}
	return nil
}

// list evaluates the value on a row; empty texts are left out.
func (v Value) list(r row) ([]string, error) {
	var texts []string
	for _, c := range v.Column {
		if cell := v.cell(r, c); cell != "" {
			texts = append(texts, cell)
			break
		}
	}
	for _, c := range v.All {
		if cell := v.cell(r, c); cell != "" {
			texts = append(texts, cell)
		}
	}
	if len(texts) == 0 && v.Const != "" {
		texts = []string{v.Const}
	}
	for _, s := range v.Do {
		var err error
		if texts, err = s.apply(texts); err != nil {
			return nil, err
		}
		texts = filled(texts)
	}
	if len(texts) == 0 && v.Default != "" {
		texts = []string{v.Default}
	}
	return texts, nil
}

func (v Value) cell(r row, column string) string {
	cell := r.cell(column)
	if cell == "" && r.header.has(column) {
		return v.Blank
	}
	return cell
}

// text is the first text of the value, or nothing.
func (v Value) text(r row) (string, error) {
	texts, err := v.list(r)
	if err != nil || len(texts) == 0 {
		return "", err
	}
	return strings.TrimSpace(texts[0]), nil
}

func (v Values) list(r row) ([]string, error) {
	var all []string
	for _, one := range v {
		texts, err := one.list(r)
		if err != nil {
			return nil, err
		}
		all = append(all, texts...)
	}
	return all, nil
}

func filled(texts []string) []string {
	out := texts[:0:0]
	for _, t := range texts {
		if strings.TrimSpace(t) != "" {
			out = append(out, t)
		}
	}
	return out
}
