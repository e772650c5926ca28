package loss_test

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func f32(dims ...int) tensor.Spec { return tensor.S(tensor.Float32, dims...) }

func TestMistakes(t *testing.T) {
	i32 := func(dims ...int) tensor.Spec { return tensor.S(tensor.Int32, dims...) }
	for name, c := range map[string]struct {
		loss loss.Loss
		y, p tensor.Spec
		want []string
	}{
		"numbers for rows":   {loss.CategoricalCrossentropy(), i32(8), f32(8, 10), []string{"int32[8]", "float32[8 10]", "SparseCategoricalCrossentropy", "OneHot"}},
		"column for rows":    {loss.CategoricalCrossentropy(), f32(8, 1), f32(8, 10), []string{"SparseCategoricalCrossentropy"}},
		"rows for numbers":   {loss.SparseCategoricalCrossentropy(), f32(8, 10), f32(8, 10), []string{"CategoricalCrossentropy", "ArgMax"}},
		"class numbers":      {loss.KLDivergence(), tensor.S(tensor.Int32, 8), f32(8, 10), []string{"class numbers: want rows of probabilities as ops.OneHot makes them"}},
		"class numbers, mse": {loss.MeanSquaredError(), tensor.S(tensor.Int32, 8), f32(8, 10), []string{"class numbers: want loss.SparseCategoricalCrossentropy, or rows"}},
		"other shape":        {loss.CategoricalCrossentropy(), f32(8, 9), f32(8, 10), []string{"want one shape"}},
		"other batch":        {loss.SparseCategoricalCrossentropy(), i32(7), f32(8, 10), []string{"one class number a prediction"}},
		"no broadcast":       {loss.MeanSquaredError(), f32(8, 3), f32(8, 1), []string{"float32[8 3]"[7:], "want one shape"}},
		"integer prediction": {loss.MeanAbsoluteError(), f32(8, 3), i32(8, 3), []string{"int32[8 3]", "float"}},
		"delta":              {loss.Huber(loss.Delta(0)), f32(8, 3), f32(8, 3), []string{"Huber", "delta 0", "over 0"}},
		"q":                  {loss.CategoricalGeneralizedCrossEntropy(loss.Q(1)), i32(8), f32(8, 3), []string{"q 1", "less than 1"}},
		"gamma":              {loss.BinaryFocalCrossentropy(loss.Gamma(-1)), f32(8, 3), f32(8, 3), []string{"gamma -1", "0 or more"}},
		"alpha":              {loss.BinaryFocalCrossentropy(loss.Alpha(2)), f32(8, 3), f32(8, 3), []string{"alpha 2", "0 to 1"}},
		"alphas":             {loss.CategoricalFocalCrossentropy(loss.Alphas{1, 2}), f32(8, 3), f32(8, 3), []string{"2 alphas for 3 classes"}},
		"negative alphas":    {loss.CategoricalFocalCrossentropy(loss.Alphas{1, -2, 3}), f32(8, 3), f32(8, 3), []string{"alpha [1 -2 3]"}},
		"axis":               {loss.CosineSimilarity(loss.Axis(2)), f32(8, 3), f32(8, 3), []string{"axis 2", "-2 to 1"}},
		"axes":               {loss.Dice(loss.Axes(1, 1)), f32(8, 3), f32(8, 3), []string{"stands twice"}},
		"tversky":            {loss.Tversky(loss.Beta(-1)), f32(8, 3), f32(8, 3), []string{"beta -1"}},
		"margin":             {loss.Circle(loss.Margin(-1)), i32(8), f32(8, 3), []string{"margin -1"}},
		"embeddings":         {loss.Circle(), i32(8, 2), f32(8, 2, 3), []string{"float32[8 2 3]", "[batch dimensions]"}},
		"sequences":          {loss.CTC(), i32(8, 2), f32(8, 3), []string{"int32[8 2]", "float32[8 3]", "[batch times classes]"}},
		"nil function":       {loss.Func("mine", nil), f32(8, 3), f32(8, 3), []string{"mine", "nil"}},
		"reduction":          {loss.MeanSquaredError(loss.Reduction("max")), f32(8, 3), f32(8, 3), []string{"mean_squared_error", `"max"`, `want one of "sum_over_batch_size"`}},
		"smoothing":          {loss.BinaryCrossentropy(loss.LabelSmoothing(2)), f32(8, 3), f32(8, 3), []string{"smoothing 2", "0 to 1"}},
	} {
		g := graph.New()
		err := graph.Catch(func() { loss.Reduce(c.loss, g.Input("y", c.y), g.Input("p", c.p), nil) })
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
		loss.Reduce(loss.MeanSquaredError(), g.Input("y", f32(8, 3)), g.Input("p", f32(8, 3)), g.Input("w", f32(7)))
	})
	if err == nil || !strings.Contains(err.Error(), "weights [7] of losses [8]") {
		t.Errorf("error of weights is %v", err)
	}
}

