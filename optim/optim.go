// Package optim holds the rules by which training changes a model's parameters,
// and schedules for the learning rate, with Keras's names, defaults and formulas.
//
//	optim.Adam(1e-3)
//	optim.SGD(0.1, optim.Momentum(0.9), optim.Nesterov, optim.ClipNorm(1))
//	optim.AdamW(optim.CosineDecay(1e-3, 10000), optim.WeightDecay(0.01))
//
// A learning rate is a number, which may be changed between steps, or a
// [Schedule], which is computed in every step from the count of steps.
//
// The fields of an optimizer are its configuration, as JSON the config that Keras
// writes.
package optim

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Optimizer changes parameters by their gradients.
type Optimizer interface {
	// Name is the optimizer's name and the first part of its variables' paths.
	Name() string
	// Build makes the optimizer's state for these parameters, all zero.
	Build(params []*graph.Var)
	// Apply traces one step: it updates the parameters and the state. grads are the
	// gradients of the parameters, in the order that Build got them.
	// It panics with *graph.Error if they do not fit.
	Apply(g *graph.Graph, grads []*graph.Node)
	// Vars returns the state: the count of steps, the learning rate unless it
	// follows a schedule, then the slots, in Keras's order.
	Vars() []*graph.Var
	// LearningRate returns the learning rate of the next step.
	LearningRate() float64
	// SetLearningRate changes the learning rate. It panics with *graph.Error if the
	// rate follows a schedule.
	SetLearningRate(lr float64)
}

// Config is the configuration that all optimizers have in common.
type Config struct {
	// OptimizerName is the optimizer's name, by default that of the rule.
	OptimizerName string `json:"name"`
	// Rate is the learning rate at the start.
	Rate Rate `json:"learning_rate"`
	// WeightDecay is the part of every parameter, times the learning rate, that a
	// step takes away from it.
	WeightDecay Optional `json:"weight_decay"`
	// At most one of these is set. ClipNorm limits the Euclidean norm of every
	// gradient, GlobalClipNorm that of all together, ClipValue every element.
	ClipNorm       Optional `json:"clipnorm"`
	GlobalClipNorm Optional `json:"global_clipnorm"`
	ClipValue      Optional `json:"clipvalue"`

	where      string // the user's line
	params     []*graph.Var
	iterations *graph.Var
	lr         *graph.Var
	slots      []*graph.Var
}

// Optional is a positive number, or 0 for none, which JSON holds as null.
type Optional float64

// MarshalJSON implements json.Marshaler.
func (o Optional) MarshalJSON() ([]byte, error) {
	if o == 0 {
		return []byte("null"), nil
	}
	return vocab.Marshal(float64(o))
}

// Number is what a learning rate can be given as.
type Number interface{ int | float64 | *Schedule }

// Rate is a learning rate: a number or a schedule.
type Rate struct {
	Value    float64
	Schedule *Schedule
}

func rate[R Number](lr R) Rate {
	switch lr := any(lr).(type) {
	case int:
		return Rate{Value: float64(lr)}
	case float64:
		return Rate{Value: lr}
	case *Schedule:
		return Rate{Schedule: lr}
	}
	return Rate{}
}

// MarshalJSON writes the rate as Keras does.
func (r Rate) MarshalJSON() ([]byte, error) {
	if r.Schedule != nil {
		return json.Marshal(r.Schedule)
	}
	return vocab.Marshal(r.Value)
}

// UnmarshalJSON reads what Keras writes: a number or a schedule.
func (r *Rate) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &r.Value) == nil {
		r.Schedule = nil
		return nil
	}
	r.Schedule = new(Schedule)
	return json.Unmarshal(b, r.Schedule)
}

// Option is an option of every optimizer.
type Option interface {
	SGDOption
	AdamOption
	RMSpropOption
}

