package optim

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Schedule is a learning rate that follows from the number of steps taken.
type Schedule struct {
	class string
	cfg   scheduleConfig
	f     func(t *graph.Node) *graph.Node
	own   string // what it is, if it is none of Keras's
}

// scheduleConfig holds the settings of Keras's configs of schedules.
type scheduleConfig struct {
	Initial      *float64  `json:"initial_learning_rate,omitempty"`
	DecaySteps   float64   `json:"decay_steps,omitempty"`
	DecayRate    *float64  `json:"decay_rate,omitempty"`
	Staircase    bool      `json:"staircase,omitempty"`
	Alpha        float64   `json:"alpha,omitempty"`
	WarmupTarget *float64  `json:"warmup_target,omitempty"`
	WarmupSteps  float64   `json:"warmup_steps,omitempty"`
	Boundaries   []float64 `json:"boundaries,omitempty"`
	Values       []float64 `json:"values,omitempty"`
	End          *float64  `json:"end_learning_rate,omitempty"`
	Power        *float64  `json:"power,omitempty"`
	Cycle        bool      `json:"cycle,omitempty"`
	First        float64   `json:"first_decay_steps,omitempty"`
	TMul         *float64  `json:"t_mul,omitempty"`
	MMul         *float64  `json:"m_mul,omitempty"`
}

// ScheduleFunc returns a schedule of your own: f traces the learning rate, a
// float64 scalar, from the number of steps taken before, a float64 scalar. It cannot
// be saved.
func ScheduleFunc(name string, f func(t *graph.Node) *graph.Node) *Schedule {
	return &Schedule{class: name, f: f, own: "a function of your own"}
}

// Rate traces the learning rate, a float64 scalar, from the number of steps taken
// before, a scalar of any dtype.
func (s *Schedule) Rate(step *graph.Node) *graph.Node {
	lr := s.f(ops.Cast(step, tensor.Float64))
	if want := tensor.S(tensor.Float64); lr.Spec() != want {
		panic(graph.Errorf("optim: schedule %s: rate is %v: want %v", s.class, lr.Spec(), want))
	}
	return lr
}

// At returns the learning rate after step steps.
func (s *Schedule) At(step int64) float64 {
	g := graph.New()
	out := s.Rate(ops.Full(g, tensor.S(tensor.Int64), float64(step)))
	values := make([]ops.Array, len(g.Nodes()))
	for i, n := range g.Nodes() {
		if c, ok := n.Op.(graph.ConstOp); ok {
			values[i] = ops.Array{Spec: n.Spec(), V: c.Tensor.Float64s()}
			continue
		}
		in := make([]ops.Array, len(n.In))
		for j, x := range n.In {
			in[j] = values[x.ID()]
		}
		y := []ops.Array{ops.NewArray(n.Spec())}
		ops.Reference(n.Op, y, in)
		values[i] = y[0]
	}
	return values[out.ID()].V[0]
}

// ExponentialDecay returns the rate initial·rate^(step/steps).
//
// Options: [Staircase].
func ExponentialDecay(initial float64, steps int, rate float64, opts ...StaircaseOption) *Schedule {
	c := scheduleConfig{Initial: &initial, DecaySteps: float64(steps), DecayRate: &rate}
	return newSchedule("ExponentialDecay", staircased(c, opts), exponential)
}

// InverseTimeDecay returns the rate initial / (1 + rate·step/steps).
//
// Options: [Staircase].
func InverseTimeDecay(initial float64, steps int, rate float64, opts ...StaircaseOption) *Schedule {
	c := scheduleConfig{Initial: &initial, DecaySteps: float64(steps), DecayRate: &rate}
	return newSchedule("InverseTimeDecay", staircased(c, opts), inverseTime)
}

// StaircaseOption is [Staircase].
type StaircaseOption interface{ staircase(*scheduleConfig) }

// Staircase lets the rate change only every so many steps.
const Staircase staircase = true

type staircase bool

func (s staircase) staircase(c *scheduleConfig) { c.Staircase = bool(s) }

