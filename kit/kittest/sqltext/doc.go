// Package sqltext finds the SQL of a checkout: constants in Go packages and
// statements in migrations, each with the place where it stands. It is what
// tools/sqlcheck parses and what kittest.Prepare asks a database about.
package sqltext

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Statement is one statement and where it stands.
type Statement struct {
	File string
	Line int
	SQL  string
	// Why nobody can check it, when that is so: it is put together while running.
	Unknown string
}

// Folder is a package that speaks SQL.
type Folder struct {
	Dir string
	// Its migrations; empty when it has none.
	Migrations string
}

// Folders returns the packages of a checkout that may hold SQL: those of services
// whose names end in db or that have migrations, and the two of kit that have
// tables of their own.
func Folders(root string) ([]Folder, error) {
	found, err := packages(filepath.Join(root, "services"))
	if err != nil {
		return nil, err
	}
	var all []Folder
	for _, dir := range found {
		if f := folder(dir); f.speaks() {
			all = append(all, f)
		}
	}
	for _, dir := range []string{"kit/crdb", "kit/bus"} {
		all = append(all, folder(filepath.Join(root, dir)))
	}
	return all, nil
}

// Others returns the packages of services that should hold none.
func Others(root string) ([]string, error) {
	found, err := packages(filepath.Join(root, "services"))
	return slices.DeleteFunc(found, func(dir string) bool {
		return folder(dir).speaks()
	}), err
}

func (f Folder) speaks() bool {
	return f.Migrations != "" || strings.HasSuffix(filepath.Base(f.Dir), "db")
}

func folder(dir string) Folder {
	f := Folder{Dir: dir, Migrations: filepath.Join(dir, "migrations")}
	if _, err := os.Stat(f.Migrations); err != nil {
		f.Migrations = ""
	}
	return f
}

// packages returns the folders below one that hold Go files, in order.
func packages(below string) ([]string, error) {
	var all []string
	err := filepath.WalkDir(below, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "testdata" {
			return filepath.SkipDir
		}
		if dir := filepath.Dir(path); !d.IsDir() && isSource(d.Name()) && !slices.Contains(all, dir) {
			all = append(all, dir)
		}
		return nil
	})
	return all, err
}

func isSource(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
}
