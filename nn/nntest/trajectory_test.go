package nntest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// trajectory is a training run of 20 steps that was done elsewhere in float64.
type trajectory struct {
	ID     string
	Kind   string
	Model  string
	Steps  int
	Config struct {
		Class  string `json:"class_name"`
		Config json.RawMessage
	} `json:"optimizer_config"`
	Tol64 struct{ Rtol, Atol float64 }
}

// trainedNet is a network that was trained, before it is built.
type trainedNet struct {
	layers func() *nn.Network
	batch  int
	in     []int // of one sample
}

// trainedNets are the networks by their name in the file.
var trainedNets = map[string]trainedNet{
	"mlp": {func() *nn.Network { return nn.Sequential(nn.Dense(8, nn.Tanh), nn.Dense(3)) }, 16, []int{4}},
	"cnn": {func() *nn.Network {
		return nn.Sequential(nn.Conv2D(3, 3), nn.ReLU, nn.MaxPooling2D(2), nn.Conv2D(4, 2), nn.ReLU, nn.Flatten(), nn.Dense(3))
	}, 8, []int{8, 8, 1}},
}

// TestTrajectories trains networks in float64 as Keras's optimizers did, and compares
// every loss and every weight after every step: one of two dense layers, and one that
// convolves.
func TestTrajectories(t *testing.T) {
	z, cases := torchFile[trajectory](t)
	followed, others := 0, 0
	for _, c := range cases {
		if c.Kind != "trajectory" {
			continue
		}
		if !strings.HasPrefix(c.ID, "traj_keras/") {
			others++
			continue
		}
		o, err := optim.FromConfig(c.Config.Class, c.Config.Config)
		if err != nil {
			t.Errorf("%s: %v", c.ID, err)
			continue
		}
		// The config has the rate as Keras shows it, a float32; the run had the
		// decimal number behind it.
		lr, err := strconv.ParseFloat(strconv.FormatFloat(o.LearningRate(), 'g', -1, 32), 64)
		if err != nil {
			t.Fatal(err)
		}
		o.SetLearningRate(lr)
		followed++
		t.Run(c.ID, func(t *testing.T) { c.follow(t, z, o) })
	}
	t.Logf("%d trajectories by Keras's rules followed; %d are by other rules than Keras's", followed, others)
	if followed == 0 {
		t.Error("no trajectory was followed")
	}
}

// follow trains and compares.
func (c trajectory) follow(t *testing.T, z *npy.Archive, o optim.Optimizer) {
	made, ok := trainedNets[c.Model]
	if !ok {
		t.Fatalf("model %q: want one of the networks here", c.Model)
	}
	x, y := member(t, z, "trajdata/"+c.Model+"/x").AsType(tensor.Float64), member(t, z, "trajdata/"+c.Model+"/y")
	weights, losses := member(t, z, c.ID+"/f64.weights").Float64s(), member(t, z, c.ID+"/f64.loss").Float64s()
	net := made.layers()
	b := nn.NewBuilder(1)
	b.DType = nn.Float64
	net.Build(b, tensor.S(tensor.Float64, append([]int{made.batch}, made.in...)...))
	n := len(weights) / (c.Steps + 1)
	row := weights
	for _, p := range net.Params() {
		values := tensor.NewSpec(p.Spec())
		if err := errors.Join(values.SetFloat64s(row[:p.Spec().Shape.Size()]), p.Set(values)); err != nil {
			t.Fatal(err)
		}
		row = row[p.Spec().Shape.Size():]
	}
	o.Build(net.Params())
	near := func(what string, got, want float64) {
		if d := math.Abs(got - want); !(d <= c.Tol64.Atol+c.Tol64.Rtol*math.Abs(want)) {
			t.Fatalf("%s is %v, want %v: they differ by %g", what, got, want, d)
		}
	}
	for s := range c.Steps {
		from := s * made.batch % x.Shape().At(0)
		xb, _ := x.Slice(0, from, from+made.batch, 1)
		yb, _ := y.Slice(0, from, from+made.batch, 1)
		near(fmt.Sprintf("loss of step %d", s), trainStep(net, o, xb.Clone(), yb.Clone()), losses[s])
		i := (s + 1) * n
		for _, p := range net.Params() {
			for _, w := range p.Tensor().Float64s() {
				near(fmt.Sprintf("weight %d of %s after step %d", i-(s+1)*n, p.Path, s), w, weights[i])
				i++
			}
		}
	}
}

// trainStep takes one step and returns the loss before it.
func trainStep(net *nn.Network, o optim.Optimizer, x, y *tensor.Tensor) float64 {
	g := graph.New()
	in, labels := g.Input("x", x.Spec()), g.Input("y", y.Spec())
	total := loss.Reduce(loss.SparseCategoricalCrossentropy(loss.FromLogits), labels, net.Call(nn.NewCtx(g, nil), in), nil)
	var params []*graph.Node
	for _, p := range net.Params() {
		params = append(params, g.Value(p))
	}
	o.Apply(g, autodiff.Grad(total, params...))
	return nntest.Run(g, []*graph.Node{total}, x, y)[0].V[0]
}

// torchFile opens what PyTorch and Keras computed in float64: torch-golden-open.npz and
// .json in the folder that GLIA_DATA names, or beside the repository.
func torchFile[C any](t *testing.T) (*npy.Archive, []C) {
	t.Helper()
	dir := os.Getenv("GLIA_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	text, err := os.ReadFile(filepath.Join(dir, "torch-golden-open.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%v: GLIA_DATA names no folder with it", err)
	}
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
	var cases []C
	for _, raw := range file.Cases {
		var c C
		if json.Unmarshal(raw, &c) == nil { // the kinds have fields of their own
			cases = append(cases, c)
		}
	}
	return z, cases
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
