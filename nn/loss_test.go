package nn_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func TestLossMistakes(t *testing.T) {
	i32 := func(dims ...int) tensor.Spec { return tensor.S(tensor.Int32, dims...) }
	for name, c := range map[string]struct {
		loss nn.Loss
		y, p tensor.Spec
		want []string
	}{
		"numbers for rows":   {nn.CategoricalCrossentropy(), i32(8), f32(8, 10), []string{"int32[8]", "float32[8 10]", "SparseCategoricalCrossentropy", "OneHot"}},
		"column for rows":    {nn.CategoricalCrossentropy(), f32(8, 1), f32(8, 10), []string{"SparseCategoricalCrossentropy"}},
		"rows for numbers":   {nn.SparseCategoricalCrossentropy(), f32(8, 10), f32(8, 10), []string{"CategoricalCrossentropy", "ArgMax"}},
		"other shape":        {nn.CategoricalCrossentropy(), f32(8, 9), f32(8, 10), []string{"want one shape"}},
		"other batch":        {nn.SparseCategoricalCrossentropy(), i32(7), f32(8, 10), []string{"one class number a prediction"}},
		"no broadcast":       {nn.MeanSquaredError(), f32(8, 3), f32(8, 1), []string{"float32[8 3]"[7:], "want one shape"}},
		"integer prediction": {nn.MeanAbsoluteError(), f32(8, 3), i32(8, 3), []string{"int32[8 3]", "float"}},
		"smoothing":          {nn.BinaryCrossentropy(nn.LabelSmoothing(2)), f32(8, 3), f32(8, 3), []string{"smoothing 2", "0 to 1"}},
	} {
		g := graph.New()
		err := graph.Catch(func() { nn.ReduceLoss(c.loss, g.Input("y", c.y), g.Input("p", c.p), nil) })
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, part := range append(c.want, "loss_test.go:") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error is %q, want %q in it", name, err, part)
			}
		}
	}
	g := graph.New()
	err := graph.Catch(func() {
		nn.ReduceLoss(nn.MeanSquaredError(), g.Input("y", f32(8, 3)), g.Input("p", f32(8, 3)), g.Input("w", f32(7)))
	})
	if err == nil || !strings.Contains(err.Error(), "weights [7] of losses [8]") {
		t.Errorf("error of weights is %v", err)
	}
}

