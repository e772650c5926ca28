package optim_test

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// swept is an optimizer in BenchmarkSweep. A step reads every gradient, reads and writes
// every parameter and all state; more is how often, beyond that, the formulas have it
// read or write as many elements as there are parameters. If over is not 0, only one in
// so many steps is such, and the others read and write a sum of gradients.
type swept struct {
	make func() optim.Optimizer
	more int
	over int
}

// bytes is what the steps to an update of n parameters read and write, state being the
// size of parameters and state.
func (s *swept) bytes(n, state int) int {
	return 2*state + 4*n*(1+s.more) + max(s.over-1, 0)*4*n*3
}

// step takes the steps to an update.
func (s *swept) step(b *testing.B, p *plan.Plan, in []*tensor.Tensor) {
	for range max(s.over, 1) {
		run(b, p, in)
	}
}

// sweeps are the rules, plain and with what changes their passes.
func sweeps() map[string]swept {
	all := map[string]swept{
		"Nesterov":        {make: func() optim.Optimizer { return optim.SGD(0.1, optim.Momentum(0.9), optim.Nesterov) }},
		"AdamW":           {make: func() optim.Optimizer { return optim.AdamW(0.1) }},
		"RMSpropCentered": {make: func() optim.Optimizer { return optim.RMSprop(0.1, optim.Centered, optim.Momentum(0.9)) }},
		"FtrlPower":       {make: func() optim.Optimizer { return optim.Ftrl(0.1, optim.LearningRatePower(-0.3)) }},
	}
	for name, make := range elementwise {
		all[name] = swept{make: func() optim.Optimizer { return make() }}
	}
	all["Lamb"] = swept{make: all["Lamb"].make, more: 3} // the norms come first: w, m and v are read again
	// There are three passes over g and two over w, but v is not read; of vectors two over
	// g, w and v.
	all["AdafactorVector"] = swept{make: all["Adafactor"].make, more: 3}
	all["Adafactor"] = swept{make: all["Adafactor"].make, more: 2}
	for name, make := range map[string]func(...optim.Option) optim.Optimizer{"SGD": elementwise["SGD"], "Adam": elementwise["Adam"]} {
		with := func(option string, more int, o ...optim.Option) {
			all[name+option] = swept{make: func() optim.Optimizer { return make(o...) }, more: more}
		}
		with("Decay", 0, optim.WeightDecay(0.01))
		with("ClipValue", 0, optim.ClipValue(1))
		with("ClipNorm", 1, optim.ClipNorm(1)) // the norms come first
		with("GlobalClipNorm", 1, optim.GlobalClipNorm(1))
		with("EMA", 0, optim.EMA(0.99))
		with("Accumulation", 0, optim.GradientAccumulation(2))
		all[name+"Accumulation"] = swept{make: all[name+"Accumulation"].make, over: 2}
		with("LossScale", 0, optim.LossScaleFactor(8).Option)
	}
	return all
}

// shapeOf is the shape of each of the two parameters of BenchmarkSweep.
func shapeOf(name string) []int {
	if name == "Adafactor" {
		return []int{2500, 2000}
	}
	return []int{5_000_000}
}

// BenchmarkSweep updates 10 million parameters, and gives the bandwidth as a part of what
// copying gets, both at their best: bytes that are read and written.
func BenchmarkSweep(b *testing.B) {
	const n = 10_000_000
	all := sweeps()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.Run(name, func(b *testing.B) {
			s, shape := all[name], shapeOf(name)
			p, in, state := stepOf(s.make(), shape, shape)
			s.step(b, p, in)
			c := newCopying(n)
			best, copied := time.Hour, time.Hour // the others may be those of a busy machine
			for b.Loop() {
				best = min(best, timeOf(func() { s.step(b, p, in) }))
				copied = min(copied, timeOf(c.run)) // by turns: the machine may be slower later
			}
			rate := float64(s.bytes(n, state)) / best.Seconds()
			b.ReportMetric(1e3*best.Seconds(), "best-ms")
			b.ReportMetric(rate/1e9, "GB/s")
			b.ReportMetric(100*rate*copied.Seconds()/float64(8*n), "%copy")
		})
	}
}

// stepOf returns the plan of a step for float32 parameters of these shapes, gradients
// for it, and the bytes of parameters and state.
func stepOf(o optim.Optimizer, shapes ...[]int) (p *plan.Plan, in []*tensor.Tensor, bytes int) {
	var params []*graph.Var
	for i, dims := range shapes {
		params = append(params, graph.NewVar(fmt.Sprint(i, "/kernel"), tensor.New(tensor.Float32, dims...)))
	}
	o.Build(params)
	g := graph.New()
	var grads []*graph.Node
	for i, p := range params {
		grads = append(grads, g.Input(fmt.Sprint(i), p.Spec()))
		in = append(in, tensor.NewSpec(p.Spec()))
		for j, d := 0, tensor.Data[float32](in[i]); j < len(d); j++ {
			d[j] = float32(j%7) - 3
		}
	}
	o.Apply(g, grads)
	for _, v := range append(o.Vars(), params...) {
		bytes += v.Spec().Bytes()
	}
	return plan.Compile(g, nil, cpu.Backend{}), in, bytes
}

func run(b *testing.B, p *plan.Plan, in []*tensor.Tensor) {
	if err := p.Run(nil, in); err != nil {
		b.Fatal(err)
	}
}

func timeOf(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// copying copies n floats on all processors.
type copying struct{ x, y []float32 }

func newCopying(n int) *copying {
	c := &copying{make([]float32, n), make([]float32, n)}
	for i := range n {
		c.x[i], c.y[i] = 1, 2
	}
	return c
}

func (c *copying) run() {
	const parts = 64
	n := len(c.x)
	var wait sync.WaitGroup
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < parts; i = int(next.Add(1)) - 1 {
				copy(c.y[i*n/parts:(i+1)*n/parts], c.x[i*n/parts:(i+1)*n/parts])
			}
		})
	}
	wait.Wait()
}
