package crdb

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

//go:embed migrations/*.sql
var platform embed.FS

const (
	createLedger = `CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT NOT NULL, step INT8 NOT NULL, applied_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (name, step))`
	readLedger   = `SELECT count(*) FROM schema_migrations WHERE name = $1 AND step = $2`
	noteLedger   = `INSERT INTO schema_migrations (name, step, applied_at) VALUES ($1, $2, now()) ON CONFLICT (name, step) DO NOTHING`
)

// Migrate brings the database up to date: the platform's tables, then the *.sql
// files of fsys in the order of their names. Each statement runs by itself,
// outside transactions, and is noted; run again, it is passed over. Statements
// are idempotent, so one that was done but not noted does no harm.
func Migrate(ctx context.Context, db *DB, fsys fs.FS) error {
	if _, err := db.Exec(ctx, createLedger); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	own, err := fs.Sub(platform, "migrations")
	if err != nil {
		return err
	}
	if err := migrateAll(ctx, db, "platform/", own); err != nil {
		return err
	}
	return migrateAll(ctx, db, "", fsys)
}

func migrateAll(ctx context.Context, db *DB, prefix string, fsys fs.FS) error {
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		for i, statement := range Statements(string(text)) {
			if err := step(ctx, db, prefix+name, i, statement); err != nil {
				return fmt.Errorf("migration %s, statement %d: %w", path.Join(prefix, name), i+1, err)
			}
		}
	}
	return nil
}

func step(ctx context.Context, db *DB, name string, i int, statement string) error {
	var done int
	if err := db.QueryRow(ctx, readLedger, name, i).Scan(&done); err != nil || done > 0 {
		return err
	}
	if _, err := db.Exec(ctx, statement); err != nil {
		return err
	}
	_, err := db.Exec(ctx, noteLedger, name, i)
	return err
}

// Statements splits the text of a migration. A statement ends with a semicolon
// at the end of a line; lines that begin with -- are comments.
func Statements(text string) []string {
	var all []string
	var current strings.Builder
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "--") {
			continue
		}
		current.WriteString(line)
		if strings.HasSuffix(trimmed, ";") {
			all = append(all, strings.TrimSuffix(strings.TrimSpace(current.String()), ";"))
			current.Reset()
		}
	}
	if rest := strings.TrimSpace(current.String()); rest != "" {
		all = append(all, rest)
	}
	return all
}
