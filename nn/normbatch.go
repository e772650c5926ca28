package nn

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// BatchNormalization returns a layer that gives every channel mean beta and standard
// deviation gamma, over the batch and all other axes:
//
//	y = (x - mean) / √(variance + epsilon) · gamma + beta
//
// In training these are the statistics of the batch, the biased variance, of unmasked steps
// alone if x has a mask; moving averages follow them:
//
//	moving = moving·momentum + batch·(1 - momentum)
//
// Otherwise the layer takes the moving averages, as it does in training if it is frozen,
// itself or by a network around.
//
// Shapes: x [B ... C] -> y [B ... C], gamma, beta, moving_mean, moving_variance [C].
// DTypes: floats; those of 16 bits are normalized in float32. Gradient: x, gamma, beta.
// Panics with *graph.Error, when built, unless x is of floats and has the axis, momenta are
// 0 to 1 and epsilon is 0 or more; when called, unless a mask has all axes of x but the last.
//
// Options: [Axis], [Momentum], [Epsilon], those of [Affine], [MovingMeanInitializer],
// [MovingVarianceInitializer], [Renorm], [RenormMomentum], [RenormClip], and every
// [LayerOption].
//
// Source: keras.layers.BatchNormalization; Ioffe, Szegedy 2015, arXiv:1502.03167; Ioffe
// 2017, arXiv:1702.03275, algorithm 1 (Renorm).
func BatchNormalization(opts ...BatchNormalizationOption) *BatchNormalizationLayer {
	l := newBatchNormalization()
	l.Base = NewBase()
	wantOptions(opts)
	for _, o := range opts {
		o.batchNormalization(l)
	}
	return l
}

func newBatchNormalization() *BatchNormalizationLayer {
	const momentum = 0.99
	return &BatchNormalizationLayer{Axis: -1, Momentum: momentum, Affine: Affine{Epsilon: defaultEpsilon}, RenormMomentum: momentum}
}

// BatchNormalizationLayer is the layer that [BatchNormalization] makes.
type BatchNormalizationLayer struct {
	Base
	// Axis is that of the channels. BatchNormalization sets -1, the last.
	Axis int `json:"axis"`
	// Momentum is the part of the moving averages that a step keeps. BatchNormalization
	// sets 0.99.
	Momentum float64 `json:"momentum"`
	Affine
	// MovingMeanInitializer is [Zeros] by default, MovingVarianceInitializer [Ones].
	MovingMeanInitializer     Initializer `json:"moving_mean_initializer"`
	MovingVarianceInitializer Initializer `json:"moving_variance_initializer"`
	// Synchronized is Keras's setting for training on several devices. It changes nothing
	// on one.
	Synchronized bool `json:"synchronized"`
	// Renorm corrects the statistics of the batch, in training, toward moving averages of
	// mean and standard deviation of their own, with RenormMomentum, which
	// BatchNormalization sets to 0.99. RenormClipping bounds the corrections.
	Renorm         bool            `json:"renorm"`
	RenormClipping *RenormClipping `json:"renorm_clipping"`
	RenormMomentum float64         `json:"renorm_momentum"`

	movingMean, movingVariance             *graph.Var
	movingStddev, renormMean, renormStddev *graph.Var // with Renorm
}

func init() {
	addLayer("BatchNormalization", vocab.Into[Layer](newBatchNormalization))
}

// BatchNormalizationOption is an option of [BatchNormalization]: an [Axis], an [Epsilon], an
// [AffineSetting], a [BatchNormalizationSetting], or a [LayerOption].
type BatchNormalizationOption interface {
	batchNormalization(*BatchNormalizationLayer)
}

// BatchNormalizationSetting is an option that sets a part of a [BatchNormalizationLayer].
type BatchNormalizationSetting func(*BatchNormalizationLayer)

func (s BatchNormalizationSetting) batchNormalization(l *BatchNormalizationLayer) { s(l) }
func (a Axis) batchNormalization(l *BatchNormalizationLayer)                      { l.Axis = int(a) }
func (s LayerSetting) batchNormalization(l *BatchNormalizationLayer)              { s(&l.Base) }
func (p DTypePolicy) batchNormalization(l *BatchNormalizationLayer)               { l.DType = p }

// Momentum sets the part of its moving averages that a step of [BatchNormalization] keeps.
func Momentum(m float64) BatchNormalizationSetting {
	return func(l *BatchNormalizationLayer) { l.Momentum = m }
}

// MovingMeanInitializer gives the moving mean of [BatchNormalization] its first value.
func MovingMeanInitializer(i Initializer) BatchNormalizationSetting {
	return func(l *BatchNormalizationLayer) { l.MovingMeanInitializer = i }
}

// MovingVarianceInitializer gives the moving variance of [BatchNormalization] its first
// value.
func MovingVarianceInitializer(i Initializer) BatchNormalizationSetting {
	return func(l *BatchNormalizationLayer) { l.MovingVarianceInitializer = i }
}

