package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// LayerScale returns a layer that multiplies each channel, along the last axis, by a learned
// factor. The factors begin at a small number, so that a deep network of residual blocks
// begins near the identity:
//
//	y = x · gamma
//
// Shapes: x [B ... dim] -> y [B ... dim], gamma [dim]. Gradient: x, gamma.
// Panics with *graph.Error, when built, unless x is of floats with dim channels.
//
// Options: every [LayerOption].
//
// Source: keras.applications' ConvNeXt, whose class of a layer it is; Touvron et al. 2021,
// arXiv:2103.17239, section 2.
func LayerScale(initial float64, dim int, opts ...LayerOption) *LayerScaleLayer {
	return &LayerScaleLayer{Base: NewBase(opts...), Initial: initial, Dim: dim}
}

// LayerScaleLayer is the layer that [LayerScale] makes.
type LayerScaleLayer struct {
	Base
	// Initial is the first value of the factors, Dim their number.
	Initial float64 `json:"init_values"`
	Dim     int     `json:"projection_dim"`

	gamma *graph.Var
}

func init() {
	layers.Add(vocab.Class[Layer]{Name: "LayerScale", Module: "keras.src.applications.convnext", New: layerOf[LayerScaleLayer]()})
}

// OfIntegers implements [IntegerLayer].
func (*LayerScaleLayer) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

// Build implements [Layer].
func (l *LayerScaleLayer) Build(b *Builder, in tensor.Spec) {
	wantFloat("LayerScale", in)
	if l.Dim < 1 || in.Shape.At(-1) != l.Dim {
		panic(graph.Errorf("nn.LayerScale: x %v, %d factors: want one for each channel", in.Shape, l.Dim))
	}
	l.gamma = b.Param("variable", tensor.D(l.Dim), Constant(l.Initial)) // Keras's name
}

// Call implements [Layer].
func (l *LayerScaleLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return ops.Mul(x, c.Value(l.gamma))
}
