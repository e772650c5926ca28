package optim

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// LinearWarmup returns a rate that grows evenly from one rate to that of after, a number
// or a schedule, over so many steps, and then goes on as after does from its start.
//
// Keras has this before a number, as [PolynomialDecay] with an end that is higher, and
// before [CosineDecay], as its [Warmup]: such schedules can be saved, others cannot.
//
// Source: Goyal et al. 2017, arXiv:1706.02677, section 2.2.
func LinearWarmup[R Number](from float64, steps int, after R) *Schedule {
	r := rate(after)
	if steps < 1 {
		return ScheduleFunc("LinearWarmup", func(*graph.Node) *graph.Node {
			panic(graph.Errorf("optim.LinearWarmup: %d steps: want 1 or more", steps))
		})
	}
	if r.Schedule == nil {
		return PolynomialDecay(from, steps, EndRate(r.Value))
	}
	if next := r.Schedule; next.class == "CosineDecay" && next.cfg.WarmupTarget == nil {
		c := next.cfg
		peak := c.initial()
		c.Initial, c.WarmupTarget, c.WarmupSteps = &from, &peak, float64(steps)
		return newSchedule("CosineDecay", c, cosine)
	}
	return &Schedule{class: "LinearWarmup", own: "one of glia's", f: func(t *graph.Node) *graph.Node {
		n := ops.ScalarLike(t, float64(steps))
		then := r.Schedule.Rate(ops.Maximum(ops.Sub(t, n), ops.ScalarLike(t, 0)))
		part := ops.Minimum(ops.Div(t, n), ops.ScalarLike(t, 1))
		start := ops.ScalarLike(t, from)
		return ops.Add(start, ops.Mul(ops.Sub(then, start), part))
	}}
}

// OneCycle returns the rate of a training of so many steps: along half a cosine up to
// peak, over the first 30 % of the steps, and along another down. It begins at peak/25
// and ends at a 10,000th of that. Keras has none, so it cannot be saved.
//
// Options: [Rise], [StartDivisor], [EndDivisor].
//
// Source: Smith, Topin 2017, arXiv:1708.07120, section 3; as in
// torch.optim.lr_scheduler.OneCycleLR.
func OneCycle(peak float64, steps int, opts ...OneCycleOption) *Schedule {
	c := oneCycleConfig{peak: peak, steps: float64(steps), rise: 0.3, start: 25, end: 1e4}
	for _, o := range opts {
		o.oneCycle(&c)
	}
	return &Schedule{class: "OneCycle", own: "one of glia's", f: c.rate}
}

type oneCycleConfig struct{ peak, steps, rise, start, end float64 }

// OneCycleOption is an option of [OneCycle].
type OneCycleOption interface{ oneCycle(*oneCycleConfig) }

type (
	// Rise is the part of the steps over which the rate of [OneCycle] grows.
	Rise float64
	// StartDivisor is the peak of [OneCycle] by its first rate.
	StartDivisor float64
	// EndDivisor is the first rate of [OneCycle] by its last.
	EndDivisor float64
)

func (x Rise) oneCycle(c *oneCycleConfig)         { c.rise = float64(x) }
func (x StartDivisor) oneCycle(c *oneCycleConfig) { c.start = float64(x) }
func (x EndDivisor) oneCycle(c *oneCycleConfig)   { c.end = float64(x) }

// rate traces the rate after t steps. As in PyTorch, the last step has number steps-1.
func (c oneCycleConfig) rate(t *graph.Node) *graph.Node {
	top, last := c.rise*c.steps-1, c.steps-1
	switch {
	case !(c.rise > 0 && c.rise < 1 && top > 0):
		panic(graph.Errorf("optim.OneCycle: a rise of %g of %g steps: want a part between 0 and 1 that is more than a step", c.rise, c.steps))
	case !(c.start > 0 && c.end > 0):
		panic(graph.Errorf("optim.OneCycle: peak over %g, and that over %g: want numbers greater than 0", c.start, c.end))
	}
	first := c.peak / c.start
	up := wave(ops.Scale(t, 1/top), first, c.peak)
	down := wave(ops.Minimum(ops.Scale(ops.Offset(t, -top), 1/(last-top)), ops.ScalarLike(t, 1)), c.peak, first/c.end)
	return ops.Where(ops.LessEqual(t, ops.ScalarLike(t, top)), up, down)
}

// wave goes along half a cosine from one number to another while p goes from 0 to 1.
func wave(p *graph.Node, from, to float64) *graph.Node {
	return ops.Offset(ops.Scale(ops.Offset(ops.Cos(ops.Scale(p, math.Pi)), 1), (from-to)/2), to)
}
