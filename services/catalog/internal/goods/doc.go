// Package goods decides what the shop offers and how it is described.
//
// A Product has a page; its Variants are what is put into a cart. Options are
// the choices between variants, and no two variants make the same choices.
// Prices belong to variants, one for each currency. Only published products are
// seen by shoppers; archived ones are kept for old orders.
//
// A product grows one version with each change that leaves it different. A
// change that leaves it as it was is none: nothing is written, nothing is told.
package goods
