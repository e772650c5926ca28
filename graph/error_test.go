package graph

import "testing"

func TestInternal(t *testing.T) {
	for _, c := range []struct {
		function, file string
		want           bool
	}{
		{"github.com/glia-ml/glia/ops.Tile", root + "ops/tile.go", true},
		{"main.main.Accuracy.func1", root + "metric/accuracy.go", true}, // inlined into main
		{"github.com/glia-ml/glia/graph_test.TestX", root + "graph/graph_test.go", false},
		{"main.main", root + "examples/xor/main.go", false},
		{"main.(*training).model", root + "cmd/glia/train.go", false},
		{"main.main", "/home/gopher/model.go", false},
		{"runtime.goexit", "/usr/local/go/src/runtime/asm_amd64.s", true},
	} {
		if got := internal(c.function, c.file); got != c.want {
			t.Errorf("internal(%q, %q): got %v, want %v", c.function, c.file, got, c.want)
		}
	}
}
