package kittest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/kittest/sqltext"
)

func TestMain(m *testing.M) { kittest.Main(m) }

func TestPlatformStatements(t *testing.T) {
	for _, name := range []string{"crdb", "bus"} {
		t.Run(name, func(t *testing.T) {
			kittest.Prepare(t, sqltext.Folder{Dir: filepath.Join("..", name)})
		})
	}
}

// What is checked is what is run.
func TestMigrationsAreCutWhereTheyRun(t *testing.T) {
	const dir = "../crdb/migrations"
	found, err := sqltext.Migrations(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, s := range found {
		got = append(got, s.SQL)
	}
	files, err := filepath.Glob(dir + "/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, crdb.Statements(string(text))...)
	}
	if d := cmp.Diff(want, got); d != "" || len(got) == 0 {
		t.Errorf("statements (-run +found):\n%s", d)
	}
}
