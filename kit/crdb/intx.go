package crdb

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/cockroachdb/cockroach-go/v2/crdb"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/kit/fault"
)

// maxRetries is how often a transaction is run again before the caller is told
// to come back later.
const maxRetries = 100

var errContended = fault.New(fault.Busy, "contended", "Too many people are doing this right now; please try again.")

type txKey struct{ db *DB }

// InTx runs fn in a transaction and commits it; nil means that it is committed.
// The database may ask for another try, so fn can run more than once and must do
// nothing but SQL. Within fn, InTx on the same database joins the transaction:
// pass on the context that fn was given.
func InTx(ctx context.Context, db *DB, fn func(ctx context.Context, tx Tx) error) error {
	if outer, ok := ctx.Value(txKey{db}).(Tx); ok {
		return fn(ctx, outer)
	}
	if db.storm != nil {
		ctx = db.storm.Enter(ctx, chaos.Place(ctx, db.name+"/other"))
	}
	a := &adapter{db: db}
	if err := a.begin(ctx); err != nil {
		return err
	}
	err := crdb.ExecuteInTx(crdb.WithMaxRetries(ctx, maxRetries), a, func() error {
		return retryable(fn(context.WithValue(ctx, txKey{db}, a.tx), a.tx))
	})
	if err == nil {
		db.committed()
		return db.pass(ctx, "after-commit")
	}
	var worn *crdb.MaxRetriesExceededError
	if errors.As(err, &worn) {
		return errContended.Because(err)
	}
	return err
}

// pass is before or after a commit, where things go wrong when they are meant to.
func (db *DB) pass(ctx context.Context, moment string) error {
	if db.storm == nil {
		return nil
	}
	return db.storm.Pass(ctx, chaos.Place(ctx, db.name), moment, chaos.Die, chaos.Lose, chaos.Delay)
}

// adapter lets cockroach-go's loop drive whole transactions.
type adapter struct {
	db    *DB
	tx    Tx // nil when none could be begun again
	tries int
}

func (a *adapter) begin(ctx context.Context) error {
	tx, err := a.db.Begin(ctx)
	if err != nil {
		return err
	}
	a.tx = tx
	return nil
}

// Exec implements crdb.Tx. These three statements are all that the loop sends.
func (a *adapter) Exec(ctx context.Context, q string, _ ...any) error {
	switch q {
	case "SAVEPOINT cockroach_restart":
		return nil
	case "RELEASE SAVEPOINT cockroach_restart":
		if err := a.db.pass(ctx, "before-commit"); err != nil {
			return err
		}
		return retryable(a.tx.Commit(ctx))
	case "ROLLBACK TO SAVEPOINT cockroach_restart":
		return a.again(ctx)
	}
	return errors.New("crdb: the retry loop sent an unknown statement: " + q)
}

func (a *adapter) again(ctx context.Context) error {
	_ = a.tx.Rollback(ctx) // it has failed already
	a.tx = nil
	a.tries++
	a.db.retry(ctx)
	if err := pause(ctx, a.tries); err != nil {
		return err
	}
	return a.begin(ctx)
}

// pause waits a random while that grows with the tries, up to 100 ms.
func pause(ctx context.Context, tries int) error {
	most := min(time.Millisecond<<min(tries, 7), 100*time.Millisecond)
	timer := time.NewTimer(rand.N(most))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Commit implements crdb.Tx: RELEASE has committed already.
func (a *adapter) Commit(context.Context) error { return nil }

// Rollback implements crdb.Tx. The transaction ends even when ctx has.
func (a *adapter) Rollback(ctx context.Context) error {
	if a.tx == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return a.tx.Rollback(ctx)
}

// retryable marks errors that go away when the transaction is run again, beside
// those that cockroach-go knows: PostgreSQL's deadlocks, and plans that a
// migration has made old.
func retryable(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	const stalePlan = "cached plan must not change result type"
	if pg.Code == "40P01" || pg.Code == "0A000" && pg.Message == stalePlan {
		return restart{err}
	}
	return err
}

type restart struct{ error }

// SQLState tells cockroach-go to try again.
func (restart) SQLState() string { return "40001" }

func (r restart) Unwrap() error { return r.error }

// Unique returns the constraint that a duplicate violated.
func Unique(err error) (constraint string, ok bool) { return violated(err, "23505") }

// Check returns the CHECK constraint that a row violated.
func Check(err error) (constraint string, ok bool) { return violated(err, "23514") }

// Unwritable tells whether a text in a statement has a character that no database
// of ours keeps: NUL.
func Unwritable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "22021" || pg.Code == "22P05")
}

// refused tells whether the database refused a statement: then it takes no more in
// this transaction.
func refused(err error) bool {
	var state interface{ SQLState() string }
	return errors.As(err, &state)
}

// Malformed tells whether the database refused the values of a statement (SQL's
// classes 22 and 23): the same again is refused again.
func Malformed(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23"))
}

func violated(err error, code string) (string, bool) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == code {
		return pg.ConstraintName, true
	}
	return "", false
}