type (
	// Name names the optimizer.
	Name string
	// WeightDecay takes this part of every parameter, times the learning rate,
	// away in every step.
	WeightDecay float64
	// ClipNorm limits the Euclidean norm of every gradient.
	ClipNorm float64
	// GlobalClipNorm limits the Euclidean norm of all gradients together.
	GlobalClipNorm float64
	// ClipValue limits the size of every element of a gradient.
	ClipValue float64
)

func (o Name) config(c *Config)           { c.OptimizerName = string(o) }
func (o WeightDecay) config(c *Config)    { c.WeightDecay = Optional(o) }
func (o ClipNorm) config(c *Config)       { c.ClipNorm = Optional(o) }
func (o GlobalClipNorm) config(c *Config) { c.GlobalClipNorm = Optional(o) }
func (o ClipValue) config(c *Config)      { c.ClipValue = Optional(o) }

func (o Name) sgd(s *SGDOptimizer)           { o.config(&s.Config) }
func (o WeightDecay) sgd(s *SGDOptimizer)    { o.config(&s.Config) }
func (o ClipNorm) sgd(s *SGDOptimizer)       { o.config(&s.Config) }
func (o GlobalClipNorm) sgd(s *SGDOptimizer) { o.config(&s.Config) }
func (o ClipValue) sgd(s *SGDOptimizer)      { o.config(&s.Config) }

func (o Name) adam(a *AdamOptimizer)           { o.config(&a.Config) }
func (o WeightDecay) adam(a *AdamOptimizer)    { o.config(&a.Config) }
func (o ClipNorm) adam(a *AdamOptimizer)       { o.config(&a.Config) }
func (o GlobalClipNorm) adam(a *AdamOptimizer) { o.config(&a.Config) }
func (o ClipValue) adam(a *AdamOptimizer)      { o.config(&a.Config) }

func (o Name) rmsprop(r *RMSpropOptimizer)           { o.config(&r.Config) }
func (o WeightDecay) rmsprop(r *RMSpropOptimizer)    { o.config(&r.Config) }
func (o ClipNorm) rmsprop(r *RMSpropOptimizer)       { o.config(&r.Config) }
func (o GlobalClipNorm) rmsprop(r *RMSpropOptimizer) { o.config(&r.Config) }
func (o ClipValue) rmsprop(r *RMSpropOptimizer)      { o.config(&r.Config) }

func newConfig(name string, r Rate) Config {
	return Config{OptimizerName: name, Rate: r, where: graph.Caller()}
}

// Name returns the optimizer's name.
func (c *Config) Name() string { return c.OptimizerName }

// Vars returns the state, in Keras's order.
func (c *Config) Vars() []*graph.Var {
	switch {
	case c.iterations == nil:
		return nil
	case c.Rate.Schedule != nil: // the rate is computed, not kept
		return append([]*graph.Var{c.iterations}, c.slots...)
	}
	return append([]*graph.Var{c.iterations, c.lr}, c.slots...)
}

// LearningRate returns the learning rate of the next step.
func (c *Config) LearningRate() float64 {
	switch {
	case c.Rate.Schedule == nil && c.lr == nil:
		return c.Rate.Value
	case c.Rate.Schedule == nil:
		return c.lr.Tensor().Item()
	case c.iterations == nil:
		return c.Rate.Schedule.At(0)
	}
	return c.Rate.Schedule.At(tensor.Data[int64](c.iterations.Tensor())[0])
}

// SetLearningRate changes the learning rate. It panics with *graph.Error if the
// rate follows a schedule.
func (c *Config) SetLearningRate(lr float64) {
	if c.Rate.Schedule != nil {
		panic(graph.Errorf("optim.SetLearningRate: the rate of %s follows a schedule: want one that is a number", c.OptimizerName))
	}
	c.Rate.Value = lr
	if c.lr != nil {
		tensor.Data[float64](c.lr.Tensor())[0] = lr
	}
}

// errorf returns an *Error at the user's line that made the optimizer.
func (c *Config) errorf(format string, args ...any) *graph.Error {
	return &graph.Error{Where: c.where, Text: fmt.Sprintf("optim: "+c.OptimizerName+": "+format, args...)}
}

