package crdb_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
)

var errOdd = errors.New("odd")

// adder adds one to the counter for each change, unless it says no.
func adder(db *crdb.DB, commits *int) *crdb.Crowd[string] {
	return crdb.NewCrowd(func(ctx context.Context, all []string) ([]error, error) {
		results := make([]error, len(all))
		err := crdb.InTx(ctx, db, func(ctx context.Context, tx crdb.Tx) error {
			for n, kind := range all {
				if results[n] = nil; kind == "odd" {
					results[n] = errOdd
					continue
				}
				if kind == "mad" {
					panic("mad")
				}
				if _, err := tx.Exec(ctx, `INSERT INTO entry (id, kind) VALUES ($1, $2)`, uuid.New(), kind); err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, `UPDATE counter SET n = n + 1 WHERE id = 1`); err != nil {
					return err
				}
			}
			return nil
		})
		*commits++
		return results, err
	})
}

// Hundreds of callers share a few transactions; each hears what became of its own
// change, and one that the database refuses harms nobody else.
func TestACrowdSharesTransactions(t *testing.T) {
	db := kittest.DB(t, counters)
	var commits int
	crowd := adder(db, &commits)
	var all sync.WaitGroup
	for n := range 300 {
		all.Go(func() {
			kind := "even"
			switch {
			case n%10 == 1:
				kind = "odd"
			case n == 150:
				kind = "no\x00text"
			}
			switch err := crowd.Do(t.Context(), kind); {
			case kind == "even" && err != nil, kind == "odd" && !errors.Is(err, errOdd), strings.HasPrefix(kind, "no") && !crdb.Malformed(err):
				t.Errorf("%q: %v", kind, err)
			}
		})
	}
	all.Wait()
	crowd.Wait()
	var n int
	if err := db.QueryRow(t.Context(), `SELECT n FROM counter WHERE id = 1`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n != 300-30-1 {
		t.Errorf("%d were added; want 269", n)
	}
	if commits > 150 {
		t.Errorf("%d transactions for 300 callers", commits)
	}
	if db.Retries() != 0 {
		t.Errorf("%d transactions had to be run again", db.Retries())
	}
}

// Who has gone is passed over, and stops nobody.
func TestACrowdGoesOnWithoutWhoHasGone(t *testing.T) {
	db := kittest.DB(t, counters)
	var commits int
	crowd := adder(db, &commits)
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := crowd.Do(gone, "even"); !errors.Is(err, context.Canceled) {
		t.Errorf("who has gone: %v", err)
	}
	if err := crowd.Do(t.Context(), "even"); err != nil {
		t.Error(err)
	}
	crowd.Wait()
}

// A change that panics ends neither the process nor those who came with it.
func TestAPanicInACrowdIsItsCallers(t *testing.T) {
	db := kittest.DB(t, counters)
	var commits int
	crowd := adder(db, &commits)
	var all sync.WaitGroup
	for n := range 100 {
		all.Go(func() {
			kind := "even"
			if n%20 == 7 {
				kind = "mad"
			}
			defer func() {
				if p := recover(); (p != nil) != (kind == "mad") {
					t.Errorf("%q panics with %v", kind, p)
				}
			}()
			if err := crowd.Do(t.Context(), kind); err != nil {
				t.Errorf("%q: %v", kind, err)
			}
		})
	}
	all.Wait()
	crowd.Wait()
	var n int
	if err := db.QueryRow(t.Context(), `SELECT n FROM counter WHERE id = 1`).Scan(&n); err != nil || n != 95 {
		t.Errorf("%d were added, %v; want 95", n, err)
	}
}
