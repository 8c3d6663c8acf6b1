package main

import (
	"reflect"
	"strings"
)

// walk visits every node of a tree, tables and definitions included. The parser's
// own walkers pass over much of it.
func walk(node any, visit func(node any)) {
	w := walker{visit: visit, seen: map[seen]bool{}}
	w.value(reflect.ValueOf(node))
}

type walker struct {
	visit func(any)
	seen  map[seen]bool
}

type seen struct {
	at uintptr
	of reflect.Type
}

func (w *walker) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		w.value(v.Elem())
	case reflect.Pointer:
		if v.IsNil() || w.seen[seen{v.Pointer(), v.Type()}] {
			return
		}
		w.seen[seen{v.Pointer(), v.Type()}] = true
		if isNode(v.Type().Elem()) {
			w.visit(v.Interface())
			w.fields(v.Elem())
		}
	case reflect.Struct:
		if isNode(v.Type()) {
			if v.CanAddr() {
				w.visit(v.Addr().Interface())
			} else {
				w.visit(v.Interface())
			}
		}
		w.fields(v)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			w.value(v.Index(i))
		}
	}
}

func (w *walker) fields(v reflect.Value) {
	if v.Kind() != reflect.Struct {
		return
	}
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() {
			w.value(v.Field(i))
		}
	}
}

// isNode keeps the walk in the syntax: types and operators have graphs of their own.
func isNode(t reflect.Type) bool {
	return strings.HasSuffix(t.PkgPath(), "/sem/tree")
}
