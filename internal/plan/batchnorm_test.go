package plan_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
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

// batchNorm is a training step of dense layers of some width with batch normalization and
// ReLU between them, out of plain operations, with moving averages and SGD.
type batchNorm struct {
	g    *graph.Graph
	out  []*graph.Node
	vars []*graph.Var
	in   []*tensor.Tensor
}

// newBatchNorm traces the step for x of a shape [... C]; moments returns mean and
// variance over the first axes. Dense layers stand before and after if dense is set.
func newBatchNorm(dense bool, mean float64, moments func(x *graph.Node, axes ...int) (mean, variance *graph.Node), dims ...int) *batchNorm {
	rng := rand.New(rand.NewPCG(3, 4))
	b := &batchNorm{g: graph.New()}
	x := b.g.Input("x", tensor.S(tensor.Float32, dims...))
	t := tensor.NewSpec(x.Spec())
	for i := range tensor.Data[float32](t) {
		tensor.Data[float32](t)[i] = float32(mean + rng.NormFloat64())
	}
	b.in = append(b.in, t)
	width := dims[len(dims)-1]
	variable := func(path string, at, scale float64, dims ...int) (*graph.Var, *graph.Node) {
		t := tensor.New(tensor.Float32, dims...)
		for i := range tensor.Data[float32](t) {
			tensor.Data[float32](t)[i] = float32(at + scale*rng.NormFloat64())
		}
		v := graph.NewVar(path, t)
		b.vars = append(b.vars, v)
		return v, b.g.Value(v)
	}
	var params []*graph.Var
	var nodes []*graph.Node
	param := func(path string, at, scale float64, dims ...int) *graph.Node {
		v, n := variable(path, at, scale, dims...)
		params, nodes = append(params, v), append(nodes, n)
		return n
	}
	h := x
	if dense {
		h = ops.MatMul(h, param("before", 0, 0.2, width, width))
	}
	gamma, beta := param("gamma", 1, 0.1, width), param("beta", 0, 0.1, width)
	axes := make([]int, len(dims)-1)
	for i := range axes {
		axes[i] = i
	}
	m, v := moments(h, axes...)
	normal := ops.Mul(ops.Sub(h, m), ops.Rsqrt(ops.Offset(v, 1e-3)))
	y := ops.Relu(ops.Add(ops.Mul(normal, gamma), beta))
	if dense {
		y = ops.MatMul(y, param("after", 0, 0.2, width, width))
	}
	loss := ops.ReduceMean(ops.Square(ops.Offset(y, -0.5)))
	for i, grad := range autodiff.Grad(loss, append(nodes, x)...) {
		if i == len(params) {
			b.out = append(b.out, grad)
			break
		}
		b.g.Update(params[i], ops.Sub(nodes[i], ops.Scale(grad, 0.1)))
	}
	for i, now := range []*graph.Node{m, v} {
		moving, old := variable([]string{"moving mean", "moving variance"}[i], float64(i), 0, width)
		b.g.Update(moving, ops.Add(ops.Scale(old, 0.9), ops.Scale(ops.Reshape(now, width), 0.1)))
	}
	b.out = append(b.out, loss, y)
	return b
}

func (b *batchNorm) run(t testing.TB, kernels backend.Kernels, steps int) ([]*tensor.Tensor, *plan.Plan) {
	p := plan.Compile(b.g, b.out, kernels)
	var out []*tensor.Tensor
	for _, s := range p.Outputs() {
		out = append(out, tensor.NewSpec(s))
	}
	for range steps {
		if err := p.Run(out, b.in); err != nil {
			t.Fatal(err)
		}
	}
	return out, p
}

// varByOps is mean and variance out of means.
func varByOps(x *graph.Node, axes ...int) (mean, variance *graph.Node) {
	mean = ops.ReduceMeanKeep(x, axes...)
	return mean, ops.ReduceMeanKeep(ops.Square(ops.Sub(x, mean)), axes...)
}

