package nn

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Affine groups the settings of a layer that normalizes its input and then scales it by
// gamma and shifts it by beta: [BatchNormalization], [LayerNormalization] and
// [GroupNormalization].
type Affine struct {
	// Epsilon is added to the variance before the root. The constructors set 1e-3.
	Epsilon float64 `json:"epsilon"`
	// NoCenter omits beta, NoScale gamma.
	NoCenter Negated `json:"center"`
	NoScale  Negated `json:"scale"`
	// BetaInitializer is [Zeros] by default, GammaInitializer [Ones].
	BetaInitializer  Initializer `json:"beta_initializer"`
	GammaInitializer Initializer `json:"gamma_initializer"`
	// There are no penalties or constraints by default.
	BetaRegularizer  Regularizer `json:"beta_regularizer"`
	GammaRegularizer Regularizer `json:"gamma_regularizer"`
	BetaConstraint   Constraint  `json:"beta_constraint"`
	GammaConstraint  Constraint  `json:"gamma_constraint"`

	gamma, beta *graph.Var // nil where omitted
}

// defaultEpsilon is Keras's default of [Affine].
const defaultEpsilon = 1e-3

// AffineSetting is an option that sets a part of [Affine].
type AffineSetting func(*Affine)

func (s AffineSetting) batchNormalization(l *BatchNormalizationLayer) { s(&l.Affine) }
func (s AffineSetting) layerNormalization(l *LayerNormalizationLayer) { s(&l.Affine) }
func (s AffineSetting) groupNormalization(l *GroupNormalizationLayer) { s(&l.Affine) }

// NoCenter omits the beta of a layer that normalizes: what it adds.
var NoCenter AffineSetting = func(a *Affine) { a.NoCenter = true }

// NoScale omits the gamma of a layer that normalizes: what it multiplies with.
var NoScale AffineSetting = func(a *Affine) { a.NoScale = true }

// BetaInitializer gives a layer's beta its first value.
func BetaInitializer(i Initializer) AffineSetting {
	return func(a *Affine) { a.BetaInitializer = i }
}

// GammaInitializer gives a layer's gamma its first value.
func GammaInitializer(i Initializer) AffineSetting {
	return func(a *Affine) { a.GammaInitializer = i }
}

// BetaRegularizer adds a penalty of a layer's beta to the loss.
func BetaRegularizer(r Regularizer) AffineSetting {
	return func(a *Affine) { a.BetaRegularizer = r }
}

// GammaRegularizer adds a penalty of a layer's gamma to the loss.
func GammaRegularizer(r Regularizer) AffineSetting {
	return func(a *Affine) { a.GammaRegularizer = r }
}

// BetaConstraint puts a layer's beta under a constraint after every update.
func BetaConstraint(c Constraint) AffineSetting {
	return func(a *Affine) { a.BetaConstraint = c }
}

// GammaConstraint puts a layer's gamma under a constraint after every update.
func GammaConstraint(c Constraint) AffineSetting {
	return func(a *Affine) { a.GammaConstraint = c }
}

// Epsilon is the number that a layer which normalizes adds before the root. It is an option
// of [BatchNormalization], [LayerNormalization], [GroupNormalization] and [RMSNormalization].
type Epsilon float64

func (e Epsilon) batchNormalization(l *BatchNormalizationLayer) { l.Epsilon = float64(e) }
func (e Epsilon) layerNormalization(l *LayerNormalizationLayer) { l.Epsilon = float64(e) }
func (e Epsilon) groupNormalization(l *GroupNormalizationLayer) { l.Epsilon = float64(e) }
func (e Epsilon) rmsNormalization(l *RMSNormalizationLayer)     { l.Epsilon = float64(e) }

// SetDefaults sets the initializers that are not set to the defaults that they stand for.
func (a *Affine) SetDefaults() {
	a.BetaInitializer = a.BetaInitializer.Or(Zeros)
	a.GammaInitializer = a.GammaInitializer.Or(Ones)
}

// OfIntegers implements [IntegerLayer].
func (*Affine) OfIntegers(tensor.DType) tensor.DType { return tensor.Invalid }

