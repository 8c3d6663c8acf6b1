// Command sqlcheck reads every SQL statement of a checkout with CockroachDB's
// parser and refuses what CockroachDB and PostgreSQL do not both do in the same
// way. (That tables and columns exist is asked of a real PostgreSQL, by
// kittest.Prepare.) What is in migrations/cockroach is CockroachDB's alone and is
// only parsed.
//
//	go -C tools/sqlcheck run . ../..
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/souk-commerce/souk/kit/kittest/sqltext"
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	bad, err := check(root, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sqlcheck:", err)
		os.Exit(2)
	}
	if bad {
		os.Exit(1)
	}
}

// check writes what is wrong in a checkout, and how much was read.
func check(root string, to io.Writer) (bad bool, err error) {
	r := report{root: root, to: to}
	folders, err := sqltext.Folders(root)
	if err != nil {
		return false, err
	}
	platform := schema{}
	if err := r.migrations(filepath.Join(root, "kit/crdb/migrations"), platform); err != nil {
		return false, err
	}
	for _, f := range folders {
		known := platform.clone()
		if f.Migrations != "" && filepath.Base(f.Dir) != "crdb" {
			if err := r.migrations(f.Migrations, known); err != nil {
				return false, err
			}
		}
		if err := r.constants(f.Dir, known); err != nil {
			return false, err
		}
	}
	if err := r.strays(); err != nil {
		return false, err
	}
	fmt.Fprintf(to, "%d statements read, %d wrong\n", r.read, r.wrong)
	return r.wrong > 0, nil
}

type report struct {
	root        string
	to          io.Writer
	read, wrong int
}

func (r *report) migrations(dir string, known schema) error {
	statements, err := sqltext.Migrations(dir)
	if err != nil {
		return err
	}
	for _, s := range statements {
		r.say(s, examine(s.SQL, known))
		known.learn(s.SQL)
	}
	cockroach, err := sqltext.Migrations(filepath.Join(dir, "cockroach"))
	for _, s := range cockroach {
		r.say(s, parseOnly(s.SQL))
	}
	return err
}

func (r *report) constants(dir string, known schema) error {
	statements, err := sqltext.Constants(dir)
	for _, s := range statements {
		if filepath.Base(dir) == "crdb" && strings.HasSuffix(s.SQL, " cockroach_restart") {
			continue // the words of cockroach-go's loop, which crdb.InTx translates
		}
		if s.Unknown != "" {
			r.say(s, []string{s.Unknown})
			continue
		}
		r.say(s, examine(s.SQL, known))
	}
	return err
}

// strays finds SQL in rooms of services that should hold none.
func (r *report) strays() error {
	others, err := sqltext.Others(r.root)
	if err != nil {
		return err
	}
	for _, dir := range others {
		statements, err := sqltext.Constants(dir)
		if err != nil {
			return err
		}
		for _, s := range statements {
			r.say(s, []string{"SQL belongs into the service's db package, or beside migrations"})
		}
	}
	return nil
}

func (r *report) say(s sqltext.Statement, reasons []string) {
	r.read++
	if len(reasons) > 0 {
		r.wrong++
	}
	file := s.File
	if rel, err := filepath.Rel(r.root, file); err == nil {
		file = rel
	}
	for _, reason := range reasons {
		fmt.Fprintf(r.to, "%s:%d: %s: %s\n", file, s.Line, beginning(s.SQL), reason)
	}
}

// beginning is enough of a statement to know it by.
func beginning(sql string) string {
	words := []rune(strings.Join(strings.Fields(sql), " "))
	if len(words) > 50 {
		return string(words[:50]) + "…"
	}
	return string(words)
}