// TestLogitsOfProbabilities gives losses probabilities that are 0 and 1 in float32:
// traced back to their logits, they lose nothing.
func TestLogitsOfProbabilities(t *testing.T) {
	run := func(l loss.Loss, y *tensor.Tensor, act func(*graph.Node) *graph.Node, z ...float32) float64 {
		logits, err := tensor.FromSlice(z, 1, len(z))
		if err != nil {
			t.Fatal(err)
		}
		g := graph.New()
		in := []*graph.Node{g.Input("y", y.Spec()), g.Input("z", logits.Spec())}
		return nntest.Run(g, []*graph.Node{loss.Reduce(l, in[0], act(in[1]), nil)}, y, logits)[0].V[0]
	}
	row, err := tensor.FromSlice([]float32{0, 1}, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	softmax := func(x *graph.Node) *graph.Node { return ops.Softmax(x, -1) }
	for name, got := range map[string]float64{
		"categorical": run(loss.CategoricalCrossentropy(), row, softmax, 200, 0),
		"sparse":      run(loss.SparseCategoricalCrossentropy(), tensor.Of[int32](1), softmax, 200, 0),
		"binary":      run(loss.BinaryCrossentropy(), tensor.Of[float32](0), ops.Sigmoid, 200),
	} {
		if got != 200 {
			t.Errorf("%s: loss is %v, want 200", name, got)
		}
	}
}

// spread returns n numbers between lo and hi, none near another or a middle.
func spread(n int, lo, hi float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = lo + (hi-lo)*(float64(i*7%n)+0.37)/float64(n)
	}
	return v
}

// lossCase is a loss with labels and predictions that suit it and are not near a kink.
type lossCase struct {
	loss   func(r loss.Reduction) loss.Loss
	labels *tensor.Tensor
	pred   ops.Array
}

