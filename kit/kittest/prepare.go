package kittest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/souk-commerce/souk/kit/kittest/sqltext"
)

// Prepare migrates a database with the folder's migrations and has it PREPARE
// every statement of the package, so that no table, column or type in them is a
// slip of the pen.
func Prepare(t *testing.T, folder sqltext.Folder) {
	t.Helper()
	statements, err := sqltext.Constants(folder.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var migrations fs.FS = fstest.MapFS(nil)
	if folder.Migrations != "" {
		migrations = os.DirFS(folder.Migrations)
	}
	if len(statements) == 0 {
		t.Errorf("%s: no statement found", folder.Dir)
	}
	db := DB(t, migrations)
	conn, err := db.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for i, s := range statements {
		if s.Unknown != "" || !prepares(s.SQL) {
			continue
		}
		if _, err := conn.Conn().Prepare(t.Context(), fmt.Sprint("statement", i), s.SQL); err != nil {
			t.Errorf("%s:%d: %v", filepath.Base(s.File), s.Line, err)
		}
	}
}

// prepares tells what PostgreSQL can PREPARE; the rest is run by the tests of its
// package.
func prepares(sql string) bool {
	switch strings.Fields(sql)[0] {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES":
		return true
	}
	return false
}
