package loss_test

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// losses prints the losses of the samples, and that of the batch.
func losses(l loss.Loss, labels, predictions *tensor.Tensor) {
	g := graph.New()
	y, p := g.Input("y", labels.Spec()), g.Input("p", predictions.Spec())
	out := nntest.Run(g, []*graph.Node{l.Each(y, p), loss.Reduce(l, y, p, nil)}, labels, predictions)
	fmt.Printf("%s %.3f: %.3f\n", l.Name(), out[0].V, out[1].V)
}

// matrix returns numbers in rows of n.
func matrix(n int, v ...float32) *tensor.Tensor {
	t, err := tensor.FromSlice(v, len(v)/n, n)
	if err != nil {
		panic(err)
	}
	return t
}

// A loss is traced like anything else.
func ExampleReduce() {
	g := graph.New()
	labels := g.Input("labels", tensor.S(tensor.Int32, 32))
	logits := g.Input("logits", tensor.S(tensor.Float32, 32, 10))
	l := loss.Reduce(loss.SparseCategoricalCrossentropy(loss.FromLogits), labels, logits, nil)
	fmt.Println(l.Spec())
	err := graph.Catch(func() { loss.Reduce(loss.CategoricalCrossentropy(loss.FromLogits), labels, logits, nil) })
	fmt.Println(err)
	// Output:
	// float32[]
	// example_test.go:37: loss.CategoricalCrossentropy: labels int32[32], predictions float32[32 10]: the labels look like class numbers: want loss.SparseCategoricalCrossentropy, or rows of probabilities as ops.OneHot makes them
}

func ExampleMeanSquaredError() {
	y, p := matrix(2, 1, 2, 3, 4), matrix(2, 1, 4, 3, 5)
	losses(loss.MeanSquaredError(), y, p)
	losses(loss.MeanSquaredError(loss.Sum, loss.Name("sum")), y, p)
	losses(loss.MeanAbsoluteError(), y, p)
	// Output:
	// mean_squared_error [2.000 0.500]: [1.250]
	// sum [2.000 0.500]: [2.500]
	// mean_absolute_error [1.000 0.500]: [0.750]
}

func ExampleBinaryCrossentropy() {
	y := matrix(1, 1, 0)
	losses(loss.BinaryCrossentropy(), y, matrix(1, 0.9, 0.5))
	losses(loss.BinaryCrossentropy(loss.FromLogits), y, matrix(1, 2, -100))
	losses(loss.BinaryCrossentropy(loss.LabelSmoothing(0.1)), y, matrix(1, 0.9, 0.5))
	// Output:
	// binary_crossentropy [0.105 0.693]: [0.399]
	// binary_crossentropy [0.127 0.000]: [0.063]
	// binary_crossentropy [0.215 0.693]: [0.454]
}

func ExampleCategoricalCrossentropy() {
	y := matrix(3, 1, 0, 0, 0, 0, 1)
	losses(loss.CategoricalCrossentropy(), y, matrix(3, 0.5, 0.25, 0.25, 0.1, 0.1, 0.8))
	losses(loss.CategoricalCrossentropy(loss.FromLogits), y, matrix(3, 0, 0, 0, 1, 2, 3))
	// Output:
	// categorical_crossentropy [0.693 0.223]: [0.458]
	// categorical_crossentropy [1.099 0.408]: [0.753]
}

func ExampleSparseCategoricalCrossentropy() {
	p := matrix(3, 0.5, 0.25, 0.25, 0.1, 0.1, 0.8)
	losses(loss.SparseCategoricalCrossentropy(), tensor.Of[int32](0, 2), p)
	losses(loss.SparseCategoricalCrossentropy(loss.IgnoreClass(-1)), tensor.Of[int32](-1, 2), p)
	// Output:
	// sparse_categorical_crossentropy [0.693 0.223]: [0.458]
	// sparse_categorical_crossentropy [0.000 0.223]: [0.223]
}

