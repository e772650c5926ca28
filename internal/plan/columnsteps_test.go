package plan_test

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// withoutThen is the processor without heads that reduce their results along columns.
type withoutThen struct{ cpu.Kernels }

func (w withoutThen) Kernel(op graph.Op, out, in []tensor.Spec) backend.Kernel {
	if f, ok := op.(*backend.Fused); ok && f.Then != nil {
		return nil
	}
	return w.Kernels.Kernel(op, out, in)
}

// TestJoinColumns compares networks with batch normalization, forward and backward, with plans
// that reduce in steps of their own, bit by bit and with one thread and several, and with the
// same graphs node by node: convolutions of all kinds, shortcuts that let one gradient have
// several sums, products, half types, columns that blocks of results do not cover whole.
func TestJoinColumns(t *testing.T) {
	for _, c := range []struct {
		name             string
		images, size     int
		channels, groups int
		window, stride   int
		dtype            tensor.DType
		small            bool // enough to be compared with the graph node by node
	}{
		{"small", 3, 9, 5, 1, 3, 1, tensor.Float32, true},
		{"pointwise", 3, 7, 20, 1, 1, 1, tensor.Float32, true},
		{"depthwise", 2, 11, 6, 6, 3, 2, tensor.Float32, true},
		{"halves", 2, 9, 8, 1, 3, 1, tensor.BFloat16, false},
		{"pieces", 9, 40, 24, 1, 3, 2, tensor.Float32, false},
		{"pieces of products", 9, 40, 70, 1, 1, 1, tensor.Float32, false},
		{"pieces of channels", 9, 40, 24, 24, 3, 1, tensor.Float32, false},
		{"wide", 5, 6, 1200, 1, 1, 1, tensor.Float32, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 4))
			g := graph.New()
			var in []*tensor.Tensor
			input := func(name string, dims ...int) *graph.Node {
				x := tensor.New(c.dtype, dims...)
				v := make([]float64, x.Shape().Size())
				for i := range v {
					v[i] = float64(rng.IntN(33)-14) / 32
				}
				if err := x.SetFloat64s(v); err != nil {
					t.Fatal(err)
				}
				in = append(in, x)
				return g.Input(name, x.Spec())
			}
			axes := tensor.D(0, 1, 2)
			normalize := func(x *graph.Node, name string) *graph.Node {
				mean, variance := ops.ReduceMean(x, axes.Slice()...), ops.ReduceMean(ops.Square(ops.Sub(x, ops.ReduceMean(x, axes.Slice()...))), axes.Slice()...)
				return ops.Add(ops.Mul(ops.Mul(ops.Sub(x, mean), ops.Rsqrt(ops.Offset(variance, 1e-3))), input("gamma"+name, c.channels)), input("beta"+name, c.channels))
			}
			window := ops.Valid(2)
			window.Strides = tensor.D(c.stride, c.stride)
			window = window.Padded(tensor.D(c.size, c.size), tensor.D(c.window, c.window))
			x := input("x", c.images, c.size, c.size, c.channels)
			w1 := input("w1", c.window, c.window, c.channels/c.groups, c.channels)
			w2 := input("w2", 1, 1, c.channels, c.channels)
			y := ops.Relu(normalize(ops.Conv(x, w1, window, c.groups), "1"))
			y = ops.Relu(ops.Add(normalize(ops.Conv(y, w2, ops.Valid(2), 1), "2"), normalize(ops.Conv(y, w2, ops.Valid(2), 1), "3")))
			y = normalize(ops.Conv(y, w2, ops.Valid(2), 1), "4")
			roots := append([]*graph.Node{y}, autodiff.VJP(y, ops.Mul(y, ops.Offset(y, 0.25)), x, w1, w2)...)
			run := func(kernels backend.Kernels) ([]*tensor.Tensor, *plan.Plan) {
				p := plan.Compile(g, roots, kernels)
				var out []*tensor.Tensor
				for _, s := range p.Outputs() {
					out = append(out, tensor.NewSpec(s))
				}
				for range 2 {
					if err := p.Run(out, in); err != nil {
						t.Fatal(err)
					}
				}
				return out, p
			}
			want, apart := run(withoutThen{})
			for _, threads := range []int{1, 2, 5} {
				before := runtime.GOMAXPROCS(threads)
				got, p := run(cpu.Kernels{})
				runtime.GOMAXPROCS(before)
				for i := range got {
					if !bytes.Equal(got[i].Bytes(), want[i].Bytes()) {
						t.Errorf("output %d with %d threads: other bits than in a plan that reduces in steps of their own", i, threads)
					}
				}
				if joined := strings.Count(p.String(), ", then {"); joined < 4 || p.Len() > apart.Len()-joined {
					t.Errorf("got %d heads that reduce, %d steps and %d without:\n%v", joined, p.Len(), apart.Len(), p)
				}
			}
			if !c.small {
				return
			}
			reference, _ := run(backend.Reference{})
			for i, w := range interpreted(g, roots, in) {
				if err := tensor.AllClose(want[i], w, 2e-3, 2e-3); err != nil {
					t.Errorf("output %d against the graph node by node: %v", i, err)
				}
				if err := tensor.AllClose(reference[i], w, 2e-3, 2e-3); err != nil {
					t.Errorf("output %d of the reference: %v", i, err)
				}
			}
		})
	}
}
