package sqltext

import (
	"os"
	"path/filepath"
	"strings"
)

// Migrations returns the statements of the *.sql files in a folder, in order.
func Migrations(dir string) ([]Statement, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil {
		return nil, err
	}
	var all []Statement
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		all = append(all, split(file, string(text))...)
	}
	return all, nil
}

// split cuts where crdb.Statements does, which runs what is found here.
func split(file, text string) (all []Statement) {
	var current strings.Builder
	first, number := 0, 0
	end := func() {
		if sql := strings.TrimSuffix(strings.TrimSpace(current.String()), ";"); sql != "" {
			all = append(all, Statement{File: file, Line: first, SQL: sql})
		}
		current.Reset()
	}
	for line := range strings.Lines(text) {
		number++
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "--") {
			continue
		}
		if current.Len() == 0 {
			first = number
		}
		current.WriteString(line)
		if strings.HasSuffix(trimmed, ";") {
			end()
		}
	}
	end()
	return all
}
