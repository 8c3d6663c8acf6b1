package crdb_test

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
)

// Before a commit, what is lost was not done; after it, it was.
func TestAStormOverTransactions(t *testing.T) {
	db := kittest.DB(t, fstest.MapFS{})
	storm, err := chaos.New(chaos.Config{Gap: 1, Youth: 1 << 60, Longest: 1}, "test")
	if err != nil {
		t.Fatal(err)
	}
	db.Disturb(storm)
	note := func(id string) error {
		return crdb.InTx(t.Context(), db, func(ctx context.Context, tx crdb.Tx) error {
			chaos.Here(ctx, "test/note")
			_, err := tx.Exec(ctx, `INSERT INTO inbox (consumer, event_id, handled_at) VALUES ('test', $1, now())`, id)
			return err
		})
	}
	noted := func() (n int) {
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM inbox`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	// Deaths are spared the young; in their turn nothing else happens.
	skip := func(moment string) {
		if err := storm.Pass(t.Context(), "test/note", moment, chaos.Delay); err != nil {
			t.Fatal(err)
		}
	}
	skip("before-commit")
	skip("after-commit")
	if err := note("a"); !errors.Is(err, chaos.ErrLost) || noted() != 0 {
		t.Errorf("lost before the commit: %v, and %d rows", err, noted())
	}
	if err := note("a"); !errors.Is(err, chaos.ErrLost) || noted() != 1 {
		t.Errorf("lost after the commit: %v, and %d rows", err, noted())
	}
}
