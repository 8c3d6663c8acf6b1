package main

import (
	"fmt"
	"slices"

	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/parser"
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/types"
)

// parseOnly is what can be asked of a statement for CockroachDB alone.
func parseOnly(sql string) []string {
	if _, err := parser.ParseOne(sql); err != nil {
		return []string{err.Error()}
	}
	return nil
}

// examine returns why a statement is not in the dialect that both databases share.
func examine(sql string, known schema) []string {
	e := examination{known: known}
	statement, err := parser.ParseOne(sql)
	if err != nil {
		return []string{err.Error()}
	}
	e.int(sql, statement.AST)
	e.statement(statement.AST)
	e.order(statement.AST)
	e.mutations(statement.AST)
	walk(statement.AST, e.node)
	slices.Sort(e.reasons)
	return slices.Compact(e.reasons)
}

type examination struct {
	known   schema
	reasons []string
}

func (e *examination) refuse(when bool, format string, a ...any) {
	if when {
		e.reasons = append(e.reasons, fmt.Sprintf(format, a...))
	}
}

// int finds a bare INT: the tree differs when the parser is told another size.
func (e *examination) int(sql string, as8 tree.Statement) {
	as4, err := parser.ParseOneWithInt(sql, types.Int4)
	e.refuse(err == nil && tree.AsString(as4.AST) != tree.AsString(as8), "INT has 64 bits on CockroachDB and 32 on PostgreSQL: write INT8 or INT4")
}

// statement lets through the kinds that are known to be the same.
func (e *examination) statement(s tree.Statement) {
	switch s := s.(type) {
	case *tree.Select, *tree.Insert, *tree.Update, *tree.Delete, *tree.ShowVar:
	case *tree.CreateTable, *tree.CreateIndex, *tree.AlterTable, *tree.DropTable, *tree.DropIndex:
	case *tree.SetVar:
		e.refuse(!s.Local || s.Name != "statement_timeout", "of settings, only SET LOCAL statement_timeout is the same")
	case *tree.Savepoint:
		e.savepoint(string(s.Name))
	case *tree.ReleaseSavepoint:
		e.savepoint(string(s.Savepoint))
	case *tree.RollbackToSavepoint:
		e.savepoint(string(s.Savepoint))
	case *tree.BeginTransaction, *tree.CommitTransaction, *tree.RollbackTransaction:
		e.refuse(true, "transactions are crdb.InTx's")
	default:
		e.refuse(true, "%s is not in the dialect", s.StatementTag())
	}
}

func (e *examination) savepoint(name string) {
	e.refuse(name == "cockroach_restart", "cockroach_restart is an ordinary savepoint on PostgreSQL: use crdb.InTx")
}

func (e *examination) node(n any) {
	switch n := n.(type) {
	case *tree.CreateTable:
		e.createTable(n)
	case *tree.CreateIndex:
		e.createIndex(n)
	case *tree.AlterTable:
		e.alterTable(n)
	case *tree.DropTable:
		e.refuse(!n.IfExists, "DROP TABLE wants IF EXISTS: migrations run again without harm")
	case *tree.DropIndex:
		e.refuse(!n.IfExists, "DROP INDEX wants IF EXISTS: migrations run again without harm")
		e.refuse(n.Concurrently, concurrently)
	case *tree.ColumnTableDef:
		e.column(n)
	default:
		e.query(n)
	}
}
