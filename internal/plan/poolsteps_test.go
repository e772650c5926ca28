package plan_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
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

// withoutPools is the processor without kernels of convolutions that compute maxima.
type withoutPools struct{ cpu.Kernels }

func (w withoutPools) Kernel(op graph.Op, out, in []tensor.Spec) backend.Kernel {
	switch op.(type) {
	case *backend.Pooled, *backend.Unpooled:
		return nil
	}
	return w.Kernels.Kernel(op, out, in)
}

// TestJoinPools compares networks of convolutions and maxima of windows, forward and backward,
// with the same graphs node by node and with plans that keep every value: windows that leave
// places uncovered, several axes, groups, gradients that read a rectifier in an epilogue.
func TestJoinPools(t *testing.T) {
	for _, c := range []struct {
		name          string
		places, pool  []int
		groups, width int
		stride        int
	}{
		{"even", []int{12, 14}, []int{2, 2}, 1, 20, 1},
		{"uncovered", []int{13, 11}, []int{2, 3}, 1, 8, 1},
		{"strided", []int{19, 17}, []int{3, 2}, 1, 5, 2},
		{"one axis", []int{45}, []int{3}, 1, 12, 1},
		{"three axes", []int{7, 8, 9}, []int{2, 1, 3}, 1, 6, 1},
		{"groups", []int{12, 10}, []int{2, 2}, 2, 8, 1},
		{"large", []int{70, 66}, []int{2, 2}, 1, 40, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			n := len(c.places)
			g := graph.New()
			var in []*tensor.Tensor
			input := func(name string, dims ...int) *graph.Node {
				x := tensor.New(tensor.Float32, dims...)
				for i := range tensor.Data[float32](x) {
					tensor.Data[float32](x)[i] = float32(rng.IntN(9)-4) / 8
				}
				in = append(in, x)
				return g.Input(name, x.Spec())
			}
			dims := func(first int, middle []int, last ...int) []int {
				d := append([]int{}, middle...)
				if first > 0 {
					d = append([]int{first}, d...)
				}
				return append(d, last...)
			}
			window := ops.Valid(n)
			for i := range n {
				window.Strides = window.Strides.With(i, c.stride)
			}
			window = window.Padded(tensor.D(c.places...), tensor.D(3, 3, 3).To(n))
			x := input("x", dims(3, c.places, 4)...)
			three := []int{3, 3, 3}[:n]
			w1, b1 := input("w1", dims(0, three, 4/c.groups, c.width)...), input("b1", c.width)
			w2, b2 := input("w2", dims(0, three, c.width/c.groups, c.width)...), input("b2", c.width)
			pool := func(x *graph.Node) *graph.Node {
				size := tensor.D(c.pool...)
				return ops.MaxPool(x, size, ops.Window{Strides: size, Dilations: ops.Valid(n).Dilations, Low: ops.Valid(n).Low, High: ops.Valid(n).High})
			}
			y := pool(ops.Relu(ops.Add(ops.Conv(x, w1, window, c.groups), b1)))
			same := ops.Valid(n).Padded(ops.Places(y.Shape()), tensor.D(three...))
			y = ops.Relu(ops.Add(ops.Conv(y, w2, same, c.groups), b2))
			y = pool(ops.Relu(ops.Add(ops.Conv(y, w2, same, c.groups), b2)))
			roots := append([]*graph.Node{y}, autodiff.VJP(y, ops.Offset(y, 0.25), x, w1, b1, w2, b2)...)
			run := func(roots []*graph.Node, kernels backend.Kernels) ([]*tensor.Tensor, *plan.Plan) {
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
			got, p := run(roots, cpu.Kernels{})
			kept, before := run(roots, withoutPools{})
			if !bytes.Equal(got[0].Bytes(), kept[0].Bytes()) {
				t.Error("forward: other bits than in a plan that keeps every value")
			}
			alone, inference := run(roots[:1], cpu.Kernels{})
			if !bytes.Equal(alone[0].Bytes(), got[0].Bytes()) {
				t.Error("without gradients: other bits")
			}
			var want []*tensor.Tensor
			if c.name != "large" {
				want = interpreted(g, roots, in)
			}
			for i := range got {
				for what, w := range map[string][]*tensor.Tensor{"a plan that keeps every value": kept, "the graph node by node": want} {
					if w == nil {
						continue
					}
					if err := tensor.AllClose(got[i], w[i], 1e-4, 1e-4); err != nil {
						t.Errorf("output %d against %s: %v\n%v", i, what, err, p)
					}
				}
			}
			text := p.String()
			if strings.Contains(text, "  MaxPool") || strings.Contains(inference.String(), "  MaxPool{") || !strings.Contains(before.String(), "  MaxPoolGrad") {
				t.Errorf("got a step of a maximum alone:\n%v\n%v", p, inference)
			}
			if p.Arena() >= before.Arena() {
				t.Errorf("arena: got %d bytes, want less than %d", p.Arena(), before.Arena())
			}
			if missing := fmt.Sprint(p.References()); missing != "[]" {
				t.Errorf("references run: %s", missing)
			}
			if c.name == "uncovered" {
				reference, _ := run(roots, backend.Reference{})
				for i := range want {
					if err := tensor.AllClose(reference[i], want[i], 1e-4, 1e-4); err != nil {
						t.Errorf("output %d of the reference: %v", i, err)
					}
				}
			}
		})
	}
}
