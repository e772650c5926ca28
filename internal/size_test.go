package internal

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sizes holds what TestSize counts of hand-written files.
type sizes struct {
	files, functions     []counted
	lines, testLines     int
	exported, documented int
	constructors         map[string]*spoken // by package: what their comments say
	inTests              map[string]int     // functions by how their names begin
}

// counted is a number of lines, and of what.
type counted struct {
	lines int
	name  string
}

// spoken counts exported functions and those whose comment says one thing or another.
type spoken struct{ all, shapes, panics, source int }

// TestSize prints how large the code is and how much of it is documented, generated files
// and those of testdata left out. It enforces nothing: go test ./internal -run TestSize -v
func TestSize(t *testing.T) {
	s := sizes{constructors: map[string]*spoken{"nn": {}, "ops": {}}, inTests: map[string]int{}}
	for _, f := range goFiles(t) {
		s.count(t, f)
	}
	if len(s.files) == 0 || len(s.functions) == 0 || s.exported == 0 || s.constructors["ops"].all == 0 {
		t.Fatalf("counted %d files, %d functions, %d exported names, %d functions of ops: want some of each",
			len(s.files), len(s.functions), s.exported, s.constructors["ops"].all)
	}
	t.Log("\n" + s.table())
}

// count adds a file of the module.
func (s *sizes) count(t *testing.T, name string) {
	src, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	if ast.IsGenerated(f) {
		return
	}
	lines := bytes.Count(src, []byte("\n"))
	if strings.HasSuffix(name, "_test.go") {
		s.testLines += lines
		s.countTests(f)
		return
	}
	s.lines += lines
	s.files = append(s.files, counted{lines, name})
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			n := 1 + fset.Position(d.End()).Line - fset.Position(d.Pos()).Line
			s.functions = append(s.functions, counted{n, name + ":" + d.Name.Name})
			s.document(d.Name, d.Doc, nil)
			if c := s.constructors[path.Dir(name)]; c != nil && d.Recv == nil && d.Name.IsExported() {
				c.add(d.Doc.Text())
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					s.document(spec.Name, spec.Doc, d.Doc)
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						s.document(id, spec.Doc, d.Doc)
					}
				}
			}
		}
	}
}

// countTests adds the functions of a file that go test runs.
func (s *sizes) countTests(f *ast.File) {
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv != nil {
			continue
		}
		for _, kind := range kinds {
			if strings.HasPrefix(fn.Name.Name, kind) {
				s.inTests[kind]++
			}
		}
	}
}

var kinds = []string{"Test", "Example", "Fuzz", "Benchmark"}

// document counts an exported name, and whether it or its group has a comment.
func (s *sizes) document(id *ast.Ident, own, group *ast.CommentGroup) {
	if id.IsExported() {
		s.exported++
		if own != nil || group != nil {
			s.documented++
		}
	}
}

func (c *spoken) add(doc string) {
	c.all++
	for _, x := range []struct {
		word  string
		count *int
	}{{"Shape", &c.shapes}, {"anics", &c.panics}, {"Source", &c.source}} {
		if strings.Contains(doc, x.word) {
			*x.count++
		}
	}
}

// table returns what was counted as lines of text.
func (s *sizes) table() string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-34s %s\n", name, fmt.Sprintf(format, args...))
	}
	row("lines", "%d in %d files, %d of tests: %.2f a line of code", s.lines, len(s.files), s.testLines, float64(s.testLines)/float64(s.lines))
	row("file: median, p90, longest", "%s", spreadOf(s.files))
	row("function: median, p90, longest", "%s", spreadOf(s.functions))
	row("functions of more than 60 lines", "%s", strings.Join(s.long(60), " "))
	row("exported names with a comment", "%d of %d", s.documented, s.exported)
	for _, p := range []string{"nn", "ops"} {
		c := s.constructors[p]
		row(p+" functions whose comment has", "Shapes %d, Panics %d, Source %d of %d", c.shapes, c.panics, c.source, c.all)
	}
	for _, kind := range kinds {
		row(kind+" functions", "%d", s.inTests[kind])
	}
	return b.String()
}

// long lists the functions of more than n lines.
func (s *sizes) long(n int) (names []string) {
	for _, f := range s.functions {
		if f.lines > n {
			names = append(names, f.name)
		}
	}
	return names
}

// spreadOf sorts by lines and returns the median, the 90th of a hundred and the longest.
func spreadOf(all []counted) string {
	slices.SortStableFunc(all, func(a, b counted) int { return a.lines - b.lines })
	last := all[len(all)-1]
	return fmt.Sprintf("%d, %d, %d (%s)", all[len(all)/2].lines, all[len(all)*9/10].lines, last.lines, last.name)
}
