//go:build wasm

// Command browser is the storefront as it runs in the browser.
package main

import (
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
	cartv1 "github.com/souk-commerce/souk/api/lite/souk/cart/v1"
)

func main() { site.Run(func(c *rpc.Client) *site.Site { cartv1.NewCartServiceClient(c); return nil }) }
