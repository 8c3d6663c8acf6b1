// Package browser is where web touches JavaScript, besides ui's mapping onto
// go-app: fetch, history, the document's head, storage. It exists only in the
// browser; other packages call it from their _wasm.go files.
package browser