// Renorm has [BatchNormalization] correct the statistics of a batch toward moving averages
// in training: batch renormalization, for small batches.
var Renorm BatchNormalizationSetting = func(l *BatchNormalizationLayer) { l.Renorm = true }

// RenormMomentum sets the part of the moving averages of [Renorm] that a step keeps.
func RenormMomentum(m float64) BatchNormalizationSetting {
	return func(l *BatchNormalizationLayer) { l.RenormMomentum = m }
}

// RenormClip bounds the corrections of [Renorm]: the factor of the standard deviation to rmin
// to rmax, the shift to ±dmax. An rmin of 0 and infinities are no bounds.
func RenormClip(rmin, rmax, dmax float64) BatchNormalizationSetting {
	return func(l *BatchNormalizationLayer) {
		l.RenormClipping = &RenormClipping{}
		if rmin != 0 {
			l.RenormClipping.RMin = &rmin
		}
		if !math.IsInf(rmax, 1) {
			l.RenormClipping.RMax = &rmax
		}
		if !math.IsInf(dmax, 1) {
			l.RenormClipping.DMax = &dmax
		}
	}
}

// RenormClipping holds the bounds of [RenormClip]; nil is none.
type RenormClipping struct {
	RMax *float64 `json:"rmax,omitempty"`
	RMin *float64 `json:"rmin,omitempty"`
	DMax *float64 `json:"dmax,omitempty"`
}

// UnmarshalJSON reads the bounds as Keras writes them. A bound that Keras does not have is an
// error.
func (r *RenormClipping) UnmarshalJSON(b []byte) error {
	var bounds map[string]*float64
	if err := json.Unmarshal(b, &bounds); err != nil {
		return fmt.Errorf("nn: renorm_clipping: %w", err)
	}
	for name, v := range bounds {
		switch name {
		case "rmax":
			r.RMax = v
		case "rmin":
			r.RMin = v
		case "dmax":
			r.DMax = v
		default:
			return fmt.Errorf("nn: renorm_clipping: %q: want rmax, rmin and dmax", name)
		}
	}
	return nil
}

// check panics unless the bounds are in order.
func (r *RenormClipping) check() {
	switch {
	case r == nil:
	case r.RMin != nil && r.RMax != nil && !(*r.RMin <= *r.RMax):
		panic(graph.Errorf("nn.BatchNormalization: renorm clipping rmin %g, rmax %g: want rmin <= rmax", *r.RMin, *r.RMax))
	case r.DMax != nil && !(*r.DMax >= 0):
		panic(graph.Errorf("nn.BatchNormalization: renorm clipping dmax %g: want 0 or more", *r.DMax))
	}
}

// SetDefaults sets the initializers that are not set to the defaults that they stand for.
func (l *BatchNormalizationLayer) SetDefaults() {
	l.Affine.SetDefaults()
	l.MovingMeanInitializer = l.MovingMeanInitializer.Or(Zeros)
	l.MovingVarianceInitializer = l.MovingVarianceInitializer.Or(Ones)
}

func (*BatchNormalizationLayer) keepsMask() {}

// Build implements [Layer].
func (l *BatchNormalizationLayer) Build(b *Builder, in tensor.Spec) {
	wantFloat("BatchNormalization", in)
	wantEpsilon("BatchNormalization", l.Epsilon)
	for _, m := range []float64{l.Momentum, l.RenormMomentum} {
		if !(m >= 0 && m <= 1) {
			panic(graph.Errorf("nn.BatchNormalization: momentum %g: want 0 to 1", m))
		}
	}
	l.RenormClipping.check()
	shape := tensor.D(in.Shape.At(channelAxis("BatchNormalization", in.Shape, l.Axis)))
	l.build(b, shape)
	state := func(name string, i Initializer) *graph.Var {
		return b.State(name, tensor.Spec{DType: b.DType.VariableDType(), Shape: shape}, i)
	}
	variance := l.MovingVarianceInitializer.Or(Ones)
	l.movingMean, l.movingVariance = state("moving_mean", l.MovingMeanInitializer), state("moving_variance", variance)
	if l.Renorm {
		l.movingStddev = state("moving_stddev", variance.root())
		l.renormMean, l.renormStddev = state("renorm_mean", l.MovingMeanInitializer), state("renorm_stddev", variance.root())
	}
}

// root returns an initializer of the square roots of i's values.
func (i Initializer) root() Initializer {
	fill := i.fill
	if fill == nil { // zeros
		return i
	}
	i.fill = func(dst []float64, shape tensor.Dims, r *Rand) {
		fill(dst, shape, r)
		for j, v := range dst {
			dst[j] = math.Sqrt(v)
		}
	}
	return i
}

