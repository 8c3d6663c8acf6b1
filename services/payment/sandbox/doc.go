// Package sandbox is a payment provider to try a shop with. It behaves as real
// ones do: cards are turned into tokens in the browser, payments are authorized,
// captured, voided and refunded through an API, 3-D Secure has a page of its
// own, and changes are told by signed webhooks. No money moves.
//
// It is a program of its own that happens to live here: the shop speaks with it
// over HTTP only, and it has its own database. Card numbers are looked at and
// forgotten; what is kept is how the card is to behave.
package sandbox
