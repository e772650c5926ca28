package loss_test

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// ownLoss is a type of a user's who does not look at shapes.
type ownLoss struct{ loss.Config }

func (*ownLoss) Name() string { return "own" }

func (*ownLoss) Each(yTrue, yPred *graph.Node) *graph.Node { return squares(yTrue, yPred) }

func squares(yTrue, yPred *graph.Node) *graph.Node {
	return ops.ReduceMean(ops.Square(ops.Sub(yTrue, yPred)), -1)
}

// TestPair gives labels [B] with predictions [B 1], and the other way round, to losses of a
// user's: they are what glia's own would be, not the mean over all pairs, 8.5.
func TestPair(t *testing.T) {
	y, p := tensor.Of[float32](1, 2, 3, 4), tensor.Of[float32](2, 2, 3, 0)
	column := func(x *tensor.Tensor) *tensor.Tensor {
		x, err := x.Reshape(4, 1)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for _, c := range [][2]*tensor.Tensor{{y, column(p)}, {column(y), p}, {column(y), column(p)}} {
		for _, l := range []loss.Loss{loss.MeanSquaredError(), loss.Func("mine", squares), &ownLoss{}} {
			g := graph.New()
			out := loss.Reduce(l, g.Input("y", c[0].Spec()), g.Input("p", c[1].Spec()), nil)
			if got := nntest.Run(g, []*graph.Node{out}, c[:]...)[0].V[0]; got != 4.25 {
				t.Errorf("%s of labels %v, predictions %v: got %v, want 4.25", l.Name(), c[0].Spec(), c[1].Spec(), got)
			}
		}
	}
}

// TestPairRefuses has shapes that broadcast into a larger one, and some that do not.
func TestPairRefuses(t *testing.T) {
	for _, c := range []struct {
		y, p   tensor.Dims
		refuse bool
	}{
		{tensor.D(4), tensor.D(4, 1, 1), true},
		{tensor.D(4, 1, 1), tensor.D(4), true},
		{tensor.D(4, 3), tensor.D(4, 1, 3), true},
		{tensor.D(1, 3), tensor.D(1, 1, 3), true}, // a last batch of one sample is as others
		{tensor.D(4, 5, 1), tensor.D(4, 1, 3), true},
		{tensor.D(4), tensor.D(4, 3), false}, // class numbers
		{tensor.D(4), tensor.D(4, 4), false}, // as many classes as samples, by chance
		{tensor.D(1), tensor.D(1, 3), false},
		{tensor.D(4, 1), tensor.D(4, 3), false},
		{tensor.D(4, 3), tensor.D(4, 1), false}, // targets with more columns, which only the function knows
		{tensor.D(4, 7), tensor.D(4, 7, 1), false},
	} {
		called := false
		l := loss.Func("mine", func(yTrue, yPred *graph.Node) *graph.Node {
			called = true
			return ops.ReduceMean(yPred, -1)
		})
		g := graph.New()
		err := graph.Catch(func() {
			loss.Reduce(l, g.Input("y", tensor.Spec{DType: tensor.Float32, Shape: c.y}), g.Input("p", tensor.Spec{DType: tensor.Float32, Shape: c.p}), nil)
		})
		if (err != nil) != c.refuse || called == c.refuse {
			t.Errorf("labels %v, predictions %v: called: %v, error %v, want one: %v", c.y, c.p, called, err, c.refuse)
		}
		if err != nil && !strings.Contains(err.Error(), "loss mine: labels "+tensor.Spec{DType: tensor.Float32, Shape: c.y}.String()) {
			t.Errorf("error %v: want one that names the loss and the labels", err)
		}
	}
}

// TestConverted wants Keras 3.15.1's numbers, whose losses get labels in the dtype of the
// predictions, and whose metrics leave the conversion to the operations.
func TestConverted(t *testing.T) {
	p, err := tensor.Of[float32](0.5, 0.25).Reshape(2, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, y := range []*tensor.Tensor{tensor.Of[int64](1, 0), tensor.Of[int32](1, 0), tensor.Of[uint8](1, 0), tensor.Of(true, false), tensor.Of[float64](1, 0)} {
		for _, l := range []loss.Loss{loss.Func("mine", squares), &ownLoss{}} {
			g := graph.New()
			out := loss.Reduce(l, g.Input("y", y.Spec()), g.Input("p", p.Spec()), nil)
			if got := nntest.Run(g, []*graph.Node{out}, y, p)[0].V[0]; got != 0.15625 {
				t.Errorf("%s of labels %v: got %v, want 0.15625", l.Name(), y.Spec(), got)
			}
		}
	}
}

// TestConvertedKeeps has functions that take class numbers as they are, and one that takes
// nothing, whose error is that of the labels as they are.
func TestConvertedKeeps(t *testing.T) {
	g := graph.New()
	y, p := g.Input("y", tensor.S(tensor.Int64, 4, 1)), g.Input("p", tensor.S(tensor.Float32, 4, 3))
	own := func(yTrue, yPred *graph.Node) *graph.Node { return ops.GatherAlong(yPred, yTrue, -1) }
	if got := loss.Reduce(loss.Func("own", own), y, p, nil); got.Rank() != 0 {
		t.Errorf("got %v, want a scalar", got.Spec())
	}
	none := func(yTrue, yPred *graph.Node) *graph.Node { return ops.MatMul(yTrue, yPred) }
	err := graph.Catch(func() { loss.Reduce(loss.Func("none", none), y, p, nil) })
	if err == nil || !strings.Contains(err.Error(), "int64[4 1]") {
		t.Errorf("error %v, want one of int64[4 1]", err)
	}
}
