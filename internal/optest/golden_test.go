package optest

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestGolden replays values and gradients that PyTorch 1.13 computed in float64:
// torch-golden-open.npz and .json in the folder $GLIA_DATA.
func TestGolden(t *testing.T) {
	dir := os.Getenv("GLIA_DATA")
	if dir == "" {
		t.Skip("GLIA_DATA is not set: want the folder of torch-golden-open.npz")
	}
	arrays := readNPZ(t, filepath.Join(dir, "torch-golden-open.npz"))
	var head struct{ Cases []goldenCase }
	text, err := os.ReadFile(filepath.Join(dir, "torch-golden-open.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &head); err != nil {
		t.Fatal(err)
	}
	replayed, other := 0, []string{}
	for _, c := range head.Cases {
		if !slices.Contains([]string{"vjp", "hvp", "gradient_penalty"}, c.Kind) {
			continue
		}
		c.arrays = arrays
		f := golden[c.ID]
		if f == nil {
			other = append(other, c.ID)
			continue
		}
		t.Run(c.ID, func(t *testing.T) { c.run(t, f) })
		replayed++
	}
	t.Logf("%d cases replayed; not made of these operations: %s", replayed, strings.Join(other, " "))
	if replayed < len(golden) {
		t.Errorf("replayed %d cases of the %d known", replayed, len(golden))
	}
}

// goldenCase is a case of the file.
type goldenCase struct {
	ID    string
	Kind  string
	Attrs struct {
		Labels, IDs, Target, Targets any
		TargetLengths                any `json:"target_lengths"`
		InputLengths                 any `json:"input_lengths"`
		Stride, Padding, Dilation    any
		OutputPadding                any `json:"output_padding"`
		Groups                       int
		Epsilon                      float64
		Training                     bool
	}
	Tol64  struct{ RTol, ATol float64 }
	Arrays map[string]any
	arrays map[string]ops.Array
}

// get returns an array of the case, with the shape that it has there.
func (c goldenCase) get(key string) ops.Array { return c.arrays[c.ID+"/"+key] }

// model makes outputs of the inputs by name.
type model func(c goldenCase, in func(name string) *graph.Node) *graph.Node

func (c goldenCase) run(t *testing.T, f model) {
	g := graph.New()
	var names []string
	var values []ops.Array
	byName := map[string]*graph.Node{}
	in := func(name string) *graph.Node {
		if byName[name] == nil {
			a := c.get("in." + name)
			a.DType = tensor.Float64
			byName[name] = g.Input(name, a.Spec)
			names, values = append(names, name), append(values, a)
		}
		return byName[name]
	}
	y := f(c, in)
	var outputs []*graph.Node
	var want []ops.Array
	add := func(n *graph.Node, key string) {
		outputs, want = append(outputs, n), append(want, c.get(key))
	}
	switch c.Kind {
	case "vjp":
		dy := g.Const(ToTensor(cast(c.get("cotangent.0"), y.Shape())))
		add(y, "out.0")
		for _, name := range names {
			if _, ok := c.Arrays["grad."+name]; ok { // not of moving averages
				add(autodiff.VJP(y, dy, byName[name])[0], "grad."+name)
			}
		}
	case "hvp":
		x, v := in("x"), in("v")
		d := autodiff.Grad(y, x)[0]
		add(y, "out.y")
		add(d, "out.grad")
		add(autodiff.Grad(ops.ReduceSum(ops.Mul(d, v)), x)[0], "out.hvp")
	case "gradient_penalty":
		add(y, "out.penalty")
		add(autodiff.Grad(y, in("w"))[0], "out.grad_w")
	}
	for i, got := range Eval(outputs, values...) {
		if len(got.V) != len(want[i].V) || len(got.V) == 0 {
			t.Errorf("output %d is %v: want %v", i, got.Spec, want[i].Spec)
			continue
		}
		for j, w := range want[i].V {
			if d := math.Abs(got.V[j] - w); !(d <= c.Tol64.ATol+c.Tol64.RTol*math.Abs(w)) {
				t.Errorf("output %d at %d: got %v, want %v", i, j, got.V[j], w)
			}
		}
	}
}

// cast returns a in float64 and with the shape s.
func cast(a ops.Array, s tensor.Dims) ops.Array {
	return ops.Array{Spec: tensor.Spec{DType: tensor.Float64, Shape: s}, V: a.V}
}

// flatten returns the numbers of nested lists.
func flatten(v any) []float64 {
	if f, ok := v.(float64); ok {
		return []float64{f}
	}
	var all []float64
	list, _ := v.([]any)
	for _, e := range list {
		all = append(all, flatten(e)...)
	}
	return all
}

// constant returns the numbers of an attribute as a constant of g.
func constant(g *graph.Graph, v any, dt tensor.DType, shape ...int) *graph.Node {
	a := ops.Array{Spec: tensor.S(dt, shape...), V: flatten(v)}
	return g.Const(ToTensor(a))
}

// readNPZ returns the arrays of a NumPy archive.
func readNPZ(t *testing.T, name string) map[string]ops.Array {
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	z, err := npy.OpenArchive(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]ops.Array{}
	for _, name := range z.Names() {
		x, err := z.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = FromTensor(x)
	}
	return all
}
