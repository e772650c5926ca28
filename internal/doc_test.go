package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocs wants a comment on every package, and on every exported name of the
// packages that users import. Methods that fulfil an interface need none of
// their own.
func TestDocs(t *testing.T) {
	fset := token.NewFileSet()
	packages := map[string][]*ast.File{}
	for _, name := range goFiles(t) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, filepath.Join("..", name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		packages[path.Dir(name)] = append(packages[path.Dir(name)], f)
	}
	promised := map[string]bool{"String": true, "GoString": true, "Error": true, "Unwrap": true, "MarshalJSON": true, "UnmarshalJSON": true}
	for _, files := range packages {
		for _, f := range files {
			interfaceMethods(f, promised)
		}
	}
	for dir, files := range packages {
		documented := false
		for _, f := range files {
			documented = documented || f.Doc != nil
			if strings.Contains("/"+dir+"/", "/internal/") || f.Name.Name == "main" {
				continue
			}
			for _, n := range undocumented(f, promised) {
				t.Errorf("%s: exported %s has no comment", fset.Position(n.Pos()), n.Name)
			}
		}
		if !documented {
			t.Errorf("package %s has no comment", packageOf(dir))
		}
	}
}

// interfaceMethods adds the methods of the interfaces that f declares to names.
func interfaceMethods(f *ast.File, names map[string]bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		i, ok := n.(*ast.InterfaceType)
		if !ok {
			return true
		}
		for _, m := range i.Methods.List {
			for _, n := range m.Names {
				names[n.Name] = true
			}
		}
		return true
	})
}

// undocumented returns the exported names that f declares without a comment, but
// for methods of promised names. A comment on a group of constants or variables
// is one on each.
func undocumented(f *ast.File, promised map[string]bool) []*ast.Ident {
	var found []*ast.Ident
	note := func(documented bool, names ...*ast.Ident) {
		for _, n := range names {
			if n.IsExported() && !documented {
				found = append(found, n)
			}
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			exempt := d.Recv != nil && (promised[d.Name.Name] || !ast.IsExported(receiver(d)))
			note(exempt || d.Doc != nil, d.Name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					note(s.Doc != nil || d.Doc != nil, s.Name)
				case *ast.ValueSpec:
					note(s.Doc != nil || s.Comment != nil || d.Doc != nil, s.Names...)
				}
			}
		}
	}
	return found
}

// receiver returns the name of the type that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// TestUndocumented makes sure that TestDocs finds something.
func TestUndocumented(t *testing.T) {
	const src = `package p
func A() {}
// B is documented.
func B() {}
type C struct{}
func (C) D() {}
func (*C) E() {}
func (C) String() string { return "" }
func (c) F() {}
type c struct{}
// Group.
const ( G = 1; H = 2 )
var (
	I = 1
	J = 2 // documented
)
func (L[T]) M() {}
// L is documented.
type L[T any] struct{}
`
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range undocumented(f, map[string]bool{"String": true}) {
		got = append(got, n.Name)
	}
	if want := "A C D E I M"; strings.Join(got, " ") != want {
		t.Errorf("undocumented names: got %v, want %s", got, want)
	}
}