func staircased(c scheduleConfig, opts []StaircaseOption) scheduleConfig {
	for _, o := range opts {
		o.staircase(&c)
	}
	return c
}

// CosineDecay returns the rate initial·((1-alpha)·(1 + cos(π·step/steps))/2 + alpha),
// which stays as it is after steps. Alpha is 0 unless [Alpha] says otherwise.
//
// Options: [Alpha], [Warmup].
//
// Source: Loshchilov, Hutter 2016, arXiv:1608.03983, section 3.
func CosineDecay(initial float64, steps int, opts ...CosineOption) *Schedule {
	c := scheduleConfig{Initial: &initial, DecaySteps: float64(steps)}
	for _, o := range opts {
		o.cosine(&c)
	}
	return newSchedule("CosineDecay", c, cosine)
}

// CosineOption is an option of [CosineDecay].
type CosineOption interface{ cosine(*scheduleConfig) }

// Alpha is the last rate as a part of the first.
type Alpha float64

func (a Alpha) cosine(c *scheduleConfig)   { c.Alpha = float64(a) }
func (a Alpha) restarts(c *scheduleConfig) { c.Alpha = float64(a) }

// Warmup lets the rate grow from the initial one to target over steps before it decays.
func Warmup(steps int, target float64) CosineOption { return warmup{steps, target} }

type warmup struct {
	steps  int
	target float64
}

func (w warmup) cosine(c *scheduleConfig) {
	c.WarmupSteps, c.WarmupTarget = float64(w.steps), &w.target
}

// CosineDecayRestarts returns [CosineDecay] that starts again after steps. Every
// period is [PeriodFactor] times as long as the one before, 2 by default, and
// starts at [RateFactor] times its rate, 1 by default.
//
// Options: [Alpha], [PeriodFactor], [RateFactor].
//
// Source: Loshchilov, Hutter 2016, arXiv:1608.03983, section 3.
func CosineDecayRestarts(initial float64, steps int, opts ...RestartOption) *Schedule {
	c := scheduleConfig{Initial: &initial, First: float64(steps)}
	for _, o := range opts {
		o.restarts(&c)
	}
	return newSchedule("CosineDecayRestarts", c, cosineRestarts)
}

// RestartOption is an option of [CosineDecayRestarts].
type RestartOption interface{ restarts(*scheduleConfig) }

type (
	// PeriodFactor is how much longer a period is than the one before: Keras's t_mul.
	PeriodFactor float64
	// RateFactor is the first rate of a period, by that of the one before: Keras's m_mul.
	RateFactor float64
)

func (f PeriodFactor) restarts(c *scheduleConfig) { v := float64(f); c.TMul = &v }
func (f RateFactor) restarts(c *scheduleConfig)   { v := float64(f); c.MMul = &v }

// PiecewiseConstantDecay returns values[i] up to and including step boundaries[i],
// and the last value after the last boundary: there is one value more.
func PiecewiseConstantDecay(boundaries []int, values []float64) *Schedule {
	c := scheduleConfig{Values: values}
	for _, b := range boundaries {
		c.Boundaries = append(c.Boundaries, float64(b))
	}
	return newSchedule("PiecewiseConstantDecay", c, piecewise)
}

// PolynomialDecay returns the rate (initial-end)·(1 - step/steps)^power + end, which
// stays at end after steps.
//
// Options: [EndRate], 0.0001 by default, [Power], 1 by default, [Cycle].
func PolynomialDecay(initial float64, steps int, opts ...PolynomialOption) *Schedule {
	c := scheduleConfig{Initial: &initial, DecaySteps: float64(steps)}
	for _, o := range opts {
		o.polynomial(&c)
	}
	return newSchedule("PolynomialDecay", c, polynomial)
}

// PolynomialOption is an option of [PolynomialDecay].
type PolynomialOption interface{ polynomial(*scheduleConfig) }

type (
	// EndRate is the last rate.
	EndRate float64
	// Power is the exponent of the decay.
	Power float64
)

// Cycle starts the decay again where it ended, over twice, three times, ... as many steps.
const Cycle cycle = true

