package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var shop = func() schema {
	s := schema{}
	s.learn(`CREATE TABLE IF NOT EXISTS thing (id UUID PRIMARY KEY, name TEXT NOT NULL, price INT8 NOT NULL, seen_at TIMESTAMPTZ)`)
	return s
}()

func TestGood(t *testing.T) {
	for _, sql := range []string{
		`SELECT id, name FROM thing WHERE id = ANY($1::uuid[]) ORDER BY name, id LIMIT $2`,
		`SELECT id FROM thing ORDER BY seen_at DESC NULLS LAST`,
		`SELECT count(*) FROM thing`,
		`SELECT t.id FROM thing AS t JOIN other AS o ON o.id = t.id ORDER BY o.seen_at`,
		`SELECT id FROM thing ORDER BY id FOR UPDATE SKIP LOCKED`,
		`SELECT price::DECIMAL / 2 FROM thing`,
		`SELECT name, row_number() OVER (PARTITION BY name ORDER BY id) FROM thing`,
		`INSERT INTO thing (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE thing.name <> excluded.name RETURNING id`,
		`INSERT INTO thing (id, name) SELECT n.id, n.name FROM unnest($1::uuid[], $2::text[]) AS n (id, name) ON CONFLICT DO NOTHING`,
		`WITH gone AS (DELETE FROM thing WHERE id = $1 RETURNING name) INSERT INTO log (name) SELECT name FROM gone`,
		`UPDATE thing SET name = n.name FROM unnest($1::uuid[], $2::text[]) AS n (id, name) WHERE thing.id = n.id`,
		`DELETE FROM thing WHERE seen_at < now() - $1::INTERVAL`,
		`SHOW default_transaction_isolation`,
		`SET LOCAL statement_timeout = '1s'`,
		`SAVEPOINT here`,
		`CREATE TABLE IF NOT EXISTS a (id UUID, n INT4 NOT NULL CHECK (n > 0), d DECIMAL(10, 2), j JSONB, up TEXT GENERATED ALWAYS AS (upper(t)) STORED, t TEXT, CONSTRAINT a_key PRIMARY KEY (id), UNIQUE (n), FOREIGN KEY (id) REFERENCES thing (id))`,
		`CREATE UNIQUE INDEX IF NOT EXISTS a_n ON a (n) INCLUDE (d) WHERE n > 1`,
		`CREATE INDEX IF NOT EXISTS a_j ON a USING GIN (j)`,
		`CREATE INDEX IF NOT EXISTS a_l ON a (lower(t))`,
		`ALTER TABLE thing ADD COLUMN IF NOT EXISTS note TEXT NOT NULL DEFAULT ''`,
		`ALTER TABLE thing DROP CONSTRAINT IF EXISTS positive`,
		`ALTER TABLE thing ADD CONSTRAINT positive CHECK (price > 0)`,
		`DROP TABLE IF EXISTS thing`,
	} {
		if reasons := examine(sql, shop); len(reasons) > 0 {
			t.Errorf("%s: %q, want nothing", sql, reasons)
		}
	}
}

