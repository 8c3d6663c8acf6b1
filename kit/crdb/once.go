package crdb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/fault"
)

// Key is what a client calls one thing that it means to do, however often it
// has to ask.
type Key struct {
	// Which call, and whose.
	Procedure, Subject string
	// The client's own word.
	Key string
	// Of the request: the same key with other content is refused.
	Hash [32]byte
}

type keyKey struct{}

// WithKey returns a context whose first write is done once for key.
func WithKey(ctx context.Context, key Key) context.Context {
	return context.WithValue(ctx, keyKey{}, key)
}

// KeyFrom returns the key of a context.
func KeyFrom(ctx context.Context) (Key, bool) {
	k, ok := ctx.Value(keyKey{}).(Key)
	return k, ok
}

var errReused = fault.New(fault.Refused, "idempotency_key_reused", "This idempotency key was used for another request; use a new one.")

const (
	findAnswer = `SELECT hash, result FROM idempotency WHERE procedure = $1 AND subject = $2 AND key = $3`
	keepAnswer = `INSERT INTO idempotency (procedure, subject, key, hash, result, created_at) VALUES ($1, $2, $3, $4, $5, now())`
)

// Once runs fn in a transaction like InTx. When ctx has a key, fn's result is
// kept with its writes, and a later call with the same key gets that result
// without running fn. What fn returns must survive JSON. An error keeps nothing.
func Once[T any](ctx context.Context, db *DB, fn func(ctx context.Context, tx Tx) (T, error)) (T, error) {
	key, keyed := KeyFrom(ctx)
	// Only the first write of a call stands for the call.
	inner := context.WithValue(ctx, keyKey{}, nil)
	var result T
	err := InTx(inner, db, func(ctx context.Context, tx Tx) (err error) {
		if keyed {
			known, err := recall(ctx, tx, key, &result)
			if known || err != nil {
				return err
			}
		}
		if result, err = fn(ctx, tx); err != nil || !keyed {
			return err
		}
		kept, err := json.Marshal(result)
		if err != nil {
			return fmt.Errorf("keep answer of %s: %w", key.Procedure, err)
		}
		_, err = tx.Exec(ctx, keepAnswer, key.Procedure, key.Subject, key.Key, key.Hash[:], kept)
		return err
	})
	if constraint, ok := Unique(err); ok && constraint == "idempotency_pkey" {
		// Somebody with the same key was faster: theirs is the answer.
		err = InTx(inner, db, func(ctx context.Context, tx Tx) error {
			_, err := recall(ctx, tx, key, &result)
			return err
		})
	}
	if err != nil {
		var none T
		return none, err
	}
	return result, nil
}

func recall(ctx context.Context, tx Tx, key Key, into any) (known bool, err error) {
	var hash, kept []byte
	err = tx.QueryRow(ctx, findAnswer, key.Procedure, key.Subject, key.Key).Scan(&hash, &kept)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case !bytes.Equal(hash, key.Hash[:]):
		return true, errReused
	}
	return true, json.Unmarshal(kept, into)
}

// How long answers and handled events are remembered. Longer than any client
// retries, and than any stream keeps its messages.
const (
	keepAnswers = 7 * 24 * time.Hour
	keepHandled = 30 * 24 * time.Hour
)

const (
	sweepAnswers = `DELETE FROM idempotency WHERE created_at < $1`
	sweepInbox   = `DELETE FROM inbox WHERE handled_at < $1`
)

// Sweep forgets answers and handled events that are too old to be asked for.
func Sweep(ctx context.Context, db *DB, now time.Time) error {
	if _, err := db.Exec(ctx, sweepAnswers, now.Add(-keepAnswers)); err != nil {
		return err
	}
	_, err := db.Exec(ctx, sweepInbox, now.Add(-keepHandled))
	return err
}
