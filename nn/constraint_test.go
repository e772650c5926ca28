package nn_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// apply returns the constrained value of a tensor.
func apply(c nn.Constraint, w *tensor.Tensor) []float64 {
	g := graph.New()
	return nntest.Run(g, []*graph.Node{c.Apply(g.Input("w", w.Spec()))}, w)[0].V
}

func TestConstraintJSON(t *testing.T) {
	w := nntest.Sample(f32(3, 4))
	for _, c := range []nn.Constraint{nn.NonNeg, nn.MaxNorm(0.5), nn.MaxNorm(0.5, 0, 1), nn.UnitNorm(1), nn.MinMaxNorm(0.5, 0.75, 0.25, 1), {}} {
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back nn.Constraint
		if err := json.Unmarshal(text, &back); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, want := apply(back, w), apply(c, w); !slices.Equal(got, want) {
			t.Errorf("%s read again gives %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]string{
		`"cube"`: `nn: constraint "cube": want what glia has`,
		`{"class_name":"MaxNorm","config":{"axis":"x"}}`:  `nn: config of MaxNorm: axis: "x": want an axis or a list of axes`,
		`{"class_name":"MaxNorm","config":{"axis":null}}`: `option "constraint.axis without an axis"`,
		`{"class_name":"NonNeg","config":{"more":1}}`:     `option "NonNeg.more"`,
		`3`: `nn: constraint: 3: want a name or an object`,
	} {
		var c nn.Constraint
		if err := json.Unmarshal([]byte(text), &c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	var c nn.Constraint
	if err := json.Unmarshal([]byte(`"non_neg"`), &c); err != nil || !slices.Equal(apply(c, w), apply(nn.NonNeg, w)) {
		t.Errorf("a name gives other values, or %v", err)
	}
	_, err := json.Marshal(nn.ConstraintFunc("mine", ops.Abs))
	if err == nil || !strings.Contains(err.Error(), `constraint "mine" is a function of your own`) {
		t.Errorf("writing a constraint of one's own: error %v", err)
	}
}

// TestConstraintMistakes finds mistakes when the layer is built.
func TestConstraintMistakes(t *testing.T) {
	for want, c := range map[string]nn.Constraint{
		"nn.MaxNorm -1: want a finite number of 0 or more":                  nn.MaxNorm(-1),
		"nn.MinMaxNorm: lengths from 2 to 1 at a rate of 1":                 nn.MinMaxNorm(2, 1, 1),
		"nn.MinMaxNorm: lengths from 0 to 1 at a rate of 2":                 nn.MinMaxNorm(0, 1, 2),
		"axis 2 of x [3 2]: want -2 to 1":                                   nn.UnitNorm(2),
		"axes [0 0] of x [3 2]: one stands twice":                           nn.MaxNorm(1, 0, 0),
		"nn.Constraint: half of w float32[3 2] is float32[]: want the same": nn.ConstraintFunc("half", func(w *graph.Node) *graph.Node { return ops.ReduceSum(w) }),
		`layer "dense": nn.Constraint: half of w`:                           nn.ConstraintFunc("half", func(w *graph.Node) *graph.Node { return ops.ReduceSum(w) }),
		`layer "dense": nn.MaxNorm NaN: want a finite`:                      nn.MaxNorm(math.NaN()),
	} {
		err := graph.Catch(func() { nn.Sequential(nn.Dense(2, nn.KernelConstraint(c))).Build(nn.NewBuilder(1), f32(4, 3)) })
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "constraint_test.go:") {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

// TestConstrain gives variables that were updated what their constraints make of it.
func TestConstrain(t *testing.T) {
	b := nn.NewBuilder(1)
	l := nn.Dense(2, nn.KernelConstraint(nn.ConstraintFunc("floor", ops.Floor)))
	b.Build("d", l, f32(1, 2))
	g := graph.New()
	for _, v := range b.Vars() {
		g.Update(v, ops.Full(g, v.Spec(), 1.5))
	}
	nn.Constrain(g, b.Vars())
	nntest.Run(g, nil)
	if got := b.Vars()[0].Tensor().Float64s(); !slices.Equal(got, []float64{1, 1, 1, 1}) {
		t.Errorf("kernel is %v, want 1 everywhere", got)
	}
	if got := b.Vars()[1].Tensor().Float64s(); !slices.Equal(got, []float64{1.5, 1.5}) {
		t.Errorf("bias is %v, want 1.5: it has no constraint", got)
	}
}

// TestZeroNorms sees to it that vectors of length 0 stay as they are.
func TestZeroNorms(t *testing.T) {
	for _, c := range []nn.Constraint{nn.MaxNorm(1), nn.UnitNorm(), nn.MinMaxNorm(0.5, 1, 1)} {
		if got := apply(c, tensor.New(tensor.Float32, 2, 2)); !slices.Equal(got, make([]float64, 4)) {
			t.Errorf("zeros become %v", got)
		}
	}
}
