package optim_test

import (
	"math"
	"slices"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestLossScaleOfOptions takes the very steps of the inner optimizer with gradients of a
// power of two, whatever it does to them itself, and leaves out one that is not finite.
func TestLossScaleOfOptions(t *testing.T) {
	for name, make := range map[string]func() optim.Optimizer{
		"sgd":          func() optim.Optimizer { return optim.SGD(0.1, optim.Momentum(0.5), optim.WeightDecay(0.01)) },
		"clip value":   func() optim.Optimizer { return optim.Adam(0.1, optim.ClipValue(0.3)) },
		"clip norm":    func() optim.Optimizer { return optim.Adam(0.1, optim.ClipNorm(0.5)) },
		"global norm":  func() optim.Optimizer { return optim.RMSprop(0.1, optim.GlobalClipNorm(0.5)) },
		"accumulation": func() optim.Optimizer { return optim.SGD(0.1, optim.GradientAccumulation(2), optim.ClipValue(0.3)) },
		"muon":         func() optim.Optimizer { return optim.Muon(0.1) },
		"nadam":        func() optim.Optimizer { return optim.Nadam(0.1) },
		"lamb":         func() optim.Optimizer { return optim.Lamb(0.1) },
		"adafactor":    func() optim.Optimizer { return optim.Adafactor(0.1) },
		"multi":        func() optim.Optimizer { return optim.Multi(optim.SGD(0.1), optim.For("b", optim.Adam(0.1))) },
	} {
		for _, scale := range []float64{1 << 15, 3 << 12} {
			after := func(o optim.Optimizer) []float64 {
				params := []*graph.Var{param("a", 1, -2, 3), param("b", 0.5)}
				o.Build(params)
				for _, d := range [][]float32{{0.5, -0.25, 1}, {-1, 0.75, float32(math.Inf(1))}, {0.125, 2, -0.5}, {0.3, 0.1, -0.7}} {
					l, scaled := o.(*optim.LossScaleOptimizer)
					if scaled {
						for i := range d {
							d[i] *= float32(l.Scale())
						}
					} else if math.IsInf(float64(d[2]), 0) {
						continue
					}
					descend(o, tensor.Of(d...), tensor.Of(d[0]))
				}
				return append(params[0].Tensor().Float64s(), params[1].Tensor().Float64s()...)
			}
			got, want := after(optim.LossScale(make(), optim.InitialScale(scale))), after(make())
			same := slices.Equal(got, want)
			if scale == 3<<12 { // a third is not exact
				same = !slices.ContainsFunc(got, func(v float64) bool { return math.IsNaN(v) })
				for i, v := range got {
					same = same && math.Abs(v-want[i]) <= 1e-5*math.Abs(want[i])
				}
			}
			if !same {
				t.Errorf("%s scaled by %g: %v, want %v", name, scale, got, want)
			}
		}
	}
}
