package nn

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// GroupNormalization returns a layer that cuts the channels into groups of neighbors and
// normalizes every group of a sample by itself, over its channels and all other axes but the
// batch:
//
//	y = (x - mean) / √(variance + epsilon) · gamma + beta
//
// A groups of -1 makes a group of every channel, which is instance normalization. Keras's
// default is 32.
//
// Shapes: x [B ... C] -> y [B ... C], gamma, beta [C].
// DTypes: floats; those of 16 bits are normalized in float32. Gradient: x, gamma, beta.
// Panics with *graph.Error, when built, unless x is of floats and has the axis, the groups
// divide the channels, and epsilon is 0 or more.
//
// Options: [Axis], [Epsilon], those of [Affine], and every [LayerOption].
//
// Source: keras.layers.GroupNormalization; Wu, He 2018, arXiv:1803.08494.
func GroupNormalization(groups int, opts ...GroupNormalizationOption) *GroupNormalizationLayer {
	l := newGroupNormalization()
	l.Base, l.Groups = NewBase(), groups
	wantOptions(opts)
	for _, o := range opts {
		o.groupNormalization(l)
	}
	return l
}

func newGroupNormalization() *GroupNormalizationLayer {
	const groups = 32
	return &GroupNormalizationLayer{Groups: groups, Axis: -1, Affine: Affine{Epsilon: defaultEpsilon}}
}

// GroupNormalizationLayer is the layer that [GroupNormalization] makes.
type GroupNormalizationLayer struct {
	Base
	// Groups is the number of groups, -1 for one a channel.
	Groups int `json:"groups"`
	// Axis is that of the channels. GroupNormalization sets -1, the last.
	Axis int `json:"axis"`
	Affine

	channels int
}

func init() {
	addLayer("GroupNormalization", vocab.Into[Layer](newGroupNormalization))
}

// GroupNormalizationOption is an option of [GroupNormalization]: an [Axis], an [Epsilon], an
// [AffineSetting], or a [LayerOption].
type GroupNormalizationOption interface {
	groupNormalization(*GroupNormalizationLayer)
}

func (a Axis) groupNormalization(l *GroupNormalizationLayer)         { l.Axis = int(a) }
func (s LayerSetting) groupNormalization(l *GroupNormalizationLayer) { s(&l.Base) }
func (p DTypePolicy) groupNormalization(l *GroupNormalizationLayer)  { l.DType = p }

func (*GroupNormalizationLayer) keepsMask() {}

// Build implements [Layer].
func (l *GroupNormalizationLayer) Build(b *Builder, in tensor.Spec) {
	wantFloat("GroupNormalization", in)
	wantEpsilon("GroupNormalization", l.Epsilon)
	l.channels = in.Shape.At(channelAxis("GroupNormalization", in.Shape, l.Axis))
	if l.Groups != -1 && (l.Groups < 1 || l.channels%l.Groups != 0) {
		panic(graph.Errorf("nn.GroupNormalization: %d groups of the %d channels of x %v: want a number that divides the channels, or -1 for one group a channel", l.Groups, l.channels, in.Shape))
	}
	l.build(b, tensor.D(l.channels))
}

// Call implements [Layer]. It works on rows of a sample's groups.
func (l *GroupNormalizationLayer) Call(c *Ctx, in *graph.Node) *graph.Node {
	wantFloat("GroupNormalization", in.Spec())
	shape := in.Shape()
	axis := channelAxis("GroupNormalization", shape, l.Axis)
	wantChannels("GroupNormalization", shape, axis, l.channels)
	groups := l.Groups
	if groups == -1 {
		groups = l.channels
	}
	before, after := shape.From(1).To(axis-1).Size(), shape.From(axis+1).Size()

	x := ops.AtLeastFloat32(in)
	gamma, beta := l.values(c, x)
	x = ops.Reshape(x, shape.At(0), before, l.channels, after)
	mean, variance := groupMoments(x, groups)
	y := ops.Mul(ops.Sub(x, mean), ops.Rsqrt(ops.Offset(variance, l.Epsilon)))
	weights := tensor.D(l.channels, 1)
	y = scaled(y, shapedLike(gamma, weights), shapedLike(beta, weights))
	return ops.Cast(ops.Reshape(y, shape.Slice()...), in.DType())
}

// groupMoments returns mean and variance [B 1 C 1] of the groups of the channels of x
// [B before C after]: every channel's by itself, which reads x as it lies in memory, then those
// of a group together. Parts of one size have the mean of their means, and the mean of their
// variances and of the squared distances of their means from it.
func groupMoments(x *graph.Node, groups int) (mean, variance *graph.Node) {
	mean, variance = ops.MomentsKeep(x, 1, 3)
	channels := mean.Shape()
	batch, c := channels.At(0), channels.At(2)
	if groups == c {
		return mean, variance
	}
	far, within := ops.Reshape(mean, batch, groups, c/groups), ops.Reshape(variance, batch, groups, c/groups)
	together, between := ops.MomentsKeep(far, -1)
	spread := func(v *graph.Node) *graph.Node {
		return ops.Reshape(ops.BroadcastTo(v, far.Shape()), channels.Slice()...)
	}
	return spread(together), spread(ops.Add(ops.ReduceMeanKeep(within, -1), between))
}
