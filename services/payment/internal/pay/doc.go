// Package pay decides what may be done with money.
//
// A Payment is one payment of one checkout, named by its caller. What became of
// it is known to the provider only; we keep what we learned. We ask the provider
// by our own id, so that a lost answer is never a second charge, and what we
// learn only moves forward: an old report that comes late changes nothing.
//
// A payment that was given up stays given up: an authorization of it that was on
// its way is voided when it is found.
package pay
