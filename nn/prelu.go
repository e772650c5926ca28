package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// PReLU returns a layer whose slope for negative numbers is learned, one for every
// place in a sample, or one for all along the shared axes:
//
//	y = max(x, 0) - alpha·max(-x, 0)
//
// The slope at 0 is 0.
//
// Shapes: x [B ...], alpha [...] with 1 along shared axes -> y [B ...].
// Panics with *graph.Error, when built, unless x is of floats and the shared axes are
// among 1 to the last.
//
// Options: [AlphaInitializer], [AlphaRegularizer], [AlphaConstraint], [SharedAxes],
// [Name], [Frozen].
//
// Source: He et al. 2015, arXiv:1502.01852, section 2.1.
func PReLU(opts ...PReLUOption) *PReLULayer {
	l := &PReLULayer{Base: newBase()}
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

// PReLUOption is an option of [PReLU].
type PReLUOption interface{ prelu(*PReLULayer) }

type (
	alphaInit  struct{ Initializer }
	alphaReg   struct{ Regularizer }
	alphaCons  struct{ Constraint }
	sharedAxes []int
)

// AlphaInitializer gives the slopes of [PReLU] their first value.
func AlphaInitializer(i Initializer) alphaInit { return alphaInit{i} }

// AlphaRegularizer adds a penalty of the slopes of [PReLU] to the loss.
func AlphaRegularizer(r Regularizer) alphaReg { return alphaReg{r} }

// AlphaConstraint puts the slopes of [PReLU] under a constraint after every update.
func AlphaConstraint(c Constraint) alphaCons { return alphaCons{c} }

// SharedAxes gives [PReLU] one slope along these axes: 1 and 2 are those of the places
// of an image.
func SharedAxes(axes ...int) sharedAxes { return axes }

func (n Named) prelu(l *PReLULayer)      { n.layer(&l.Base) }
func (f freeze) prelu(l *PReLULayer)     { f.layer(&l.Base) }
func (o alphaInit) prelu(l *PReLULayer)  { l.AlphaInitializer = o.Initializer }
func (o alphaReg) prelu(l *PReLULayer)   { l.AlphaRegularizer = o.Regularizer }
func (o alphaCons) prelu(l *PReLULayer)  { l.AlphaConstraint = o.Constraint }
func (o sharedAxes) prelu(l *PReLULayer) { l.SharedAxes = AxisList(o) }

// Class returns Keras's name of the type.
func (l *PReLULayer) Class() string { return "PReLU" }

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

// MarshalJSON writes the layer's config as Keras does, with the defaults spelled out.
func (l *PReLULayer) MarshalJSON() ([]byte, error) {
	type plain PReLULayer
	p := plain(*l)
	p.AlphaInitializer = p.AlphaInitializer.Or(Zeros)
	return vocab.Marshal(p)
}