// build makes gamma and beta of a shape, unless they are omitted.
func (a *Affine) build(b *Builder, shape tensor.Dims) {
	a.gamma, a.beta = nil, nil
	if !a.NoScale {
		a.gamma = b.Param("gamma", shape, a.GammaInitializer.Or(Ones))
		constrain(a.gamma, a.GammaConstraint)
	}
	if !a.NoCenter {
		a.beta = b.Param("beta", shape, a.BetaInitializer)
		constrain(a.beta, a.BetaConstraint)
	}
}

// values returns gamma and beta as stored, in the dtype of x, nil where omitted, and adds
// their penalties to the loss.
func (a *Affine) values(c *Ctx, x *graph.Node) (gamma, beta *graph.Node) {
	if a.gamma != nil {
		gamma = storedAs(c, a.gamma, x)
		c.Regularize(a.gamma, a.GammaRegularizer)
	}
	if a.beta != nil {
		beta = storedAs(c, a.beta, x)
		c.Regularize(a.beta, a.BetaRegularizer)
	}
	return gamma, beta
}

// storedAs returns the value of v in the dtype of x. Unlike [Ctx.Value] it does not round
// the value to 16 bits in between.
func storedAs(c *Ctx, v *graph.Var, x *graph.Node) *graph.Node {
	return ops.Cast(c.Graph().Value(v), x.DType())
}

// scaled returns y·gamma + beta, without one that is nil.
func scaled(y, gamma, beta *graph.Node) *graph.Node {
	if gamma != nil {
		y = ops.Mul(y, gamma)
	}
	if beta != nil {
		y = ops.Add(y, beta)
	}
	return y
}

// wantEpsilon panics unless epsilon is finite and 0 or more.
func wantEpsilon(layer string, epsilon float64) {
	if !(epsilon >= 0) || math.IsInf(epsilon, 1) {
		panic(graph.Errorf("nn.%s: epsilon %g: want 0 or more", layer, epsilon))
	}
}

// channelAxis returns the place of an axis of x that holds channels, which may count from
// the end. It panics unless x has the axis and it is not the batch.
func channelAxis(layer string, x tensor.Dims, axis int) int {
	at := axis
	if at < 0 {
		at += x.Rank()
	}
	if at < 1 || at >= x.Rank() {
		panic(graph.Errorf("nn.%s: axis %d of x %v: want an axis of a sample, 1 to %d or from the end", layer, axis, x, x.Rank()-1))
	}
	return at
}

// wantChannels panics unless an axis of x has as many channels as the layer was built for.
func wantChannels(layer string, x tensor.Dims, axis, built int) {
	if x.At(axis) != built {
		panic(graph.Errorf("nn.%s: x %v has %d channels on axis %d: the layer was built for %d", layer, x, x.At(axis), axis, built))
	}
}

// sampleAxes returns the places of axes of x in ascending order. It panics unless x has
// them, each is given once, and the batch is not among them.
func sampleAxes(layer string, x tensor.Dims, axes AxisList) []int {
	if len(axes) == 0 {
		panic(graph.Errorf("nn.%s: no axes: want one or more", layer))
	}
	is := make([]bool, x.Rank())
	for _, a := range axes {
		at := channelAxis(layer, x, a)
		if is[at] {
			panic(graph.Errorf("nn.%s: axes %s of x %v: axis %d stands twice: want it once", layer, listed(axes), x, at))
		}
		is[at] = true
	}
	var places []int
	for at, on := range is {
		if on {
			places = append(places, at)
		}
	}
	return places
}

// areLast reports whether places are the last axes of a rank.
func areLast(places []int, rank int) bool { return places[0] == rank-len(places) }

// swapped returns x with the axes a and b exchanged, x itself if they are one.
func swapped(x *graph.Node, a, b int) *graph.Node {
	if a == b {
		return x
	}
	axes := make([]int, x.Rank())
	for i := range axes {
		axes[i] = i
	}
	axes[a], axes[b] = b, a
	return ops.Transpose(x, axes...)
}
