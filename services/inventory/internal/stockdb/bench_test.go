package stockdb_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/kittest/ratio"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
	"github.com/souk-commerce/souk/services/inventory/internal/stockdb"
)

func TestMain(m *testing.M) { kittest.Main(m) }

// Sixty-four shoppers reserve one of the same SKU at once, in transactions that
// they share. Beside it: a transaction of ours for each; and for each the two
// statements that nobody can do without, at READ COMMITTED, which tell nobody.
func BenchmarkHotSKU(b *testing.B) {
	db := kittest.DB(b, stockdb.Migrations())
	store := stockdb.New(db)
	b.Cleanup(store.Wait)
	for _, sku := range []stock.SKU{"SHARED", "OWN", "BARE"} {
		results, err := store.Make(b.Context(), &stock.Count{SKU: sku, Location: stock.Main, OnHand: 1e9, Now: time.Now()})
		if err != nil || results[0] != nil {
			b.Fatal(results, err)
		}
	}
	ours := crowd(b, func(ctx context.Context) error { return store.Together(ctx, one("SHARED")) })
	ratio.Of(b, "a transaction each", ours, crowd(b, func(ctx context.Context) error { return alone(ctx, store, one("OWN")) }))
	ratio.Of(b, "two bare statements each", ours, crowd(b, func(ctx context.Context) error { return bare(ctx, db, "BARE") }))
}

func one(sku stock.SKU) *stock.Reserve {
	now := time.Now()
	return &stock.Reserve{ID: uuid.NewString(), Lines: []stock.Line{{SKU: sku, Units: 1}}, Now: now, Until: now.Add(time.Hour)}
}

func alone(ctx context.Context, store *stockdb.Store, m stock.Move) error {
	for {
		results, err := store.Make(ctx, m)
		if f, ok := fault.As(err); ok && f.Kind == fault.Busy {
			continue // as a shopper would
		}
		if err != nil {
			return err
		}
		return results[0]
	}
}

func bare(ctx context.Context, db *crdb.DB, sku stock.SKU) error {
	return pgx.BeginTxFunc(ctx, db.Pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO reservation (id, state, lines, held, order_id, expires_at) VALUES ($1, 'held', '[]', '[]', '', now())`, uuid.NewString())
		if err != nil {
			return err
		}
		taken, err := tx.Exec(ctx, `UPDATE level SET reserved = reserved + 1 WHERE sku = $1 AND on_hand > reserved`, sku)
		if err == nil && taken.RowsAffected() != 1 {
			err = errors.New("sold out")
		}
		return err
	})
}

func crowd(b *testing.B, reserve func(context.Context) error) ratio.Side {
	return func(n int) {
		for range n {
			var all sync.WaitGroup
			for range 64 {
				all.Go(func() {
					if err := reserve(b.Context()); err != nil {
						b.Error(err)
					}
				})
			}
			all.Wait()
		}
	}
}
