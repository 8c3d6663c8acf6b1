package crdb_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/kittest"
)

func TestMain(m *testing.M) { kittest.Main(m) }

var counters = fstest.MapFS{"0001_counter.sql": {Data: []byte(`
CREATE TABLE IF NOT EXISTS counter (id INT8 PRIMARY KEY, n INT8 NOT NULL);
CREATE TABLE IF NOT EXISTS entry (id UUID PRIMARY KEY, kind TEXT NOT NULL);
INSERT INTO counter (id, n) VALUES (1, 0) ON CONFLICT (id) DO NOTHING;
`)}}

const (
	workers = 8
	total   = 400
)

// contend calls f total times from workers goroutines and returns how often it
// said nil.
func contend(f func(i int) error) int64 {
	var ok, next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				i := next.Add(1)
				if i > total {
					return
				}
				if f(int(i)) == nil {
					ok.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return ok.Load()
}

// Every read-modify-write that was acknowledged is in the sum.
func TestInTxReadModifyWriteLosesNothing(t *testing.T) {
	db := kittest.DB(t, counters)
	acknowledged := contend(func(int) error {
		return crdb.InTx(t.Context(), db, func(ctx context.Context, tx crdb.Tx) error {
			var n int64
			if err := tx.QueryRow(ctx, `SELECT n FROM counter WHERE id = 1`).Scan(&n); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE counter SET n = $1 WHERE id = 1`, n+1)
			return err
		})
	})
	var n int64
	if err := db.QueryRow(t.Context(), `SELECT n FROM counter WHERE id = 1`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n != acknowledged {
		t.Errorf("%d transactions were acknowledged, %d are there", acknowledged, n)
	}
	if acknowledged < total*9/10 {
		t.Errorf("only %d of %d got through", acknowledged, total)
	}
	if db.Retries() == 0 {
		t.Error("nothing contended: the test shows nothing")
	}
}

// Count-then-insert conflicts at COMMIT only, where failures are easiest to lose.
func TestInTxCountThenInsertLosesNothing(t *testing.T) {
	db := kittest.DB(t, counters)
	acknowledged := contend(func(int) error {
		return crdb.InTx(t.Context(), db, func(ctx context.Context, tx crdb.Tx) error {
			var n int64
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM entry WHERE kind = 'a'`).Scan(&n); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO entry (id, kind) VALUES ($1, 'a')`, uuid.New())
			return err
		})
	})
	var n int64
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM entry`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n != acknowledged {
		t.Errorf("%d transactions were acknowledged, %d are there", acknowledged, n)
	}
	if acknowledged < total*9/10 {
		t.Errorf("only %d of %d got through", acknowledged, total)
	}
}

func TestInTxJoinsTheOuterTransaction(t *testing.T) {
	db := kittest.DB(t, counters)
	refused := errors.New("refused")
	committed := 0
	db.OnCommit(func() { committed++ })
	insert := func(ctx context.Context) error {
		return crdb.InTx(ctx, db, func(ctx context.Context, tx crdb.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO entry (id, kind) VALUES ($1, 'b')`, uuid.New())
			return err
		})
	}
	err := crdb.InTx(t.Context(), db, func(ctx context.Context, _ crdb.Tx) error {
		if err := insert(ctx); err != nil {
			return err
		}
		return refused
	})
	var n int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM entry`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, refused) || n != 0 || committed != 0 {
		t.Errorf("outer refused: %v, %d rows, %d commits; want refused, 0, 0", err, n, committed)
	}
	if err := insert(t.Context()); err != nil || committed != 1 {
		t.Errorf("alone: %v, %d commits; want nil, 1", err, committed)
	}
}

func TestInTxEndsWithItsContext(t *testing.T) {
	db := kittest.DB(t, counters)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := crdb.InTx(ctx, db, func(ctx context.Context, tx crdb.Tx) error {
		_, err := tx.Exec(ctx, `SELECT pg_sleep(10)`)
		return err
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("InTx = %v; want deadline exceeded", err)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// The database goes away while a transaction is to be run again.
func TestInTxIsNotRunAgainWithoutADatabase(t *testing.T) {
	db := kittest.DB(t, counters)
	var closed sync.WaitGroup
	runs := 0
	err := crdb.InTx(t.Context(), db, func(ctx context.Context, tx crdb.Tx) error {
		runs++
		closed.Go(db.Close) // which waits for this transaction
		for db.Ping(ctx) == nil {
			runtime.Gosched()
		}
		return &pgconn.PgError{Code: "40001"}
	})
	closed.Wait()
	if err == nil || runs != 1 {
		t.Errorf("InTx = %v after %d runs; want an error after one", err, runs)
	}
}

type answer struct{ N int }

func TestOnceGivesTheFirstAnswer(t *testing.T) {
	db := kittest.DB(t, counters)
	ctx := crdb.WithKey(t.Context(), crdb.Key{Procedure: "/p", Subject: "s", Key: "k", Hash: [32]byte{1}})
	var mu sync.Mutex
	answers := map[int]int{}
	got := contend(func(i int) error {
		a, err := crdb.Once(ctx, db, func(ctx context.Context, tx crdb.Tx) (answer, error) {
			_, err := tx.Exec(ctx, `INSERT INTO entry (id, kind) VALUES ($1, 'c')`, uuid.New())
			return answer{i}, err
		})
		if err == nil {
			mu.Lock()
			answers[a.N]++
			mu.Unlock()
		}
		return err
	})
	var n int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM entry`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if got != total || n != 1 || len(answers) != 1 {
		t.Errorf("%d of %d answered, %d effects, answers %v; want all, 1, one", got, total, n, answers)
	}
	other := crdb.WithKey(t.Context(), crdb.Key{Procedure: "/p", Subject: "s", Key: "k", Hash: [32]byte{2}})
	_, err := crdb.Once(other, db, func(context.Context, crdb.Tx) (answer, error) { return answer{}, nil })
	if f, ok := fault.As(err); !ok || f.Reason != "idempotency_key_reused" {
		t.Errorf("same key, other request: %v; want idempotency_key_reused", err)
	}
}

func TestOnceKeepsNoFailure(t *testing.T) {
	db := kittest.DB(t, counters)
	ctx := crdb.WithKey(t.Context(), crdb.Key{Procedure: "/p", Subject: "s", Key: "k"})
	broken := errors.New("broken")
	if _, err := crdb.Once(ctx, db, func(context.Context, crdb.Tx) (answer, error) { return answer{}, broken }); !errors.Is(err, broken) {
		t.Fatalf("first = %v", err)
	}
	if a, err := crdb.Once(ctx, db, func(context.Context, crdb.Tx) (answer, error) { return answer{2}, nil }); err != nil || a.N != 2 {
		t.Errorf("second = %v, %v; want 2", a, err)
	}
}

func TestMigrateRunsAgainWithoutHarm(t *testing.T) {
	db := kittest.DB(t, counters)
	for range 2 {
		if err := crdb.Migrate(t.Context(), db, counters); err != nil {
			t.Fatal(err)
		}
	}
	more := fstest.MapFS{"0001_counter.sql": counters["0001_counter.sql"], "0002_bad.sql": {Data: []byte("CREATE TABLE oops (;")}}
	if err := crdb.Migrate(t.Context(), db, more); err == nil || !strings.Contains(err.Error(), "0002_bad.sql, statement 1") {
		t.Errorf("a bad migration: %v; want its name and statement", err)
	}
}

func TestOpenAssertsIsolation(t *testing.T) {
	url := kittest.DatabaseURL(t, counters)
	db, err := crdb.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var level string
	if err := db.QueryRow(t.Context(), `SHOW transaction_isolation`).Scan(&level); err != nil || level != "serializable" {
		t.Errorf("isolation is %q, %v", level, err)
	}
}

// What a caller does with one statement must not fail because others are busy.
func TestSingleStatementsAreTriedAgain(t *testing.T) {
	db := kittest.DB(t, fstest.MapFS{"0001_x.sql": {Data: []byte(`CREATE TABLE IF NOT EXISTS counter (id INT8 PRIMARY KEY, n INT8 NOT NULL, note TEXT)`)}})
	for i := range 8 {
		if _, err := db.Exec(t.Context(), `INSERT INTO counter (id, n) VALUES ($1, 0)`, i); err != nil {
			t.Fatal(err)
		}
	}
	done := contend(func(i int) error {
		if _, err := db.Exec(t.Context(), `UPDATE counter SET n = n + 1 WHERE id = $1`, i%8); err != nil {
			return err
		}
		rows, err := db.Query(t.Context(), `SELECT id, n, note FROM counter WHERE n >= 0 ORDER BY id`)
		if err != nil {
			return err
		}
		all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
			ID, N int64
			Note  *string
		}])
		if err == nil && (len(all) != 8 || all[3].ID != 3 || all[0].Note != nil) {
			err = fmt.Errorf("read %v", all)
		}
		if err != nil {
			return err
		}
		var sum int64
		return crdb.InTx(t.Context(), db, func(ctx context.Context, tx crdb.Tx) error {
			if err := tx.QueryRow(ctx, `SELECT sum(n)::INT8 FROM counter`).Scan(&sum); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE counter SET note = $2 WHERE id = $1`, i%8, nil)
			return err
		})
	})
	var sum int64
	if err := db.QueryRow(t.Context(), `SELECT sum(n)::INT8 FROM counter`).Scan(&sum); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d tries again", db.Retries())
	if done != total || sum != total {
		t.Errorf("%d of %d went through, counted %d", done, total, sum)
	}
	if db.Retries() == 0 {
		t.Error("nothing had to be tried again, so nothing was tested")
	}
}