func TestBad(t *testing.T) {
	for sql, want := range map[string]string{
		`SELEC 1`:                                               "syntax error",
		`SELECT * FROM thing`:                                   "name the columns",
		`SELECT t.* FROM thing AS t`:                            "name the columns",
		`DELETE FROM thing RETURNING *`:                         "name the columns",
		`SELECT id FROM thing; SELECT 1`:                        "expected 1 statement",
		`SELECT id FROM thing ORDER BY seen_at`:                 "may be NULL",
		`SELECT t.id FROM thing AS t ORDER BY t.seen_at`:        "may be NULL",
		`SELECT price / 2 FROM thing`:                           "3.5",
		`SELECT price // 2 FROM thing`:                          "// is CockroachDB's",
		`SELECT id FROM thing AS OF SYSTEM TIME '-5s'`:          "AS OF SYSTEM TIME",
		`SELECT id FROM thing@thing_name`:                       "index hints",
		`SELECT a.id FROM thing AS a INNER HASH JOIN b ON true`: "join hints",
		`SELECT id FROM [DELETE FROM thing RETURNING id]`:       "use WITH",
		`SELECT pg_advisory_xact_lock(1)`:                       "advisory",
		`SELECT id FROM thing WHERE pg_try_advisory_lock(1)`:    "advisory",
		`SELECT pg_notify('a', 'b')`:                            "outbox",
		`SELECT nextval('s')`:                                   "hot range",
		`SELECT unique_rowid()`:                                 "made in Go",
		`SELECT crdb_internal.cluster_id()`:                     "CockroachDB's",
		`SELECT $1::INT`:                                        "INT8 or INT4",
		`SELECT $1:::INT8`:                                      "use ::",
		`SELECT $1::TIMESTAMP`:                                  "TIMESTAMPTZ",
		`SELECT $1::INET`:                                       "differs",
		`SELECT $1::mood`:                                       "not built in",
		`SELECT name COLLATE de FROM thing`:                     "collations",
		`SELECT IF(true, 1, 2)`:                                 "CASE",
		`UPSERT INTO thing (id) VALUES ($1)`:                    "UPSERT",
		`INSERT INTO thing VALUES ($1)`:                         "name the columns",
		`INSERT INTO thing (id) VALUES ($1) ON CONFLICT ON CONSTRAINT k DO NOTHING`:                         "ON CONSTRAINT",
		`UPDATE thing SET name = '' ORDER BY id LIMIT 1`:                                                    "subquery",
		`DELETE FROM thing ORDER BY id LIMIT 1`:                                                             "subquery",
		`WITH a AS (DELETE FROM thing WHERE id = $1 RETURNING id) UPDATE thing SET name = '' WHERE id = $2`: "2 times",
		`LISTEN thing`:     "syntax error",
		`NOTIFY thing`:     "syntax error",
		`LOCK TABLE thing`: "syntax error",
		`MERGE INTO thing USING b ON true WHEN MATCHED THEN DO NOTHING`: "syntax error",
		`COPY thing (id) FROM STDIN`:                                    "not in the dialect",
		`TRUNCATE thing`:                                                "not in the dialect",
		`SET TRANSACTION ISOLATION LEVEL READ COMMITTED`:                "not in the dialect",
		`SET statement_timeout = '1s'`:                                  "only SET LOCAL",
		`SET LOCAL enable_seqscan = off`:                                "only SET LOCAL",
		`SAVEPOINT cockroach_restart`:                                   "crdb.InTx",
		`RELEASE SAVEPOINT cockroach_restart`:                           "crdb.InTx",
		`BEGIN`:                                                         "crdb.InTx",
		`CREATE TYPE mood AS ENUM ('happy')`:                            "not in the dialect",
		`CREATE SEQUENCE s`:                                             "not in the dialect",
		`CREATE EXTENSION pg_trgm`:                                      "not in the dialect",
		`CREATE FUNCTION f() RETURNS INT8 LANGUAGE SQL AS 'SELECT 1'`:   "not in the dialect",
		`CREATE TRIGGER tr AFTER INSERT ON thing FOR EACH ROW EXECUTE FUNCTION f()`:                              "not in the dialect",
		`CREATE TABLE a (id UUID PRIMARY KEY)`:                                                                   "IF NOT EXISTS",
		`CREATE TABLE IF NOT EXISTS a (id UUID)`:                                                                 "PRIMARY KEY",
		`CREATE TABLE IF NOT EXISTS a (id SERIAL PRIMARY KEY)`:                                                   "SERIAL",
		`CREATE TABLE IF NOT EXISTS a (id INT8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY)`:                        "IDENTITY",
		`CREATE TABLE IF NOT EXISTS a (id INT PRIMARY KEY)`:                                                      "INT8 or INT4",
		`CREATE TABLE IF NOT EXISTS a (id INTEGER PRIMARY KEY)`:                                                  "INT8 or INT4",
		`CREATE TABLE IF NOT EXISTS a (id UUID PRIMARY KEY, m mood)`:                                             "not built in",
		`CREATE TABLE IF NOT EXISTS a (id UUID PRIMARY KEY, m VARCHAR(3))`:                                       "TEXT with a CHECK",
		`CREATE TABLE IF NOT EXISTS a (id UUID PRIMARY KEY, t TIMESTAMP)`:                                        "TIMESTAMPTZ",
		`CREATE TABLE IF NOT EXISTS a (id UUID PRIMARY KEY, t INTERVAL)`:                                         "INTERVAL",
		`CREATE TABLE IF NOT EXISTS a (id UUID PRIMARY KEY, v INT8 AS (1) VIRTUAL)`:                              "STORED",
		`CREATE TABLE IF NOT EXISTS a (id UUID PRIMARY KEY, INDEX (id))`:                                         "CREATE INDEX",
		`CREATE TABLE IF NOT EXISTS a (id UUID PRIMARY KEY, FAMILY (id))`:                                        "families",
		`CREATE TABLE IF NOT EXISTS a (id UUID PRIMARY KEY USING HASH)`:                                          "hash-sharded",
		`CREATE TABLE IF NOT EXISTS a (id UUID PRIMARY KEY) LOCALITY GLOBAL`:                                     "migrations/cockroach",
		`CREATE TABLE IF NOT EXISTS a (id UUID PRIMARY KEY) WITH (ttl_expire_after = '1h')`:                      "migrations/cockroach",
		`CREATE UNLOGGED TABLE IF NOT EXISTS a (id UUID PRIMARY KEY)`:                                            "unlogged",
		`CREATE TABLE IF NOT EXISTS a AS SELECT id FROM thing`:                                                   "mixes",
		`CREATE TABLE IF NOT EXISTS a (LIKE thing)`:                                                              "LIKE",
		`CREATE TABLE IF NOT EXISTS a (id UUID PRIMARY KEY REFERENCES thing (id) DEFERRABLE INITIALLY DEFERRED)`: "syntax error",
		`CREATE INDEX i ON thing (name)`:                                                                         "IF NOT EXISTS",
		`CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON thing (name)`:                                              "CONCURRENTLY",
		`CREATE INDEX IF NOT EXISTS i ON thing (name) USING HASH`:                                                "hash-sharded",
		`CREATE INDEX IF NOT EXISTS i ON thing USING GIN (name) INCLUDE (id)`:                                    "GIN",
		`ALTER TABLE thing ADD COLUMN a TEXT`:                                                                    "IF NOT EXISTS",
		`ALTER TABLE thing ADD COLUMN IF NOT EXISTS a TEXT NOT NULL`:                                             "without DEFAULT",
		`ALTER TABLE thing ADD COLUMN IF NOT EXISTS a INT NULL`:                                                  "INT8 or INT4",
		`ALTER TABLE thing DROP COLUMN a`:                                                                        "IF EXISTS",
		`ALTER TABLE thing ALTER COLUMN name TYPE BYTEA`:                                                         "changing a type",
		`ALTER TABLE thing RENAME COLUMN name TO title`:                                                          "new name",
		`ALTER TABLE thing RENAME TO things`:                                                                     "dialect",
		`ALTER TABLE thing SET LOCALITY GLOBAL`:                                                                  "dialect",
		`DROP TABLE thing`:                                                                                       "IF EXISTS",
		`DROP INDEX i`:                                                                                           "IF EXISTS",
	} {
		if got := strings.Join(examine(sql, shop), "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

func TestCheckoutIsRead(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("kit/crdb/x.go", "package crdb\n\nconst a = `SELECT 1`\n\nconst restart = `SAVEPOINT cockroach_restart`\n")
	write("kit/bus/x.go", "package bus\n")
	write("services/toy/internal/toydb/migrations/1.sql", "CREATE TABLE IF NOT EXISTS toy (\n\tid UUID PRIMARY KEY,\n\told TEXT\n);\n\nCREATE TABLE toy2 (id UUID PRIMARY KEY);\n")
	write("services/toy/internal/toydb/migrations/cockroach/1.sql", "ALTER TABLE toy SET LOCALITY GLOBAL;\n\nALTER TABLE toy SET NONSENSE;\n")
	write("services/toy/internal/toydb/x.go", "package toydb\n\nconst from = ` FROM toy`\n\nconst a = `SELECT id` + from + ` ORDER BY old`\n\nfunc f(t string) string { return `DELETE FROM ` + t }\n")
	write("services/toy/internal/toy/x.go", "package toy\n\nconst a = `SELECT 1`\n")
	var out bytes.Buffer
	bad, err := check(root, &out)
	if err != nil || !bad {
		t.Fatalf("check: %v, %v, want it bad", bad, err)
	}
	want := []string{
		"services/toy/internal/toydb/migrations/1.sql:6: CREATE TABLE toy2 (id UUID PRIMARY KEY): CREATE TABLE wants IF NOT EXISTS",
		"services/toy/internal/toydb/migrations/cockroach/1.sql:3: ALTER TABLE toy SET NONSENSE: ",
		"services/toy/internal/toydb/x.go:5: SELECT id FROM toy ORDER BY old: ORDER BY old, which may be NULL",
		"services/toy/internal/toydb/x.go:7: DELETE FROM: is put together while running",
		"services/toy/internal/toy/x.go:3: SELECT 1: SQL belongs into the service's db package, or beside migrations",
		"8 statements read, 5 wrong",
	}
	for i, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if i >= len(want) || !strings.HasPrefix(line, want[i]) {
			t.Errorf("line %d is\n%s\nwant\n%s", i+1, line, strings.Join(want[min(i, len(want)):], "\n"))
		}
	}
}
