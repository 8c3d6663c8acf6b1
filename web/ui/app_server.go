//go:build !wasm

package ui

// Run is the browser's; a server draws with Write.
func Run(draw func() Node, mounted func()) {}

// Dispatch is the browser's: on a server nothing happens after a page is drawn.
func Dispatch(do func()) {}

// SetField is the browser's.
func SetField(id, value string) {}

// Tick is the browser's.
func Tick(id string) {}

// After is the browser's.
func After(do func()) {}
