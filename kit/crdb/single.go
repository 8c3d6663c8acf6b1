package crdb

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// A statement outside a transaction is a transaction of its own, and at
// SERIALIZABLE the database may ask for another try of it, a plain SELECT
// included. These methods stand before the pool's and try again. Rows are read
// whole before they are given out: an error must not come when half of them
// have been used.

// Exec runs one statement by itself.
func (db *DB) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	err = db.single(ctx, func() error {
		tag, err = db.Pool.Exec(ctx, sql, args...)
		return err
	})
	return tag, err
}

// QueryRow runs one statement by itself; the row is read by Scan.
func (db *DB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return row{db, ctx, sql, args}
}

type row struct {
	db   *DB
	ctx  context.Context
	sql  string
	args []any
}

// Scan implements pgx.Row.
func (r row) Scan(into ...any) error {
	return r.db.single(r.ctx, func() error { return r.db.Pool.QueryRow(r.ctx, r.sql, r.args...).Scan(into...) })
}

// Query runs one statement by itself and returns its rows when all are there.
func (db *DB) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	var all *rows
	err := db.single(ctx, func() error {
		read, err := db.Pool.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		all = gather(read)
		return all.err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

func (db *DB) single(ctx context.Context, f func() error) error {
	for tries := 1; ; tries++ {
		err := retryable(f())
		var state interface{ SQLState() string }
		if !errors.As(err, &state) || state.SQLState() != "40001" {
			return err
		}
		db.retry(ctx)
		if tries == maxRetries {
			return errContended.Because(err)
		}
		if pause(ctx, tries) != nil {
			return err
		}
	}
}

// rows implements pgx.Rows over rows that have been read.
type rows struct {
	fields []pgconn.FieldDescription
	tag    pgconn.CommandTag
	values [][][]byte
	next   int
	types  *pgtype.Map
	err    error
}

func gather(read pgx.Rows) *rows {
	defer read.Close()
	all := &rows{fields: slices.Clone(read.FieldDescriptions()), types: pgtype.NewMap()}
	for read.Next() {
		values := read.RawValues()
		kept := make([][]byte, len(values))
		for n, v := range values {
			kept[n] = slices.Clone(v) // nil, which is NULL, stays nil
		}
		all.values = append(all.values, kept)
	}
	all.tag, all.err = read.CommandTag(), read.Err()
	return all
}

func (r *rows) Close()                                       { r.next = len(r.values) + 1 }
func (r *rows) Err() error                                   { return r.err }
func (r *rows) CommandTag() pgconn.CommandTag                { return r.tag }
func (r *rows) FieldDescriptions() []pgconn.FieldDescription { return r.fields }
func (r *rows) RawValues() [][]byte                          { return r.values[r.next-1] }
func (r *rows) Conn() *pgx.Conn                              { return nil }
func (r *rows) TypeMap() *pgtype.Map                         { return r.types }

func (r *rows) Next() bool {
	if r.err != nil || r.next >= len(r.values) {
		r.Close()
		return false
	}
	r.next++
	return true
}

func (r *rows) Scan(into ...any) error {
	if len(into) == 1 {
		if scanner, ok := into[0].(pgx.RowScanner); ok {
			return scanner.ScanRow(r)
		}
	}
	err := pgx.ScanRow(r.types, r.fields, r.RawValues(), into...)
	if err != nil {
		r.err = err
	}
	return err
}

func (r *rows) Values() ([]any, error) {
	values := make([]any, len(r.fields))
	for n, raw := range r.RawValues() {
		t, ok := r.types.TypeForOID(r.fields[n].DataTypeOID)
		if raw == nil || !ok {
			continue
		}
		v, err := t.Codec.DecodeValue(r.types, r.fields[n].DataTypeOID, r.fields[n].Format, raw)
		if err != nil {
			r.err = err
			return nil, err
		}
		values[n] = v
	}
	return values, nil
}
