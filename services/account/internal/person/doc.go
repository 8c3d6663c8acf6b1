// Package person knows who shops here: accounts, guests, sessions and address
// books.
//
// A session is a family of refresh tokens of which only the newest is good. A
// token is swapped for a new one each time it is used; one that is used again
// later than a short grace is stolen or leaked, and the whole session ends. The
// grace is for browsers, whose tabs may ask at once.
package person
