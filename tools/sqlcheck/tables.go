package main

import (
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/idxtype"
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"
)

const concurrently = "CONCURRENTLY does nothing on CockroachDB and is refused in transactions by PostgreSQL"

func (e *examination) createTable(t *tree.CreateTable) {
	e.refuse(!t.IfNotExists, "CREATE TABLE wants IF NOT EXISTS: migrations run again without harm")
	e.refuse(t.As(), "CREATE TABLE AS mixes definition and data")
	e.refuse(t.Persistence != tree.PersistencePermanent, "temporary and unlogged tables differ")
	e.refuse(t.PartitionByTable != nil, "partitions differ")
	e.refuse(t.Locality != nil, "localities are CockroachDB's: migrations/cockroach")
	e.refuse(len(t.StorageParams) > 0, "storage parameters differ: migrations/cockroach")
	e.refuse(!t.As() && !hasPrimaryKey(t), "a table without a PRIMARY KEY gets a hidden one on CockroachDB")
	for _, d := range t.Defs {
		switch d := d.(type) {
		case *tree.IndexTableDef:
			e.refuse(true, "an index inside CREATE TABLE is CockroachDB's: use CREATE INDEX")
		case *tree.UniqueConstraintTableDef:
			e.refuse(d.Sharded != nil, "hash-sharded keys are CockroachDB's: migrations/cockroach")
			e.refuse(d.WithoutIndex, "UNIQUE WITHOUT INDEX is CockroachDB's")
			e.refuse(d.Predicate != nil, "a partial UNIQUE constraint is CockroachDB's: use CREATE UNIQUE INDEX")
		case *tree.FamilyTableDef:
			e.refuse(true, "column families are CockroachDB's, and SKIP LOCKED does not go with them")
		case *tree.LikeTableDef:
			e.refuse(true, "LIKE copies other things on each")
		}
	}
}

func hasPrimaryKey(t *tree.CreateTable) bool {
	for _, d := range t.Defs {
		switch d := d.(type) {
		case *tree.ColumnTableDef:
			if d.PrimaryKey.IsPrimaryKey {
				return true
			}
		case *tree.UniqueConstraintTableDef:
			if d.PrimaryKey {
				return true
			}
		}
	}
	return false
}

func (e *examination) createIndex(i *tree.CreateIndex) {
	e.refuse(!i.IfNotExists, "CREATE INDEX wants IF NOT EXISTS: migrations run again without harm")
	e.refuse(i.Concurrently, concurrently)
	e.refuse(i.Sharded != nil, "hash-sharded indexes are CockroachDB's: migrations/cockroach")
	e.refuse(i.PartitionByIndex != nil, "partitions differ")
	e.refuse(len(i.StorageParams) > 0, "storage parameters differ: migrations/cockroach")
	e.refuse(i.Invisibility.Value != 0, "invisible indexes are CockroachDB's")
	e.refuse(i.Type == idxtype.VECTOR, "vector indexes differ")
	e.refuse(i.Type == idxtype.INVERTED && len(i.Storing) > 0, "a GIN index cannot INCLUDE columns")
	for _, c := range i.Columns {
		e.refuse(c.OpClass != "", "operator classes differ")
		e.refuse(c.NullsOrder != tree.DefaultNullsOrder, "CockroachDB knows no order of NULLs in an index")
	}
}

func (e *examination) column(c *tree.ColumnTableDef) {
	e.refuse(c.IsSerial, "SERIAL is not dense on CockroachDB and makes one hot range: use a UUID made in Go")
	e.refuse(c.GeneratedIdentity.IsGeneratedAsIdentity, "IDENTITY makes one hot range: use a UUID made in Go")
	e.refuse(c.Hidden, "NOT VISIBLE is CockroachDB's")
	e.refuse(c.PrimaryKey.Sharded, "hash-sharded keys are CockroachDB's: migrations/cockroach")
	e.refuse(c.Unique.WithoutIndex, "UNIQUE WITHOUT INDEX is CockroachDB's")
	e.refuse(c.OnUpdateExpr.Expr != nil, "ON UPDATE is CockroachDB's")
	e.refuse(c.Computed.Virtual, "VIRTUAL columns are CockroachDB's: use STORED")
	e.refuse(c.Family.Create || c.Family.Name != "", "column families are CockroachDB's, and SKIP LOCKED does not go with them")
	if !c.IsSerial {
		e.columnType(c.Type)
	}
}

func (e *examination) alterTable(t *tree.AlterTable) {
	for _, c := range t.Cmds {
		switch c := c.(type) {
		case *tree.AlterTableAddColumn:
			e.refuse(!c.IfNotExists, "ADD COLUMN wants IF NOT EXISTS: migrations run again without harm")
			d := c.ColumnDef
			e.refuse(d.Nullable.Nullability == tree.NotNull && d.DefaultExpr.Expr == nil && !d.Computed.Computed, "a NOT NULL column without DEFAULT cannot be added to rows that exist")
		case *tree.AlterTableDropColumn:
			e.refuse(!c.IfExists, "DROP COLUMN wants IF EXISTS: migrations run again without harm")
		case *tree.AlterTableDropConstraint:
			e.refuse(!c.IfExists, "DROP CONSTRAINT wants IF EXISTS: migrations run again without harm")
		case *tree.AlterTableAddConstraint, *tree.AlterTableValidateConstraint:
		case *tree.AlterTableSetDefault, *tree.AlterTableSetNotNull, *tree.AlterTableDropNotNull:
		case *tree.AlterTableAlterColumnType:
			e.refuse(true, "changing a type rewrites the table, and differs: add a column, fill it, drop the old one")
		case *tree.AlterTableRenameColumn, *tree.AlterTableRenameConstraint:
			e.refuse(true, "a new name breaks the version that is running: add, fill, drop")
		default:
			e.refuse(true, "ALTER TABLE %s is not in the dialect", c.TelemetryName())
		}
	}
}
