package nn

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// AlphaDropout returns a layer that, in training, sets elements to -λα ≈ -1.7581, the
// least value of [SELU], with probability rate and then scales and shifts all so that
// their mean of 0 and variance of 1 stay. Otherwise it passes x on.
//
// Shapes: x [...] -> y [...].
// Panics with *graph.Error, when built, unless 0 <= rate < 1 and x is of floats.
//
// Options: [NoiseShape], and every [LayerOption].
//
// Source: keras.layers.AlphaDropout; Klambauer et al. 2017, arXiv:1706.02515, section
// "New Dropout Technique".
func AlphaDropout(rate float64, opts ...DropoutOption) *AlphaDropoutLayer {
	d := &AlphaDropoutLayer{Base: NewBase()}
	d.set(&d.Base, rate, opts)
	return d
}

// AlphaDropoutLayer is the layer that [AlphaDropout] makes.
type AlphaDropoutLayer struct {
	Base
	Dropping
}

func init() {
	addLayer("AlphaDropout", droppingPart(layerOf[AlphaDropoutLayer]()), anySeed)
}

func (*AlphaDropoutLayer) keepsMask() {}

// Build implements [Layer].
func (d *AlphaDropoutLayer) Build(_ *Builder, in tensor.Spec) {
	wantPartRate("AlphaDropout", d.Rate)
	d.check("AlphaDropout", in)
}

// Call implements [Layer]. With p the rate and a' = -λα the value of dropped elements, the
// mean becomes p·a' and the variance (1-p)·(1 + p·a'²).
func (d *AlphaDropoutLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	if !c.Training || d.Rate == 0 {
		return x
	}
	const alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
	const dropped = -alpha * scale
	a := 1 / math.Sqrt((1-d.Rate)*(1+d.Rate*dropped*dropped))
	seed, stream := c.Seed()
	mask := tensor.Spec{DType: tensor.Bool, Shape: d.NoiseShape.mask("AlphaDropout", x.Shape())}
	keep := ops.Bernoulli(seed, mask, 1-d.Rate, stream)
	y := ops.Where(keep, x, ops.ScalarLike(x, dropped))
	return ops.Offset(ops.Scale(y, a), -a*dropped*d.Rate)
}
