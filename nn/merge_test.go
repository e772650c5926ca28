package nn_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/tensor"
)

// TestAverageOfIntegers wants floats of it, as Keras makes.
func TestAverageOfIntegers(t *testing.T) {
	in := tensor.S(tensor.Int32, 1, 3)
	x, y := nn.Apply(&nn.InputLayer{Dims: []int{3}, DType: tensor.Int32}), nn.Apply(&nn.InputLayer{Dims: []int{3}, DType: tensor.Int32})
	net := nn.Functional(symbols(x, y), symbols(nn.Apply(nn.Average(), x, y)))
	net.BuildAll(nn.NewBuilder(1), []tensor.Spec{in, in})
	a, _ := tensor.FromSlice([]int32{1, 2, 200}, 1, 3)
	b, _ := tensor.FromSlice([]int32{2, 4, -101}, 1, 3)
	g := graph.New()
	out := net.CallAll(nn.NewCtx(g, nil), []*graph.Node{g.Input("a", in), g.Input("b", in)})
	got := nntest.Run(g, out, a, b)[0]
	if want := []float64{1.5, 3, 49.5}; got.DType != tensor.Float32 || !slices.Equal(got.V, want) {
		t.Errorf("the mean of %v and %v is %v %v, want float32 %v", a, b, got.DType, got.V, want)
	}
}

// TestMergedBatches wants a batch of one sample refused beside others: it would broadcast.
func TestMergedBatches(t *testing.T) {
	for _, l := range []nn.MultiLayer{nn.Add(), nn.Maximum(), nn.Dot()} {
		err := graph.Catch(func() { nn.NewBuilder(1).BuildAll("layer", l, []tensor.Spec{f32(1, 3), f32(2, 3)}) })
		if want := "batches of 1 and 2: want one length"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s of batches of 1 and 2: error %v, want %q", nn.ClassOf(l), err, want)
		}
	}
}
