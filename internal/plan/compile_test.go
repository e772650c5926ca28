package plan_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// residual traces a training step of a deep network: blocks of two dense layers around
// which the input goes, and momentum.
func residual(blocks int) (*graph.Graph, []*graph.Node) {
	const batch, units = 8, 16
	g := graph.New()
	var params []*graph.Var
	weight := func(name string, dims ...int) *graph.Node {
		params = append(params, graph.NewVar(name, tensor.New(tensor.Float32, dims...)))
		return g.Value(params[len(params)-1])
	}
	x := g.Input("x", tensor.S(tensor.Float32, batch, units))
	for i := range blocks {
		w1, b1 := weight(fmt.Sprint(i, "/w1"), units, units), weight(fmt.Sprint(i, "/b1"), units)
		w2, b2 := weight(fmt.Sprint(i, "/w2"), units, units), weight(fmt.Sprint(i, "/b2"), units)
		h := ops.Relu(ops.Add(ops.MatMul(x, w1), b1))
		x = ops.Add(x, ops.Add(ops.MatMul(h, w2), b2))
	}
	loss := ops.ReduceMean(ops.Mul(x, x))
	var values []*graph.Node
	for _, v := range params {
		values = append(values, g.Value(v))
	}
	alpha, decay := ops.Full(g, tensor.S(tensor.Float32), 0.1), ops.Full(g, tensor.S(tensor.Float32), 0)
	for i, grad := range autodiff.Grad(loss, values...) {
		w, m := params[i], graph.NewVar(params[i].Path+"/m", tensor.NewSpec(params[i].Spec()))
		nw, nm := ops.ApplyMomentum(ops.ApplyMomentumOp{Momentum: 0.9}, values[i], g.Value(m), grad, alpha, decay)
		g.Update(w, nw)
		g.Update(m, nm)
	}
	return g, []*graph.Node{loss}
}

func BenchmarkCompile(b *testing.B) {
	for _, blocks := range []int{100, 400} {
		b.Run(fmt.Sprint(blocks), func(b *testing.B) {
			for b.Loop() {
				g, outs := residual(blocks)
				b.ReportMetric(float64(len(g.Nodes())), "nodes")
				plan.Compile(g, outs, cpu.Kernels{})
			}
		})
	}
}

func BenchmarkTrace(b *testing.B) {
	for _, blocks := range []int{100, 400} {
		b.Run(fmt.Sprint(blocks), func(b *testing.B) {
			for b.Loop() {
				residual(blocks)
			}
		})
	}
}

// TestCompileLinear checks that tracing and planning take memory, of which all their work
// is made, as a graph grows, not as its square.
func TestCompileLinear(t *testing.T) {
	measure := func(blocks int) (bytes, objects float64) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		g, outs := residual(blocks)
		plan.Compile(g, outs, cpu.Kernels{})
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc - before.TotalAlloc), float64(after.Mallocs - before.Mallocs)
	}
	bytes, objects := measure(100)
	moreBytes, moreObjects := measure(400)
	if moreBytes > 4.5*bytes || moreObjects > 4.5*objects {
		t.Errorf("%g bytes in %g objects for 100 blocks, %g in %g for 400: want at most 4.5 times as much", bytes, objects, moreBytes, moreObjects)
	}
}
