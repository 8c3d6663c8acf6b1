package main

import (
	"strings"

	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree/treebin"
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/types"
)

// query examines what is inside statements that read and write.
func (e *examination) query(n any) {
	switch n := n.(type) {
	case *tree.Insert:
		e.insert(n)
	case *tree.Update:
		e.refuse(n.OrderBy != nil || n.Limit != nil, "UPDATE with ORDER BY or LIMIT is CockroachDB's: choose the rows in a subquery")
	case *tree.Delete:
		e.refuse(n.OrderBy != nil || n.Limit != nil, "DELETE with ORDER BY or LIMIT is CockroachDB's: choose the rows in a subquery")
		e.refuse(n.Batch != nil, "DELETE BATCH is CockroachDB's")
	case *tree.SelectClause:
		for _, s := range n.Exprs {
			e.refuse(isStar(s.Expr), "name the columns instead of *: a new one breaks statements that are prepared")
		}
	case *tree.ReturningExprs:
		for _, s := range *n {
			e.refuse(isStar(s.Expr), "name the columns instead of *")
		}
	case *tree.AsOfClause:
		e.refuse(n.Expr != nil, "AS OF SYSTEM TIME is CockroachDB's")
	case *tree.AliasedTableExpr:
		e.refuse(n.IndexFlags != nil, "index hints are CockroachDB's")
	case *tree.JoinTableExpr:
		e.refuse(n.Hint != "", "join hints are CockroachDB's")
	case *tree.StatementSource:
		e.refuse(true, "[statement] is CockroachDB's: use WITH")
	case *tree.FuncExpr:
		e.function(strings.ToLower(n.Func.String()))
	case *tree.BinaryExpr:
		e.binary(n)
	case *tree.CastExpr:
		e.castType(n.Type)
	case *tree.AnnotateTypeExpr:
		e.refuse(true, "::: is CockroachDB's: use ::")
	case *tree.CollateExpr:
		e.refuse(true, "collations differ")
	case *tree.IfExpr, *tree.IfErrExpr:
		e.refuse(true, "IF and IFERROR are CockroachDB's: use CASE")
	}
}

func (e *examination) insert(n *tree.Insert) {
	e.refuse(n.OnConflict.IsUpsertAlias(), "UPSERT is CockroachDB's: INSERT … ON CONFLICT (columns) DO UPDATE")
	e.refuse(n.Columns == nil && !n.DefaultValues(), "name the columns of an INSERT")
	if c := n.OnConflict; c != nil {
		e.refuse(c.Constraint != "", "ON CONFLICT ON CONSTRAINT differs: name the columns")
	}
	if r, ok := n.Returning.(*tree.ReturningExprs); ok {
		e.query(r)
	}
}

func isStar(x tree.Expr) bool {
	switch x := x.(type) {
	case tree.UnqualifiedStar, *tree.UnqualifiedStar, *tree.AllColumnsSelector:
		return true
	case *tree.UnresolvedName:
		return x.Star
	}
	return false
}

// Functions that one of them lacks, or has in name only.
var strange = map[string]string{
	"nextval": "sequences make one hot range: use a UUID made in Go", "currval": "sequences make one hot range", "setval": "sequences make one hot range", "lastval": "sequences make one hot range",
	"unique_rowid": "CockroachDB's: use a UUID made in Go", "unordered_unique_rowid": "CockroachDB's: use a UUID made in Go",
	"uuid_v4": "CockroachDB's: gen_random_uuid()", "gen_random_ulid": "CockroachDB's", "uuidv7": "not in PostgreSQL 15 and CockroachDB: make it in Go",
	"pg_notify": "there is no LISTEN on CockroachDB: use the outbox", "pg_sleep": "a statement does not wait",
	"cluster_logical_timestamp": "CockroachDB's", "follower_read_timestamp": "CockroachDB's", "with_max_staleness": "CockroachDB's", "with_min_timestamp": "CockroachDB's",
	"gateway_region": "CockroachDB's: migrations/cockroach", "dblink": "an extension",
}

func (e *examination) function(name string) {
	e.refuse(strings.Contains(name, "advisory"), "advisory locks do nothing on CockroachDB: use a lease row")
	e.refuse(strings.HasPrefix(name, "crdb_internal."), "%s is CockroachDB's", name)
	why, ok := strange[name]
	e.refuse(ok, "%s: %s", name, why)
}

func (e *examination) binary(n *tree.BinaryExpr) {
	switch n.Operator.Symbol {
	case treebin.FloorDiv:
		e.refuse(true, "// is CockroachDB's: floor(a::decimal / b)")
	case treebin.Div:
		e.refuse(!exact(n.Left) && !exact(n.Right), "7/2 is 3 on PostgreSQL and 3.5 on CockroachDB: cast a side to DECIMAL")
	}
}

// exact tells whether an operand is plainly no integer.
func exact(x tree.Expr) bool {
	switch x := x.(type) {
	case *tree.ParenExpr:
		return exact(x.Expr)
	case *tree.BinaryExpr:
		return exact(x.Left) || exact(x.Right)
	case *tree.NumVal:
		return strings.ContainsAny(x.String(), ".eE")
	case *tree.CastExpr:
		t, ok := tree.GetStaticallyKnownType(x.Type)
		return ok && (t.Family() == types.DecimalFamily || t.Family() == types.FloatFamily || t.Family() == types.IntervalFamily)
	}
	return false
}
