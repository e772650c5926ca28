package plan_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// normalized is a convolution or a product with a bias, batch normalization by moving averages
// and ReLU, of variables that graphs of several batch sizes read.
type normalized struct {
	weights, bias, mean, variance, gamma, beta *graph.Var
	apply                                      func(x, w *graph.Node) *graph.Node
	in                                         []int // but the batch
}

func uniform(rng *rand.Rand, least float64, dims ...int) *tensor.Tensor {
	t := tensor.New(tensor.Float32, dims...)
	for i := range tensor.Data[float32](t) {
		tensor.Data[float32](t)[i] = float32(least + rng.Float64())
	}
	return t
}

func newNormalized(kind string, rng *rand.Rand) *normalized {
	n := &normalized{in: []int{6, 5, 12}}
	shape, window := []int{3, 3, 12, 20}, ops.Valid(2)
	window.Low, window.High = tensor.D(1, 1), tensor.D(1, 1)
	n.apply = func(x, w *graph.Node) *graph.Node { return ops.Conv(x, w, window, 1) }
	switch kind {
	case "pointwise":
		shape = []int{1, 1, 12, 20}
		n.apply = func(x, w *graph.Node) *graph.Node { return ops.Conv(x, w, ops.Valid(2), 1) }
	case "depthwise":
		shape = []int{3, 3, 1, 12}
		n.apply = func(x, w *graph.Node) *graph.Node { return ops.Conv(x, w, window, 12) }
	case "groups":
		shape = []int{3, 3, 4, 21}
		n.apply = func(x, w *graph.Node) *graph.Node { return ops.Conv(x, w, window, 3) }
	case "product":
		n.in, shape = []int{12}, []int{12, 20}
		n.apply = func(x, w *graph.Node) *graph.Node { return ops.MatMul(x, w) }
	case "transposed":
		n.in, shape = []int{12}, []int{20, 12}
		n.apply = func(x, w *graph.Node) *graph.Node { return ops.MatMulT(x, w, false, true) }
	}
	channels := shape[len(shape)-1]
	if kind == "transposed" {
		channels = shape[0]
	}
	n.weights = graph.NewVar("weights", uniform(rng, -0.5, shape...))
	n.weights.Trainable = true
	for path, v := range map[string]**graph.Var{"bias": &n.bias, "mean": &n.mean, "variance": &n.variance, "gamma": &n.gamma, "beta": &n.beta} {
		*v = graph.NewVar(path, uniform(rng, 0.25, channels))
	}
	return n
}

// graph traces it for a batch.
func (n *normalized) graph(batch int) (*graph.Graph, []*graph.Node) {
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, append([]int{batch}, n.in...)...))
	y := ops.Add(n.apply(x, g.Value(n.weights)), g.Value(n.bias))
	scale := ops.Mul(ops.Rsqrt(ops.Offset(g.Value(n.variance), 1e-3)), g.Value(n.gamma))
	y = ops.Add(ops.Mul(y, scale), ops.Sub(g.Value(n.beta), ops.Mul(g.Value(n.mean), scale)))
	return g, []*graph.Node{ops.Relu(y)}
}

func (n *normalized) compile(t *testing.T, d backend.Device, batch int) backend.Executable {
	t.Helper()
	g, out := n.graph(batch)
	e, err := d.Compile(g, out)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func runOne(t *testing.T, e backend.Executable, x *tensor.Tensor) *tensor.Tensor {
	t.Helper()
	out := tensor.NewSpec(e.Outputs()[0])
	if err := e.Run([]*tensor.Tensor{out}, []*tensor.Tensor{x}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestDeriveNormalized wants a normalization to be a part of the weights, with results within
// 1e-5 of the reference's, for what the variables hold at each run.
func TestDeriveNormalized(t *testing.T) {
	for _, kind := range []string{"conv", "pointwise", "depthwise", "groups", "product", "transposed"} {
		t.Run(kind, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			n := newNormalized(kind, rng)
			reference := n.compile(t, plan.On(backend.Reference{}), 4)
			e := n.compile(t, plan.On(cpu.Kernels{}), 4)
			if p := e.(*plan.Plan); p.Len() != 1 || strings.Contains(p.String(), "Mul(a") {
				t.Errorf("got %v\nwant one step, without a factor", p)
			}
			x := uniform(rng, -0.5, append([]int{4}, n.in...)...)
			check := func(what string) {
				t.Helper()
				got, want := runOne(t, e, x).Float64s(), runOne(t, reference, x).Float64s()
				for i, v := range got {
					if !(math.Abs(v-want[i]) <= 1e-5) {
						t.Fatalf("%s: result %d is %v, want %v", what, i, v, want[i])
					}
				}
				if fresh := runOne(t, n.compile(t, plan.On(cpu.Kernels{}), 4), x); !tensor.Equal(fresh, runOne(t, e, x)) {
					t.Fatalf("%s: other bits than of a new plan", what)
				}
			}
			check("first")
			check("again")
			for _, v := range []*graph.Var{n.weights, n.bias, n.mean, n.variance, n.gamma, n.beta} {
				if err := v.Set(uniform(rng, 0.1, v.Spec().Shape.Slice()...)); err != nil {
					t.Fatal(err)
				}
				check("Set of " + v.Path)
				v.Write(func(t *tensor.Tensor) { tensor.Data[float32](t)[1] += 0.5 })
				check("Write of " + v.Path)
			}
			n.weights.Clear()
			check("Clear")
		})
	}
}

// TestDeriveUpdated wants what a run itself changes to be computed by each run.
func TestDeriveUpdated(t *testing.T) {
	v := graph.NewVar("total", tensor.Of[float32](1, 2))
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, 2))
	y := ops.Add(x, ops.Exp(g.Value(v)))
	g.Update(v, ops.Add(g.Value(v), x))
	p := plan.Compile(g, []*graph.Node{y}, cpu.Kernels{})
	if of, _ := plan.Derived(p); len(of) > 0 {
		t.Fatalf("%d values are derived, want none: %v", len(of), p)
	}
	for i := range 3 {
		got := runOne(t, p, tensor.Of[float32](1, 1)).Float64s()
		if want := 1 + math.Exp(float64(1+i)); math.Abs(got[0]-want) > 1e-5*want {
			t.Errorf("run %d: got %v, want %v", i, got[0], want)
		}
	}
}

