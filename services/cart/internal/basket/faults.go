package basket

import "github.com/souk-commerce/souk/kit/fault"

// What the rules say no to.
var (
	ErrUnknown = fault.New(fault.NotFound, "sku_unknown", "We do not know this article.")
	ErrNotSold = fault.New(fault.Refused, "not_sold", "This article is not sold in this currency.")
	// ErrShort carries the facts "sku" and "available".
	ErrShort  = fault.New(fault.Refused, "stock_short", "There are not that many of this article.")
	ErrMost   = fault.New(fault.Refused, "quantity_limit", "At most 999 units of one article fit into a cart.")
	ErrFull   = fault.New(fault.Refused, "cart_full", "The cart is full; please buy or remove something first.")
	ErrNoLine = fault.New(fault.NotFound, "not_in_cart", "This article is not in the cart.")
	ErrClosed = fault.New(fault.Busy, "market_closed", "Prices and stock cannot be read right now; please try again.")
)
