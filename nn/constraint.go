package nn

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
)

// Constraint maps a variable to an allowed value after each of the optimizer's updates, in
// the same step. The zero Constraint changes nothing. [ConstraintFunc] makes one of a
// function of your own.
//
// Formulas and defaults are Keras's.
type Constraint struct {
	class string
	cfg   constraintConfig
	f     func(w *graph.Node) *graph.Node
	own   bool // a function of the user's
}

// constraintConfig holds the settings of Keras's configs of constraints.
type constraintConfig struct {
	MinValue *float64 `json:"min_value,omitempty"`
	MaxValue *float64 `json:"max_value,omitempty"`
	Rate     *float64 `json:"rate,omitempty"`
	Axis     any      `json:"axis,omitempty"`
}

// epsilon is added to lengths before they divide.
const epsilon = 1e-7

// ConstraintFunc returns a constraint of your own: f returns the new value, of w's
// dtype and shape. To be saved it needs [Constraint.Register].
func ConstraintFunc(name string, f func(w *graph.Node) *graph.Node) Constraint {
	return Constraint{class: name, f: f, own: true}
}

// NonNeg sets negative elements to 0.
var NonNeg = Constraint{class: "NonNeg", f: ops.Relu}

// MaxNorm scales vectors longer than max down to it. The vectors lie along the axes,
// axis 0 if none is given: those of the inputs of a unit of [Dense]. Keras's default
// is a max of 2.
//
// Panics with *graph.Error, when built, unless max is 0 or more and the axes exist.
//
// Source: Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks
// from Overfitting", section 5.1.
func MaxNorm(max float64, axes ...int) Constraint {
	axes = axesOr0(axes)
	cfg := constraintConfig{MaxValue: &max, Axis: axisConfig(axes)}
	return Constraint{class: "MaxNorm", cfg: cfg, f: func(w *graph.Node) *graph.Node {
		wantFactor("MaxNorm", max)
		length := ops.Sqrt(ops.ReduceSumKeep(ops.Square(w), axes...))
		return ops.Mul(w, ops.Div(ops.Clip(length, 0, max), ops.Offset(length, epsilon)))
	}}
}

// UnitNorm scales vectors along the axes, axis 0 if none is given, to length 1.
//
// Panics with *graph.Error, when built, unless the axes exist.
// Source: keras.constraints.UnitNorm.
func UnitNorm(axes ...int) Constraint {
	axes = axesOr0(axes)
	return Constraint{class: "UnitNorm", cfg: constraintConfig{Axis: axisConfig(axes)}, f: func(w *graph.Node) *graph.Node {
		length := ops.Sqrt(ops.ReduceSumKeep(ops.Square(w), axes...))
		return ops.Div(w, ops.Offset(length, epsilon))
	}}
}

// MinMaxNorm scales vectors along the axes, axis 0 if none is given, so that their
// lengths approach the interval from min to max: each step covers the fraction rate of
// the distance. Keras's default is 0, 1 and a rate of 1.
//
// Panics with *graph.Error, when built, unless 0 <= min <= max, rate is from 0 to 1
// and the axes exist. Source: keras.constraints.MinMaxNorm.
func MinMaxNorm(min, max, rate float64, axes ...int) Constraint {
	axes = axesOr0(axes)
	cfg := constraintConfig{&min, &max, &rate, axisConfig(axes)}
	return Constraint{class: "MinMaxNorm", cfg: cfg, f: func(w *graph.Node) *graph.Node {
		if !(min >= 0 && min <= max && rate >= 0 && rate <= 1) || math.IsInf(min, 1) {
			panic(graph.Errorf("nn.MinMaxNorm: lengths from %g to %g at a rate of %g: want 0 <= min <= max and a rate from 0 to 1", min, max, rate))
		}
		length := ops.Sqrt(ops.ReduceSumKeep(ops.Square(w), axes...))
		want := ops.Add(ops.Scale(ops.Clip(length, min, max), rate), ops.Scale(length, 1-rate))
		return ops.Mul(w, ops.Div(want, ops.Offset(length, epsilon)))
	}}
}

