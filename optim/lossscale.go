package optim

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// LossScale returns an optimizer that has inner take its steps with gradients of a
// multiple of the loss, so that small ones do not become zero in 16 bits. The multiple
// starts at 2^15. A step with a gradient that is not finite is left out and halves it;
// every 2000 steps without one double it.
//
// Options: [InitialScale], [DynamicGrowthSteps], [Name]. All others are inner's.
//
// Source: Micikevicius et al. 2017, arXiv:1710.03740, section 3.2; as in
// keras.optimizers.LossScaleOptimizer.
func LossScale(inner Optimizer, opts ...LossScaleOption) *LossScaleOptimizer {
	l := &LossScaleOptimizer{
		OptimizerName: "loss_scale_optimizer", Inner: inner, InitialScale: 1 << 15, DynamicGrowthSteps: 2000, where: graph.Caller(),
	}
	for _, o := range opts {
		o.lossScale(l)
	}
	return l
}

// LossScaleOptimizer is the optimizer that [LossScale] makes.
type LossScaleOptimizer struct {
	// OptimizerName is the optimizer's name.
	OptimizerName string
	// Inner is the optimizer that takes the steps.
	Inner Optimizer
	// InitialScale is the first factor of the loss.
	InitialScale float64
	// DynamicGrowthSteps is after how many steps with finite gradients the scale
	// doubles.
	DynamicGrowthSteps int

	where          string
	owner          any // that it was claimed for
	params         []*graph.Var
	own            []*graph.Var // that Keras has too: the iterations and the rate, which stay 0
	counter, scale *graph.Var
}

// LossScaleOption is an option of [LossScale].
type LossScaleOption interface{ lossScale(*LossScaleOptimizer) }

type (
	// InitialScale is the first factor of the loss under [LossScale].
	InitialScale float64
	// DynamicGrowthSteps is after how many steps with finite gradients [LossScale]
	// doubles its scale.
	DynamicGrowthSteps int
)

func (x InitialScale) lossScale(l *LossScaleOptimizer)       { l.InitialScale = float64(x) }
func (x DynamicGrowthSteps) lossScale(l *LossScaleOptimizer) { l.DynamicGrowthSteps = int(x) }

// Class returns Keras's name of the type.
func (l *LossScaleOptimizer) Class() string { return "LossScaleOptimizer" }

// Name implements [Optimizer].
func (l *LossScaleOptimizer) Name() string { return l.OptimizerName }

// LearningRate implements [Optimizer].
func (l *LossScaleOptimizer) LearningRate() float64 { return l.Inner.LearningRate() }

// SetLearningRate implements [Optimizer].
func (l *LossScaleOptimizer) SetLearningRate(lr float64) { l.Inner.SetLearningRate(lr) }

// Scale returns the factor of the loss in the next step.
func (l *LossScaleOptimizer) Scale() float64 {
	if l.scale == nil {
		return l.InitialScale
	}
	return l.scale.Value().Item()
}

func (l *LossScaleOptimizer) errorf(format string, args ...any) *graph.Error {
	return &graph.Error{Where: l.where, Text: "optim: " + l.OptimizerName + ": " + fmt.Sprintf(format, args...)}
}

// Build implements [Optimizer].
func (l *LossScaleOptimizer) Build(params []*graph.Var) {
	switch {
	case l.Inner == nil:
		panic(l.errorf("no optimizer: want one that takes the steps"))
	case !(l.InitialScale > 0) || math.IsInf(l.InitialScale, 1):
		panic(l.errorf("initial scale %g: want a finite number greater than 0", l.InitialScale))
	case l.DynamicGrowthSteps < 1:
		panic(l.errorf("growth after %d steps: want 1 or more", l.DynamicGrowthSteps))
	}
	if r, ok := l.Inner.(rule); ok && r.config().LossScaleFactor != 0 {
		panic(l.errorf("%s has a loss scale factor of its own: want one without", l.Inner.Name()))
	}
	l.params = params
	l.own = ownVars(l.OptimizerName)
	l.counter = graph.NewVar(l.OptimizerName+"/step_counter", tensor.Scalar[int32](0))
	l.scale = graph.NewVar(l.OptimizerName+"/dynamic_scale", tensor.Scalar(float32(l.InitialScale)))
	l.Inner.Build(params)
}

// ownVars makes the variables that Keras keeps for optimizers of optimizers: a counter
// and a learning rate.
func ownVars(name string) []*graph.Var {
	return []*graph.Var{
		graph.NewVar(name+"/iteration", tensor.Scalar[int64](0)), graph.NewVar(name+"/learning_rate", tensor.Scalar(0.0)),
	}
}

// Vars implements [Optimizer].
func (l *LossScaleOptimizer) Vars() []*graph.Var {
	if l.own == nil {
		return nil
	}
	return append([]*graph.Var{l.own[0], l.own[1], l.counter, l.scale}, l.Inner.Vars()...)
}

