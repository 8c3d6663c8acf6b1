//go:build !wasm

// Package shell is what stands around the pages of a site on the server: the
// document with its head, the files that never change, the service worker and
// the manifest, status codes, caching headers and the caller's session.
package shell
