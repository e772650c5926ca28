package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Mask returns the mask of x, bools [B T] for x [B T ...] that are false for padding, or nil
// if x has no mask. It is nil, too, where Build calls a layer to learn its outputs, so that
// a layer works without. A layer such as [Masking] makes masks. The layers that pass them on are
// those of Keras; losses and metrics skip masked predictions.
func (c *Ctx) Mask(x *graph.Node) *graph.Node { return c.masks[x] }

// SetMask sets the mask of y, an output of the layer that is being traced; nil removes it. A
// layer of your own that keeps the steps of x calls c.SetMask(y, c.Mask(x)).
//
// Panics with *graph.Error unless m is bool and has the lengths of y's first axes.
func (c *Ctx) SetMask(y, m *graph.Node) {
	if m != nil && (m.DType() != tensor.Bool || m.Rank() > y.Rank() || m.Shape() != y.Shape().To(m.Rank())) {
		panic(graph.Errorf("nn.Ctx.SetMask: mask %v of %v: want bool with the lengths of the first axes", m.Spec(), y.Spec()))
	}
	if m == nil {
		delete(c.masks, y)
	} else {
		c.masks[y] = m
	}
}

// keepsMask reports whether the output of a layer has the mask of its input.
func keepsMask(l Layer) bool {
	_, ok := l.(interface{ keepsMask() })
	return ok
}

// masked calls f, which traces l on x, as converted to in, with the masks of x. An output
// has the mask that the layer set. Otherwise it has the mask of the input if it is the
// input itself or the layer keeps masks.
func (c *Ctx) masked(l Layer, x, in []*graph.Node, f func() []*graph.Node) []*graph.Node {
	around := c.masks
	c.masks = map[*graph.Node]*graph.Node{}
	defer func() { c.masks = around }()
	for i := range x {
		if m := around[x[i]]; m != nil {
			c.masks[in[i]] = m
		}
	}
	out := f()
	inside := c.masks
	for _, y := range out {
		m := inside[y]
		if m == nil && len(in) == 1 && keepsMask(l) {
			m = inside[in[0]]
		}
		c.masks = around
		c.SetMask(y, m)
		c.masks = inside
	}
	return out
}

// Masking returns a layer that sets the steps whose features all equal value, the padding,
// to 0 and masks them: see [Ctx.Mask]. A step with a NaN is not masked.
//
// Shapes: x [B ... features] -> y [B ... features], mask [B ...].
// DTypes: any number. Gradient: x.
// Panics with *graph.Error, when built, if x has no features. Source: keras.layers.Masking.
func Masking(value float64, opts ...LayerOption) *MaskingLayer {
	return &MaskingLayer{Base: NewBase(opts...), MaskValue: value}
}

// MaskingLayer is the layer that [Masking] makes.
type MaskingLayer struct {
	Base
	// MaskValue is the value of all features of a masked step, 0 by default.
	MaskValue float64 `json:"mask_value"`
}

func init() { addLayer("Masking", vocab.Into[Layer](func() *MaskingLayer { return &MaskingLayer{} })) }

// OfIntegers implements [IntegerLayer].
func (*MaskingLayer) OfIntegers(in tensor.DType) tensor.DType { return in }

// Build implements [Layer].
func (l *MaskingLayer) Build(_ *Builder, in tensor.Spec) {
	if in.Rank() < 2 {
		panic(graph.Errorf("nn.Masking: x is %v: want [batch ... features]", in))
	}
}

// Call implements [Layer].
func (l *MaskingLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	mask := ops.Any(ops.NotEqual(x, ops.ScalarLike(x, l.MaskValue)), -1)
	y := ops.Where(ops.ExpandDims(mask, -1), x, ops.ScalarLike(x, 0))
	c.SetMask(y, mask)
	return y
}

// setMergedMask masks y, merged of x element by element, where all of x are masked: nowhere
// if one of x has no mask.
func setMergedMask(c *Ctx, y *graph.Node, x []*graph.Node) {
	var mask *graph.Node
	for i, n := range x {
		m := c.Mask(n)
		if m == nil || i > 0 && m.Shape() != mask.Shape() {
			c.SetMask(y, nil)
			return
		}
		if i == 0 {
			mask = m
		} else {
			mask = ops.Or(mask, m)
		}
	}
	if mask.Rank() > y.Rank() || mask.Shape() != y.Shape().To(mask.Rank()) { // they were broadcast
		mask = nil
	}
	c.SetMask(y, mask)
}

// setJoinedMask masks y, joined of x along an axis, as Keras does: an element of y is masked
// if it is masked in its x, a step if all of its elements are.
func setJoinedMask(c *Ctx, y *graph.Node, x []*graph.Node, axis int) {
	masks, found := make([]*graph.Node, len(x)), false
	for i, n := range x {
		m := c.Mask(n)
		found = found || m != nil
		if m == nil {
			m = ops.Full(c.g, tensor.Spec{DType: tensor.Bool, Shape: n.Shape()}, 1)
		}
		for m.Rank() < n.Rank() {
			m = ops.ExpandDims(m, -1)
		}
		masks[i] = ops.BroadcastTo(m, n.Shape())
	}
	if found {
		c.SetMask(y, ops.Any(ops.Concat(axis, masks...), -1))
	}
}
