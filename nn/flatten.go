package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Flatten returns a layer that joins all axes but the batch, row-major.
//
// Shapes: x [B ...] -> y [B n]; x [B] -> y [B 1].
// Panics with *graph.Error, when built, if x has no batch.
// Source: keras.layers.Flatten.
func Flatten(opts ...LayerOption) *FlattenLayer {
	return &FlattenLayer{Base: NewBase(opts...)}
}

// FlattenLayer is the layer that [Flatten] makes.
type FlattenLayer struct{ Base }

func init() {
	addLayer("Flatten", layerOf[FlattenLayer](), map[string]string{"data_format": `"channels_last"`})
}

// OfIntegers implements [IntegerLayer].
func (*FlattenLayer) OfIntegers(in tensor.DType) tensor.DType { return in }

// Build implements [Layer].
func (f *FlattenLayer) Build(*Builder, tensor.Spec) {}

// Call implements [Layer].
func (f *FlattenLayer) Call(_ *Ctx, x *graph.Node) *graph.Node {
	s := x.Shape()
	return ops.Reshape(x, s.At(0), s.From(1).Size())
}
