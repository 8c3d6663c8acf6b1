// Package importer brings a merchant's file into the shop.
//
// A mapping, a small YAML file, says which columns make products, variants,
// categories, pictures, attributes and stock. Rows with the same key are one
// product; each row is a variant of it, or several. The importer speaks the
// same API as everybody: products go to ProductAdminService.BulkUpsertProducts,
// stock to StockAdminService.BulkSetStock.
//
// The file is read twice: once to count the rows of each product, once to build
// and send a product as soon as its last row is there. So files may be larger
// than memory, and rows of one product may lie anywhere.
//
// Nothing good is lost: a row that cannot be read, or that the shop refuses, goes
// to the rejects with its line and the reason, and all others go on. Running an
// import again changes what is different and leaves the rest alone.
package importer
