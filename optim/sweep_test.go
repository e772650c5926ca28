package optim_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/impl/impltest"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// elementwise are the optimizers whose step is one sweep.
var elementwise = map[string]func(opts ...optim.Option) optim.Optimizer{
	"SGD": func(o ...optim.Option) optim.Optimizer { return optim.SGD(0.1, as[optim.SGDOption](o)...) },
	"Momentum": func(o ...optim.Option) optim.Optimizer {
		return optim.SGD(0.1, append(as[optim.SGDOption](o), optim.Momentum(0.9))...)
	},
	"RMSprop": func(o ...optim.Option) optim.Optimizer { return optim.RMSprop(0.1, as[optim.RMSpropOption](o)...) },
	"Adam":    func(o ...optim.Option) optim.Optimizer { return optim.Adam(0.1, as[optim.AdamOption](o)...) },
	"AMSGrad": func(o ...optim.Option) optim.Optimizer {
		return optim.Adam(0.1, append(as[optim.AdamOption](o), optim.AMSGrad)...)
	},
	"Adamax":    func(o ...optim.Option) optim.Optimizer { return optim.Adamax(0.1, as[optim.AdamaxOption](o)...) },
	"Nadam":     func(o ...optim.Option) optim.Optimizer { return optim.Nadam(0.1, as[optim.NadamOption](o)...) },
	"Adagrad":   func(o ...optim.Option) optim.Optimizer { return optim.Adagrad(0.1, as[optim.AdagradOption](o)...) },
	"Adadelta":  func(o ...optim.Option) optim.Optimizer { return optim.Adadelta(0.1, as[optim.AdadeltaOption](o)...) },
	"Ftrl":      func(o ...optim.Option) optim.Optimizer { return optim.Ftrl(0.1, as[optim.FtrlOption](o)...) },
	"Lamb":      func(o ...optim.Option) optim.Optimizer { return optim.Lamb(0.1, as[optim.LambOption](o)...) },
	"Lion":      func(o ...optim.Option) optim.Optimizer { return optim.Lion(0.1, as[optim.LionOption](o)...) },
	"Adafactor": func(o ...optim.Option) optim.Optimizer { return optim.Adafactor(0.1, as[optim.AdafactorOption](o)...) },
	"ScheduleFree": func(o ...optim.Option) optim.Optimizer {
		return optim.ScheduleFreeAdamW(0.1, as[optim.ScheduleFreeAdamWOption](o)...)
	},
}

// as turns options of every optimizer into options of one.
func as[O any](opts []optim.Option) (all []O) {
	for _, o := range opts {
		all = append(all, any(o).(O))
	}
	return all
}

// TestOneSweep wants one sweep over all parameters of every elementwise optimizer, with
// weight decay too, and one more for the averages.
func TestOneSweep(t *testing.T) {
	params := []*graph.Var{param("a", 1, 2, 3), param("b", 4), param("c", 5, 6)}
	for name, make := range elementwise {
		for _, opts := range [][]optim.Option{
			nil, {optim.WeightDecay(0.1)}, {optim.EMA(0.9)}, {optim.EMA(0.9), optim.GradientAccumulation(2)},
		} {
			o := make(opts...)
			o.Build(params)
			g := graph.New()
			var grads []*graph.Node
			for i, p := range params {
				grads = append(grads, g.Input(fmt.Sprint(i), p.Spec()))
			}
			o.Apply(g, grads)
			text := plan.Compile(g, nil, cpu.Kernels{}).String()
			ending := "\n"
			if len(opts) == 2 {
				ending = "If\n"
			}
			if !strings.Contains(text, "Sweep of 3 Apply"+name+ending) || len(opts) > 0 && strings.Contains(text, "average") && !strings.Contains(text, "Sweep of 3 ApplyAverage\n") {
				t.Errorf("%s with %d options is no sweep of 3:\n%s", name, len(opts), text)
			}
		}
	}
}

