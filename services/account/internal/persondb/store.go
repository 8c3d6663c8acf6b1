// Package persondb keeps people in SQL.
package persondb

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/account/internal/person"
)

//go:embed migrations
var migrations embed.FS

// Migrations returns the SQL that both databases run.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err)
	}
	return sub
}

// Store implements person.Book.
type Store struct{ db *crdb.DB }

// New returns a store.
func New(db *crdb.DB) *Store { return &Store{db} }

const insertAccount = `INSERT INTO account (id, email, name, role, password, created_at) VALUES ($1, $2, $3, $4, $5, $6)`

// Register implements person.Book.
func (s *Store) Register(ctx context.Context, a person.Account) (person.Account, error) {
	kept, err := crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (person.Account, error) {
		if _, err := tx.Exec(ctx, insertAccount, a.ID, a.Email, a.Name, a.Role, a.Password, a.Created); err != nil {
			return person.Account{}, err
		}
		return withoutPassword(a), bus.Put(ctx, tx, person.TopicRegistered, a.ID, person.Registered{ID: a.ID, Email: a.Email, Name: a.Name})
	})
	if constraint, ok := crdb.Unique(err); ok && constraint == "account_email" {
		return person.Account{}, person.ErrEmailTaken
	}
	return kept, err
}

// withoutPassword keeps the hash out of stored answers.
func withoutPassword(a person.Account) person.Account {
	a.Password = ""
	return a
}

const (
	accountByEmail = `SELECT id::TEXT, email, name, role, password, created_at FROM account WHERE email = $1`
	accountByID    = `SELECT id::TEXT, email, name, role, password, created_at FROM account WHERE id = $1`
	renameAccount  = `UPDATE account SET name = $2 WHERE id = $1 RETURNING id::TEXT, email, name, role, password, created_at`
	setPassword    = `UPDATE account SET password = $2 WHERE id = $1`
	endOthers      = `UPDATE session SET ended = true WHERE subject = $1 AND id::TEXT <> $2`
)

func scanAccount(row pgx.Row) (person.Account, error) {
	var a person.Account
	err := row.Scan(&a.ID, &a.Email, &a.Name, &a.Role, &a.Password, &a.Created)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, person.ErrNoAccount
	}
	return a, err
}

// ByEmail implements person.Book.
func (s *Store) ByEmail(ctx context.Context, email string) (person.Account, error) {
	return scanAccount(s.db.QueryRow(ctx, accountByEmail, email))
}

// ByID implements person.Book.
func (s *Store) ByID(ctx context.Context, id string) (person.Account, error) {
	return scanAccount(s.db.QueryRow(ctx, accountByID, id))
}

// Rename implements person.Book.
func (s *Store) Rename(ctx context.Context, id, name string) (person.Account, error) {
	return crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (person.Account, error) {
		a, err := scanAccount(tx.QueryRow(ctx, renameAccount, id, name))
		return withoutPassword(a), err
	})
}

// SetPassword implements person.Book.
func (s *Store) SetPassword(ctx context.Context, id, hash, keepSession string) error {
	_, err := crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (struct{}, error) {
		if _, err := tx.Exec(ctx, setPassword, id, hash); err != nil {
			return struct{}{}, err
		}
		_, err := tx.Exec(ctx, endOthers, id, keepSession)
		return struct{}{}, err
	})
	return err
}

const (
	insertSession = `INSERT INTO session (id, subject, role, guest, current, previous, rotated_at, expires_at, ended) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, false)`
	readSession   = `SELECT id::TEXT, subject::TEXT, role, guest, current, previous, rotated_at, expires_at, ended FROM session WHERE id = $1 FOR UPDATE`
	writeSession  = `UPDATE session SET current = $2, previous = $3, rotated_at = $4, expires_at = $5, ended = $6 WHERE id = $1`
	dropSessions  = `DELETE FROM session WHERE expires_at < $1`
)

// Begin implements person.Book.
func (s *Store) Begin(ctx context.Context, n person.Session) error {
	return crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		_, err := tx.Exec(ctx, insertSession, n.ID, n.Subject, n.Role, n.Guest, n.Current, []byte{}, n.Rotated, n.Expires)
		return err
	})
}

// Change implements person.Book.
func (s *Store) Change(ctx context.Context, id string, f func(*person.Session) error) error {
	return crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		var n person.Session
		err := tx.QueryRow(ctx, readSession, id).Scan(&n.ID, &n.Subject, &n.Role, &n.Guest, &n.Current, &n.Previous, &n.Rotated, &n.Expires, &n.Ended)
		if errors.Is(err, pgx.ErrNoRows) {
			return person.ErrSession
		}
		if err != nil {
			return err
		}
		if err := f(&n); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, writeSession, id, n.Current, n.Previous, n.Rotated, n.Expires, n.Ended)
		return err
	})
}

// Sweep removes sessions that have expired.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	_, err := s.db.Exec(ctx, dropSessions, now)
	return err
}