func lossCases(t *testing.T) map[string]lossCase {
	shaped := func(x *tensor.Tensor, dims ...int) *tensor.Tensor {
		y, err := x.Reshape(dims...)
		if err != nil {
			t.Fatal(err)
		}
		return y
	}
	pred := func(lo, hi float64, dims ...int) ops.Array {
		s := tensor.S(tensor.Float64, dims...)
		return ops.Array{Spec: s, V: spread(s.Shape.Size(), lo, hi)}
	}
	rows := shaped(tensor.Of(0, 1, 0.9, 0.1, 0.3, 0.7), 3, 2)
	hot := shaped(tensor.Of(0.0, 1, 1, 0, 0, 1), 3, 2)
	real := shaped(tensor.Of(0.3, -1.2, 0.8, 2.1, -0.4, 0.1), 3, 2)
	counts := shaped(tensor.Of(0.0, 2, 1, 3, 0, 1), 3, 2)
	numbers := tensor.Of[int64](1, 0, 1)
	p, z := pred(0.1, 0.9, 3, 2), pred(-2, 3, 3, 2)
	circle := pred(-0.7, 0.7, 3, 2)
	return map[string]lossCase{
		"MeanSquaredError":            {func(r loss.Reduction) loss.Loss { return loss.MeanSquaredError(r) }, real, z},
		"MeanAbsoluteError":           {func(r loss.Reduction) loss.Loss { return loss.MeanAbsoluteError(r) }, real, z},
		"MeanAbsolutePercentageError": {func(r loss.Reduction) loss.Loss { return loss.MeanAbsolutePercentageError(r) }, real, z},
		"MeanSquaredLogarithmicError": {func(r loss.Reduction) loss.Loss { return loss.MeanSquaredLogarithmicError(r) }, counts, z},
		"LogCosh":                     {func(r loss.Reduction) loss.Loss { return loss.LogCosh(r) }, real, z},
		"Huber":                       {func(r loss.Reduction) loss.Loss { return loss.Huber(r, loss.Delta(0.6)) }, real, z},
		"CosineSimilarity":            {func(r loss.Reduction) loss.Loss { return loss.CosineSimilarity(r) }, real, z},
		"Hinge":                       {func(r loss.Reduction) loss.Loss { return loss.Hinge(r) }, hot, z},
		"SquaredHinge":                {func(r loss.Reduction) loss.Loss { return loss.SquaredHinge(r) }, hot, z},
		"CategoricalHinge":            {func(r loss.Reduction) loss.Loss { return loss.CategoricalHinge(r) }, hot, z},
		"KLDivergence":                {func(r loss.Reduction) loss.Loss { return loss.KLDivergence(r) }, rows, p},
		"Poisson":                     {func(r loss.Reduction) loss.Loss { return loss.Poisson(r) }, counts, p},
		"BinaryCrossentropy":          {func(r loss.Reduction) loss.Loss { return loss.BinaryCrossentropy(r, loss.LabelSmoothing(0.2)) }, rows, p},
		"BinaryCrossentropy logits":   {func(r loss.Reduction) loss.Loss { return loss.BinaryCrossentropy(r, loss.FromLogits) }, rows, z},
		"BinaryFocalCrossentropy": {func(r loss.Reduction) loss.Loss {
			return loss.BinaryFocalCrossentropy(r, loss.Gamma(1.5), loss.ClassBalancing)
		}, rows, p},
		"BinaryFocalCrossentropy logits": {func(r loss.Reduction) loss.Loss {
			return loss.BinaryFocalCrossentropy(r, loss.FromLogits, loss.Gamma(0))
		}, rows, z},
		"CategoricalCrossentropy":        {func(r loss.Reduction) loss.Loss { return loss.CategoricalCrossentropy(r) }, rows, p},
		"CategoricalCrossentropy logits": {func(r loss.Reduction) loss.Loss { return loss.CategoricalCrossentropy(r, loss.FromLogits) }, rows, z},
		"CategoricalFocalCrossentropy":   {func(r loss.Reduction) loss.Loss { return loss.CategoricalFocalCrossentropy(r, loss.Alphas{0.3, 0.6}) }, rows, p},
		"CategoricalFocalCrossentropy logits": {func(r loss.Reduction) loss.Loss {
			return loss.CategoricalFocalCrossentropy(r, loss.FromLogits, loss.Gamma(1))
		}, rows, z},
		"CategoricalGeneralizedCrossEntropy": {func(r loss.Reduction) loss.Loss { return loss.CategoricalGeneralizedCrossEntropy(r, loss.Q(0.3)) }, numbers, p},
		"SparseCategoricalCrossentropy":      {func(r loss.Reduction) loss.Loss { return loss.SparseCategoricalCrossentropy(r) }, numbers, p},
		"SparseCategoricalCrossentropy logits": {func(r loss.Reduction) loss.Loss {
			return loss.SparseCategoricalCrossentropy(r, loss.FromLogits, loss.IgnoreClass(0))
		}, numbers, z},
		"Dice": {func(r loss.Reduction) loss.Loss { return loss.Dice(r, loss.Axes(1)) }, hot, p},
		"Tversky": {func(r loss.Reduction) loss.Loss {
			return loss.Tversky(r, loss.Axes(1), loss.Alpha(0.2), loss.Beta(0.7))
		}, hot, p},
		"Circle": {func(r loss.Reduction) loss.Loss { return loss.Circle(r, loss.Gamma(3)) }, numbers, circle},
		"CTC":    {func(r loss.Reduction) loss.Loss { return loss.CTC(r) }, shaped(tensor.Of[int64](1, 2, 2, 2, 1, 0), 3, 2), pred(-2, 2, 3, 4, 3)},
		"Func": {func(r loss.Reduction) loss.Loss {
			return loss.Func("cubic", func(t, p *graph.Node) *graph.Node {
				return ops.ReduceMean(ops.Pow(ops.Abs(ops.Sub(t, p)), ops.ScalarLike(p, 3)), -1)
			}, r)
		}, real, z},
	}
}

