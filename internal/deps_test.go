// Package internal holds the tests of the repository as a whole.
package internal

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is glia's module path.
const module = "github.com/glia-ml/glia"

// picture lists glia's packages, "glia" being the one at the root. A package
// imports those on lower lines only; beside lists the exceptions.
var picture = []string{
	0: "tensor internal/kern internal/impl internal/par internal/atomicfile internal/endian internal/mt19937 internal/plaintext internal/resample internal/tty internal/vocab internal/zipfile",
	1: "graph ops internal/fetch internal/jpeg internal/hdf5 internal/diagram",
	2: "autodiff backend flow loss",
	3: "nn preprocess metric optim internal/plan internal/cpu data data/idx data/image data/mnist data/fashionmnist data/cifar data/digits data/text data/words data/imdb data/reuters",
	4: "interop/keras interop/npy interop/safetensors",
	5: "glia applications",
	6: "callback remote tensorboard tokenizer tune plot internal/curves internal/bench",
	7: "cmd/glia cmd/glia-plot examples/* bench/files bench/pictures bench/reliability",
	8: forTests,
}

// forTests lists the packages that tests import, any test, and nothing else.
const forTests = "internal/emulator internal/impl/impltest internal/picturetest internal/pytest internal/optest nn/nntest backend/backendtest"

// beside says which packages on its own line a package imports.
var beside = map[string]string{
	"internal/kern":       "internal/impl internal/par",
	"ops":                 "graph",
	"flow":                "autodiff",
	"preprocess":          "data nn internal/cpu internal/plan",
	"data/image":          "data",
	"data/mnist":          "data data/idx",
	"data/fashionmnist":   "data data/idx",
	"data/cifar":          "data",
	"data/digits":         "data",
	"data/words":          "data",
	"data/imdb":           "data/words",
	"data/reuters":        "data/words",
	"internal/curves":     "plot",
	"interop/keras":       "interop/npy interop/safetensors",
	"nn/nntest":           "internal/optest",
	"backend/backendtest": "internal/optest",
}

// besideInTests says which packages on its own line or above the tests of a
// package import, other than forTests.
var besideInTests = map[string]string{
	"graph":         "ops",
	"ops":           "autodiff",
	"loss":          "autodiff",
	"metric":        "nn",
	"optim":         "internal/cpu internal/plan",
	"internal/plan": "internal/cpu",
	"interop/keras": "glia",
	"preprocess":    "glia",
	"glia":          "callback",
	"applications":  "glia",
}

// core is the last line whose packages import the standard library and
// coreModules only, so that who imports glia links nothing else.
const core = 5

var (
	coreModules = []string{"golang.org/x/sys", "golang.org/x/term"}
	rimModules  = map[string][]string{ // what packages above the core import besides
		"cmd/glia":  {"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/image"},
		"plot":      {"gonum.org/v1/plot"},
		"tokenizer": {"golang.org/x/text"},
	}
	testModules = []string{"github.com/google/go-cmp", "pgregory.net/rapid"} // any test
)

// TestImports compares every import in the module with the picture: of all Go
// files, whatever system they are for.
func TestImports(t *testing.T) {
	var packages []string
	for _, f := range goFiles(t) {
		pkg := packageOf(path.Dir(f))
		line := lineOf(pkg)
		if !slices.Contains(packages, pkg) {
			packages = append(packages, pkg)
			if line < 0 {
				t.Errorf("%s: package %s is missing in the picture", f, pkg)
			}
		}
		if line < 0 {
			continue
		}
		for _, imp := range importsOf(t, f) {
			if why := refuse(pkg, line, imp, strings.HasSuffix(f, "_test.go")); why != "" {
				t.Errorf("%s imports %s: %s", f, imp, why)
			}
		}
	}
	for _, p := range strings.Fields(strings.Join(picture, " ")) {
		if !slices.ContainsFunc(packages, func(pkg string) bool { return matches(p, pkg) }) {
			t.Errorf("the picture has %s: found no such package", p)
		}
	}
}

// TestDrawingStaysOut checks that glia, which trains, builds without what draws:
// that is a third of the modules' code in a first build.
func TestDrawingStaysOut(t *testing.T) {
	imports := map[string][]string{}
	for _, f := range goFiles(t) {
		if !strings.HasSuffix(f, "_test.go") {
			pkg := packageOf(path.Dir(f))
			imports[pkg] = append(imports[pkg], importsOf(t, f)...)
		}
	}
	seen := map[string]bool{}
	todo := []string{"cmd/glia"}
	for len(todo) > 0 {
		pkg := todo[0]
		todo = todo[1:]
		for _, imp := range imports[pkg] {
			if strings.HasPrefix(imp, "gonum.org/") {
				t.Errorf("cmd/glia imports %s by way of %s", imp, pkg)
			}
			if own, ok := strings.CutPrefix(imp, module); ok && !seen[imp] {
				seen[imp] = true
				todo = append(todo, packageOf(strings.TrimPrefix(own, "/")))
			}
		}
	}
	if !seen[module+"/internal/kern"] {
		t.Errorf("cmd/glia: found the imports %v, want internal/kern among them", seen)
	}
}

