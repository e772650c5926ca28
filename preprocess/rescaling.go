package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Rescaling returns a layer that computes x·scale + offset in floats:
// Rescaling(1.0/255, 0) takes pixels to 0..1.
//
// Shapes: x [...] -> y [...].
// DTypes: any number; integers become the dtype that the layer computes in first.
// Gradient: x. Source: Keras, Rescaling.
func Rescaling(scale, offset float64, opts ...nn.LayerOption) *RescalingLayer {
	return &RescalingLayer{Base: nn.NewBase(opts...), Scale: NumbersOf(scale), Offset: NumbersOf(offset)}
}

// RescalingChannels returns a layer that computes x·scale + offset in floats, with a scale and an
// offset for each channel, the last axis:
//
//	preprocess.RescalingChannels([]float64{1 / 58.4, 1 / 57.1, 1 / 57.4}, []float64{-2.12, -2.04, -1.8})
//
// Shapes: x [... c], scale and offset of c numbers, or of one -> y [... c].
// DTypes: any number; integers become the dtype that the layer computes in first. Gradient: x.
// Panics with *graph.Error, when traced, if x has another number of channels.
// Source: Keras, Rescaling, with arrays.
func RescalingChannels(scale, offset []float64, opts ...nn.LayerOption) *RescalingLayer {
	return &RescalingLayer{Base: nn.NewBase(opts...), Scale: NumbersOf(scale...), Offset: NumbersOf(offset...)}
}

// RescalingLayer is the layer that [Rescaling] makes.
type RescalingLayer struct {
	nn.Base
	// Scale is the factor, Offset the term that is added then: numbers, or arrays that broadcast to
	// x.
	Scale  *Numbers `json:"scale"`
	Offset *Numbers `json:"offset"`
}

func init() {
	nn.Register("keras.layers>Rescaling", func() nn.Layer { return &RescalingLayer{Scale: NumbersOf(1), Offset: NumbersOf(0)} })
}

// OfIntegers implements [nn.IntegerLayer].
func (*RescalingLayer) OfIntegers(tensor.DType) tensor.DType { return tensor.Float32 }

// Build implements [nn.Layer].
func (*RescalingLayer) Build(*nn.Builder, tensor.Spec) {}

// Call implements [nn.Layer].
func (l *RescalingLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	if l.Scale == nil || l.Offset == nil || len(l.Scale.v) == 0 || len(l.Offset.v) == 0 {
		panic(graph.Errorf("preprocess.Rescaling: no scale, or no offset: want numbers"))
	}
	y := x
	if !x.DType().IsFloat() {
		y = ops.Cast(x, c.ComputeDType())
	}
	if l.Scale.lengths == nil {
		y = ops.Scale(y, l.Scale.v[0])
	} else {
		y = ops.Mul(y, l.Scale.over("scale", y))
	}
	switch {
	case l.Offset.lengths != nil:
		y = ops.Add(y, l.Offset.over("offset", y))
	case l.Offset.v[0] != 0:
		y = ops.Offset(y, l.Offset.v[0])
	}
	c.SetMask(y, c.Mask(x))
	return y
}

// over returns an array in the dtype of x, to which it broadcasts. It panics with *graph.Error if it
// does not.
func (n *Numbers) over(name string, x *graph.Node) *graph.Node {
	t := n.tensor()
	if s, err := ops.Broadcast(t.Shape(), x.Shape()); err != nil || s != x.Shape() {
		panic(graph.Errorf("preprocess.Rescaling: %s %v of x %v: want an array that broadcasts to it", name, t.Shape(), x.Spec()))
	}
	return ops.Cast(x.Graph().Const(t), x.DType())
}
