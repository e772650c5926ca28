package plan_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestPadInConv wants no step for padding with zeros before a convolution nor for its gradient,
// with the results of the graph node by node; and padding with another number, or of channels,
// to stay.
func TestPadInConv(t *testing.T) {
	for name, c := range map[string]struct {
		before, after []int
		value         float64
		channels      int // of the kernel
		stays         bool
	}{
		"one side":       {[]int{0, 0, 0, 0}, []int{0, 1, 1, 0}, 0, 3, false},
		"more":           {[]int{0, 2, 0, 0}, []int{0, 1, 3, 0}, 0, 3, false},
		"another number": {[]int{0, 1, 1, 0}, []int{0, 1, 1, 0}, 1, 3, true},
		"channels":       {[]int{0, 1, 0, 1}, []int{0, 1, 0, 0}, 0, 4, true},
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			g := graph.New()
			x, w := g.Input("x", tensor.S(tensor.Float32, 2, 7, 8, 3)), g.Input("w", tensor.S(tensor.Float32, 3, 3, c.channels, 5))
			var in []*tensor.Tensor
			for _, n := range []*graph.Node{x, w} {
				v := tensor.NewSpec(n.Spec())
				for i := range tensor.Data[float32](v) {
					tensor.Data[float32](v)[i] = float32(rng.IntN(9)-4) / 8
				}
				in = append(in, v)
			}
			window := ops.Valid(2)
			window.Strides = tensor.D(2, 2)
			y := ops.Conv(ops.Pad(ops.Scale(x, 2), c.before, c.after, c.value), w, window, 1)
			roots := append([]*graph.Node{y}, autodiff.VJP(y, ops.Mul(y, y), x, w)...)
			p := plan.Compile(g, roots, cpu.Kernels{})
			var out []*tensor.Tensor
			for _, s := range p.Outputs() {
				out = append(out, tensor.NewSpec(s))
			}
			if err := p.Run(out, in); err != nil {
				t.Fatal(err)
			}
			for i, want := range interpreted(g, roots, in) {
				if err := tensor.AllClose(out[i], want, 1e-4, 1e-4); err != nil {
					t.Errorf("output %d: %v\n%v", i, err, p)
				}
			}
			if has := strings.Contains(p.String(), "Pad{") || strings.Contains(p.String(), "Slice{"); has != c.stays {
				t.Errorf("steps of padding: got %v, want %v\n%v", has, c.stays, p)
			}
		})
	}
}
