package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TimeDistributed returns a layer that applies another one to every step of sequences. The mask
// stays that of the sequences; masked steps are computed like the others.
//
// All steps are samples of one call of the layer. A layer that has variables which no optimizer
// changes, such as [BatchNormalization], is called for one step after the other when it trains,
// as Keras does.
//
// Shapes: x [B T ...] -> y [B T ...], of a layer [B ...] -> [B ...].
// Panics with *graph.Error, when built, if x has no axis behind the steps, or the layer is nil,
// does not fit or has several outputs. Source: keras.layers.TimeDistributed.
func TimeDistributed(layer Layer, opts ...LayerOption) *TimeDistributedLayer {
	return &TimeDistributedLayer{Base: NewBase(opts...), Layer: layer}
}

// TimeDistributedLayer is the layer that [TimeDistributed] makes.
type TimeDistributedLayer struct {
	Base
	// Layer is the layer that is applied to every step.
	Layer Layer `json:"layer"`

	part *Record
}

func init() { addLayer("TimeDistributed", layerOf[TimeDistributedLayer]()) }

func (*TimeDistributedLayer) keepsMask() {}

// Layers implements [Container].
func (l *TimeDistributedLayer) Layers() []Layer { return []Layer{l.Layer} }

// OfIntegers implements [IntegerLayer].
func (l *TimeDistributedLayer) OfIntegers(in tensor.DType) tensor.DType {
	if of, ok := l.Layer.(IntegerLayer); ok {
		return of.OfIntegers(in)
	}
	return in
}

// Build implements [Layer].
func (l *TimeDistributedLayer) Build(b *Builder, in tensor.Spec) {
	if in.Rank() < 3 {
		panic(graph.Errorf("nn.TimeDistributed: x is %v: want [batch steps ...]", in))
	}
	if a, ok := l.Layer.(Activation); ok {
		l.Layer = a.Layer()
	}
	r := b.buildPart("layer", l.Layer, stepOf(in))
	if len(r.Out) != 1 {
		panic(graph.Errorf("nn.TimeDistributed: %s has %d outputs: want one", r.Class, len(r.Out)))
	}
	l.part = r
}

// Call implements [Layer].
func (l *TimeDistributedLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	batch, steps := x.Shape().At(0), x.Shape().At(1)
	mask := c.Mask(x)
	if mask != nil && (mask.Rank() < 2 || mask.Shape().To(2) != x.Shape().To(2)) {
		panic(graph.Errorf("nn.TimeDistributed: mask %v of x %v: want one of [batch steps]", mask.Spec(), x.Spec()))
	}
	if steps == 0 {
		panic(graph.Errorf("nn.TimeDistributed: x is %v, of no steps: want one or more", x.Spec()))
	}
	if c.Training && len(l.part.States) > 0 {
		return l.stepByStep(c, x, mask)
	}
	rows := func(n *graph.Node, axes int) *graph.Node {
		return ops.Reshape(n, append([]int{batch * steps}, n.Shape().From(axes).Slice()...)...)
	}
	flat := rows(x, 2)
	if mask != nil && mask.Rank() > 2 {
		c.SetMask(flat, rows(mask, 2))
	}
	y := c.Trace(l.Layer, flat)
	return ops.Reshape(y, append([]int{batch, steps}, y.Shape().From(1).Slice()...)...)
}

// stepByStep calls the layer once for each step.
func (l *TimeDistributedLayer) stepByStep(c *Ctx, x, mask *graph.Node) *graph.Node {
	all := make([]*graph.Node, x.Shape().At(1))
	for t := range all {
		step := ops.Index(x, 1, t)
		if mask != nil && mask.Rank() > 2 {
			c.SetMask(step, ops.Index(mask, 1, t))
		}
		all[t] = ops.ExpandDims(c.Trace(l.Layer, step), 1)
	}
	return ops.Concat(1, all...)
}
