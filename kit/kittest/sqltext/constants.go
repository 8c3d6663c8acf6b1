package sqltext

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
)

// A statement begins with a verb in capitals; that is also how it is told from a
// sentence.
var verb = regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|UPSERT|MERGE|TRUNCATE|COPY|CREATE|ALTER|DROP|SET|RESET|SHOW|GRANT|REVOKE|LOCK|LISTEN|NOTIFY|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|CALL|DO|EXPLAIN|ANALYZE|VACUUM)\s`)

// Constants returns the statements in a package's string constants, joined
// ones included. A constant that is only ever part of others is no statement.
// Where text is joined while running, the statement is Unknown.
func Constants(dir string) ([]Statement, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, e := range entries {
		if e.IsDir() || !isSource(e.Name()) {
			continue
		}
		file, err := parser.ParseFile(fset, filepath.Join(dir, e.Name()), nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	s := scan{fset: fset, info: types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
	}}
	// Imports stay unknown, which is an error each; constants are computed all the same.
	config := types.Config{Importer: noImports{}, Error: func(error) {}}
	config.Check(dir, fset, files, &s.info) //nolint:errcheck // see above
	s.fragments = fragments(files, &s.info)
	for _, file := range files {
		ast.Inspect(file, s.visit)
	}
	return s.found, nil
}

type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, errors.New("not imported") }

type scan struct {
	fset      *token.FileSet
	info      types.Info
	fragments map[types.Object]bool
	found     []Statement
}

func (s *scan) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ImportSpec:
		return false
	case *ast.ValueSpec:
		if len(n.Names) == 1 && s.fragments[s.info.Defs[n.Names[0]]] {
			return false
		}
	case *ast.CallExpr:
		if isSprintf(n) && verb.MatchString(s.text(n.Args[0])) {
			s.add(n, s.text(n.Args[0]), "is put together by Sprintf; write it as a constant")
			return false
		}
	case *ast.BinaryExpr:
		if text, ok := s.constant(n); ok {
			if verb.MatchString(text) {
				s.add(n, text, "")
			}
			return false
		}
		if n.Op == token.ADD && verb.MatchString(s.text(leftmost(n))) {
			s.add(n, s.text(leftmost(n)), "is put together while running; write it as a constant")
			return false
		}
	case *ast.BasicLit:
		if text, ok := s.constant(n); ok && verb.MatchString(text) {
			s.add(n, text, "")
		}
	}
	return true
}

func (s *scan) add(n ast.Node, sql, unknown string) {
	at := s.fset.Position(n.Pos())
	s.found = append(s.found, Statement{File: at.Filename, Line: at.Line, SQL: sql, Unknown: unknown})
}

func (s *scan) constant(e ast.Expr) (string, bool) {
	v := s.info.Types[e].Value
	if v == nil || v.Kind() != constant.String {
		return "", false
	}
	return constant.StringVal(v), true
}

func (s *scan) text(e ast.Expr) string {
	text, _ := s.constant(e)
	return text
}

func leftmost(e ast.Expr) ast.Expr {
	for {
		b, ok := e.(*ast.BinaryExpr)
		if !ok {
			return e
		}
		e = b.X
	}
}

func isSprintf(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && f.Sel.Name == "Sprintf" && len(call.Args) > 0
}

// fragments are the constants that are used, and only inside other constants.
func fragments(files []*ast.File, info *types.Info) map[types.Object]bool {
	inside, alone := map[types.Object]bool{}, map[types.Object]bool{}
	for _, file := range files {
		joined := map[*ast.Ident]bool{}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if info.Types[n].Value != nil {
					note(n, joined)
				}
			case *ast.Ident:
				if c, ok := info.Uses[n].(*types.Const); ok {
					if joined[n] {
						inside[c] = true
					} else {
						alone[c] = true
					}
				}
			}
			return true
		})
	}
	for c := range alone {
		delete(inside, c)
	}
	return inside
}

func note(n ast.Node, joined map[*ast.Ident]bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			joined[id] = true
		}
		return true
	})
}