// TestLogitsOfProbabilities gives losses probabilities that are 0 and 1 in float32:
// traced back to their logits, they lose nothing.
func TestLogitsOfProbabilities(t *testing.T) {
	run := func(l nn.Loss, y *tensor.Tensor, act func(*graph.Node) *graph.Node, z ...float32) float64 {
		logits, err := tensor.FromSlice(z, 1, len(z))
		if err != nil {
			t.Fatal(err)
		}
		g := graph.New()
		in := []*graph.Node{g.Input("y", y.Spec()), g.Input("z", logits.Spec())}
		return nntest.Run(g, []*graph.Node{nn.ReduceLoss(l, in[0], act(in[1]), nil)}, y, logits)[0].V[0]
	}
	row, err := tensor.FromSlice([]float32{0, 1}, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	softmax := func(x *graph.Node) *graph.Node { return ops.Softmax(x, -1) }
	for name, got := range map[string]float64{
		"categorical": run(nn.CategoricalCrossentropy(), row, softmax, 200, 0),
		"sparse":      run(nn.SparseCategoricalCrossentropy(), tensor.Of[int32](1), softmax, 200, 0),
		"binary":      run(nn.BinaryCrossentropy(), tensor.Of[float32](0), ops.Sigmoid, 200),
	} {
		if got != 200 {
			t.Errorf("%s: loss is %v, want 200", name, got)
		}
	}
}

// TestLossGradients compares gradients by predictions and weights with differences.
func TestLossGradients(t *testing.T) {
	f64 := func(dims ...int) tensor.Spec { return tensor.S(tensor.Float64, dims...) }
	p := ops.Array{Spec: f64(3, 2), V: []float64{0.3, 0.6, 0.8, 0.1, 0.45, 0.5}}
	w := ops.Array{Spec: f64(3), V: []float64{0.5, 2, 1}}
	y := tensor.Of[float64](0, 1, 1, 0, 0.3, 0.7)
	rows, err := y.Reshape(3, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []nn.Reduction{nn.MeanOverBatch, nn.MeanByWeight, nn.Sum} {
		for name, l := range map[string]nn.Loss{
			"squared": nn.MeanSquaredError(r), "absolute": nn.MeanAbsoluteError(r),
			"binary": nn.BinaryCrossentropy(r, nn.LabelSmoothing(0.2)), "binary logits": nn.BinaryCrossentropy(r, nn.FromLogits),
			"categorical": nn.CategoricalCrossentropy(r), "categorical logits": nn.CategoricalCrossentropy(r, nn.FromLogits),
			"sparse": nn.SparseCategoricalCrossentropy(r), "sparse logits": nn.SparseCategoricalCrossentropy(r, nn.FromLogits, nn.IgnoreClass(2)),
		} {
			g := graph.New()
			labels := g.Const(rows)
			if strings.HasPrefix(name, "sparse") {
				labels = g.Const(tensor.Of[int64](1, 0, 1))
			}
			loss := nn.ReduceLoss(l, labels, g.Input("p", p.Spec), g.Input("w", w.Spec))
			if err := optest.CheckGrad(loss, []ops.Array{p, w}, 1e-6); err != nil {
				t.Errorf("%s, %s: %v", name, r, err)
			}
		}
	}
}

// TestSampleWeights weighs samples that have several losses each.
func TestSampleWeights(t *testing.T) {
	g := graph.New()
	in := []*graph.Node{g.Input("y", f32(2, 2, 1)), g.Input("p", f32(2, 2, 1)), g.Input("w", f32(2))}
	loss := nn.ReduceLoss(nn.MeanAbsoluteError(nn.Sum), in[0], in[1], in[2])
	y, err := tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := nntest.Run(g, []*graph.Node{loss}, y, tensor.New(tensor.Float32, 2, 2, 1), tensor.Of[float32](10, 1))
	if want := 37.0; got[0].V[0] != want { // 10·(1+2) + 1·(3+4)
		t.Errorf("loss is %v, want %v", got[0].V[0], want)
	}
}

func TestEmptyWeights(t *testing.T) {
	g := graph.New()
	in := []*graph.Node{g.Input("y", f32(2, 1)), g.Input("p", f32(2, 1)), g.Input("w", f32(2))}
	loss := nn.ReduceLoss(nn.MeanSquaredError(nn.MeanByWeight), in[0], in[1], in[2])
	one := tensor.Of[float32](1, 2)
	col, err := one.Reshape(2, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := nntest.Run(g, []*graph.Node{loss}, col, nntest.Sample(f32(2, 1)), tensor.New(tensor.Float32, 2))[0].V[0]; got != 0 || math.IsNaN(got) {
		t.Errorf("loss by weights of zero is %v, want 0", got)
	}
}

func TestLossJSON(t *testing.T) {
	type named interface{ Class() string }
	for _, l := range []nn.Loss{
		nn.MeanSquaredError(nn.Sum, nn.Name("mine")), nn.MeanAbsoluteError(), nn.BinaryCrossentropy(nn.FromLogits),
		nn.CategoricalCrossentropy(nn.LabelSmoothing(0.1), nn.MeanByWeight), nn.SparseCategoricalCrossentropy(nn.IgnoreClass(3), nn.NoReduction),
	} {
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		back, err := nn.LossFromConfig(l.(named).Class(), text)
		if err != nil || !reflect.DeepEqual(back, l) {
			t.Errorf("%s comes back as %+v (%v)", text, back, err)
		}
	}
	if _, err := nn.LossFromConfig("MeanSquaredError", []byte(`{"reduction":"max"}`)); err == nil {
		t.Error("an unknown reduction is no error")
	}
}
