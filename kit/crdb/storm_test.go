package crdb_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
)

// Before a commit, what is lost was not done; after it, it was.
func TestAStormOverTransactions(t *testing.T) {
	db := kittest.DB(t, fstest.MapFS{})
	// As if processes had died at both points: other faults are next.
	journal := filepath.Join(t.TempDir(), "faults")
	if err := os.WriteFile(journal, []byte("test/note/before-commit\tdie\ntest/note/after-commit\tdie\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	storm, err := chaos.New(chaos.Config{Gap: 1, Youth: 1 << 60, Longest: 1, Journal: journal}, "test")
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
	if err := note("a"); !errors.Is(err, chaos.ErrLost) || noted() != 0 {
		t.Errorf("lost before the commit: %v, and %d rows", err, noted())
	}
	if err := note("a"); !errors.Is(err, chaos.ErrLost) || noted() != 1 {
		t.Errorf("lost after the commit: %v, and %d rows", err, noted())
	}
}
