// Package maildb keeps deliveries in SQL.
package maildb

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/notification/internal/mail"
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

// Store implements mail.Outbox.
type Store struct {
	db *crdb.DB
	// Mails that are sent at once are settled at once.
	shared *crdb.Shared
}

// New returns a store. Wait for it when nobody calls it any more.
func New(db *crdb.DB) *Store { return &Store{db, crdb.NewShared(db)} }

// Wait returns when no transaction is under way.
func (s *Store) Wait() { s.shared.Wait() }

const insertDelivery = `INSERT INTO delivery (id, event_id, recipient, template, subject, letter, state, attempts, last_error, created_at, sent_at, due_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, 0, '', $8, NULL, $9) ON CONFLICT (event_id) DO NOTHING`

// Queue implements mail.Outbox.
func (s *Store) Queue(ctx context.Context, event string, d mail.Delivery) error {
	letter, err := json.Marshal(d.Letter)
	if err != nil {
		return err
	}
	return crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		_, err := tx.Exec(ctx, insertDelivery, uuid.NewString(), event, d.Recipient, d.Template, d.Subject, letter, d.State, d.Created, d.Due)
		return err
	})
}

const (
	listDeliveries = `SELECT id::TEXT, recipient, template, subject, letter, state, attempts, last_error, created_at, sent_at, due_at FROM delivery
		WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3`
	listRecipient = `SELECT id::TEXT, recipient, template, subject, letter, state, attempts, last_error, created_at, sent_at, due_at FROM delivery
		WHERE lower(recipient) = lower($4) AND (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3`
)

// newest is a place that everything is older than.
var newest = mail.Place{Created: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ID: uuid.Max.String()}

// List implements mail.Outbox.
func (s *Store) List(ctx context.Context, recipient string, before *mail.Place, most int) ([]mail.Delivery, error) {
	if before == nil {
		before = &newest
	}
	if _, err := uuid.Parse(before.ID); err != nil {
		return nil, mail.ErrPageToken
	}
	if recipient == "" {
		return scanAll(s.db.Query(ctx, listDeliveries, before.Created, before.ID, most))
	}
	return scanAll(s.db.Query(ctx, listRecipient, before.Created, before.ID, most, recipient))
}

const (
	readDelivery = `SELECT id::TEXT, recipient, template, subject, letter, state, attempts, last_error, created_at, sent_at, due_at FROM delivery
		WHERE id = $1 FOR UPDATE`
	writeDelivery = `UPDATE delivery SET state = $2, attempts = $3, last_error = $4, sent_at = $5, due_at = $6 WHERE id = $1`
)

// Change implements mail.Outbox.
func (s *Store) Change(ctx context.Context, id string, f func(*mail.Delivery) error) (mail.Delivery, error) {
	if _, err := uuid.Parse(id); err != nil {
		return mail.Delivery{}, mail.ErrNoDelivery
	}
	return crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (mail.Delivery, error) {
		d, err := scan(tx.QueryRow(ctx, readDelivery, id))
		if err != nil {
			return d, err
		}
		if err := f(&d); err != nil {
			return d, err
		}
		_, err = tx.Exec(ctx, writeDelivery, id, d.State, d.Attempts, d.LastError, sentAt(d), d.Due)
		return d, err
	})
}

const dropDeliveries = `DELETE FROM delivery WHERE created_at < $1 AND state <> 'queued'`

// Sweep forgets deliveries that ended and were begun before then.
func (s *Store) Sweep(ctx context.Context, then time.Time) error {
	_, err := s.db.Exec(ctx, dropDeliveries, then)
	return err
}

func sentAt(d mail.Delivery) *time.Time {
	if d.Sent.IsZero() {
		return nil
	}
	return &d.Sent
}

func scan(row pgx.Row) (mail.Delivery, error) {
	var d mail.Delivery
	var letter []byte
	var sent *time.Time
	err := row.Scan(&d.ID, &d.Recipient, &d.Template, &d.Subject, &letter, &d.State, &d.Attempts, &d.LastError, &d.Created, &sent, &d.Due)
	if errors.Is(err, pgx.ErrNoRows) {
		return d, mail.ErrNoDelivery
	}
	if err != nil {
		return d, err
	}
	if sent != nil {
		d.Sent = sent.UTC()
	}
	d.Created, d.Due = d.Created.UTC(), d.Due.UTC()
	return d, json.Unmarshal(letter, &d.Letter)
}

func scanAll(rows pgx.Rows, err error) ([]mail.Delivery, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []mail.Delivery
	for rows.Next() {
		d, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, rows.Err()
}
