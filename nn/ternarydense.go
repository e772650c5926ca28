package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TernaryDense returns a [Dense] whose kernel is rounded to -1, 0 and 1 in every call:
//
//	t = sign(kernel) where |kernel| > threshold, else 0
//	y = activation(mean|kernel| · x·t + bias)
//
// The threshold is half of mean|kernel| unless [Threshold] is given; then the product is not
// scaled. The gradient of the rounding counts as 1, so that the kernel of floats goes on learning.
//
// Shapes: x [B ... in], kernel [in units], bias [units] -> y [B ... units].
// DTypes: floats. Gradient: x, kernel, bias.
// Panics with *graph.Error, when built, if x is not of floats or has no features, units is less
// than 1, or the threshold is negative.
//
// Options: [TernaryThreshold], and those of [Weights].
//
// Source: keras.layers.TernaryDense, of Keras 3.16; Ma et al. 2024, arXiv:2402.17764, section 2.
func TernaryDense(units int, opts ...TernaryDenseOption) *TernaryDenseLayer {
	l := &TernaryDenseLayer{Base: NewBase(), Units: units}
	wantOptions(opts)
	for _, o := range opts {
		o.ternaryDense(l)
	}
	return l
}

// TernaryDenseLayer is the layer that [TernaryDense] makes.
type TernaryDenseLayer struct {
	Base
	// Units is the length of the output's last axis.
	Units int `json:"units"`
	// Threshold is the magnitude up to which elements of the kernel count as 0; nil stands for half
	// of the mean magnitude.
	Threshold *float64 `json:"threshold"`
	Weights
}

// TernaryDenseOption is an option of [TernaryDense]: [TernaryThreshold], an [Activation], a
// [WeightsSetting], or a [LayerOption].
type TernaryDenseOption interface{ ternaryDense(*TernaryDenseLayer) }

// TernaryThreshold is the magnitude up to which elements of the kernel of a [TernaryDense] count
// as 0.
type TernaryThreshold float64

func (t TernaryThreshold) ternaryDense(l *TernaryDenseLayer) {
	v := float64(t)
	l.Threshold = &v
}
func (a Activation) ternaryDense(l *TernaryDenseLayer)     { a.weights(&l.Base, &l.Weights) }
func (s WeightsSetting) ternaryDense(l *TernaryDenseLayer) { s(&l.Weights) }
func (s LayerSetting) ternaryDense(l *TernaryDenseLayer)   { s(&l.Base) }
func (p DTypePolicy) ternaryDense(l *TernaryDenseLayer)    { l.DType = p }

func init() { addLayer("TernaryDense", layerOf[TernaryDenseLayer]()) }

func (*TernaryDenseLayer) keepsMask() {}

// Build implements [Layer].
func (l *TernaryDenseLayer) Build(b *Builder, in tensor.Spec) {
	wantFloat("TernaryDense", in)
	if in.Rank() < 2 {
		panic(graph.Errorf("nn.TernaryDense: x is %v: want [batch ... features]", in))
	}
	if l.Units < 1 {
		panic(graph.Errorf("nn.TernaryDense: %d units: want 1 or more", l.Units))
	}
	if l.Threshold != nil && !(*l.Threshold >= 0) {
		panic(graph.Errorf("nn.TernaryDense: threshold %g: want 0 or more", *l.Threshold))
	}
	l.build(b, tensor.D(in.Shape.At(-1), l.Units), l.Units)
}

// Call implements [Layer].
func (l *TernaryDenseLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	wantFloat("TernaryDense", x.Spec())
	kernel := c.Value(l.kernel)
	size := ops.Abs(kernel)
	mean := ops.ReduceMean(size)
	threshold := ops.Scale(mean, 0.5)
	if l.Threshold != nil {
		threshold = ops.ScalarLike(size, *l.Threshold)
	}
	ternary := ops.Mul(ops.Sign(kernel), ops.Cast(ops.Greater(size, threshold), kernel.DType()))
	kernel = ops.Add(kernel, ops.StopGradient(ops.Sub(ternary, kernel)))
	shape := x.Shape()
	y := ops.MatMul(ops.Reshape(x, -1, shape.At(-1)), kernel)
	if l.Threshold == nil {
		y = ops.Mul(y, mean)
	}
	return l.finish(c, ops.Reshape(l.addBias(c, y), shape.With(-1, l.Units).Slice()...))
}
