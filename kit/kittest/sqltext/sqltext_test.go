package sqltext_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/souk-commerce/souk/kit/kittest/sqltext"
)

const source = `package thingdb

import "fmt"

const columns = "id, name"

const where = " WHERE id = $1"

const begin = "SELECT " + columns + " FROM "

const thing = begin + "thing" + where

const sentence = "Select a thing."

const notUsed = ` + "`\n\tDELETE FROM thing`" + `

func things(table string) []string {
	return []string{
		thing,
		"SELECT 1 FROM " + table,
		fmt.Sprintf("UPDATE %s SET a = 1", table),
		"INSERT INTO thing (id) VALUES ($1)",
	}
}
`

func TestConstants(t *testing.T) {
	file := filepath.Join(t.TempDir(), "thing.go")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := sqltext.Constants(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	want := []sqltext.Statement{
		{File: file, Line: 11, SQL: "SELECT id, name FROM thing WHERE id = $1"},
		{File: file, Line: 15, SQL: "\n\tDELETE FROM thing"},
		{File: file, Line: 21, SQL: "SELECT 1 FROM ", Unknown: "is put together while running; write it as a constant"},
		{File: file, Line: 22, SQL: "UPDATE %s SET a = 1", Unknown: "is put together by Sprintf; write it as a constant"},
		{File: file, Line: 23, SQL: "INSERT INTO thing (id) VALUES ($1)"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("constants (-want +got):\n%s", d)
	}
}

func TestMigrations(t *testing.T) {
	text := "-- a table\nCREATE TABLE a (\n\t-- its key\n\tid UUID\n);\n\nCREATE TABLE b (id UUID);\nSELECT 1"
	file := filepath.Join(t.TempDir(), "1.sql")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := sqltext.Migrations(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	var sql []string
	for _, s := range got {
		lines, sql = append(lines, s.Line), append(sql, s.SQL)
	}
	if d := cmp.Diff([]int{2, 7, 8}, lines); d != "" {
		t.Errorf("lines (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"CREATE TABLE a (\n\tid UUID\n)", "CREATE TABLE b (id UUID)", "SELECT 1"}, sql); d != "" {
		t.Errorf("statements (-want +got):\n%s", d)
	}
}

func TestFolders(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"services/toy/internal/toydb/store.go", "services/toy/internal/toydb/migrations/1.sql", "services/toy/internal/toy/toy.go", "kit/bus/put.go", "kit/crdb/open.go"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := sqltext.Folders(root)
	if err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(root, "services/toy/internal/toydb")
	want := []sqltext.Folder{{Dir: db, Migrations: filepath.Join(db, "migrations")}, {Dir: filepath.Join(root, "kit/crdb")}, {Dir: filepath.Join(root, "kit/bus")}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("folders (-want +got):\n%s", d)
	}
	others, err := sqltext.Others(root)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{filepath.Join(root, "services/toy/internal/toy")}, others); d != "" {
		t.Errorf("others (-want +got):\n%s", d)
	}
}