type cycle bool

func (e EndRate) polynomial(c *scheduleConfig) { v := float64(e); c.End = &v }
func (p Power) polynomial(c *scheduleConfig)   { v := float64(p); c.Power = &v }
func (y cycle) polynomial(c *scheduleConfig)   { c.Cycle = bool(y) }

// newSchedule returns the schedule of a class, whose rule is f. A config that cannot
// be is found when the schedule is traced.
func newSchedule(class string, c scheduleConfig, f rateRule) *Schedule {
	return &Schedule{class: class, cfg: c, f: func(t *graph.Node) *graph.Node { return f(c, t) }}
}

// rateRule traces the rate of a class of schedules after t steps.
type rateRule func(c scheduleConfig, t *graph.Node) *graph.Node

// schedules are Keras's schedules. Their names are not kept.
var schedules = vocab.Table[*Schedule]{
	Kind: "schedule", Module: "keras.optimizers.schedules",
	Fixed: map[string]string{"name": ""},
	Classes: []vocab.Class[*Schedule]{
		scheduleClass("CosineDecay", cosine),
		scheduleClass("CosineDecayRestarts", cosineRestarts),
		scheduleClass("ExponentialDecay", exponential),
		scheduleClass("InverseTimeDecay", inverseTime),
		scheduleClass("PiecewiseConstantDecay", piecewise),
		scheduleClass("PolynomialDecay", polynomial),
	},
}

func scheduleClass(name string, f rateRule) vocab.Class[*Schedule] {
	return vocab.Class[*Schedule]{Name: name, New: func(c *vocab.Config) (*Schedule, error) {
		var cfg scheduleConfig
		err := c.Into(&cfg)
		return newSchedule(name, cfg, f), err
	}}
}

func (c scheduleConfig) initial() float64 { return vocab.Or(c.Initial, 0) }

func (c scheduleConfig) wantSteps(class string, steps float64) {
	if !(steps > 0) {
		panic(graph.Errorf("optim.%s: %g steps: want more than 0", class, steps))
	}
}

// periods returns t in units of the decay, whole ones for a staircase.
func (c scheduleConfig) periods(class string, t *graph.Node) *graph.Node {
	c.wantSteps(class, c.DecaySteps)
	p := ops.Div(t, ops.ScalarLike(t, c.DecaySteps))
	if c.Staircase {
		p = ops.Floor(p)
	}
	return p
}

func exponential(c scheduleConfig, t *graph.Node) *graph.Node {
	return ops.Scale(ops.Pow(ops.ScalarLike(t, vocab.Or(c.DecayRate, 1)), c.periods("ExponentialDecay", t)), c.initial())
}

func inverseTime(c scheduleConfig, t *graph.Node) *graph.Node {
	p := c.periods("InverseTimeDecay", t)
	return ops.Div(ops.ScalarLike(t, c.initial()), ops.Offset(ops.Scale(p, vocab.Or(c.DecayRate, 1)), 1))
}

func cosine(c scheduleConfig, t *graph.Node) *graph.Node {
	c.wantSteps("CosineDecay", c.DecaySteps)
	peak := vocab.Or(c.WarmupTarget, c.initial())
	decay := t
	if c.WarmupTarget != nil {
		decay = ops.Offset(t, -c.WarmupSteps)
	}
	decay = ops.Clip(decay, 0, c.DecaySteps)
	rate := ops.Scale(c.wave(ops.Div(decay, ops.ScalarLike(t, c.DecaySteps)), ops.ScalarLike(t, 1)), peak)
	if c.WarmupTarget == nil || c.WarmupSteps == 0 {
		return rate
	}
	rise := ops.Offset(ops.Scale(ops.Div(t, ops.ScalarLike(t, c.WarmupSteps)), peak-c.initial()), c.initial())
	return ops.Where(ops.Less(t, ops.ScalarLike(t, c.WarmupSteps)), rise, rate)
}

