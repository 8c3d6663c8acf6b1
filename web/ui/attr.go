package ui

import "strings"

// kind says how an attribute is written.
type kind uint8

const (
	// plain has a value.
	plain kind = iota
	// on is there, without a value.
	on
	// off is not there; the browser twin switches the property off.
	off
)

type attribute struct {
	name, value string
	kind        kind
	// A field's value that the program keeps up with; the element has an id.
	bound bool
}

func (a attribute) addTo(e *element) {
	for i := range e.attrs {
		if e.attrs[i].name != a.name {
			continue
		}
		if a.name == "class" {
			a.value = strings.TrimSpace(e.attrs[i].value + " " + a.value)
		}
		e.attrs[i] = a
		return
	}
	e.attrs = append(e.attrs, a)
}

// Attr sets an attribute; a later one of the same name wins. Addresses with a
// scheme other than http, https, mailto and tel become "about:invalid".
func Attr(name, value string) Part {
	if !nameable(name) || forbidden(name) {
		panic("ui: no attribute " + name)
	}
	value = clean(value)
	switch {
	case addresses[name]:
		value = safeAddress(value)
	case name == "srcset":
		value = safeSet(value)
	}
	return attribute{name: name, value: value}
}

// Bool sets an attribute that is there or not.
func Bool(name string, yes bool) Part {
	if !nameable(name) || forbidden(name) || addresses[name] {
		panic("ui: no boolean attribute " + name)
	}
	if yes {
		return attribute{name: name, kind: on}
	}
	return attribute{name: name, kind: off}
}

// Class adds class names.
func Class(names string) Part { return Attr("class", names) }

// ClassIf adds class names when yes.
func ClassIf(yes bool, names string) Part { return When(yes, Class(names)) }

// ID sets the id.
func ID(id string) Part { return Attr("id", id) }

// Href sets where a link leads.
func Href(address string) Part { return Attr("href", address) }

// Src sets where a picture is.
func Src(address string) Part { return Attr("src", address) }

// Alt sets what a picture shows, in words.
func Alt(words string) Part { return Attr("alt", words) }

// Type sets the type of an input or button.
func Type(name string) Part { return Attr("type", name) }

// Name sets the name of a form field.
func Name(name string) Part { return Attr("name", name) }

// Value sets the value of a form field; on a textarea, its text.
func Value(value string) Part { return Attr("value", value) }

// For names the field of a label.
func For(id string) Part { return Attr("for", id) }

// Role sets the ARIA role.
func Role(role string) Part { return Attr("role", role) }

// Aria sets an ARIA attribute.
func Aria(name, value string) Part { return Attr("aria-"+name, value) }

// Data sets a data attribute.
func Data(name, value string) Part { return Attr("data-"+name, value) }

// addresses are the attributes that hold one address.
var addresses = map[string]bool{
	"href": true, "src": true, "action": true, "formaction": true, "poster": true, "cite": true,
	"data": true, "background": true, "longdesc": true, "manifest": true, "usemap": true, "xlink-href": true,
}

// forbidden names attributes that run or style: handlers, srcdoc, style (the
// content policy refuses it), and ping, which tells strangers.
func forbidden(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(lower, "on") || lower == "srcdoc" || lower == "style" || lower == "ping" || lower == "nonce"
}

const invalidAddress = "about:invalid"

// safeAddress returns address when it is relative or has a scheme that only
// leads somewhere.
func safeAddress(address string) string {
	trimmed := strings.TrimFunc(address, func(r rune) bool { return r <= ' ' })
	scheme, isScheme := schemeOf(trimmed)
	if !isScheme {
		return trimmed
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "mailto", "tel":
		return trimmed
	}
	return invalidAddress
}

// schemeOf finds what a browser could take for a scheme. Browsers drop tabs and
// line ends inside of an address, so anything odd before a colon counts too.
func schemeOf(address string) (scheme string, ok bool) {
	for i := 0; i < len(address); i++ {
		switch address[i] {
		case ':':
			return address[:i], true
		case '/', '?', '#':
			return "", false
		}
	}
	return "", false
}

// safeSet applies safeAddress to each candidate of a srcset.
func safeSet(set string) string {
	candidates := strings.Split(set, ",")
	kept := candidates[:0]
	for _, candidate := range candidates {
		fields := strings.Fields(candidate)
		if len(fields) == 0 || safeAddress(fields[0]) == invalidAddress {
			continue
		}
		kept = append(kept, strings.Join(fields, " "))
	}
	return strings.Join(kept, ", ")
}