// ScaleLoss implements [LossScaler].
func (l *LossScaleOptimizer) ScaleLoss(loss *graph.Node) *graph.Node {
	return ops.Mul(loss, ops.Cast(loss.Graph().Value(l.scale), loss.DType()))
}

// Averages implements [Averager].
func (l *LossScaleOptimizer) Averages() []*graph.Var {
	if a, ok := l.Inner.(Averager); ok {
		return a.Averages()
	}
	return nil
}

// Finalize implements [Averager].
func (l *LossScaleOptimizer) Finalize() {
	if a, ok := l.Inner.(Averager); ok {
		a.Finalize()
	}
}

// Apply implements [Optimizer].
func (l *LossScaleOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	if l.own == nil {
		panic(l.errorf("want Build first"))
	}
	scale, counter := g.Value(l.scale), g.Value(l.counter)
	finite := ops.Full(g, tensor.S(tensor.Bool), 1)
	for _, d := range grads {
		finite = ops.And(finite, allFinite(d))
	}
	unscaled, done := l.unscale(grads, scale)
	defer done()
	l.holdInner(g, finite, unscaled)
	one, none := ops.ScalarLike(counter, 1), ops.ScalarLike(counter, 0)
	full := ops.Equal(counter, ops.ScalarLike(counter, float64(l.DynamicGrowthSteps-1)))
	g.Update(l.counter, ops.Where(ops.And(finite, ops.Not(full)), ops.Add(counter, one), none))
	grown := ops.Where(full, ops.Scale(scale, 2), scale)
	g.Update(l.scale, ops.Where(finite, grown, ops.Scale(scale, 0.5)))
}

// unscale returns the gradients that the inner optimizer takes, and a function to be
// called after it did: those divided by the scale. By a power of two a product is the
// same, which the inner optimizer can leave to its sweep.
func (l *LossScaleOptimizer) unscale(grads []*graph.Node, scale *graph.Node) (unscaled []*graph.Node, done func()) {
	half, _ := math.Frexp(l.InitialScale)
	inner, ok := l.Inner.(interface{ times(factor *graph.Node) })
	if ok && half == 0.5 {
		inner.times(inverse(scale))
		return grads, func() { inner.times(nil) }
	}
	for _, d := range grads {
		unscaled = append(unscaled, ops.Div(d, ops.Cast(scale, d.DType())))
	}
	return unscaled, func() {}
}

// allFinite returns whether all elements of x are finite: whether its greatest and its
// least are, which are NaN if an element is. If x was converted from floats of fewer bits,
// those are examined instead.
func allFinite(x *graph.Node) *graph.Node {
	if _, ok := x.Op.(ops.CastOp); ok && x.In[0].DType().IsFloat() && x.In[0].DType().Size() < x.DType().Size() {
		x = x.In[0]
	}
	return ops.And(ops.IsFinite(ops.ReduceMin(x)), ops.IsFinite(ops.ReduceMax(x)))
}

// held is an optimizer whose steps another can skip.
type held interface {
	hold(on *graph.Node)
}

// hold makes the steps that are traced until the next call depend on a bool scalar; nil
// for always.
func (c *Config) hold(on *graph.Node) { c.allowed = on }

// times makes the steps that are traced until the next call take their gradients times a
// scalar; nil for 1.
func (c *Config) times(factor *graph.Node) { c.factor = factor }

// holdInner traces the inner optimizer's step, which happens where on is true.
func (l *LossScaleOptimizer) holdInner(g *graph.Graph, on *graph.Node, grads []*graph.Node) {
	if h, ok := l.Inner.(held); ok {
		h.hold(on)
		defer h.hold(nil)
		l.Inner.Apply(g, grads)
		return
	}
	vars := append(append([]*graph.Var{}, l.params...), l.Inner.Vars()...)
	before := make([]*graph.Node, len(vars))
	for i, v := range vars {
		before[i] = g.Value(v)
	}
	l.Inner.Apply(g, grads)
	for i, v := range vars {
		if after := g.Value(v); after != before[i] {
			g.Update(v, ops.Where(on, after, before[i]))
		}
	}
}

// MarshalJSON writes the config that Keras writes.
func (l *LossScaleOptimizer) MarshalJSON() ([]byte, error) {
	inner, err := objectOf(l.Inner)
	if err != nil {
		return nil, fmt.Errorf("inner_optimizer: %w", err)
	}
	return vocab.Marshal(struct {
		Name  string        `json:"name"`
		Inner *vocab.Object `json:"inner_optimizer"`
		Scale float64       `json:"initial_scale"`
		Steps int           `json:"dynamic_growth_steps"`
	}{l.OptimizerName, inner, l.InitialScale, l.DynamicGrowthSteps})
}
