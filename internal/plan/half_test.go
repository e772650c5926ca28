package plan_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// classifier is a training step of a network of dense layers with Adam, which computes
// in one dtype and has variables of float32, as under a policy of mixed precision.
type classifier struct {
	g    *graph.Graph
	out  []*graph.Node
	vars []*graph.Var
	in   []*tensor.Tensor
}

// newClassifier traces the step for batches of images [batch in], through layers of the
// given widths, the last of them that of the classes.
func newClassifier(compute tensor.DType, batch, in int, widths ...int) *classifier {
	rng := rand.New(rand.NewPCG(1, 2))
	c := &classifier{g: graph.New()}
	x, y := c.g.Input("x", tensor.S(tensor.Float32, batch, in)), c.g.Input("y", tensor.S(tensor.Int32, batch))
	c.in = []*tensor.Tensor{tensor.NewSpec(x.Spec()), tensor.NewSpec(y.Spec())}
	for i := range tensor.Data[float32](c.in[0]) {
		tensor.Data[float32](c.in[0])[i] = rng.Float32()
	}
	classes := widths[len(widths)-1]
	for i := range tensor.Data[int32](c.in[1]) {
		tensor.Data[int32](c.in[1])[i] = int32(rng.IntN(classes))
	}
	variable := func(path string, scale float32, dims ...int) *graph.Node {
		t := tensor.New(tensor.Float32, dims...)
		for i := range tensor.Data[float32](t) {
			tensor.Data[float32](t)[i] = float32(rng.NormFloat64()) * scale
		}
		c.vars = append(c.vars, graph.NewVar(path, t))
		return c.g.Value(c.vars[len(c.vars)-1])
	}
	h, last := ops.Cast(x, compute), in
	for i, n := range widths {
		w, b := variable(fmt.Sprint("kernel", i), 0.05, last, n), variable(fmt.Sprint("bias", i), 0.01, n)
		h = ops.Add(ops.MatMul(h, ops.Cast(w, compute)), ops.Cast(b, compute))
		if i < len(widths)-1 {
			h = ops.Relu(h)
		}
		last = n
	}
	loss := ops.ReduceMean(ops.SparseSoftmaxCrossEntropy(ops.Cast(h, tensor.Float32), y))
	c.out = []*graph.Node{loss}
	c.update(loss)
	return c
}

func (c *classifier) update(loss *graph.Node) {
	var params []*graph.Node
	for _, v := range c.vars {
		params = append(params, c.g.Value(v))
	}
	alpha, decay := ops.Full(c.g, tensor.S(tensor.Float32), 0.01), ops.Full(c.g, tensor.S(tensor.Float32), 0)
	for i, grad := range autodiff.Grad(loss, params...) {
		v := c.vars[i]
		m, s := graph.NewVar(v.Path+"/m", tensor.NewSpec(v.Spec())), graph.NewVar(v.Path+"/v", tensor.NewSpec(v.Spec()))
		nw, nm, nv := ops.ApplyAdam(ops.ApplyAdamOp{OneMinusBeta1: 0.1, OneMinusBeta2: 0.001, Eps: 1e-7}, params[i], c.g.Value(m), c.g.Value(s), grad, alpha, decay)
		c.g.Update(v, nw)
		c.g.Update(m, nm)
		c.g.Update(s, nv)
		c.vars = append(c.vars, m, s)
	}
}

// run does steps with kernels and returns the plan and the last loss.
func (c *classifier) run(t testing.TB, kernels backend.Kernels, steps int) (*plan.Plan, float32) {
	p := plan.Compile(c.g, c.out, kernels)
	out := []*tensor.Tensor{tensor.New(tensor.Float32)}
	for range steps {
		if err := p.Run(out, c.in); err != nil {
			t.Fatal(err)
		}
	}
	return p, tensor.Data[float32](out[0])[0]
}

