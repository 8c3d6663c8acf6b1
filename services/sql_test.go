package services_test

import (
	"path/filepath"
	"testing"

	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/kittest/sqltext"
)

func TestMain(m *testing.M) { kittest.Main(m) }

// Every service's statements fit its own tables, on a real database.
func TestStatements(t *testing.T) {
	folders, err := sqltext.Folders("..")
	if err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, f := range folders {
		if f.Migrations == "" || filepath.Base(f.Dir) == "crdb" {
			continue // kit/kittest has these
		}
		tested++
		t.Run(filepath.Base(f.Dir), func(t *testing.T) { kittest.Prepare(t, f) })
	}
	if tested < 8 {
		t.Errorf("found the SQL of %d services, want at least 8", tested)
	}
}
