package saledb

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// malformed tells that an id is no UUID: then there is nothing of that id.
func malformed(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "22P02"
}
