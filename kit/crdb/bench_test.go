package crdb_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/kittest/ratio"
)

const (
	findEntry = `SELECT kind FROM entry WHERE id = $1`
	addEntry  = `INSERT INTO entry (id, kind) VALUES ($1, $2)`
)

// write is what both sides do within their transaction.
func write(ctx context.Context, tx pgx.Tx) (id uuid.UUID, err error) {
	id = uuid.New()
	var kind string
	if err := tx.QueryRow(ctx, findEntry, id).Scan(&kind); !errors.Is(err, pgx.ErrNoRows) {
		return id, err
	}
	_, err = tx.Exec(ctx, addEntry, id, "shirt")
	return id, err
}

// A read and a write, with the retries of InTx around them, beside the same
// statements in a transaction of the driver.
func BenchmarkInTx(b *testing.B) {
	db := kittest.DB(b, counters)
	ratio.Of(b, "a plain transaction", func(n int) {
		for range n {
			if err := crdb.InTx(b.Context(), db, func(ctx context.Context, tx crdb.Tx) error {
				_, err := write(ctx, tx)
				return err
			}); err != nil {
				b.Fatal(err)
			}
		}
	}, func(n int) {
		for range n {
			if err := pgx.BeginFunc(b.Context(), db.Pool, func(tx pgx.Tx) error {
				_, err := write(b.Context(), tx)
				return err
			}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// The same with an idempotency key, beside the statements that a key needs
// written out by hand.
func BenchmarkOnce(b *testing.B) {
	db := kittest.DB(b, counters)
	hash := sha256.Sum256([]byte("request"))
	ratio.Of(b, "the same statements by hand", func(n int) {
		for range n {
			ctx := crdb.WithKey(b.Context(), crdb.Key{Procedure: "/shop/Buy", Subject: "ann", Key: uuid.NewString(), Hash: hash})
			if _, err := crdb.Once(ctx, db, write); err != nil {
				b.Fatal(err)
			}
		}
	}, func(n int) {
		for range n {
			key := uuid.NewString()
			if err := pgx.BeginFunc(b.Context(), db.Pool, func(tx pgx.Tx) error {
				var old, result []byte
				if err := tx.QueryRow(b.Context(), crdb.FindAnswer, "/shop/Buy", "ann", key).Scan(&old, &result); !errors.Is(err, pgx.ErrNoRows) {
					return err
				}
				id, err := write(b.Context(), tx)
				if err != nil {
					return err
				}
				if result, err = json.Marshal(id); err != nil {
					return err
				}
				_, err = tx.Exec(b.Context(), crdb.KeepAnswer, "/shop/Buy", "ann", key, hash[:], result)
				return err
			}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
