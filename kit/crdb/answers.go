package crdb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Answers are for a crowd what Once is for one caller: the answers that were
// given to keys before, and those that are given now, kept with the writes of one
// transaction.
type Answers struct {
	known map[Key]answer // by keys without their hash
	fresh []Key
}

type answer struct{ hash, result []byte }

const findAnswers = `SELECT i.procedure, i.subject, i.key, i.hash, i.result FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[]) AS k (procedure, subject, key)
	JOIN idempotency AS i ON i.procedure = k.procedure AND i.subject = k.subject AND i.key = k.key`

// AnswersTo reads what was answered to keys.
func AnswersTo(ctx context.Context, tx Tx, keys []Key) (*Answers, error) {
	a := &Answers{known: map[Key]answer{}}
	if len(keys) == 0 {
		return a, nil
	}
	var procedures, subjects, words []string
	for _, k := range keys {
		procedures, subjects, words = append(procedures, k.Procedure), append(subjects, k.Subject), append(words, k.Key)
	}
	rows, err := tx.Query(ctx, findAnswers, procedures, subjects, words)
	if err != nil {
		return nil, err
	}
	var k Key
	var hash, result []byte
	_, err = pgx.ForEachRow(rows, []any{&k.Procedure, &k.Subject, &k.Key, &hash, &result}, func() error {
		a.known[k] = answer{bytes.Clone(hash), bytes.Clone(result)}
		return nil
	})
	return a, err
}

func (k Key) plain() Key { return Key{Procedure: k.Procedure, Subject: k.Subject, Key: k.Key} }

// To reads the answer that was given to a key, if one was. A key that was used for
// another request is refused.
func (a *Answers) To(k Key, into any) (known bool, err error) {
	given, ok := a.known[k.plain()]
	switch {
	case !ok:
		return false, nil
	case !bytes.Equal(given.hash, k.Hash[:]):
		return true, errReused
	}
	return true, json.Unmarshal(given.result, into)
}

// Give answers a key.
func (a *Answers) Give(k Key, result any) error {
	text, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("keep answer of %s: %w", k.Procedure, err)
	}
	a.known[k.plain()] = answer{k.Hash[:], text}
	a.fresh = append(a.fresh, k.plain())
	return nil
}

const keepAll = `INSERT INTO idempotency (procedure, subject, key, hash, result, created_at)
	SELECT a.procedure, a.subject, a.key, a.hash, a.result::JSONB, now()
	FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::BYTEA[], $5::TEXT[]) AS a (procedure, subject, key, hash, result)`

// Keep writes the answers that were given now.
func (a *Answers) Keep(ctx context.Context, tx Tx) error {
	if len(a.fresh) == 0 {
		return nil
	}
	var procedures, subjects, words, results []string
	var hashes [][]byte
	for _, k := range a.fresh {
		given := a.known[k]
		procedures, subjects, words = append(procedures, k.Procedure), append(subjects, k.Subject), append(words, k.Key)
		hashes, results = append(hashes, given.hash), append(results, string(given.result))
	}
	_, err := tx.Exec(ctx, keepAll, procedures, subjects, words, hashes, results)
	return err
}