// build makes the counter and the learning rate, and checks the configuration.
func (c *Config) build(params []*graph.Var) {
	set := 0
	for _, o := range []Optional{c.ClipNorm, c.GlobalClipNorm, c.ClipValue} {
		if o != 0 {
			set++
		}
		if !(o >= 0) {
			panic(c.errorf("clip at %g: want a positive number", float64(o)))
		}
	}
	if set > 1 {
		panic(c.errorf("ClipNorm %g, GlobalClipNorm %g, ClipValue %g: want at most one of them",
			float64(c.ClipNorm), float64(c.GlobalClipNorm), float64(c.ClipValue)))
	}
	if !(c.WeightDecay >= 0) || math.IsInf(float64(c.WeightDecay), 1) {
		panic(c.errorf("weight decay %g: want a finite number, 0 or more", float64(c.WeightDecay)))
	}
	c.params, c.slots = params, nil
	c.iterations = graph.NewVar(c.OptimizerName+"/iteration", tensor.Scalar[int64](0))
	first := c.Rate.Value
	if c.Rate.Schedule != nil {
		first = c.Rate.Schedule.At(0)
	}
	if !(first >= 0) || math.IsInf(first, 1) {
		panic(c.errorf("learning rate %g: want a finite number, 0 or more", first))
	}
	c.lr = graph.NewVar(c.OptimizerName+"/learning_rate", tensor.Scalar(first))
}

// slot makes a variable of zeros for a parameter.
func (c *Config) slot(p *graph.Var, name string) *graph.Var {
	v := graph.NewVar(c.OptimizerName+"/"+strings.ReplaceAll(p.Path, "/", "_")+"_"+name, tensor.NewSpec(p.Spec()))
	c.slots = append(c.slots, v)
	return v
}

// slotEach makes such a variable for every parameter.
func (c *Config) slotEach(name string) []*graph.Var {
	vars := make([]*graph.Var, len(c.params))
	for i, p := range c.params {
		vars[i] = c.slot(p, name)
	}
	return vars
}

// step is what one step of any optimizer starts with.
type step struct {
	g     *graph.Graph
	grads []*graph.Node
	t     *graph.Node // float64 scalar: 1 in the first step
	lr    *graph.Node // float64 scalar
}

// begin counts the step, finds its learning rate and clips the gradients.
func (c *Config) begin(g *graph.Graph, grads []*graph.Node) step {
	if len(grads) != len(c.params) {
		panic(c.errorf("%d gradients of %d parameters: want one of each, and Build first", len(grads), len(c.params)))
	}
	for i, p := range c.params {
		if grads[i].Spec() != p.Spec() {
			panic(c.errorf("gradient of %s is %v: want %v", p.Path, grads[i].Spec(), p.Spec()))
		}
	}
	it := g.Value(c.iterations)
	next := ops.Offset(it, 1)
	s := step{g: g, t: ops.Cast(next, tensor.Float64), lr: g.Value(c.lr)}
	if c.Rate.Schedule != nil {
		s.lr = c.Rate.Schedule.Rate(it)
	}
	g.Update(c.iterations, next)
	s.grads = c.clip(grads)
	return s
}

// scalar returns a scalar of the step in a parameter's dtype.
func (s step) scalar(x *graph.Node, p *graph.Var) *graph.Node {
	if dt := p.Spec().DType; x.DType() != dt {
		return ops.Cast(x, dt)
	}
	return x
}

// decayed returns the value of parameter p after weight decay.
func (c *Config) decayed(s step, p *graph.Var) *graph.Node {
	w := s.g.Value(p)
	if c.WeightDecay == 0 {
		return w
	}
	decay := s.scalar(ops.Scale(s.lr, float64(c.WeightDecay)), p)
	return ops.Sub(w, ops.Mul(w, decay))
}