// TestGradients compares gradients by predictions and weights with differences.
func TestGradients(t *testing.T) {
	w := ops.Array{Spec: tensor.S(tensor.Float64, 3), V: []float64{0.5, 2, 1}}
	for name, c := range lossCases(t) {
		for _, r := range []loss.Reduction{loss.MeanOverBatch, loss.MeanByWeight, loss.Sum, loss.NoReduction} {
			g := graph.New()
			pred, weight := g.Input("p", c.pred.Spec), g.Input("w", w.Spec)
			l := loss.Reduce(c.loss(r), g.Const(c.labels), pred, weight)
			if err := optest.CheckGrad(l, []ops.Array{c.pred, w}, 1e-6); err != nil {
				t.Errorf("%s, %s: %v", name, r, err)
			}
		}
	}
}

// lossNames returns the classes of Keras's that the package has, from the configs that
// interop/keras reads.
func lossNames(t *testing.T) (names []string) {
	text, err := os.ReadFile("../interop/keras/testdata/configs.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"name": "loss ([A-Z]\w*)"`).FindAllStringSubmatch(string(text), -1) {
		names = append(names, m[1])
	}
	if len(names) < 20 {
		t.Fatalf("found losses %v: want all", names)
	}
	return names
}

// TestAllLosses wants a case of every class of Keras's.
func TestAllLosses(t *testing.T) {
	cases := lossCases(t)
	for _, name := range lossNames(t) {
		if _, ok := cases[name]; !ok {
			t.Errorf("no case of %s", name)
		}
	}
}

// TestLossesLower trains predictions themselves on every loss, alone, with a mask that
// leaves one sample out, whose predictions must stay.
func TestLossesLower(t *testing.T) {
	for name, c := range lossCases(t) {
		v := graph.NewVar("p", optest.ToTensor(c.pred))
		step := func(rate float64) float64 {
			g := graph.New()
			p := g.Value(v)
			l := loss.ReduceMasked(c.loss(loss.MeanOverBatch), g.Const(c.labels), p, nil, g.Const(tensor.Of(true, false, true)))
			if rate > 0 {
				g.Update(v, ops.Sub(p, ops.Scale(autodiff.Grad(l, p)[0], rate)))
			}
			return nntest.Run(g, []*graph.Node{l})[0].V[0]
		}
		before := step(1e-3)
		if after := step(0); !(after < before) {
			t.Errorf("%s: a step of gradient descent takes the loss from %g to %g, want less", name, before, after)
		}
		n := len(c.pred.V) / 3
		if got, want := v.Tensor().Float64s()[n:2*n], c.pred.V[n:2*n]; name != "Circle" && !slices.Equal(got, want) {
			t.Errorf("%s: predictions of the sample left out become %v, want %v", name, got, want)
		}
	}
}

