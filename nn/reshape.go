package nn

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Reshape returns a layer that gives every sample another shape, row-major. One
// axis may be -1: its length follows from the others. Options: see [ReshapeLayer.With].
//
// Shapes: x [B ...] -> y [B shape].
// Panics with *graph.Error, when built, unless the shape has as many elements as a sample.
// Source: keras.layers.Reshape.
func Reshape(shape ...int) *ReshapeLayer {
	return &ReshapeLayer{Base: NewBase(), TargetShape: shape}
}

// ReshapeLayer is the layer that [Reshape] makes.
type ReshapeLayer struct {
	Base
	// TargetShape is the shape of one sample.
	TargetShape []int `json:"target_shape"`
}

func init() { addLayer("Reshape", layerOf[ReshapeLayer]()) }

// With sets options of the layer and returns it.
func (r *ReshapeLayer) With(opts ...LayerOption) *ReshapeLayer {
	r.Set(opts...)
	return r
}

// OfIntegers implements [IntegerLayer].
func (*ReshapeLayer) OfIntegers(in tensor.DType) tensor.DType { return in }

// Build implements [Layer].
func (r *ReshapeLayer) Build(*Builder, tensor.Spec) {}

// Call implements [Layer].
func (r *ReshapeLayer) Call(_ *Ctx, x *graph.Node) *graph.Node {
	return ops.Reshape(x, append([]int{x.Shape().At(0)}, r.TargetShape...)...)
}

// Permute returns a layer that reorders the axes of a sample: axis i of the
// output, counted from 1 as in Keras, is axis dims[i-1] of the input. Options: see
// [PermuteLayer.With].
//
// Shapes: Permute(2, 1) takes x [B n m] to y [B m n].
// Panics with *graph.Error, when built, if dims does not name every axis once.
// Source: keras.layers.Permute.
func Permute(dims ...int) *PermuteLayer {
	return &PermuteLayer{Base: NewBase(), Dims: dims}
}

// PermuteLayer is the layer that [Permute] makes.
type PermuteLayer struct {
	Base
	// Dims are the input's axes in their new order. The batch is axis 0.
	Dims []int `json:"dims"`
}

func init() { addLayer("Permute", layerOf[PermuteLayer]()) }

// With sets options of the layer and returns it.
func (p *PermuteLayer) With(opts ...LayerOption) *PermuteLayer {
	p.Set(opts...)
	return p
}

// OfIntegers implements [IntegerLayer].
func (*PermuteLayer) OfIntegers(in tensor.DType) tensor.DType { return in }

// Build implements [Layer].
func (p *PermuteLayer) Build(_ *Builder, in tensor.Spec) {
	seen := map[int]bool{0: true}
	for _, d := range p.Dims {
		if seen[d] || d < 1 || d >= in.Rank() {
			panic(graph.Errorf("nn.Permute: axes %s of x %v: want each of 1 to %d once", listed(p.Dims), in.Shape, in.Rank()-1))
		}
		seen[d] = true
	}
	if len(p.Dims) != in.Rank()-1 {
		panic(graph.Errorf("nn.Permute: axes %s of x %v: want each of 1 to %d once", listed(p.Dims), in.Shape, in.Rank()-1))
	}
}

// Call implements [Layer].
func (p *PermuteLayer) Call(_ *Ctx, x *graph.Node) *graph.Node {
	return ops.Transpose(x, append([]int{0}, p.Dims...)...)
}

// listed returns axes for a message, the first few if a file gives too many.
func listed(axes []int) string {
	if n := 2 * tensor.MaxRank; len(axes) > n {
		return fmt.Sprintf("%v and %d more", axes[:n], len(axes)-n)
	}
	return fmt.Sprint(axes)
}

// RepeatVector returns a layer that repeats its input n times.
//
// Shapes: x [B features] -> y [B n features].
// Panics with *graph.Error, when built, if x has another number of axes, n is less than 1,
// or a sample of y has more than 2^26 elements. Source: keras.layers.RepeatVector.
func RepeatVector(n int, opts ...LayerOption) *RepeatVectorLayer {
	return &RepeatVectorLayer{Base: NewBase(opts...), N: n}
}

// mostRepeated bounds the elements of a sample of the output, whose memory depends on n,
// which a file may give.
const mostRepeated = 1 << 26

// RepeatVectorLayer is the layer that [RepeatVector] makes.
type RepeatVectorLayer struct {
	Base
	// N is the number of repetitions.
	N int `json:"n"`
}

func init() { addLayer("RepeatVector", layerOf[RepeatVectorLayer]()) }

// OfIntegers implements [IntegerLayer].
func (*RepeatVectorLayer) OfIntegers(in tensor.DType) tensor.DType { return in }

// Build implements [Layer].
func (r *RepeatVectorLayer) Build(_ *Builder, in tensor.Spec) {
	if in.Rank() != 2 || r.N < 1 {
		panic(graph.Errorf("nn.RepeatVector: x %v, n %d: want [batch features] and n of 1 or more", in.Shape, r.N))
	}
	if f := in.Shape.At(1); f > 0 && r.N > mostRepeated/f {
		panic(graph.Errorf("nn.RepeatVector: x %v, n %d: want at most %d elements a sample", in.Shape, r.N, mostRepeated))
	}
}

// Call implements [Layer].
func (r *RepeatVectorLayer) Call(_ *Ctx, x *graph.Node) *graph.Node {
	b, f := x.Shape().At(0), x.Shape().At(1)
	return ops.BroadcastTo(ops.Reshape(x, b, 1, f), tensor.D(b, r.N, f))
}
