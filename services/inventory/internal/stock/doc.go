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
// each whole or not at all: so a hot SKU costs one transaction for a crowd, and
// not one for each shopper.
package stock
