// Package rpc is a light Connect client for pages that run in both worlds.
//
// The stubs in api/lite marshal nothing themselves: they hand messages to a
// Client, which speaks Connect's unary and server-stream protocols over a
// Transport: fetch in the browser (link_wasm.go), net/http on the server
// (link_server.go). Calls without side effects go out as GET, so that caches
// understand them; all others carry an Idempotency-Key.
//
// On the server a Tape records the answers a page was drawn from. The page
// carries them, and the browser's first frame is drawn from the same answers
// without asking again.
package rpc
