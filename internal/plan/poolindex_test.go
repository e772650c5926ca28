package plan_test

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
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
