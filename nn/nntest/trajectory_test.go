package nntest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// trajectory is a training run of 20 steps that was done elsewhere in float64.
type trajectory struct {
	ID        string
	Kind      string
	Model     string
	Steps     int
	Optimizer struct {
		Class  string `json:"class_name"`
		Config json.RawMessage
	} `json:"optimizer_config"`
	Tol64 struct{ Rtol, Atol float64 }
}

// TestTrajectories trains a network of two dense layers in float64 as Keras's
// optimizers did, and compares every loss and every weight after every step.
func TestTrajectories(t *testing.T) {
	dir := os.Getenv("GLIA_DATA")
	if dir == "" {
		t.Skip("GLIA_DATA is not set")
	}
	text, err := os.ReadFile(filepath.Join(dir, "torch-golden-open.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []json.RawMessage }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	arrays, err := os.ReadFile(filepath.Join(dir, "torch-golden-open.npz"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := npy.OpenArchive(bytes.NewReader(arrays), int64(len(arrays)))
	if err != nil {
		t.Fatal(err)
	}
	uncovered := 0
	for _, raw := range file.Cases {
		var c trajectory
		if err := json.Unmarshal(raw, &c); err != nil || c.Kind != "trajectory" || !strings.HasPrefix(c.ID, "traj_keras/") {
			continue
		}
		o, err := optim.FromConfig(c.Optimizer.Class, c.Optimizer.Config)
		if err != nil || c.Model != "mlp" {
			uncovered++
			continue
		}
		// The config has the rate as Keras shows it, a float32; the run had the
		// decimal number behind it.
		lr, err := strconv.ParseFloat(strconv.FormatFloat(o.LearningRate(), 'g', -1, 32), 64)
		if err != nil {
			t.Fatal(err)
		}
		o.SetLearningRate(lr)
		t.Run(c.ID, func(t *testing.T) { c.follow(t, z, o) })
	}
	t.Logf("%d trajectories of other models or optimizers", uncovered)
}

// follow trains and compares.
func (c trajectory) follow(t *testing.T, z *npy.Archive, o optim.Optimizer) {
	x, y := member(t, z, "trajdata/mlp/x"), member(t, z, "trajdata/mlp/y")
	weights, losses := member(t, z, c.ID+"/f64.weights").Float64s(), member(t, z, c.ID+"/f64.loss").Float64s()
	const batch = 16
	x = x.AsType(tensor.Float64)
	net := nn.Sequential(nn.Dense(8, nn.Tanh), nn.Dense(3))
	b := nn.NewBuilder(1)
	b.DType = tensor.Float64
	net.Build(b, tensor.S(tensor.Float64, batch, 4))
	n := len(weights) / (c.Steps + 1)
	row := weights
	for _, p := range net.Params() {
		if err := p.Tensor().SetFloat64s(row[:p.Spec().Shape.Size()]); err != nil {
			t.Fatal(err)
		}
		row = row[p.Spec().Shape.Size():]
	}
	o.Build(net.Params())
	loss := nn.SparseCategoricalCrossentropy(nn.FromLogits)
	near := func(what string, got, want float64) {
		if d := math.Abs(got - want); !(d <= c.Tol64.Atol+c.Tol64.Rtol*math.Abs(want)) {
			t.Fatalf("%s is %v, want %v: they differ by %g", what, got, want, d)
		}
	}
	for s := range c.Steps {
		from := s * batch % x.Shape().At(0)
		xb, _ := x.Slice(0, from, from+batch, 1)
		yb, _ := y.Slice(0, from, from+batch, 1)
		g := graph.New()
		nodes := []*graph.Node{g.Input("x", xb.Spec()), g.Input("y", yb.Spec())}
		total := nn.ReduceLoss(loss, nodes[1], net.Call(nn.NewCtx(g, nil), nodes[0]), nil)
		var params []*graph.Node
		for _, p := range net.Params() {
			params = append(params, g.Value(p))
		}
		o.Apply(g, autodiff.Grad(total, params...))
		got := nntest.Run(g, []*graph.Node{total}, xb.Clone(), yb.Clone())
		near(fmt.Sprintf("loss of step %d", s), got[0].V[0], losses[s])
		i := (s + 1) * n
		for _, p := range net.Params() {
			for _, w := range p.Tensor().Float64s() {
				near(fmt.Sprintf("weight %d of %s after step %d", i-(s+1)*n, p.Path, s), w, weights[i])
				i++
			}
		}
	}
}

// member reads an array of a NumPy archive.
func member(t *testing.T, z *npy.Archive, name string) *tensor.Tensor {
	t.Helper()
	x, err := z.Tensor(name)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
