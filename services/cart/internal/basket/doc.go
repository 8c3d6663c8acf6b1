// Package basket knows what somebody means to buy.
//
// A Cart holds lines: units of a SKU, the price it had when it was added, and
// what was last seen of it. What a line costs now and whether it can be had is
// never stored as truth; Look asks the Market each time and says what changed.
// When the market does not answer, the cart is shown as it was last seen, and is
// not ready to be bought.
package basket
