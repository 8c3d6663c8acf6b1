// Package stock decides what can be promised to a shopper.
//
// An Item is the truth about one SKU: its levels at each location, with units on
// hand and units reserved for checkouts that have not ended. Reserved never
// exceeds what is on hand, unless the SKU may be backordered. A Ledger entry is
// written for every unit that comes or goes, so that the sum of a SKU's entries
// at a location is always what is on hand there.
//
// Changes are Moves on a Shelf, which is what a transaction has read of items
// and reservations. Many moves can be made on one shelf one after the other,
// each whole or not at all.
//
// # How a hot SKU stays fast
//
// When everybody wants one SKU, a transaction for each shopper makes them wait in
// line for its row, and at SERIALIZABLE fail and try again: 64 clients of one row
// get through fewer reservations together than one alone. So one writer for each
// process takes all moves that have come while its last transaction was under way,
// up to 64, makes them on one shelf in memory in the order they came, and writes
// down what is left in a handful of set-based statements (kit/crdb.Crowd, stockdb).
// A crowd costs one commit; who is refused costs no write at all; and the writer
// never meets itself, so nobody sees a serialization error. `make bench` holds it
// against a transaction for each shopper, `make bench-checkout` against TPC-B.
//
// Other designs lose: buckets of a SKU's stock or a row for each unit still need a
// transaction for each shopper, and the last units are hard to find; merging by SKU
// only makes a cart of three lines three transactions.
//
// What it costs: the moves of a batch share its fate when the database is away, and
// the first of a batch waits for the last. A move that the database itself refuses
// is made alone, so that it does not spoil the others.
//
// Several processes lock a batch's items in the order of their SKUs, and so wait for
// each other instead of deadlocking; a conflict at SERIALIZABLE is tried again for
// the batch, unseen by callers. In CockroachDB a row's rate is bound by the latency
// of a commit, so a batch's size is what makes it fast: sixty-four sales of a SKU take
// one round between its replicas.
package stock
