package main

import (
	"maps"

	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/parser"
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"
)

// schema knows which columns of which tables may be NULL.
type schema map[string]schemaTable

type schemaTable map[string]bool

func (s schema) clone() schema {
	c := schema{}
	for table, columns := range s {
		c[table] = maps.Clone(columns)
	}
	return c
}

// learn takes in what a migration does. It is told every statement, in order.
func (s schema) learn(sql string) {
	statement, err := parser.ParseOne(sql)
	if err != nil {
		return
	}
	switch n := statement.AST.(type) {
	case *tree.CreateTable:
		s.table(n)
	case *tree.AlterTable:
		table := n.Table.Parts[0]
		if s[table] == nil {
			s[table] = schemaTable{}
		}
		for _, c := range n.Cmds {
			s.alter(s[table], c)
		}
	}
}

func (s schema) table(n *tree.CreateTable) {
	columns := schemaTable{}
	for _, d := range n.Defs {
		switch d := d.(type) {
		case *tree.ColumnTableDef:
			columns[string(d.Name)] = mayBeNull(d)
		case *tree.UniqueConstraintTableDef:
			for _, c := range d.Columns {
				if d.PrimaryKey {
					columns[string(c.Column)] = false
				}
			}
		}
	}
	s[string(n.Table.ObjectName)] = columns
}

func (s schema) alter(columns schemaTable, c tree.AlterTableCmd) {
	switch c := c.(type) {
	case *tree.AlterTableAddColumn:
		columns[string(c.ColumnDef.Name)] = mayBeNull(c.ColumnDef)
	case *tree.AlterTableDropColumn:
		delete(columns, string(c.Column))
	case *tree.AlterTableSetNotNull:
		columns[string(c.Column)] = false
	case *tree.AlterTableDropNotNull:
		columns[string(c.Column)] = true
	}
}

func mayBeNull(d *tree.ColumnTableDef) bool {
	return d.Nullable.Nullability != tree.NotNull && !d.PrimaryKey.IsPrimaryKey
}

// order refuses ORDER BY a column that may be NULL without saying where NULLs go:
// first on CockroachDB, last on PostgreSQL.
func (e *examination) order(s tree.Statement) {
	named := map[string]schemaTable{} // by alias or name
	walk(s, func(n any) {
		switch n := n.(type) {
		case *tree.AliasedTableExpr:
			if t, ok := n.Expr.(*tree.TableName); ok {
				named[string(n.As.Alias)] = e.known[string(t.ObjectName)]
			}
		case *tree.TableName:
			named[string(n.ObjectName)] = e.known[string(n.ObjectName)]
		}
	})
	walk(s, func(n any) {
		if o, ok := n.(*tree.Order); ok && o.NullsOrder == tree.DefaultNullsOrder {
			if name, ok := o.Expr.(*tree.UnresolvedName); ok {
				e.refuse(nullable(named, name), "ORDER BY %s, which may be NULL: say NULLS FIRST or NULLS LAST", name.Parts[0])
			}
		}
	})
}

func nullable(named map[string]schemaTable, name *tree.UnresolvedName) bool {
	if name.NumParts > 1 {
		return named[name.Parts[1]][name.Parts[0]]
	}
	for _, columns := range named {
		if columns[name.Parts[0]] {
			return true
		}
	}
	return false
}