func ExampleFromConfig() {
	l, err := loss.FromConfig("BinaryCrossentropy", []byte(`{"name": "bce", "from_logits": true}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(l.Name(), l.(*loss.BinaryCrossentropyLoss).FromLogits)
	// Output: bce true
}

func ExampleToConfig() {
	module, class, config, err := loss.ToConfig(loss.MeanSquaredError(loss.Sum))
	fmt.Println(module, class, string(config), err)
	// Output: keras.losses MeanSquaredError {"name":"mean_squared_error","reduction":"sum"} <nil>
}

// Pinball is a loss of your own: it leads to the quantile q rather than to the mean.
type Pinball struct{ q float64 }

func (Pinball) Name() string { return "pinball" }

func (l Pinball) Each(yTrue, yPred *graph.Node) *graph.Node {
	d := ops.Sub(yTrue, yPred)
	return ops.ReduceMean(ops.Maximum(ops.Scale(d, l.q), ops.Scale(d, l.q-1)), -1)
}

// A loss of your own is any type with Name and Each. For one without settings,
// Func is shorter.
func ExampleLoss() {
	losses(Pinball{0.9}, matrix(1, 0, 0), matrix(1, -1, 1))
	// Output:
	// pinball [0.900 0.100]: [0.500]
}

// Each output has a loss of its own, which counts as much as its weight says.
func ExamplePerOutput() {
	l := loss.PerOutput(
		loss.For("digit", loss.CategoricalCrossentropy()),
		loss.For("odd", loss.BinaryCrossentropy()).Weighted(0.2),
	)
	for _, o := range l.Of {
		fmt.Println(o.Output, o.Loss.Name(), o.Weight)
	}
	// Output:
	// digit categorical_crossentropy 1
	// odd binary_crossentropy 0.2
}

func ExampleFunc() {
	cubic := loss.Func("cubic", func(yTrue, yPred *graph.Node) *graph.Node {
		d := ops.Abs(ops.Sub(yTrue, yPred))
		return ops.ReduceMean(ops.Mul(d, ops.Square(d)), -1)
	})
	losses(cubic, matrix(1, 1, 2), matrix(1, 3, 2))
	// Output:
	// cubic [8.000 0.000]: [4.000]
}

// A mask leaves losses out, of the mean too.
func ExampleReduceMasked() {
	g := graph.New()
	y, p := g.Const(matrix(1, 1, 2, 3)), g.Const(matrix(1, 3, 9, 3))
	mask := g.Const(tensor.Of(true, false, true))
	fmt.Println(nntest.Run(g, []*graph.Node{loss.ReduceMasked(loss.MeanSquaredError(), y, p, nil, mask)})[0].V)
	// Output:
	// [2]
}

// The means of two batches, one of which loses two of three losses to a mask, are that of
// all losses together if each weighs as much as it counts.
func ExampleReduceCounted() {
	g := graph.New()
	mean := func(p *tensor.Tensor, mask *tensor.Tensor) loss.Reduced {
		return loss.ReduceCounted(loss.MeanSquaredError(), g.Const(matrix(1, 0, 0, 0)), g.Const(p), nil, g.Const(mask))
	}
	a := mean(matrix(1, 1, 9, 9), tensor.Of(true, false, false))
	b := mean(matrix(1, 2, 2, 2), tensor.Of(true, true, true))
	out := nntest.Run(g, []*graph.Node{a.Loss, a.Count, b.Loss, b.Count})
	fmt.Println(out[0].V, out[1].V, out[2].V, out[3].V)
	// Output:
	// [1] [1] [4] [3]
}

func ExampleBadLabel() {
	y := tensor.Of[int32](0, 2, 255, 3)
	fmt.Println(loss.BadLabel(y, 3), loss.BadLabel(y, 3, 255), loss.BadLabel(y, 4, 255))
	// Output: 2 3 -1
}

// Labels [B] and predictions [B 1] differ in an axis of length 1, which both have then.
func ExampleTogether() {
	g := graph.New()
	y, p := loss.Together("a loss", g.Const(tensor.Of[float32](1, 2)), g.Const(matrix(1, 3, 4)))
	fmt.Println(y.Shape(), p.Shape())
	// Output: [2 1] [2 1]
}

func ExampleHuber() {
	y, p := matrix(1, 0, 0), matrix(1, 0.5, 3)
	losses(loss.Huber(), y, p)
	losses(loss.Huber(loss.Delta(0.5)), y, p)
	losses(loss.LogCosh(), y, p)
	losses(loss.MeanAbsolutePercentageError(), matrix(1, 2, 4), matrix(1, 1, 5))
	losses(loss.MeanSquaredLogarithmicError(), matrix(1, 0, 1), matrix(1, 1, 1))
	// Output:
	// huber_loss [0.125 2.500]: [1.312]
	// huber_loss [0.125 1.375]: [0.750]
	// log_cosh [0.120 2.309]: [1.215]
	// mean_absolute_percentage_error [50.000 25.000]: [37.500]
	// mean_squared_logarithmic_error [0.480 0.000]: [0.240]
}

func ExampleCosineSimilarity() {
	y, p := matrix(2, 1, 0, 1, 1), matrix(2, 2, 0, 1, 0)
	losses(loss.CosineSimilarity(), y, p)
	losses(loss.CosineSimilarity(loss.Axis(0)), y, p)
	// Output:
	// cosine_similarity [-1.000 -0.707]: [-0.854]
	// cosine_similarity [-0.949 -0.000]: [-0.474]
}

func ExampleHinge() {
	y, p := matrix(1, -1, 1), matrix(1, 0.5, 0.25)
	losses(loss.Hinge(), y, p)
	losses(loss.Hinge(), matrix(1, 0, 1), p)
	losses(loss.SquaredHinge(), y, p)
	losses(loss.CategoricalHinge(), matrix(3, 0, 1, 0), matrix(3, 0.2, 0.7, 0.1))
	// Output:
	// hinge [1.500 0.750]: [1.125]
	// hinge [1.500 0.750]: [1.125]
	// squared_hinge [2.250 0.562]: [1.406]
	// categorical_hinge [0.500]: [0.500]
}

func ExampleKLDivergence() {
	y, p := matrix(2, 0.5, 0.5, 0, 1), matrix(2, 0.5, 0.5, 0.25, 0.75)
	losses(loss.KLDivergence(), y, p)
	losses(loss.Poisson(), matrix(1, 2, 0), matrix(1, 2, 1))
	// Output:
	// kl_divergence [0.000 0.288]: [0.144]
	// poisson [0.614 1.000]: [0.807]
}

func ExampleCategoricalGeneralizedCrossEntropy() {
	p := matrix(2, 0.25, 0.75, 0.5, 0.5)
	losses(loss.CategoricalGeneralizedCrossEntropy(), tensor.Of[int32](0, 1), p)
	losses(loss.CategoricalGeneralizedCrossEntropy(loss.Q(0.9)), tensor.Of[int32](0, 1), p)
	// Output:
	// categorical_generalized_cross_entropy [1.000 0.586]: [0.793]
	// categorical_generalized_cross_entropy [0.792 0.516]: [0.654]
}

func ExampleBinaryFocalCrossentropy() {
	y, p := matrix(1, 1, 1, 0), matrix(1, 0.9, 0.5, 0.5)
	losses(loss.BinaryFocalCrossentropy(), y, p)
	losses(loss.BinaryFocalCrossentropy(loss.ClassBalancing, loss.Gamma(1)), y, p)
	// Output:
	// binary_focal_crossentropy [0.001 0.173 0.173]: [0.116]
	// binary_focal_crossentropy [0.003 0.087 0.260]: [0.116]
}

func ExampleCategoricalFocalCrossentropy() {
	y, p := matrix(2, 1, 0, 0, 1), matrix(2, 0.9, 0.1, 0.5, 0.5)
	losses(loss.CategoricalFocalCrossentropy(), y, p)
	losses(loss.CategoricalFocalCrossentropy(loss.Alphas{1, 0.5}, loss.Gamma(0)), y, p)
	// Output:
	// categorical_focal_crossentropy [0.000 0.043]: [0.022]
	// categorical_focal_crossentropy [0.105 0.347]: [0.226]
}

func ExampleDice() {
	y, p := matrix(4, 1, 1, 0, 0, 0, 0, 0, 1), matrix(4, 1, 0, 0, 0, 0, 0, 1, 1)
	losses(loss.Dice(loss.Axes(1)), y, p)
	losses(loss.Dice(), y, p)
	losses(loss.Tversky(loss.Axes(1), loss.Alpha(0.25), loss.Beta(0.75)), y, p)
	// Output:
	// dice [0.333 0.333]: [0.333]
	// dice [0.333]: [0.333]
	// tversky [0.429 0.200]: [0.314]
}

// Two samples of a class are near to each other, a third of another class is not.
func ExampleCircle() {
	p := matrix(2, 1, 0, 0.8, 0.6, -1, 0)
	losses(loss.Circle(loss.Gamma(4)), tensor.Of[int32](0, 0, 1), p)
	losses(loss.Circle(loss.Gamma(4), loss.Margin(0.1)), tensor.Of[int32](0, 1, 0), p)
	// Output:
	// circle [0.482 0.482 0.000]: [0.482]
	// circle [18.480 0.000 15.960]: [17.220]
}

// Sure of 1, a blank and 2, the first sequence spells "1 2" at no loss; the second,
// sure of two blanks and 2, is far from "1".
func ExampleCTC() {
	p, err := tensor.FromSlice([]float32{0, 9, 0, 9, 0, 0, 0, 0, 9, 0, 9, 0, 9, 0, 0, 0, 0, 9}, 2, 3, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	labels, err := tensor.FromSlice([]int32{1, 2, 1, 0}, 2, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	losses(loss.CTC(), labels, p)
	// Output:
	// ctc [0.000 9.000]: [4.500]
}

// Labels of integers are subtracted from predictions of floats as floats.
func ExampleConverted() {
	g := graph.New()
	y, p := g.Const(tensor.Of[int64](1, 2)), g.Const(tensor.Of[float32](1.5, 1.75))
	fmt.Println(nntest.Run(g, []*graph.Node{loss.Converted(ops.Sub, y, p)})[0].V)
	// Output: [-0.5 0.25]
}

// A loss of your own gets labels [B] and predictions [B 1] as [B 1].
func ExampleEach() {
	g := graph.New()
	gap := loss.Func("gap", func(yTrue, yPred *graph.Node) *graph.Node { return ops.Sub(yTrue, yPred) })
	fmt.Println(loss.Each(gap, g.Const(tensor.Of[int32](1, 2)), g.Const(matrix(1, 3, 4))).Spec())
	// Output: float32[2 1]
}