// Call implements [Layer].
func (l *BatchNormalizationLayer) Call(c *Ctx, in *graph.Node) *graph.Node {
	wantFloat("BatchNormalization", in.Spec())
	axis, last := channelAxis("BatchNormalization", in.Shape(), l.Axis), in.Rank()-1
	wantChannels("BatchNormalization", in.Shape(), axis, l.movingMean.Spec().Shape.At(0))
	mask := c.Mask(in)
	if mask != nil && mask.Rank() != last {
		panic(graph.Errorf("nn.BatchNormalization: mask %v of x %v: want one axis less than x", mask.Spec(), in.Spec()))
	}
	x := swapped(ops.AtLeastFloat32(in), axis, last) // [B ... C]
	gamma, beta := l.values(c, x)
	mean, variance := storedAs(c, l.movingMean, x), storedAs(c, l.movingVariance, x)
	batch := c.Training && !c.Frozen()
	if batch {
		if mask != nil {
			mask = swapped(ops.BroadcastTo(ops.ExpandDims(mask, -1), in.Shape()), axis, last)
		}
		oldMean, oldVariance := mean, variance
		mean, variance = batchMoments(x, mask)
		if l.Renorm {
			gamma, beta = l.renorm(c, x, mean, variance, gamma, beta)
		} else {
			c.Update(l.movingVariance, movingAverage(oldVariance, variance, l.Momentum))
		}
		c.Update(l.movingMean, movingAverage(oldMean, mean, l.Momentum))
	}
	inverse := ops.Rsqrt(ops.Offset(variance, l.Epsilon))
	var y *graph.Node
	if batch {
		y = scaled(ops.Mul(ops.Sub(x, mean), scaled(inverse, gamma, nil)), nil, beta)
	} else {
		y = folded(x, mean, inverse, gamma, beta)
	}
	return ops.Cast(swapped(y, axis, last), in.DType())
}

// folded returns (x - mean)·inverse·gamma + beta as x·a + b, with a and b computed once for
// every channel: they ride on the product or the convolution that computes x.
func folded(x, mean, inverse, gamma, beta *graph.Node) *graph.Node {
	a := scaled(inverse, gamma, nil)
	b := ops.Neg(ops.Mul(mean, a))
	if beta != nil {
		b = ops.Add(beta, b)
	}
	return ops.Add(ops.Mul(x, a), b)
}

// movingAverage returns what becomes of a moving average.
func movingAverage(old, now *graph.Node, momentum float64) *graph.Node {
	return ops.Add(ops.Scale(old, momentum), ops.Scale(now, 1-momentum))
}

// batchMoments returns mean and variance of every channel of x [B ... C], of the elements
// that a mask of x's shape selects if there is one. As in Keras they are 0 if that selects
// none.
func batchMoments(x, mask *graph.Node) (mean, variance *graph.Node) {
	axes := make([]int, x.Rank()-1)
	for i := range axes {
		axes[i] = i
	}
	if mask == nil {
		return ops.Moments(x, axes...)
	}
	zero := ops.ScalarLike(x, 0)
	share := ops.Reciprocal(ops.Offset(ops.ReduceSum(ops.Cast(mask, x.DType()), axes...), epsilon))
	mean = ops.Mul(ops.ReduceSum(ops.Where(mask, x, zero), axes...), share)
	far := ops.Where(mask, ops.Sub(x, mean), zero)
	return mean, ops.Mul(ops.ReduceSum(ops.Square(far), axes...), share)
}

// renorm returns gamma and beta with the corrections of batch renormalization in them, and
// moves the averages but for that of the mean. The corrections are constants to the gradient.
func (l *BatchNormalizationLayer) renorm(c *Ctx, x, mean, variance, gamma, beta *graph.Node) (g, b *graph.Node) {
	stddev := ops.Sqrt(ops.Offset(variance, l.Epsilon))
	oldMean, oldStddev := storedAs(c, l.renormMean, x), storedAs(c, l.renormStddev, x)
	base := ops.Maximum(oldStddev, ops.ScalarLike(oldStddev, math.Sqrt(l.Epsilon)))
	r, d := ops.Div(stddev, base), ops.Div(ops.Sub(mean, oldMean), base)
	if clip := l.RenormClipping; clip != nil {
		if clip.RMin != nil {
			r = ops.Maximum(r, ops.ScalarLike(r, *clip.RMin))
		}
		if clip.RMax != nil {
			r = ops.Minimum(r, ops.ScalarLike(r, *clip.RMax))
		}
		if clip.DMax != nil {
			d = ops.Clip(d, -*clip.DMax, *clip.DMax)
		}
	}
	r, d = ops.StopGradient(r), ops.StopGradient(d)
	if gamma != nil {
		r, d = ops.Mul(r, gamma), ops.Mul(d, gamma)
	}
	if beta != nil {
		d = ops.Add(d, beta)
	}
	c.Update(l.renormMean, movingAverage(oldMean, mean, l.RenormMomentum))
	c.Update(l.renormStddev, movingAverage(oldStddev, stddev, l.RenormMomentum))
	moved := movingAverage(storedAs(c, l.movingStddev, x), stddev, l.Momentum)
	c.Update(l.movingStddev, moved)
	c.Update(l.movingVariance, ops.Relu(ops.Offset(ops.Square(moved), -l.Epsilon)))
	return r, d
}
