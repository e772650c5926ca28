package digits

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoProductCanFuse checks the source: a compiler may join a product and a
// later sum into one operation with one rounding, on the processors that have
// it, unless the product is converted explicitly. So every product of variables
// stands in float64(...), and the package calls no function of math but Sqrt,
// the one that rounds alike everywhere.
func TestNoProductCanFuse(t *testing.T) {
	fset := token.NewFileSet()
	var files []*ast.File
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{
		Importer: mathOnly{},
		Error:    func(error) {}, // other packages have no say in the arithmetic
	}
	conf.Check("digits", fset, files, info)

	products, kept := 0, map[ast.Expr]bool{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "float64" {
					keep(kept, n.Args[0])
				}
			case *ast.SelectorExpr:
				if id, ok := n.X.(*ast.Ident); ok && id.Name == "math" && n.Sel.Name != "Sqrt" {
					t.Errorf("%v: math.%s: want no function of math but Sqrt", fset.Position(n.Pos()), n.Sel.Name)
				}
			case *ast.AssignStmt:
				if n.Tok == token.MUL_ASSIGN && isFloat(info.Types[n.Lhs[0]]) {
					t.Errorf("%v: *= of floats: want x = float64(x * y)", fset.Position(n.Pos()))
				}
			case *ast.BinaryExpr:
				tv := info.Types[n]
				if n.Op != token.MUL || tv.Value != nil || !isFloat(tv) {
					break
				}
				products++
				if !kept[n] {
					t.Errorf("%v: a product outside float64(...): it may fuse with a sum", fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
	if products < 20 {
		t.Errorf("%d products of floats found: the check does not see them", products)
	}
}

// keep marks the products that one conversion rounds: a chain of them, which
// holds no sum to fuse with.
func keep(kept map[ast.Expr]bool, e ast.Expr) {
	if b, ok := ast.Unparen(e).(*ast.BinaryExpr); ok && b.Op == token.MUL {
		kept[b] = true
		keep(kept, b.X)
		keep(kept, b.Y)
	}
}

// mathOnly imports a package math that has Sqrt, and no other package.
type mathOnly struct{}

func (mathOnly) Import(path string) (*types.Package, error) {
	if path != "math" {
		return nil, errors.New("not needed")
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", "package math; func Sqrt(float64) float64", 0)
	if err != nil {
		return nil, err
	}
	return new(types.Config).Check("math", fset, []*ast.File{f}, nil)
}

func isFloat(tv types.TypeAndValue) bool {
	if tv.Type == nil {
		return false
	}
	b, ok := tv.Type.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsFloat != 0
}
