package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// ScaledAdd returns a layer that adds a part of its second input to the first:
//
//	z = x + y · scale
//
// Shapes: x [B ...], y [B ...] -> z [B ...], broadcast. Gradient: x, y.
// Panics with *graph.Error, when built, unless there are two inputs of floats that fit: see
// [MergeLayer].
//
// Options: every [LayerOption].
//
// Source: keras.applications' InceptionResNetV2, whose class CustomScaleLayer it is.
func ScaledAdd(scale float64, opts ...LayerOption) *ScaledAddLayer {
	return &ScaledAddLayer{Base: NewBase(opts...), Scale: scale}
}

// ScaledAddLayer is the layer that [ScaledAdd] makes.
type ScaledAddLayer struct {
	Base
	// Scale is the factor of the second input.
	Scale float64 `json:"scale"`
}

func init() {
	layers.Add(vocab.Class[Layer]{Name: "CustomScaleLayer", Module: "keras.src.applications.inception_resnet_v2", New: layerOf[ScaledAddLayer]()})
}

// Class returns Keras's name of the layer.
func (*ScaledAddLayer) Class() string { return "CustomScaleLayer" }

// OfIntegers implements [IntegerLayer].
func (*ScaledAddLayer) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

// Build implements [Layer].
func (*ScaledAddLayer) Build(*Builder, tensor.Spec) {}

// BuildAll implements [MultiLayer].
func (*ScaledAddLayer) BuildAll(_ *Builder, in []tensor.Spec) {
	for _, s := range in {
		wantFloat("ScaledAdd", s)
	}
}

// Call implements [Layer]. It panics: a ScaledAdd has two inputs.
func (l *ScaledAddLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.CallAll(c, []*graph.Node{x})[0]
}

// CallAll implements [MultiLayer].
func (l *ScaledAddLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	if len(x) != 2 {
		panic(graph.Errorf("nn.ScaledAdd: %d inputs: want 2", len(x)))
	}
	return Add().CallAll(c, []*graph.Node{x[0], ops.Scale(x[1], l.Scale)})
}
