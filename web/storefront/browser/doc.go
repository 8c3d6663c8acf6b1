//go:build !wasm

// Command browser is the storefront as it runs in the browser; it is built by
// tools/wasmbuild.
package main

func main() {}