// TestMixedPrecision trains in 16 bits on the CPU and on the reference, and looks
// that gradients go into the sweep as they are.
func TestMixedPrecision(t *testing.T) {
	for _, dt := range []tensor.DType{tensor.BFloat16, tensor.Float16} {
		got, want := newClassifier(dt, 12, 20, 16, 8, 5), newClassifier(dt, 12, 20, 16, 8, 5)
		p, loss := got.run(t, cpu.Kernels{}, 4)
		_, wantLoss := want.run(t, backend.Reference{}, 4)
		if d := loss - wantLoss; d > 0.01 || d < -0.01 {
			t.Errorf("%v: loss %v after 4 steps, reference %v", dt, loss, wantLoss)
		}
		for i, v := range got.vars[:6] {
			if err := tensor.AllClose(v.Tensor(), want.vars[i].Tensor(), 0, 0.02); err != nil {
				t.Errorf("%v: %s: %v", dt, v.Path, err)
			}
		}
		dump := p.String()
		sweep := dump[strings.Index(dump, "Sweep of 6"):]
		if n := strings.Count(sweep, dt.String()+"["); n != 6 {
			t.Errorf("%v: the sweep reads %d gradients of 16 bits, want 6\n%s", dt, n, dump)
		}
		if r := p.References(); len(r) > 0 {
			t.Errorf("%v: references run: %v", dt, r)
		}
	}
}

// TestHalfChains looks at what becomes of chains of halves: one step each, without a
// conversion that changes nothing.
func TestHalfChains(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(x, row *graph.Node) *graph.Node
		steps int
	}{
		{"relu of a sum", func(x, row *graph.Node) *graph.Node { return ops.Relu(ops.Add(x, row)) }, 1},
		{"layer norm", func(x, row *graph.Node) *graph.Node { return layerNorm(x, row, row) }, 1},
		{"softmax", func(x, row *graph.Node) *graph.Node { return softmax(x, row, row) }, 1},
		{"there and back", func(x, _ *graph.Node) *graph.Node {
			return ops.Neg(ops.Cast(ops.Cast(x, tensor.Float32), x.DType()))
		}, 1},
		{"casts alone", func(x, _ *graph.Node) *graph.Node {
			return ops.Cast(ops.Cast(x, tensor.Float32), x.DType())
		}, 0},
		{"sum of squares", func(x, _ *graph.Node) *graph.Node { return ops.ReduceSum(ops.Mul(x, x), 0, 1) }, 3},
	} {
		for _, dt := range []tensor.DType{tensor.BFloat16, tensor.Float16} {
			g := graph.New()
			x, row := g.Input("x", tensor.S(dt, 70, 300)), g.Input("row", tensor.S(dt, 300))
			p := plan.Compile(g, []*graph.Node{c.build(x, row)}, cpu.Kernels{})
			if p.Len() != c.steps {
				t.Errorf("%s in %v: %d steps, want %d\n%v", c.name, dt, p.Len(), c.steps, p)
			}
			in := []*tensor.Tensor{tensor.NewSpec(x.Spec()), tensor.NewSpec(row.Spec())}
			rng := rand.New(rand.NewPCG(3, 4))
			for _, v := range in {
				f := make([]float64, v.Len())
				for i := range f {
					f[i] = rng.NormFloat64()
				}
				if err := v.SetFloat64s(f); err != nil {
					t.Fatal(err)
				}
			}
			got, want := []*tensor.Tensor{tensor.NewSpec(p.Outputs()[0])}, []*tensor.Tensor{tensor.NewSpec(p.Outputs()[0])}
			ref := plan.Compile(g, []*graph.Node{c.build(x, row)}, backend.Reference{})
			if err := p.Run(got, in); err != nil {
				t.Fatal(err)
			}
			if err := ref.Run(want, in); err != nil {
				t.Fatal(err)
			}
			if err := tensor.AllClose(got[0], want[0], 0.02, 0.02); err != nil {
				t.Errorf("%s in %v: %v", c.name, dt, err)
			}
		}
	}
}

// duel runs two functions in turns and reports the best time of each, and the second's in
// terms of the first's: on a machine that others use, too, only that says something.
func duel(b *testing.B, first, second func()) {
	best := [2]time.Duration{time.Hour, time.Hour}
	for b.Loop() {
		for i, f := range []func(){first, second} {
			start := time.Now()
			f()
			best[i] = min(best[i], time.Since(start))
		}
	}
	b.ReportMetric(float64(best[0].Nanoseconds())/1e3, "f32-µs")
	b.ReportMetric(float64(best[1].Nanoseconds())/1e3, "bf16-µs")
	b.ReportMetric(float64(best[1])/float64(best[0]), "bf16/f32")
}