// TestRefuse makes sure that the rules refuse something.
func TestRefuse(t *testing.T) {
	for _, c := range []struct {
		pkg, imp  string
		test, bad bool
	}{
		{"tensor", "math", false, false},
		{"tensor", "C", false, true},
		{"tensor", "C", true, true},
		{"cmd/glia", "C", false, true},
		{"tensor", module + "/internal/kern", false, true},
		{"internal/kern", module + "/internal/par", false, false},
		{"internal/kern", module + "/tensor", false, true},
		{"internal/kern", "golang.org/x/sys/cpu", false, false},
		{"internal/kern", "golang.org/x/system/cpu", false, true},
		{"internal/kern", module + "/internal/impl/impltest", true, false},
		{"internal/kern", module + "/internal/impl/impltest", false, true},
		{"graph", module + "/ops", false, true},
		{"ops", module + "/graph", false, false},
		{"nn", module + "/metric", false, true},
		{"nn", module, false, true},
		{"nn", module + "/nn", true, false}, // nn_test
		{"glia", module + "/nn", false, false},
		{"glia", module + "/nn/nntest", false, true},
		{"glia", "github.com/spf13/cobra", false, true},
		{"cmd/glia", "github.com/spf13/cobra", false, false},
		{"examples/xor", "github.com/spf13/cobra", false, true},
		{"examples/xor", module, false, false},
		{"nn", "pgregory.net/rapid", false, true},
		{"nn", "pgregory.net/rapid", true, false},
		{"nn", module + "/nosuch", false, true},
	} {
		if why := refuse(c.pkg, lineOf(c.pkg), c.imp, c.test); (why != "") != c.bad {
			t.Errorf("%s imports %s (in a test: %v): refused %v (%s), want %v", c.pkg, c.imp, c.test, why != "", why, c.bad)
		}
	}
}

// refuse says why a file of pkg, which is on a line of the picture, may not
// import imp; it returns "" if it may.
func refuse(pkg string, line int, imp string, test bool) string {
	first, _, _ := strings.Cut(imp, "/")
	switch {
	case imp == "C":
		return "glia has no cgo"
	case imp == module || strings.HasPrefix(imp, module+"/"):
		to := packageOf(strings.TrimPrefix(strings.TrimPrefix(imp, module), "/"))
		return refuseOwn(pkg, line, to, test)
	case !strings.Contains(first, "."):
		return "" // the standard library
	}
	allowed := slices.Clone(coreModules)
	if line > core {
		allowed = append(allowed, rimModules[pkg]...)
	}
	if test {
		allowed = append(allowed, testModules...)
	}
	for _, m := range allowed {
		if imp == m || strings.HasPrefix(imp, m+"/") {
			return ""
		}
	}
	return "want one of " + strings.Join(allowed, " ") + " or the standard library"
}

// refuseOwn is refuse for an import of glia's own package to.
func refuseOwn(pkg string, line int, to string, test bool) string {
	below := lineOf(to)
	switch {
	case below < 0:
		return "the picture has no such package"
	case below < line, slices.Contains(strings.Fields(beside[pkg]), to):
		return ""
	case test && slices.Contains(strings.Fields(pkg+" "+forTests+" "+besideInTests[pkg]), to):
		return ""
	}
	return "it is on line " + strconv.Itoa(below) + " of the picture, " + pkg + " on line " + strconv.Itoa(line)
}

// lineOf returns the line of the picture that pkg is on, or -1.
func lineOf(pkg string) int {
	return slices.IndexFunc(picture, func(line string) bool {
		return slices.ContainsFunc(strings.Fields(line), func(p string) bool { return matches(p, pkg) })
	})
}

// matches reports whether pkg is what a name in the picture stands for.
func matches(name, pkg string) bool {
	ok, _ := path.Match(name, pkg)
	return ok
}

// packageOf returns the name in the picture of the package in a directory
// relative to the root.
func packageOf(dir string) string {
	if dir == "." || dir == "" {
		return "glia"
	}
	return dir
}

// importsOf returns what a file, by its name relative to the root, imports.
func importsOf(t *testing.T, name string) []string {
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", name), nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var imports []string
	for _, s := range f.Imports {
		p, err := strconv.Unquote(s.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		imports = append(imports, p)
	}
	return imports
}

// goFiles lists the Go files of the module, without those in this directory,
// with slashes and relative to the root.
func goFiles(t *testing.T) []string {
	var files []string
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() {
			if strings.HasSuffix(name, ".go") && path.Dir(name) != "internal" {
				files = append(files, name)
			}
			return nil
		}
		base := d.Name()
		if name != "." && (base == "testdata" || base[0] == '.' || base[0] == '_') {
			return fs.SkipDir // as the go command does
		}
		if _, err := fs.Stat(root, path.Join(name, "go.mod")); err == nil && name != "." {
			return fs.SkipDir // another module
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
