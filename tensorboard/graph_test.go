package tensorboard_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/pytest"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
	"github.com/glia-ml/glia/tensorboard"
)

// shared returns a built network of two inputs and three outputs in which a layer and
// two networks are applied more than once. One of these has two outputs, the other was
// built before for its own sake, with a layer of the same name as one outside.
func shared(t *testing.T) *nn.Network {
	t.Helper()
	symbols := func(s ...*nn.Symbol) []*nn.Symbol { return s }
	x := nn.Apply(nn.Input(4))
	before := nn.Functional(symbols(x), symbols(nn.Apply(nn.Dense(4), x)))
	before.Name = "before"
	before.Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 1, 4))
	h := nn.Apply(nn.Dense(3), x)
	pair := nn.Functional(symbols(x), symbols(h, nn.Apply(nn.Dense(2), h)))
	pair.Name = "pair"

	left, right := nn.Input(4), nn.Input(5, 4)
	left.Name, right.Name = "left", "right"
	a, b, dense := nn.Apply(left), nn.Apply(right), nn.Dense(4)
	l, r := nn.Apply(dense, a), nn.Apply(dense, b)
	p := nn.ApplyAll(2, pair, nn.Apply(before, l))
	q := nn.ApplyAll(2, pair, nn.Apply(before, nn.Apply(nn.ReLU, l)))
	net := nn.Functional(symbols(a, b), symbols(nn.Apply(nn.Add(), p[0], q[0]), nn.Apply(nn.Concatenate(), p[1], q[1]), r))
	in, _ := net.Declared()
	net.BuildAll(nn.NewBuilder(1), in)
	return net
}

// sharedNodes are its nodes. What is drawn already is one node when it is applied again,
// and has the variables that it had.
const sharedNodes = `left Placeholder [] [1 4]
right Placeholder [] [1 5 4]
dense/kernel VarHandleOp [] [4 4]
dense/bias VarHandleOp [] [4]
dense/Dense Dense [left dense/kernel dense/bias] [1 4]
activation/Activation Activation [dense/Dense] [1 4]
before/dense/kernel VarHandleOp [] [4 4]
before/dense/bias VarHandleOp [] [4]
before/dense/Dense Dense [dense/Dense before/dense/kernel before/dense/bias] [1 4]
before/Functional Functional [activation/Activation before/dense/kernel before/dense/bias] [1 4]
pair/dense/kernel VarHandleOp [] [4 3]
pair/dense/bias VarHandleOp [] [3]
pair/dense/Dense Dense [before/dense/Dense pair/dense/kernel pair/dense/bias] [1 3]
pair/dense_1/kernel VarHandleOp [] [3 2]
pair/dense_1/bias VarHandleOp [] [2]
pair/dense_1/Dense Dense [pair/dense/Dense pair/dense_1/kernel pair/dense_1/bias] [1 2]
pair/Functional Functional [before/Functional pair/dense/kernel pair/dense/bias pair/dense_1/kernel pair/dense_1/bias] [1 3][1 2]
add/Add Add [pair/dense/Dense pair/Functional] [1 3]
dense/Dense_1 Dense [right dense/kernel dense/bias] 
concatenate/Concatenate Concatenate [pair/dense_1/Dense pair/Functional:1] [1 4]
`

// TestGraphShared compares with nodes worked out by hand.
func TestGraphShared(t *testing.T) {
	got := graphOf(t, t.TempDir(), shared(t))
	if got != sharedNodes {
		t.Errorf("the graph is\n%swant\n%s", got, sharedNodes)
	}
	known := map[string]bool{}
	for line := range strings.Lines(got) {
		name, _, _ := strings.Cut(line, " ")
		if known[name] {
			t.Errorf("two nodes are named %s", name)
		}
		_, in, _ := strings.Cut(line, "[")
		in, _, _ = strings.Cut(in, "]")
		for _, from := range strings.Fields(in) {
			if from, _, _ = strings.Cut(from, ":"); !known[from] {
				t.Errorf("%s comes from %s, which is no node before it", name, from)
			}
		}
		known[name] = true
	}
}

// graphOf writes a graph to a directory and reads it.
func graphOf(t *testing.T, dir string, net *nn.Network) string {
	t.Helper()
	w, err := tensorboard.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Graph(net); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var nodes []string
	for _, e := range readRun(t, dir) {
		nodes = append(nodes, e.graph...)
	}
	return strings.Join(nodes, "")
}

// TestRealTensorBoardGraph lets TensorBoard load it.
func TestRealTensorBoardGraph(t *testing.T) {
	python := pytest.Python(t, "tensorboard.backend.event_processing.event_accumulator")
	dir := t.TempDir()
	graphOf(t, dir, shared(t))
	out, err := exec.Command(python, "testdata/events.py", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Graph [][]any }
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	var nodes strings.Builder
	for _, n := range got.Graph {
		var shapes []string
		for _, s := range n[3].([]any) {
			shapes = append(shapes, fmt.Sprint(s))
		}
		fmt.Fprintln(&nodes, n[0], n[1], n[2], strings.Join(shapes, ""))
	}
	if nodes.String() != sharedNodes {
		t.Errorf("TensorBoard has the graph\n%swant\n%s", &nodes, sharedNodes)
	}
}
