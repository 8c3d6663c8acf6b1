package ui

import (
	"io"
	"strings"
)

// RootID is the id of the element that holds the page in both worlds.
const RootID = "root"

// Root puts a page into the element that the browser takes over.
func Root(page Node) Node { return El("div", ID(RootID), page) }

// Write writes node as HTML.
func Write(w io.Writer, node Node) error {
	_, err := w.Write(AppendHTML(nil, node))
	return err
}

// HTML returns node as HTML.
func HTML(node Node) string { return string(AppendHTML(nil, node)) }

// AppendHTML appends node as HTML to b.
func AppendHTML(b []byte, node Node) []byte {
	for _, n := range join([]Node{node}) {
		b = appendNode(b, n)
	}
	return b
}

func appendNode(b []byte, node Node) []byte {
	switch n := node.(type) {
	case text:
		return appendEscaped(b, string(n))
	case *element:
		return appendElement(b, n)
	}
	return b
}

func appendElement(b []byte, e *element) []byte {
	b = append(b, '<')
	b = append(b, e.tag...)
	for _, a := range e.attrs {
		if a.kind == off || e.tag == "textarea" && a.name == "value" {
			continue
		}
		b = append(b, ' ')
		b = append(b, a.name...)
		if a.kind == plain {
			b = append(b, '=', '"')
			b = appendEscaped(b, a.value)
			b = append(b, '"')
		}
	}
	b = append(b, '>')
	if void[e.tag] {
		return b
	}
	b = appendContent(b, e)
	b = append(b, '<', '/')
	b = append(b, e.tag...)
	return append(b, '>')
}

func appendContent(b []byte, e *element) []byte {
	content := e.content()
	if e.tag == "textarea" {
		value, _ := e.attr("value")
		content = []Node{text(value)}
	}
	if (e.tag == "textarea" || e.tag == "pre") && len(content) > 0 {
		// A parser drops the first line end of these two; some take a CR for half of it.
		if t, ok := content[0].(text); ok && (strings.HasPrefix(string(t), "\n") || strings.HasPrefix(string(t), "\r")) {
			b = append(b, '\n')
		}
	}
	for _, child := range content {
		b = appendNode(b, child)
	}
	return b
}

// appendEscaped appends s so that it is the same characters again after parsing,
// in a text as well as between double quotes.
func appendEscaped(b []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		var escaped string
		switch s[i] {
		case '&':
			escaped = "&amp;"
		case '<':
			escaped = "&lt;"
		case '>':
			escaped = "&gt;"
		case '"':
			escaped = "&#34;"
		case '\'':
			escaped = "&#39;"
		case '`':
			escaped = "&#96;"
		case '\r':
			escaped = "&#13;"
		default:
			continue
		}
		b = append(b, s[start:i]...)
		b = append(b, escaped...)
		start = i + 1
	}
	return append(b, s[start:]...)
}
