package plan_test

import (
	"fmt"
	"math"
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

// TestPoolIndex wants a maximum of windows to compute indices for its gradient alone.
func TestPoolIndex(t *testing.T) {
	size := tensor.D(2, 2)
	w := ops.Window{Strides: size, Dilations: tensor.D(1, 1), Low: tensor.D(0, 0), High: tensor.D(0, 0)}
	for _, training := range []bool{false, true} {
		g := graph.New()
		x := g.Input("x", tensor.S(tensor.Float32, 2, 6, 6, 3))
		y := ops.MaxPool(x, size, w)
		roots := []*graph.Node{y}
		if training {
			roots = append(roots, autodiff.VJP(y, ops.Mul(y, y), x)...)
		}
		p := plan.Compile(g, roots, cpu.Kernels{}).String()
		if strings.Contains(p, "Index:true") != training || strings.Count(p, "MaxPool{") != 1 {
			t.Errorf("training %v: got\n%s\nwant one MaxPool, with an index in training", training, p)
		}
	}
}

// TestPoolOfRectified wants the gradient of a rectifier before a maximum of windows to be
// taken where the maxima are, with the results of the reference: for windows that overlap,
// for ties, NaN and padding.
func TestPoolOfRectified(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	size := tensor.D(3, 2)
	for _, w := range []ops.Window{
		{Strides: tensor.D(3, 2), Dilations: tensor.D(1, 1), Low: tensor.D(0, 0), High: tensor.D(0, 0)},
		{Strides: tensor.D(1, 1), Dilations: tensor.D(1, 1), Low: tensor.D(0, 0), High: tensor.D(0, 0)},
		{Strides: tensor.D(2, 2), Dilations: tensor.D(1, 2), Low: tensor.D(1, 0), High: tensor.D(1, 1)},
	} {
		for name, rectify := range map[string]func(x *graph.Node) *graph.Node{
			"relu": ops.Relu, "leaky": func(x *graph.Node) *graph.Node { return ops.LeakyRelu(x, 0.5) },
		} {
			t.Run(fmt.Sprint(name, w.Strides), func(t *testing.T) {
				g := graph.New()
				x := g.Input("x", tensor.S(tensor.Float32, 2, 7, 6, 3))
				b := g.Input("b", tensor.S(tensor.Float32, 3))
				y := ops.MaxPool(rectify(ops.Add(x, b)), size, w)
				roots := autodiff.VJP(y, ops.Offset(y, 0.25), x, b)
				in := []*tensor.Tensor{tensor.NewSpec(x.Spec()), tensor.NewSpec(b.Spec())}
				for i := range tensor.Data[float32](in[0]) {
					tensor.Data[float32](in[0])[i] = float32(rng.IntN(5)-2) / 4
				}
				tensor.Data[float32](in[0])[50] = float32(math.NaN())
				run := func(kernels backend.Kernels) ([]*tensor.Tensor, *plan.Plan) {
					p := plan.Compile(g, roots, kernels)
					out := []*tensor.Tensor{tensor.NewSpec(x.Spec()), tensor.NewSpec(b.Spec())}
					if err := p.Run(out, in); err != nil {
						t.Fatal(err)
					}
					return out, p
				}
				got, p := run(cpu.Kernels{})
				want, _ := run(backend.Reference{})
				plain := interpreted(g, roots, in)
				for i := range got {
					for what, w := range map[string]*tensor.Tensor{"the reference's": want[i], "that of the graph node by node": plain[i]} {
						if err := tensor.AllClose(got[i], w, 0, 0); err != nil {
							t.Errorf("gradient %d against %s: %v\n%v", i, what, err, p)
						}
					}
				}
				passes := 3 // before, the maxima, their gradient
				if w.Low.At(0) > 0 {
					passes++ // the sum of that: a window may be padding
				}
				if n := passesOver(p, x.Spec()); n != passes {
					t.Errorf("%d steps go over all elements, want %d\n%v", n, passes, p)
				}
			})
		}
	}
}