// TestDeriveShared wants plans of a device to share what they derive, and nothing to be held
// for weights that training has changed.
func TestDeriveShared(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	n := newNormalized("conv", rng)
	d := plan.On(cpu.Kernels{})
	one, many := n.compile(t, d, 1), n.compile(t, d, 8)
	x, xs := uniform(rng, -0.5, 1, 6, 5, 12), uniform(rng, -0.5, 8, 6, 5, 12)
	ofOne, held := plan.Derived(one)
	ofMany, _ := plan.Derived(many)
	if len(ofOne) != 2 || held != 0 {
		t.Fatalf("%d derived values, %d held, want weights and a bias, none held before a run", len(ofOne), held)
	}
	for i := range ofOne {
		if ofOne[i] != ofMany[i] {
			t.Errorf("value %d: two plans of a device derive it twice", i)
		}
	}
	if of, _ := plan.Derived(n.compile(t, plan.On(cpu.Kernels{}), 1)); of[0] == ofOne[0] {
		t.Error("two devices share a value")
	}
	if of, _ := plan.Derived(newNormalized("conv", rng).compile(t, d, 1)); of[0] == ofOne[0] {
		t.Error("variables of one path share a value")
	}
	g := graph.New()
	g.Update(n.weights, ops.Add(g.Value(n.weights), g.Input("dw", n.weights.Spec())))
	training, err := d.Compile(g, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		runOne(t, one, x)
		runOne(t, many, xs)
		if _, held := plan.Derived(one); held != 2 {
			t.Errorf("%d values are held after a run, want 2", held)
		}
		if err := training.Run(nil, []*tensor.Tensor{uniform(rng, 0, n.weights.Spec().Shape.Slice()...)}); err != nil {
			t.Fatal(err)
		}
		if _, held := plan.Derived(many); held != 1 {
			t.Errorf("%d values are held after a step that changes the weights, want the bias alone", held)
		}
		if got, want := runOne(t, one, x), runOne(t, n.compile(t, plan.On(cpu.Kernels{}), 1), x); !tensor.Equal(got, want) {
			t.Error("other bits than of a new plan")
		}
	}
}

// TestDeriveAtOnce runs plans that share values side by side, between changes of the variables.
func TestDeriveAtOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	n := newNormalized("conv", rng)
	d := plan.On(cpu.Kernels{})
	one, many := n.compile(t, d, 1), n.compile(t, d, 8)
	x, xs := uniform(rng, -0.5, 1, 6, 5, 12), uniform(rng, -0.5, 8, 6, 5, 12)
	for range 20 {
		if err := n.weights.Set(uniform(rng, -0.5, n.weights.Spec().Shape.Slice()...)); err != nil {
			t.Fatal(err)
		}
		fresh := plan.On(cpu.Kernels{})
		want, wants := runOne(t, n.compile(t, fresh, 1), x), runOne(t, n.compile(t, fresh, 8), xs)
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				for range 5 {
					if i%2 == 0 && !tensor.Equal(runOne(t, one, x), want) || i%2 == 1 && !tensor.Equal(runOne(t, many, xs), wants) {
						t.Error("other bits than of a new plan")
					}
				}
			})
		}
		wg.Wait()
	}
}

// TestDeriveAllocs wants runs to allocate nothing once values are derived.
func TestDeriveAllocs(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, kind := range []string{"conv", "pointwise", "depthwise", "product"} {
		n := newNormalized(kind, rng)
		e := n.compile(t, plan.On(cpu.Kernels{}), 4)
		in, out := []*tensor.Tensor{uniform(rng, 0, append([]int{4}, n.in...)...)}, []*tensor.Tensor{tensor.NewSpec(e.Outputs()[0])}
		run := func() {
			if err := e.Run(out, in); err != nil {
				t.Fatal(err)
			}
		}
		run()
		if got := testing.AllocsPerRun(20, run); got != 0 {
			t.Errorf("%s: a run allocates %v times, want 0", kind, got)
		}
	}
}

// TestDeriveLarge wants values much larger than the variables behind them to be computed by
// each run.
func TestDeriveLarge(t *testing.T) {
	v := graph.NewVar("v", tensor.New(tensor.Float32, 1, 300))
	g := graph.New()
	x := g.Input("x", tensor.S(tensor.Float32, 2, 300))
	large := ops.CumSum(ops.BroadcastTo(ops.Exp(g.Value(v)), tensor.D(2000, 300)), 0)
	p := plan.Compile(g, []*graph.Node{ops.MatMulT(x, large, false, true)}, cpu.Kernels{})
	of, _ := plan.Derived(p)
	if len(of) != 1 || !strings.Contains(p.String(), "<- Exp(v) float32[1 300]") {
		t.Errorf("got %d derived values, want Exp(v) alone:\n%v", len(of), p)
	}
}
