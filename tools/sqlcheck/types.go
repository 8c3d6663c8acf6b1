package main

import (
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/types"
)

// The types that both have, with the same range.
var same = map[types.Family]bool{
	types.UuidFamily: true, types.IntFamily: true, types.StringFamily: true, types.BytesFamily: true,
	types.BoolFamily: true, types.TimestampTZFamily: true, types.JsonFamily: true, types.DecimalFamily: true,
	types.FloatFamily: true, types.DateFamily: true,
}

// columnType refuses types of columns.
func (e *examination) columnType(ref tree.ResolvableTypeReference) {
	t, ok := e.staticType(ref)
	if !ok {
		return
	}
	e.refuse(t.Family() == types.IntervalFamily, "INTERVAL columns differ: keep a time, or milliseconds")
	e.castType(ref)
}

// castType refuses types of values.
func (e *examination) castType(ref tree.ResolvableTypeReference) {
	t, ok := e.staticType(ref)
	if !ok {
		return
	}
	if t.Family() == types.ArrayFamily {
		t = t.ArrayContents()
	}
	switch t.Family() {
	case types.IntervalFamily:
	case types.TimestampFamily:
		e.refuse(true, "TIMESTAMP has no zone: write TIMESTAMPTZ")
	case types.EnumFamily:
		e.refuse(true, "enums change in other ways on each: TEXT with a CHECK")
	case types.CollatedStringFamily:
		e.refuse(true, "collations differ")
	case types.StringFamily:
		e.refuse(t.Width() > 0, "%s: TEXT with a CHECK says it better", t.SQLString())
	default:
		e.refuse(!same[t.Family()], "type %s differs", t.SQLString())
	}
}

func (e *examination) staticType(ref tree.ResolvableTypeReference) (*types.T, bool) {
	if ref == nil {
		return nil, false // a computed column's
	}
	t, ok := tree.GetStaticallyKnownType(ref)
	e.refuse(!ok, "type %s is not built in: enums and domains differ, use TEXT with a CHECK", ref.SQLString())
	return t, ok
}