func axesOr0(axes []int) []int {
	if len(axes) == 0 {
		return []int{0}
	}
	return axes
}

// Zero reports whether c is the zero Constraint, which changes nothing.
func (c Constraint) Zero() bool { return c.f == nil }

// Apply returns the constrained value of w. It panics with *graph.Error if the
// constraint's numbers are out of range or w does not fit.
func (c Constraint) Apply(w *graph.Node) *graph.Node {
	if c.Zero() {
		return w
	}
	y := c.f(w)
	if y.Spec() != w.Spec() {
		panic(graph.Errorf("nn.Constraint: %s of w %v is %v: want the same", c.class, w.Spec(), y.Spec()))
	}
	return y
}

// constrain puts a new variable under a constraint. It reports mistakes in the constraint
// now, not at the first step.
func constrain(v *graph.Var, c Constraint) {
	if !c.Zero() {
		c.Apply(graph.New().Input("w", v.Spec()))
		v.Constraint = c.Apply
	}
}

// Constrain applies the constraints of the variables to the values that the graph assigns
// to them so far. A training step calls it after the optimizer.
func Constrain(g *graph.Graph, vars []*graph.Var) {
	for _, v := range vars {
		if v.Constraint != nil {
			g.Update(v, v.Constraint(g.Value(v)))
		}
	}
}

// MarshalJSON writes the constraint as Keras does. It fails for constraints that Keras does
// not have.
func (c Constraint) MarshalJSON() ([]byte, error) {
	switch {
	case c.Zero():
		return []byte("null"), nil
	case c.own:
		return ownObject(&constraints, c.class)
	}
	return constraints.Marshal(c.class, c.cfg)
}

// UnmarshalJSON reads a constraint as Keras writes it: an object, a name such as "non_neg",
// or null.
func (c *Constraint) UnmarshalJSON(b []byte) error {
	known, err := constraints.Unmarshal(b)
	if err != nil {
		return fmt.Errorf("nn: %w", err)
	}
	*c = known
	return nil
}

// constraints holds Keras's classes, which files also name in snake case.
var constraints = vocab.Table[Constraint]{
	Kind: "constraint", Module: "keras.constraints", Fold: SnakeCase,
	Classes: []vocab.Class[Constraint]{
		{Name: "Constraint", New: vocab.Plain(Constraint{class: "Constraint", f: func(w *graph.Node) *graph.Node { return w }})},
		{Name: "MaxNorm", New: constraintOf(func(min, max, rate *float64, axes []int) Constraint {
			return MaxNorm(vocab.Or(max, 2), axes...)
		})},
		{Name: "MinMaxNorm", New: constraintOf(func(min, max, rate *float64, axes []int) Constraint {
			return MinMaxNorm(vocab.Or(min, 0), vocab.Or(max, 1), vocab.Or(rate, 1), axes...)
		})},
		{Name: "NonNeg", Aliases: []string{"nonneg"}, New: vocab.Plain(NonNeg)},
		{Name: "UnitNorm", New: constraintOf(func(min, max, rate *float64, axes []int) Constraint { return UnitNorm(axes...) })},
	},
}

// constraintOf returns a maker of constraints from their settings.
func constraintOf(f func(min, max, rate *float64, axes []int) Constraint) func(c *vocab.Config) (Constraint, error) {
	return func(c *vocab.Config) (Constraint, error) {
		s := struct {
			Min  *float64 `json:"min_value"`
			Max  *float64 `json:"max_value"`
			Rate *float64 `json:"rate"`
			Axis AxisList `json:"axis"`
		}{Axis: AxisList{0}}
		err := c.Into(&s)
		if err == nil && len(s.Axis) == 0 {
			err = &vocab.MissingError{Items: []vocab.Missing{{Kind: "option", Name: "constraint.axis without an axis", At: "axis"}}}
		}
		return f(s.Min, s.Max, s.Rate, s.Axis), err
	}
}