// TestBatchNorm compares steps of batch normalization, written with Moments and with
// means, with the reference, and counts the steps that go over all elements: two forward,
// statistics and what follows, and two backward.
func TestBatchNorm(t *testing.T) {
	for _, c := range []struct {
		dims []int
		mean float64
		tol  float64
	}{
		{[]int{64, 24}, 0, 1e-4}, {[]int{6, 5, 7, 3}, 2, 1e-4}, {[]int{40, 17}, 1e4, 2e-3}, {[]int{300, 4, 4, 16}, 1, 1e-4}, {[]int{9, 1}, 0, 1e-4}, {[]int{2, 4000}, 0, 1e-4},
	} {
		if testing.Short() {
			c.dims[0] = min(c.dims[0], 64)
		}
		for name, moments := range map[string]func(*graph.Node, ...int) (*graph.Node, *graph.Node){"moments": ops.Moments, "moments kept": ops.MomentsKeep, "means": varByOps} {
			build := func() *batchNorm { return newBatchNorm(false, c.mean, moments, c.dims...) }
			a, b := build(), build()
			got, p := a.run(t, cpu.Kernels{}, 3)
			want, _ := b.run(t, backend.Reference{}, 3)
			what := fmt.Sprintf("%s %v", name, c.dims)
			for i := range got {
				if err := tensor.AllClose(got[i], want[i], c.tol, c.tol); err != nil {
					t.Errorf("%s: output %d: %v\n%v", what, i, err, p)
				}
			}
			for i, v := range a.vars {
				if err := tensor.AllClose(v.Tensor(), b.vars[i].Tensor(), c.tol, c.tol); err != nil {
					t.Errorf("%s: %s: %v\n%v", what, v.Path, err, p)
				}
			}
			if passes := passesOver(p, a.in[0].Spec()); passes != 4 {
				t.Errorf("%s: %d steps go over all elements, want 4\n%v", what, passes, p)
			}
			if r := p.References(); len(r) > 0 {
				t.Errorf("%s: references run: %v", what, r)
			}
			if _, p := build().run(t, withoutMoments{}, 1); strings.Contains(p.String(), "Moments") {
				t.Errorf("%s: a backend that has no moments gets them:\n%v", what, p)
			}
		}
	}
}

// withoutMoments is the processor without a kernel of moments.
type withoutMoments struct{ cpu.Kernels }

func (w withoutMoments) Fuses(op graph.Op, out, in []tensor.Spec) bool {
	_, moments := op.(ops.MomentsOp)
	return !moments && w.Kernels.Fuses(op, out, in)
}

func (w withoutMoments) Kernel(op graph.Op, out, in []tensor.Spec) backend.Kernel {
	if _, moments := op.(ops.MomentsOp); moments {
		return nil
	}
	return w.Kernels.Kernel(op, out, in)
}

// passesOver returns the number of steps that read or write a value of a spec.
func passesOver(p *plan.Plan, s tensor.Spec) int {
	passes, over := 0, false
	for line := range strings.Lines(p.String()) {
		if len(line) > 5 && line[4] == ' ' && line[5] != ' ' {
			over = false
		}
		if !over && strings.HasSuffix(strings.TrimSpace(line), s.String()) {
			passes++
			over = true
		}
	}
	return passes
}

// TestBatchNormPlan keeps the plan of a training step with batch normalization.
func TestBatchNormPlan(t *testing.T) {
	b := newBatchNorm(true, 0, ops.Moments, 32, 16)
	_, p := b.run(t, cpu.Kernels{}, 1)
	file := filepath.Join("testdata", "batchnorm.txt")
	if os.Getenv("GLIA_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(p.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.String(); got != string(want) {
		t.Errorf("got:\n%s\nwant, as in %s:\n%s", got, file, want)
	}
}

// BenchmarkBatchNorm times the training step of batch normalization and ReLU alone.
func BenchmarkBatchNorm(b *testing.B) {
	for _, dims := range [][]int{{128, 1024}, {32, 16, 16, 64}, {128, 32, 32, 16}} {
		b.Run(fmt.Sprint(dims), func(b *testing.B) {
			n := newBatchNorm(false, 1, varByOps, dims...)
			p := plan.Compile(n.g, n.out, cpu.Kernels{})
			step := runner(b, p, n.in)
			best := time.Hour
			for b.Loop() {
				start := time.Now()
				step()
				best = min(best, time.Since(start))
			}
			b.ReportMetric(float64(best.Nanoseconds())/1e3, "best-µs")
			b.ReportMetric(float64(p.Len()), "steps")
		})
	}
}
