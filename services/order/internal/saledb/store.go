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
type Store struct {
	db    *crdb.DB
	crowd *crdb.Crowd[*turn]
}

// New returns a store. Wait for it when nobody calls it any more.
func New(db *crdb.DB) *Store {
	s := &Store{db: db}
	s.crowd = crdb.NewCrowd(s.together)
	return s
}

// Wait returns when no transaction of a crowd is under way.
func (s *Store) Wait() { s.crowd.Wait() }
