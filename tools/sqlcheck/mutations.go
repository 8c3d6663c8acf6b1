package main

import "github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"

// mutations refuses a statement that changes one table twice: CockroachDB says no,
// PostgreSQL does one of them.
func (e *examination) mutations(s tree.Statement) {
	counts := map[string]int{}
	walk(s, func(n any) {
		switch n := n.(type) {
		case *tree.Insert:
			counts[target(n.Table)]++
		case *tree.Update:
			counts[target(n.Table)]++
		case *tree.Delete:
			counts[target(n.Table)]++
		}
	})
	for table, n := range counts {
		e.refuse(n > 1, "changes %s %d times in one statement: merge them", table, n)
	}
}

func target(t tree.TableExpr) string {
	if a, ok := t.(*tree.AliasedTableExpr); ok {
		t = a.Expr
	}
	return tree.AsString(t)
}
