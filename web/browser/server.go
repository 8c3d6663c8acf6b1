//go:build !wasm

package browser

import (
	"context"
	"errors"
)

// The functions of this file stand in for the browser's where handlers of pages
// mention them: on a server no handler ever runs.

// Request is an HTTP request.
type Request struct {
	Method, URL string
	Header      map[string]string
	Body        []byte
	Foreign     bool
}

// Response is an HTTP response, read to its end.
type Response struct {
	Status      int
	ContentType string
	Body        []byte
}

// Fetch is the browser's.
func Fetch(context.Context, Request) (Response, error) {
	return Response{}, errors.New("fetch is the browser's")
}

// Leave is the browser's.
func Leave(string) {}

// Origin is the browser's.
func Origin() string { return "" }

// Online is the browser's.
func Online() bool { return true }

// Focus is the browser's.
func Focus(string) {}

// Dialog is the browser's.
func Dialog(string, bool) {}

// SetTheme is the browser's.
func SetTheme(string) {}

// Dark is the browser's.
func Dark() bool { return false }

// FocusMain is the browser's.
func FocusMain() {}

// FocusID is the browser's.
func FocusID(string) {}

// Replace is the browser's.
func Replace(string) {}

// OnReturn is the browser's.
func OnReturn(func()) {}

// OnLeave is the browser's.
func OnLeave(func()) {}

// List is the browser's.
func List(string, func()) {}

// Cookie is the browser's.
func Cookie(string) string { return "" }

// SetCookie is the browser's.
func SetCookie(string, string) {}

// Session is the browser's.
func Session(string, string) {}

// OfSession is the browser's.
func OfSession(string) string { return "" }

// Store is the browser's.
func Store(string, string) {}

// Stored is the browser's.
func Stored(string) string { return "" }
