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
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/tensor"
)

// Optimizer changes parameters by their gradients: those of one model, see [Claim].
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

// LossScaler is an optimizer that wants the gradients of a multiple of the loss.
type LossScaler interface {
	// ScaleLoss traces that multiple.
	ScaleLoss(loss *graph.Node) *graph.Node
}

// Averager is an optimizer that keeps moving averages of the parameters.
type Averager interface {
	// Averages returns the averages, in the order of the parameters that Build got; a
	// parameter without an average stands for itself. It is nil if no parameter has one.
	Averages() []*graph.Var
	// Finalize makes the parameters their averages, if there are some: it is called
	// when training ends.
	Finalize()
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
	// UseEMA keeps a moving average of every parameter, of which a step keeps
	// EMAMomentum; every EMAOverwriteFrequency steps, if that is not 0, the parameters
	// become their averages.
	UseEMA                bool    `json:"use_ema"`
	EMAMomentum           float64 `json:"ema_momentum"`
	EMAOverwriteFrequency Steps   `json:"ema_overwrite_frequency"`
	// LossScaleFactor multiplies the loss and divides the gradients.
	LossScaleFactor Optional `json:"loss_scale_factor"`
	// GradientAccumulationSteps is over how many batches gradients are added up; the
	// last of them applies their mean.
	GradientAccumulationSteps Steps `json:"gradient_accumulation_steps"`

	where      string // the user's line
	owner      any    // that it was claimed for
	scope      string // of the variables' paths; the name if it is empty
	exclude    exclusion
	params     []*graph.Var
	iterations *graph.Var
	lr         *graph.Var
	averages   []*graph.Var
	sums       []*graph.Var // of gradients
	slots      []*graph.Var
	taken      map[string]bool // paths of these, and of averages and sums
	allowed    *graph.Node     // set while a LossScaleOptimizer traces this one
	factor     *graph.Node     // likewise, of the gradients
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

// UnmarshalJSON implements json.Unmarshaler.
func (o *Optional) UnmarshalJSON(b []byte) error {
	*o = 0
	return json.Unmarshal(b, (*float64)(o))
}

// Steps is a number of steps, or 0 for none, which JSON holds as null.
type Steps int

// MarshalJSON implements json.Marshaler.
func (s Steps) MarshalJSON() ([]byte, error) {
	if s == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(int(s))
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *Steps) UnmarshalJSON(b []byte) error {
	*s = 0
	return json.Unmarshal(b, (*int)(s))
}

// Number lists the types that a learning rate can be given as.
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
		if lr == nil {
			lr = ScheduleFunc("nil", func(*graph.Node) *graph.Node {
				panic(graph.Errorf("optim: the schedule of the learning rate is nil: want one, or a number"))
			})
		}
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

// UnmarshalJSON reads Keras's form: a number or a schedule.
func (r *Rate) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &r.Value) == nil {
		r.Schedule = nil
		return nil
	}
	r.Schedule = new(Schedule)
	return json.Unmarshal(b, r.Schedule)
}

func newConfig(name string, r Rate) Config {
	return Config{OptimizerName: name, Rate: r, EMAMomentum: 0.99, where: graph.Caller()}
}

// Name returns the optimizer's name.
func (c *Config) Name() string { return c.OptimizerName }

// Vars returns the state, in Keras's order.
func (c *Config) Vars() []*graph.Var {
	if c.iterations == nil {
		return nil
	}
	vars := []*graph.Var{c.iterations}
	if c.Rate.Schedule == nil { // else the rate is computed, not kept
		vars = append(vars, c.lr)
	}
	return slices.Concat(vars, c.averages, c.sums, c.slots)
}

// LearningRate returns the learning rate of the next step.
func (c *Config) LearningRate() float64 {
	switch {
	case c.Rate.Schedule == nil && c.lr == nil:
		return c.Rate.Value
	case c.Rate.Schedule == nil:
		return c.lr.Value().Item()
	case c.iterations == nil:
		return c.Rate.Schedule.At(0)
	}
	return c.Rate.Schedule.At(tensor.Data[int64](c.iterations.Value())[0])
}

// SetLearningRate changes the learning rate. It panics with *graph.Error if the
// rate follows a schedule.
func (c *Config) SetLearningRate(lr float64) {
	if c.Rate.Schedule != nil {
		panic(graph.Errorf("optim.SetLearningRate: the rate of %s follows a schedule: want one that is a number", c.OptimizerName))
	}
	if c.lr == nil {
		c.Rate.Value = lr
		return
	}
	c.lr.Write(func(t *tensor.Tensor) { tensor.Data[float64](t)[0] = lr })
}

// errorf returns an *Error at the user's line that made the optimizer.
func (c *Config) errorf(format string, args ...any) *graph.Error {
	return &graph.Error{Where: c.where, Text: fmt.Sprintf("optim: "+c.OptimizerName+": "+format, args...)}
}