// TestSampleWeights weighs samples that have several losses each.
func TestSampleWeights(t *testing.T) {
	g := graph.New()
	in := []*graph.Node{g.Input("y", f32(2, 2, 1)), g.Input("p", f32(2, 2, 1)), g.Input("w", f32(2))}
	sum := loss.Reduce(loss.MeanAbsoluteError(loss.Sum), in[0], in[1], in[2])
	mean := loss.Reduce(loss.MeanAbsoluteError(loss.MeanByWeight), in[0], in[1], in[2])
	y, err := tensor.FromSlice([]float32{1, 2, 3, 4}, 2, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := nntest.Run(g, []*graph.Node{sum, mean}, y, tensor.New(tensor.Float32, 2, 2, 1), tensor.Of[float32](10, 1))
	if want := 37.0; got[0].V[0] != want { // 10·(1+2) + 1·(3+4)
		t.Errorf("loss is %v, want %v", got[0].V[0], want)
	}
	if want := 37.0 / 22; math.Abs(got[1].V[0]-want) > 1e-6 { // over 10+10+1+1
		t.Errorf("mean by weight is %v, want %v", got[1].V[0], want)
	}
}

func TestEmptyWeights(t *testing.T) {
	g := graph.New()
	in := []*graph.Node{g.Input("y", f32(2, 1)), g.Input("p", f32(2, 1)), g.Input("w", f32(2))}
	l := loss.Reduce(loss.MeanSquaredError(loss.MeanByWeight), in[0], in[1], in[2])
	one := tensor.Of[float32](1, 2)
	col, err := one.Reshape(2, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := nntest.Run(g, []*graph.Node{l}, col, nntest.Sample(f32(2, 1)), tensor.New(tensor.Float32, 2))[0].V[0]; got != 0 || math.IsNaN(got) {
		t.Errorf("loss by weights of zero is %v, want 0", got)
	}
}

func TestJSON(t *testing.T) {
	for _, l := range []loss.Loss{
		loss.MeanSquaredError(loss.Sum, loss.Name("mine")), loss.MeanAbsoluteError(), loss.BinaryCrossentropy(loss.FromLogits, loss.Axis(1)),
		loss.CategoricalCrossentropy(loss.LabelSmoothing(0.1), loss.MeanByWeight), loss.SparseCategoricalCrossentropy(loss.IgnoreClass(3), loss.NoReduction),
		loss.BinaryFocalCrossentropy(loss.ClassBalancing, loss.Alpha(0.75), loss.Gamma(1)), loss.CategoricalFocalCrossentropy(loss.Alphas{0.1, 0.2}),
		loss.CategoricalFocalCrossentropy(), loss.CategoricalGeneralizedCrossEntropy(loss.Q(0.2)), loss.Circle(loss.KeepDiagonal, loss.Margin(0.1)),
		loss.CosineSimilarity(loss.Axis(-2)), loss.CTC(), loss.Dice(), loss.Dice(loss.Axes(1, 2)), loss.Tversky(loss.Axes(1), loss.Alpha(0.1), loss.Beta(0.9)),
		loss.Huber(loss.Delta(2)), loss.Hinge(), loss.SquaredHinge(), loss.CategoricalHinge(), loss.KLDivergence(), loss.LogCosh(loss.Sum),
		loss.MeanAbsolutePercentageError(), loss.MeanSquaredLogarithmicError(), loss.Poisson(),
	} {
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		back, err := loss.FromConfig(loss.ClassOf(l), text)
		if err != nil || !reflect.DeepEqual(back, l) {
			t.Errorf("%s comes back as %+v (%v)", text, back, err)
		}
	}
	if _, err := loss.FromConfig("MeanSquaredError", []byte(`{"reduction":"max"}`)); err == nil {
		t.Error("an unknown reduction is no error")
	}
	if _, err := json.Marshal(loss.Func("mine", nil)); err == nil || !strings.Contains(err.Error(), `loss: "mine" is a function of your own`) {
		t.Errorf("writing a loss of one's own: error %v", err)
	}
}

// TestBadLabel finds the first label that is no class number, in any dtype.
func TestBadLabel(t *testing.T) {
	for _, l := range []loss.Loss{loss.SparseCategoricalCrossentropy(), loss.CategoricalGeneralizedCrossEntropy(), loss.CTC()} {
		bad := l.(loss.LabelChecker).BadLabel
		for want, y := range map[int]*tensor.Tensor{
			-1: tensor.Of[int32](0, 2, 1), 0: tensor.Of[int64](-1, 1), 1: tensor.Of[uint8](2, 3), 2: tensor.Of[float32](1, 2, 0.5), 3: tensor.Of(0, 1, 2, math.NaN()),
		} {
			if got := bad(y, 3); got != want {
				t.Errorf("%s: labels %v: the first bad one is %d, want %d", l.Name(), y.Float64s(), got, want)
			}
		}
	}
}