// wave is (1-alpha)·height·(1 + cos(π·p))/2 + alpha.
func (c scheduleConfig) wave(p, height *graph.Node) *graph.Node {
	half := ops.Scale(ops.Offset(ops.Cos(ops.Scale(p, math.Pi)), 1), 0.5)
	return ops.Offset(ops.Scale(ops.Mul(half, height), 1-c.Alpha), c.Alpha)
}

func cosineRestarts(c scheduleConfig, t *graph.Node) *graph.Node {
	c.wantSteps("CosineDecayRestarts", c.First)
	longer, height := vocab.Or(c.TMul, 2), vocab.Or(c.MMul, 1)
	if !(longer > 0 && height >= 0) {
		panic(graph.Errorf("optim.CosineDecayRestarts: period factor %g, rate factor %g: want more than 0, and 0 or more", longer, height))
	}
	p := ops.Div(t, ops.ScalarLike(t, c.First)) // in units of the first period
	var i *graph.Node                           // periods that are over
	if longer == 1 {
		i = ops.Floor(p)
		p = ops.Sub(p, i)
	} else {
		i = ops.Floor(ops.Scale(ops.Log(ops.Offset(ops.Scale(p, longer-1), 1)), 1/math.Log(longer)))
		length := ops.Pow(ops.ScalarLike(t, longer), i)
		over := ops.Scale(ops.Offset(length, -1), 1/(longer-1))
		p = ops.Div(ops.Sub(p, over), length)
	}
	return ops.Scale(c.wave(p, ops.Pow(ops.ScalarLike(t, height), i)), c.initial())
}

func piecewise(c scheduleConfig, t *graph.Node) *graph.Node {
	if len(c.Values) != len(c.Boundaries)+1 {
		panic(graph.Errorf("optim.PiecewiseConstantDecay: %d boundaries, %d values: want one value more", len(c.Boundaries), len(c.Values)))
	}
	for i := 1; i < len(c.Boundaries); i++ {
		if !(c.Boundaries[i-1] < c.Boundaries[i]) {
			panic(graph.Errorf("optim.PiecewiseConstantDecay: boundary %g after %g: want them to grow", c.Boundaries[i], c.Boundaries[i-1]))
		}
	}
	if len(c.Boundaries) == 0 {
		return ops.ScalarLike(t, c.Values[0])
	}
	g := t.Graph()
	passed := ops.SearchSorted(g.Const(tensor.Of(c.Boundaries...)), t)
	return ops.Gather(g.Const(tensor.Of(c.Values...)), passed, 0)
}

func polynomial(c scheduleConfig, t *graph.Node) *graph.Node {
	c.wantSteps("PolynomialDecay", c.DecaySteps)
	steps := ops.ScalarLike(t, c.DecaySteps)
	if c.Cycle {
		steps = ops.Mul(steps, ops.Maximum(ops.Ceil(ops.Div(t, steps)), ops.ScalarLike(t, 1)))
	} else {
		t = ops.Minimum(t, steps)
	}
	end := vocab.Or(c.End, 0.0001)
	left := ops.Sub(ops.ScalarLike(t, 1), ops.Div(t, steps))
	return ops.Offset(ops.Scale(ops.Pow(left, ops.ScalarLike(t, vocab.Or(c.Power, 1))), c.initial()-end), end)
}

// MarshalJSON writes the schedule as Keras does. It fails for those that Keras does
// not have.
func (s *Schedule) MarshalJSON() ([]byte, error) {
	if s.own != "" {
		return nil, fmt.Errorf("optim: schedule %q is %s: only Keras's can be saved", s.class, s.own)
	}
	cfg, err := vocab.Marshal(s.cfg)
	if err != nil {
		return nil, err
	}
	return json.Marshal(vocab.Object{Module: schedules.Module, Class: s.class, Config: cfg})
}

// UnmarshalJSON reads Keras's form.
func (s *Schedule) UnmarshalJSON(b []byte) error {
	class, config, err := vocab.Decode(b)
	if err != nil {
		return fmt.Errorf("optim: schedule: %w", err)
	}
	known, err := schedules.Make(class, config)
	if err != nil {
		return fmt.Errorf("optim: %w", err)
	}
	*s = *known
	return nil
}
