package nn_test

import (
	"math"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/tensor"
)

// TestDropoutOfAll wants a rate of 1 to make all zero in training, numbers that are not finite
// too, and nothing otherwise, as Keras 3.15.1 does.
func TestDropoutOfAll(t *testing.T) {
	x := tensor.New(tensor.Float32, 2, 3, 4)
	for i := range tensor.Data[float32](x) {
		tensor.Data[float32](x)[i] = float32(i + 1)
	}
	tensor.Data[float32](x)[5] = float32(math.Inf(1))
	for _, l := range []nn.Layer{nn.Dropout(1), nn.Dropout(1 - 1e-12), nn.Dropout(1, nn.NoiseShape(-1, 1, -1)), nn.SpatialDropout1D(1)} {
		net := nn.Sequential(l)
		net.Build(nn.NewBuilder(1), x.Spec())
		for _, training := range []bool{true, false} {
			g := graph.New()
			c := nn.NewCtx(g, nn.NewSeed(1))
			c.Training = training
			got := nntest.Run(g, []*graph.Node{net.Call(c, g.Input("x", x.Spec()))}, x)[0]
			for i, v := range got.V {
				want := x.Float64s()[i]
				if training {
					want = 0
				}
				if v != want {
					t.Errorf("%s, training %v: element %d is %v, want %v", nn.ClassOf(l), training, i, v, want)
				}
			}
		}
	}
}
