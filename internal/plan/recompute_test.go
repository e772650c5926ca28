package plan_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestRecompute compares a training step with batch normalization that computes values
// again with one that keeps them, bit by bit, and makes sure that it keeps none: neither
// the distances from the mean, forward, nor the scaled gradient, backward.
func TestRecompute(t *testing.T) {
	run := func(from int) (*batchNorm, *plan.Plan) {
		plan.RecomputeFrom(t, from)
		b := newBatchNorm(true, 1, ops.Moments, 8, 5, 16)
		out, p := b.run(t, cpu.Kernels{}, 3)
		b.in = out
		return b, p
	}
	kept, before := run(math.MaxInt)
	again, after := run(1)
	for i, x := range kept.in {
		if !bytes.Equal(x.Bytes(), again.in[i].Bytes()) {
			t.Errorf("output %d: other bits", i)
		}
	}
	for i, v := range kept.vars {
		if !bytes.Equal(v.Tensor().Bytes(), again.vars[i].Tensor().Bytes()) {
			t.Errorf("%s: other bits", v.Path)
		}
	}
	written := func(p *plan.Plan) (n int) {
		for line := range strings.Lines(p.String()) {
			if strings.Contains(line, "-> ") && strings.HasSuffix(strings.TrimSpace(line), tensor.S(tensor.Float32, 8, 5, 16).String()) {
				n++
			}
		}
		return n
	}
	if a, b := written(after), written(before); a != b-2 {
		t.Errorf("values of all elements written: got %d, want 2 less than %d\n%v", a, b, after)
	}
	// Columns may live longer, values of all elements may not.
	if after.Arena() >= before.Arena()+8*5*16 {
		t.Errorf("arena: got %d bytes, want about %d at most", after.Arena(), before.Arena())
	}
}