// TestCompiled wants the kernels to do what the references of the operations do, step by
// step, with all that an optimizer can have.
func TestCompiled(t *testing.T) {
	all := maps.Clone(elementwise)
	all["Muon"] = func(o ...optim.Option) optim.Optimizer { return optim.Muon(0.1, as[optim.MuonOption](o)...) }
	all["LossScale"] = func(o ...optim.Option) optim.Optimizer {
		return optim.LossScale(optim.Adam(0.1, as[optim.AdamOption](o)...), optim.DynamicGrowthSteps(2))
	}
	for n, name := range slices.Sorted(maps.Keys(all)) {
		make := all[name]
		for i, opts := range [][]optim.Option{
			nil, {optim.WeightDecay(0.1), optim.ClipNorm(1)}, {optim.EMA(0.9), optim.EMAOverwrite(2), optim.GradientAccumulation(3)},
			{optim.ClipValue(0.5), optim.GradientAccumulation(2)}, {optim.GlobalClipNorm(0.5), optim.GradientAccumulation(2)},
		} {
			if testing.Short() && i != n%5 {
				continue // each optimizer with one set of options
			}
			want := trained(t, make(opts...), func(g *graph.Graph, in ...*tensor.Tensor) { nntest.Run(g, nil, in...) })
			got := trained(t, make(opts...), func(g *graph.Graph, in ...*tensor.Tensor) {
				if err := plan.Compile(g, nil, cpu.Kernels{}).Run(nil, in); err != nil {
					t.Fatal(err)
				}
			})
			for j, x := range want {
				if d := math.Abs(got[j] - x); !(d <= 1e-5+1e-4*math.Abs(x)) {
					t.Errorf("%s with options %d: value %d is %v, want %v", name, i, j, got[j], x)
					break
				}
			}
		}
	}
}

// TestSameBits wants the same bits of every processor count.
func TestSameBits(t *testing.T) {
	all := maps.Clone(elementwise)
	all["Muon"] = func(o ...optim.Option) optim.Optimizer { return optim.Muon(0.1, as[optim.MuonOption](o)...) }
	run := func(g *graph.Graph, in ...*tensor.Tensor) {
		if err := plan.Compile(g, nil, cpu.Kernels{}).Run(nil, in); err != nil {
			t.Fatal(err)
		}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for name, make := range all {
		runtime.GOMAXPROCS(1)
		want := trained(t, make(optim.EMA(0.9), optim.GlobalClipNorm(1)), run)
		for _, n := range impltest.Processors()[1:] {
			runtime.GOMAXPROCS(n)
			if got := trained(t, make(optim.EMA(0.9), optim.GlobalClipNorm(1)), run); !slices.Equal(got, want) {
				t.Errorf("%s: bits with %d processors differ from those with one", name, n)
			}
		}
	}
}

// trained returns parameters and state after some steps; one of them has a gradient that
// is not finite if the optimizer leaves such steps out.
func trained(t *testing.T, o optim.Optimizer, run func(g *graph.Graph, in ...*tensor.Tensor)) []float64 {
	r := rand.New(rand.NewPCG(1, 2))
	random := func(dims ...int) *tensor.Tensor {
		x := tensor.NewSpec(tensor.S(tensor.Float32, dims...))
		for i, d := 0, tensor.Data[float32](x); i < len(d); i++ {
			d[i] = float32(r.NormFloat64())
		}
		return x
	}
	params := []*graph.Var{graph.NewVar("kernel", random(50, 400)), graph.NewVar("bias", random(3)), graph.NewVar("gain", random())}
	o.Build(params)
	g := graph.New()
	var grads []*graph.Node
	for i, p := range params {
		grads = append(grads, g.Input(fmt.Sprint(i), p.Spec()))
	}
	o.Apply(g, grads)
	for i := range 7 {
		var in []*tensor.Tensor
		for _, p := range params {
			in = append(in, random(p.Spec().Shape.Slice()...))
		}
		if _, ok := o.(*optim.LossScaleOptimizer); ok && i == 2 {
			tensor.Data[float32](in[1])[1] = float32(math.Inf(-1))
		}
		run(g, in...)
	}
	var all []float64
	for _, v := range append(params, o.Vars()...) {
		all = append(all, v.Tensor().Float64s()...)
	}
	return all
}
