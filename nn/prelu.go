package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// PReLU returns a layer whose slopes for negative numbers are learned, one for every
// element of a sample, or one for all elements along the shared axes:
//
//	y = max(x, 0) - alpha·max(-x, 0)
//
// The slope at 0 is 0.
//
// Shapes: x [B ...], alpha [...] with 1 along shared axes -> y [B ...].
// Panics with *graph.Error, when built, unless x is of floats and the shared axes are
// among 1 to the last.
//
// Options: [AlphaInitializer], [AlphaRegularizer], [AlphaConstraint], [SharedAxes], and
// every [LayerOption].
//
// Source: keras.layers.PReLU; He et al. 2015, arXiv:1502.01852, section 2.1.
func PReLU(opts ...PReLUOption) *PReLULayer {
	l := &PReLULayer{Base: NewBase()}
	wantOptions(opts)
	for _, o := range opts {
		o.prelu(l)
	}
	return l
}

// PReLULayer is the layer that [PReLU] makes.
type PReLULayer struct {
	Base
	// AlphaInitializer is [Zeros] by default; there is no penalty or constraint.
	AlphaInitializer Initializer `json:"alpha_initializer"`
	AlphaRegularizer Regularizer `json:"alpha_regularizer"`
	AlphaConstraint  Constraint  `json:"alpha_constraint"`
	// SharedAxes are those along which there is one slope; axis 0 is the batch.
	SharedAxes AxisList `json:"shared_axes"`

	alpha *graph.Var
}

func init() { addLayer("PReLU", layerOf[PReLULayer]()) }

// PReLUOption is an option of [PReLU]: a [PReLUSetting], or a [LayerOption].
type PReLUOption interface{ prelu(*PReLULayer) }

// PReLUSetting is an option that sets a part of a [PReLULayer].
type PReLUSetting func(*PReLULayer)

func (s PReLUSetting) prelu(l *PReLULayer) { s(l) }
func (s LayerSetting) prelu(l *PReLULayer) { s(&l.Base) }
func (p DTypePolicy) prelu(l *PReLULayer)  { l.DType = p }

// AlphaInitializer gives the slopes of [PReLU] their first value.
func AlphaInitializer(i Initializer) PReLUSetting {
	return func(l *PReLULayer) { l.AlphaInitializer = i }
}

// AlphaRegularizer adds a penalty of the slopes of [PReLU] to the loss.
func AlphaRegularizer(r Regularizer) PReLUSetting {
	return func(l *PReLULayer) { l.AlphaRegularizer = r }
}

// AlphaConstraint puts the slopes of [PReLU] under a constraint after every update.
func AlphaConstraint(c Constraint) PReLUSetting {
	return func(l *PReLULayer) { l.AlphaConstraint = c }
}

// SharedAxes gives [PReLU] one slope along these axes: 1 and 2 are the height and width of
// an image.
func SharedAxes(axes ...int) PReLUSetting {
	return func(l *PReLULayer) { l.SharedAxes = axes }
}

// SetDefaults sets the initializer, if it is not set, to the default that it stands for.
func (l *PReLULayer) SetDefaults() { l.AlphaInitializer = l.AlphaInitializer.Or(Zeros) }

// OfIntegers implements [IntegerLayer].
func (*PReLULayer) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

func (*PReLULayer) keepsMask() {}

// Build implements [Layer].
func (l *PReLULayer) Build(b *Builder, in tensor.Spec) {
	wantFloat("PReLU", in)
	shape := in.Shape.From(1).Slice()
	for _, a := range l.SharedAxes {
		if a < 1 || a > len(shape) {
			panic(graph.Errorf("nn.PReLU: shared axis %d of x %v: want 1 to %d", a, in.Shape, len(shape)))
		}
		shape[a-1] = 1
	}
	l.alpha = b.Param("alpha", tensor.D(shape...), l.AlphaInitializer)
	constrain(l.alpha, l.AlphaConstraint)
}

// Call implements [Layer].
func (l *PReLULayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	c.Regularize(l.alpha, l.AlphaRegularizer)
	return ops.Sub(ops.Relu(x), ops.Mul(c.Value(l.alpha), ops.Relu(ops.Neg(x))))
}
