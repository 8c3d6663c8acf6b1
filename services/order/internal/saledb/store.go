// Package saledb keeps checkouts and orders in SQL.
package saledb

import (
	"embed"
	"io/fs"

	"github.com/souk-commerce/souk/kit/crdb"
)

//go:embed migrations
var migrations embed.FS

// Migrations returns the SQL that both databases run.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err)
	}
	return sub
}

// Store implements sale.Store.
type Store struct{ db *crdb.DB }

// New returns a store.
func New(db *crdb.DB) *Store { return &Store{db} }
