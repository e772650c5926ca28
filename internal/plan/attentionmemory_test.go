package plan_test

import (
	"runtime"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestAttentionMemory wants memory linear in the length: for 4,096 tokens and 8 heads, forward and
// gradient, less than 3 times that of inputs and outputs. The scores alone would be 512 MB.
func TestAttentionMemory(t *testing.T) {
	g := graph.New()
	var x []*graph.Node
	size := 0
	for _, name := range []string{"q", "k", "v", "dy"} {
		n := g.Input(name, tensor.S(tensor.Float32, 1, 4096, 8, 32))
		x, size = append(x, n), size+n.Spec().Bytes()
	}
	y := ops.Attention(x[0], x[1], x[2], nil, nil, ops.AttentionSettings{Scale: 0.2, Causal: true})
	outs := append([]*graph.Node{y}, autodiff.VJP(y, x[3], x[:3]...)...)
	for _, n := range outs {
		size += n.Spec().Bytes()
	}
	p := plan.Compile(g, outs, cpu.Kernels{})
	if got := size + p.Arena(); got > 3*size {
		t.Errorf("%d bytes for inputs and outputs of %d:\n%v", got, size, p)
	}
	if testing.Short() {
		return
	}
	var in, out []*tensor.Tensor
	for _, s := range p.Inputs() {
		in = append(in, tensor.NewSpec(s))
	}
	for _, s := range p.Outputs() {
		out = append(out, tensor.NewSpec(s))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := p.Run(out, in); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := size + int(after.TotalAlloc-before.TotalAlloc); got > 3*size {
		t.Errorf("a run takes %d bytes with inputs and outputs of %d", got, size)
	}
}
