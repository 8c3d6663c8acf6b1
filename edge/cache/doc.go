// Package cache is a shared HTTP cache: an http.Handler in front of an
// http.RoundTripper.
//
// It keeps what RFC 9111 lets a shared cache keep, and answers from memory for as
// long as the origin said: by Cache-Control, or by CDN-Cache-Control, which is for
// us alone (RFC 9213). Answers that are stale are given while they are asked for
// again, or while the origin is down, as far as the origin lets (RFC 5861). What it
// did is told in Cache-Status (RFC 9211).
//
// # Promises
//
//   - What is not clearly for everybody is given to nobody else: private answers,
//     answers with cookies, answers to requests with a token.
//   - Many who ask the same at once ask the origin once. Who waits gets an answer
//     that others asked for only when it may be kept, and was made after they came
//     or nothing was changed since.
//   - A purge that was acknowledged is seen by every read after it, also when the
//     answer was being fetched at that moment.
//   - Memory is bounded in bytes.
//
// # How a purge works
//
// The container, ristretto, may forget, refuse and be late, so it decides nothing:
// an entry is judged when it is read. It carries the sequence of the change feed as
// of which it was asked for, and the slots of its surrogate keys and of its own
// address. A purge writes its sequence into these slots: a few stores, however many
// entries there are. An entry is good only while every slot is at most its own
// sequence. Slots are a fixed array, so two keys may share one: that forgets too
// much and never too little. A soft purge has slots of its own, and makes stale.
package cache
