//go:build wasm

// Command browser is the storefront as it runs in the browser.
package main

import (
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront"
)

func main() { site.Run(storefront.New) }
