package nntest_test

import (
	"fmt"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// benchmark runs the update of a variable by f of a tensor, as a plan.
func benchmark(b *testing.B, x *tensor.Tensor, elements int, f func(x *graph.Node) *graph.Node) {
	v := graph.NewVar("x", x)
	g := graph.New()
	n := f(g.Value(v))
	out := graph.NewVar("y", tensor.NewSpec(n.Spec()))
	g.Update(out, n)
	p := plan.Compile(g, nil, cpu.Kernels{})
	b.SetBytes(int64(elements * 4))
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Run(nil, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(elements), "ns/element")
}

// BenchmarkActivations computes activations of 1024 rows of 256, and their gradients.
func BenchmarkActivations(b *testing.B) {
	const rows, cols = 1024, 256
	for _, a := range []nn.Activation{nn.ReLU, nn.Sigmoid, nn.Tanh, nn.GELU, nn.SiLU, nn.Mish, nn.ELU, nn.CELUAlpha(0.7), nn.HardTanh, nn.HardShrink,
		nn.SoftShrink, nn.TanhShrink, nn.SparsePlus, nn.SparseSigmoid, nn.Squareplus, nn.Softsign, nn.Softplus, nn.LogSigmoid, nn.HardSiLU, nn.GLU, nn.Threshold(0.1, -1),
		nn.ReLUWith(0.1, 2, 0.5), nn.Softmax, nn.Sparsemax} {
		b.Run(a.String(), func(b *testing.B) {
			benchmark(b, nntest.Sample(tensor.S(tensor.Float32, rows, cols)), rows*cols, func(x *graph.Node) *graph.Node { return a.Call(nil, x) })
		})
		b.Run(a.String()+"/gradient", func(b *testing.B) {
			benchmark(b, nntest.Sample(tensor.S(tensor.Float32, rows, cols)), rows*cols, func(x *graph.Node) *graph.Node {
				y := a.Call(nil, x)
				return autodiff.Grad(ops.ReduceSum(ops.Mul(y, y)), x)[0]
			})
		})
	}
}

// BenchmarkCTC computes the loss of 32 sequences of 100 times, 40 symbols and 20 labels,
// and its gradient.
func BenchmarkCTC(b *testing.B) {
	const batch, times, symbols, labels = 32, 100, 40, 20
	y := tensor.New(tensor.Int32, batch, labels)
	for i := range tensor.Data[int32](y) {
		tensor.Data[int32](y)[i] = int32(1 + i*7%(symbols-1))
	}
	for _, gradient := range []bool{false, true} {
		b.Run(fmt.Sprintf("gradient=%v", gradient), func(b *testing.B) {
			x := nntest.Sample(tensor.S(tensor.Float32, batch, times, symbols))
			benchmark(b, x, batch*times*(2*labels+1), func(x *graph.Node) *graph.Node {
				loss := loss.Reduce(loss.CTC(), x.Graph().Const(y), x, nil)
				if gradient {
					return autodiff.Grad(loss, x)[0]
				}
				return loss
			})
		})
	}
}
