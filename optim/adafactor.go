package optim

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Adafactor returns gradient descent by the gradient over the root of its mean square,
// which for a parameter of two axes or more is kept as the means of the rows and of the
// columns only, in step t = 1, 2, ...:
//
//	β = 1 - t^decay,  s = g² + ε1
//	r = β·r + (1-β)·mean(s, -1),  c = β·c + (1-β)·mean(s, -2)
//	v = r·c/mean(r, -1)           for one axis or none: v = β·v + (1-β)·s
//	u = g/√v,  u /= max(1, rms(u)/threshold)
//	w -= max(ε2, rms(w)) · min(lr, 1/√t) · u
//
// Keras's default for lr is 0.001. Others are decay -0.8, ε1 1e-30, ε2 1e-3, threshold 1.
// As in Keras, v is kept too, and min(lr, 1/√t) is there whatever RelativeStep says.
//
// Options: [Beta2Decay], [Epsilon1], [Epsilon2], [ClipThreshold], [NoRelativeStep], and
// those of every optimizer, see [Option].
//
// Source: Shazeer, Stern 2018, arXiv:1804.04235, algorithms 4 and 5; as in
// keras.optimizers.Adafactor.
func Adafactor[R Number](lr R, opts ...AdafactorOption) *AdafactorOptimizer {
	o := &AdafactorOptimizer{
		Config: newConfig("adafactor", rate(lr)), Beta2Decay: -0.8, Epsilon1: 1e-30, Epsilon2: 1e-3,
		ClipThreshold: 1, RelativeStep: true,
	}
	for _, opt := range opts {
		opt.adafactor(o)
	}
	return o
}

// AdafactorOptimizer is the optimizer that [Adafactor] makes.
type AdafactorOptimizer struct {
	Config
	// Beta2Decay is the power of the number of steps by which the moving means change:
	// less than 0.
	Beta2Decay float64 `json:"beta_2_decay"`
	// Epsilon1 keeps the divisor from 0.
	Epsilon1 float64 `json:"epsilon_1"`
	// Epsilon2 is the least size of a parameter that a step is scaled by.
	Epsilon2 float64 `json:"epsilon_2"`
	// ClipThreshold limits the root mean square of a step.
	ClipThreshold float64 `json:"clip_threshold"`
	// RelativeStep is a setting of Keras's without effect.
	RelativeStep bool `json:"relative_step"`

	r, c, v []*graph.Var // r and c are not read for parameters of one axis or none
}

// AdafactorOption is an option of [Adafactor].
type AdafactorOption interface{ adafactor(*AdafactorOptimizer) }

type (
	// Beta2Decay is the power of the number of steps by which the moving means of
	// [Adafactor] change: less than 0.
	Beta2Decay float64
	// Epsilon1 keeps the divisor of [Adafactor] from 0.
	Epsilon1 float64
	// Epsilon2 is the least size of a parameter that a step of [Adafactor] is scaled by.
	Epsilon2 float64
	// ClipThreshold limits the root mean square of a step of [Adafactor].
	ClipThreshold float64
)

// NoRelativeStep clears a setting of [Adafactor] that has no effect, as in Keras.
const NoRelativeStep noRelativeStep = true

type noRelativeStep bool

func (x Beta2Decay) adafactor(o *AdafactorOptimizer)     { o.Beta2Decay = float64(x) }
func (x Epsilon1) adafactor(o *AdafactorOptimizer)       { o.Epsilon1 = float64(x) }
func (x Epsilon2) adafactor(o *AdafactorOptimizer)       { o.Epsilon2 = float64(x) }
func (x ClipThreshold) adafactor(o *AdafactorOptimizer)  { o.ClipThreshold = float64(x) }
func (x noRelativeStep) adafactor(o *AdafactorOptimizer) { o.RelativeStep = !bool(x) }

// Class returns Keras's name of the type.
func (o *AdafactorOptimizer) Class() string { return "Adafactor" }

// Build implements [Optimizer].
func (o *AdafactorOptimizer) Build(params []*graph.Var) {
	o.build(params)
	if !(o.Beta2Decay < 0) || math.IsInf(o.Beta2Decay, -1) {
		panic(o.errorf("beta 2 decay %g: want a finite number less than 0", o.Beta2Decay))
	}
	if !(o.ClipThreshold > 0) {
		panic(o.errorf("clip threshold %g: want more than 0", o.ClipThreshold))
	}
	o.wantEpsilon(o.Epsilon1)
	o.wantEpsilon(o.Epsilon2)
	o.r, o.c, o.v = nil, nil, nil
	for _, p := range params {
		// Keras keeps two scalars where there are no rows and columns.
		rows, cols := tensor.S(tensor.Int32), tensor.S(tensor.Int32)
		if shape := p.Spec().Shape; shape.Rank() >= 2 {
			dims := shape.Slice()
			rows = tensor.S(p.Spec().DType, dims[:len(dims)-1]...)
			dims[len(dims)-2] = dims[len(dims)-1]
			cols = tensor.S(p.Spec().DType, dims[:len(dims)-1]...)
		}
		o.r = append(o.r, o.slotOf(p, "row", rows))
		o.c = append(o.c, o.slotOf(p, "column", cols))
		o.v = append(o.v, o.slot(p, "velocity"))
	}
}

// slotOf makes a variable of zeros that belongs to a parameter. Keras gives both the
// name of the parameter alone; here names tell variables apart.
func (c *Config) slotOf(p *graph.Var, name string, s tensor.Spec) *graph.Var {
	v := graph.NewVar(c.slotPath(p, name), tensor.NewSpec(s))
	c.slots = append(c.slots, v)
	return v
}

// Apply implements [Optimizer].
func (o *AdafactorOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	s := o.begin(g, grads)
	s.gather()
	rho := ops.Minimum(s.lr, inverse(ops.Sqrt(s.t)))
	rest := ops.Pow(s.t, ops.ScalarLike(s.t, o.Beta2Decay))
	keep := ops.Sub(ops.ScalarLike(s.t, 1), rest)
	rule := ops.ApplyAdafactorOp{Eps1: o.Epsilon1, Eps2: o.Epsilon2, Threshold: o.ClipThreshold}
	for i, p := range o.params {
		slots := []*graph.Var{o.v[i]}
		if p.Spec().Rank() >= 2 {
			slots = []*graph.Var{o.r[i], o.c[i], o.v[i]}
		}
		s.apply(rule, i, slots, rho, keep, rest, s.decay(i))
	}
	s.end()
}
