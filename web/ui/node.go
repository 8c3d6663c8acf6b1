package ui

import "strings"

// Part is what an element is made of: attributes, handlers, children.
type Part interface {
	addTo(*element)
}

// Node is something that is shown: an element, a text, or several of them.
// A nil Node shows nothing.
type Node interface {
	Part
	// flatten appends what is really there: elements and texts.
	flatten([]Node) []Node
}

// element is one HTML element.
type element struct {
	tag      string
	key      string
	attrs    []attribute
	handlers []handler
	children []Node
}

func (e *element) addTo(parent *element)       { parent.children = append(parent.children, e) }
func (e *element) flatten(nodes []Node) []Node { return append(nodes, e) }

// content returns the children with fragments opened and neighbouring texts
// joined, as an HTML parser would see them.
func (e *element) content() []Node { return join(e.children) }

func join(children []Node) []Node {
	var flat []Node
	for _, child := range children {
		if child != nil {
			flat = child.flatten(flat)
		}
	}
	joined := flat[:0]
	for _, node := range flat {
		t, isText := node.(text)
		if !isText {
			joined = append(joined, node)
			continue
		}
		if last := len(joined) - 1; last >= 0 {
			if before, ok := joined[last].(text); ok {
				joined[last] = before + t
				continue
			}
		}
		joined = append(joined, t)
	}
	return joined
}

// attr returns the value of the named attribute.
func (e *element) attr(name string) (string, bool) {
	for _, a := range e.attrs {
		if a.name == name && a.kind != off {
			return a.value, true
		}
	}
	return "", false
}

// text is a run of characters.
type text string

func (t text) addTo(parent *element) { parent.children = append(parent.children, t) }
func (t text) flatten(nodes []Node) []Node {
	if t == "" {
		return nodes
	}
	return append(nodes, t)
}

// fragment is several nodes without an element around them.
type fragment []Node

func (f fragment) addTo(parent *element) { parent.children = append(parent.children, f) }
func (f fragment) flatten(nodes []Node) []Node {
	for _, node := range f {
		if node != nil {
			nodes = node.flatten(nodes)
		}
	}
	return nodes
}

// Text shows s as it is.
func Text(s string) Node { return text(clean(s)) }

// Fragment shows nodes one after the other.
func Fragment(nodes ...Node) Node { return fragment(nodes) }

// El makes an element. It panics for elements whose content is not text and
// elements (script, style, iframe, …); the page's shell writes those.
func El(tag string, parts ...Part) Node {
	if !nameable(tag) || foreign[tag] {
		panic("ui: no element " + tag)
	}
	e := &element{tag: tag}
	for _, part := range parts {
		if part != nil {
			part.addTo(e)
		}
	}
	if void[tag] && len(e.children) > 0 {
		panic("ui: " + tag + " has no content")
	}
	return e
}

// If shows what then returns when yes; then is not called otherwise.
func If(yes bool, then func() Node) Node {
	if !yes {
		return fragment(nil)
	}
	return then()
}

// When gives part to its element when yes.
func When(yes bool, part Part) Part {
	if !yes {
		return group(nil)
	}
	return part
}

// Each shows one node for each item, in order.
func Each[T any](items []T, show func(i int, item T) Node) Node {
	nodes := make(fragment, 0, len(items))
	for i, item := range items {
		nodes = append(nodes, show(i, item))
	}
	return nodes
}

// Keyed is Each for lists that change: an item that takes another's place is
// drawn anew instead of being changed into it, so that a picture or a focus of
// the old one does not linger.
func Keyed[T any](items []T, key func(T) string, show func(T) Node) Node {
	nodes := make(fragment, 0, len(items))
	for _, item := range items {
		for _, node := range show(item).flatten(nil) {
			if e, ok := node.(*element); ok {
				e.key = key(item)
			}
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// Key sets the identity of an element among what is drawn at its place.
func Key(key string) Part { return keyPart(key) }

type keyPart string

func (k keyPart) addTo(e *element) { e.key = string(k) }

// Group gives several parts as one.
func Group(parts ...Part) Part { return group(parts) }

type group []Part

func (g group) addTo(e *element) {
	for _, part := range g {
		if part != nil {
			part.addTo(e)
		}
	}
}

// clean replaces what no HTML document may hold.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.ReplaceAll(s, "\x00", "\uFFFD")
}

// void are the elements that have no content and no end tag.
var void = map[string]bool{
	"area": true, "base": true, "br": true, "col": true, "embed": true, "hr": true, "img": true,
	"input": true, "link": true, "meta": true, "source": true, "track": true, "wbr": true,
}

// foreign are the elements that a page may not make: their content is read by
// other rules than text, or they change what the document is.
var foreign = map[string]bool{
	"script": true, "style": true, "iframe": true, "object": true, "embed": true, "noscript": true,
	"template": true, "xmp": true, "plaintext": true, "noembed": true, "noframes": true, "frame": true,
	"frameset": true, "html": true, "head": true, "body": true, "base": true, "link": true, "meta": true,
	"title": true, "applet": true, "portal": true, "math": true, "foreignObject": true, "image": true,
	"listing": true, "isindex": true, "keygen": true, "animate": true, "set": true,
}

// nameable reports whether name is a plain name of an element or attribute.
func nameable(name string) bool {
	if name == "" || !letter(name[0]) {
		return false
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; !letter(c) && !('0' <= c && c <= '9') && c != '-' {
			return false
		}
	}
	return true
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