// runner returns a function that runs a plan on tensors of its own.
func runner(b *testing.B, p *plan.Plan, in []*tensor.Tensor) func() {
	var out []*tensor.Tensor
	for _, s := range p.Outputs() {
		out = append(out, tensor.NewSpec(s))
	}
	return func() {
		if err := p.Run(out, in); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMixed times the training step of networks on images of 28x28, in float32 and
// with products and activations of bfloat16.
func BenchmarkMixed(b *testing.B) {
	for _, widths := range [][]int{{128, 128, 10}, {512, 512, 10}} {
		b.Run(fmt.Sprint(widths), func(b *testing.B) {
			var steps []func()
			for _, dt := range []tensor.DType{tensor.Float32, tensor.BFloat16} {
				c := newClassifier(dt, 128, 784, widths...)
				steps = append(steps, runner(b, plan.Compile(c.g, c.out, cpu.Kernels{}), c.in))
			}
			duel(b, steps[0], steps[1])
		})
	}
}

// BenchmarkHalfChains times chains of operations in float32 and in bfloat16.
func BenchmarkHalfChains(b *testing.B) {
	for _, c := range []struct {
		name  string
		build func(x, row *graph.Node) *graph.Node
	}{
		{"bias", func(x, row *graph.Node) *graph.Node { return ops.Add(x, row) }},
		{"bias,relu", func(x, row *graph.Node) *graph.Node { return ops.Relu(ops.Add(x, row)) }},
		{"bias,gelu", func(x, row *graph.Node) *graph.Node { return ops.Gelu(ops.Add(x, row)) }},
		{"relu,bias,gelu,softmax", func(x, row *graph.Node) *graph.Node {
			return ops.Softmax(ops.Gelu(ops.Add(ops.Relu(x), row)), -1)
		}},
		{"softmax", func(x, _ *graph.Node) *graph.Node { return ops.Softmax(x, -1) }},
		{"softmax by parts", func(x, row *graph.Node) *graph.Node { return softmax(x, row, row) }},
		{"layer norm", func(x, row *graph.Node) *graph.Node { return layerNorm(x, row, row) }},
		{"sum of columns", func(x, _ *graph.Node) *graph.Node { return ops.ReduceSum(x, 0) }},
		{"mean of rows", func(x, _ *graph.Node) *graph.Node { return ops.ReduceMean(x, 1) }},
	} {
		for _, rows := range []int{128, 1024} {
			b.Run(fmt.Sprintf("%s/%dx1024", c.name, rows), func(b *testing.B) {
				var chains []func()
				for _, dt := range []tensor.DType{tensor.Float32, tensor.BFloat16} {
					g := graph.New()
					x, row := g.Input("x", tensor.S(dt, rows, 1024)), g.Input("row", tensor.S(dt, 1024))
					p := plan.Compile(g, []*graph.Node{c.build(x, row)}, cpu.Kernels{})
					chains = append(chains, runner(b, p, []*tensor.Tensor{tensor.NewSpec(x.Spec()), tensor.NewSpec(row.Spec())}))
				}
				duel(b, chains[0], chains[1])
			})
		}
	}
}

// TestCastsOfCasts compares every pair of casts with the two conversions one after the
// other.
func TestCastsOfCasts(t *testing.T) {
	values := []float64{0, 1, -1, 2.5, 0.1, -0.1, 255, 256, 257, 300, -129, 1000.3, 2049, 65504, 70000, 16777217, -16777219, 3e9, 1e-8, 1e-40, 1e300, math.Inf(-1), math.NaN()}
	convert := func(x *tensor.Tensor, to tensor.DType) *tensor.Tensor {
		y := tensor.New(to, x.Len())
		if err := tensor.Convert(y, x); err != nil {
			t.Fatal(err)
		}
		return y
	}
	for _, from := range tensor.DTypes() {
		x := tensor.New(from, len(values))
		if err := x.SetFloat64s(values); err != nil {
			t.Fatal(err)
		}
		for _, via := range tensor.DTypes() {
			for _, to := range tensor.DTypes() {
				g := graph.New()
				y := ops.Cast(ops.Cast(g.Input("x", x.Spec()), via), to)
				p := plan.Compile(g, []*graph.Node{y}, cpu.Kernels{})
				got := []*tensor.Tensor{tensor.NewSpec(y.Spec())}
				if err := p.Run(got, []*tensor.Tensor{x}); err != nil {
					t.Fatal(err)
				}
				if want := convert(convert(x, via), to); !bytes.Equal(got[0].Bytes(), want.Bytes()) {
					t.Errorf("%v by way of %v to %v: got %v, want %v\n%v", from, via, to, got[0], want, p)
				}
			}
		}
	}
}
