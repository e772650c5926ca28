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
	"github.com/glia-ml/glia/internal/kern"
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
	// What Muon does beside products: its gradient is written once and read three times.
	all["MuonRest"] = swept{make: func() optim.Optimizer { return optim.Muon(0.1, optim.NSSteps(0)) }, more: 5}
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
	if name == "Adafactor" || name == "MuonRest" {
		return []int{2500, 2000}
	}
	return []int{5_000_000}
}

// BenchmarkSweep updates 10 million parameters by turns with copying as many floats, and
// gives the least times of both, and what bandwidth they make: of the bytes that are read
// and written. CPU times are of use on one processor, where other programs lengthen them
// less.
func BenchmarkSweep(b *testing.B) {
	const n = 10_000_000
	all := sweeps()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.Run(name, func(b *testing.B) {
			s, shape := all[name], shapeOf(name)
			p, in, state := stepOf(s.make(), shape, shape)
			s.step(b, p, in)
			c := newCopying(n)
			var steps, copies stopwatch
			for b.Loop() {
				steps.time(func() { s.step(b, p, in) })
				copies.time(c.run)
			}
			bytes := float64(s.bytes(n, state))
			b.ReportMetric(bytes/1e6, "MB")
			b.ReportMetric(1e3*steps.wall.Seconds(), "ms")
			b.ReportMetric(1e3*steps.cpu.Seconds(), "cpu-ms")
			b.ReportMetric(bytes/steps.wall.Seconds()/1e9, "GB/s")
			b.ReportMetric(bytes/steps.cpu.Seconds()/1e9, "cpu-GB/s")
			b.ReportMetric(8*n/copies.wall.Seconds()/1e9, "copy-GB/s")
			b.ReportMetric(8*n/copies.cpu.Seconds()/1e9, "cpu-copy-GB/s")
			b.ReportMetric(100*bytes/steps.wall.Seconds()/(8*n/copies.wall.Seconds()), "%copy")
		})
	}
}

// BenchmarkMuon updates matrices of 10 million parameters, and gives what part of the time
// is that of the matrix products alone.
func BenchmarkMuon(b *testing.B) {
	const rows, cols, steps = 2500, 2000, 5
	p, in, _ := stepOf(optim.Muon(0.1), []int{rows, cols}, []int{rows, cols})
	var products []*kern.MatMul
	for _, m := range []*kern.MatMul{
		{M: cols, N: cols, K: rows, TransA: true}, {M: cols, N: cols, K: cols}, {M: rows, N: cols, K: cols},
	} {
		m.A, m.B, m.C = make([]float32, m.M*m.K), make([]float32, m.K*m.N), make([]float32, m.M*m.N)
		m.LDA, m.LDB, m.LDC = cols, m.N, m.N
		products = append(products, m)
	}
	run(b, p, in)
	var whole stopwatch
	alone := make([]stopwatch, len(products))
	for b.Loop() {
		whole.time(func() { run(b, p, in) })
		for i, m := range products {
			alone[i].time(m.Run)
		}
	}
	var wall, cpu, flops float64
	for i, m := range products {
		wall, cpu = wall+2*steps*alone[i].wall.Seconds(), cpu+2*steps*alone[i].cpu.Seconds()
		flops += 2 * steps * 2 * float64(m.M) * float64(m.N) * float64(m.K)
	}
	b.ReportMetric(1e3*whole.wall.Seconds(), "ms")
	b.ReportMetric(1e3*whole.cpu.Seconds(), "cpu-ms")
	b.ReportMetric(flops/cpu/1e9, "cpu-GFLOP/s")
	b.ReportMetric(100*wall/whole.wall.Seconds(), "%products")
	b.ReportMetric(100*cpu/whole.cpu.Seconds(), "%cpu-products")
}

// stopwatch keeps the least times: the others may be those of a busy machine.
type stopwatch struct{ wall, cpu time.Duration }

func (s *stopwatch) time(f func()) {
	start, before := time.Now(), cpuTime()
	f()
	wall, cpu := time.Since(start), cpuTime()-before
	if s.wall == 0 {
		*s = stopwatch{wall, cpu}
	}
	*s = stopwatch{min(s.wall, wall), min(s.cpu, cpu)}
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
	return plan.Compile(g, nil, cpu.Kernels{}), in, bytes
}

func run(b *testing.B, p *plan.Plan, in []*tensor.Tensor) {
	if err := p.Run(nil, in); err != nil {
		b.Fatal(err)
	}
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
