// Package ui is the element layer that pages are built from.
//
// A page is a function from data to a Node. On the server Write turns the tree
// into HTML: every text and attribute escaped, attributes in the order they were
// given, addresses only with safe schemes. In the browser the same tree is mapped
// onto go-app, which pages never see (app_wasm.go).
//
// Names of elements, attributes and events are part of the program: a name that
// could carry a script (script, style, onclick, srcdoc, …) panics. Values may
// come from strangers.
package ui
