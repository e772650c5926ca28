package optest

import (
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { families = append(families, (*table).alignments) }

func (t *table) alignments() {
	for _, s := range []struct {
		batch, times, labels, symbols int
		labelLengths, inputLengths    values
	}{
		{2, 4, 2, 3, list(2, 1), list(4, 3)}, {1, 3, 1, 2, list(1), list(3)}, {2, 3, 0, 2, list(0), list(3, 1)}, {1, 0, 1, 3, list(0), list(0)},
		{0, 4, 2, 3, list(1), list(3)}, {3, 4, 2, 2, list(2), list(4)}, {5, 40, 9, 11, list(9, 3, 0, 5, 8), list(40, 31, 40, 12, 20)},
	} {
		integers := func(v values, dims ...int) input { return input{d(dims...), v, tensor.Int32} }
		label := func(r *random, i, n int) float64 { return 1 + upTo(s.symbols-1)(r, i, n) }
		in := []input{
			{shape: d(s.batch, s.times, s.symbols), v: between(-3, -0.2)}, integers(label, s.batch, s.labels),
			integers(s.labelLengths, s.batch), integers(s.inputLengths, s.batch),
		}
		t.add(ops.CTCLossOp{}, floats, 4, 4, in...)
		t.add(ops.CTCAlignmentOp{}, floats, 4, 64, in...)
		t.rows[len(t.rows)-1].once = true
		t.add(ops.CTCAlignmentGradOp{}, floats, 4, 512, append(in, input{shape: in[0].shape, v: anyReal})...)
	}
	// Invalid lengths and labels, equal labels without time for the blank, and less time
	// than labels.
	in := []input{
		{shape: d(7, 3, 3), v: between(-3, -0.2)}, {d(7, 2), list(1, 2, 1, 2, 1, 2, 1, 3, -1, 2, 2, 2, 1, 2), tensor.Int64},
		{d(7), list(3, -1, 2, 2, 2, 2, 2), tensor.Int64}, {d(7), list(3, 3, 4, 3, 3, 2, 1), tensor.Int64},
	}
	t.addNoGrad(ops.CTCLossOp{}, wide, 4, 4, in...)
	t.addNoGrad(ops.CTCAlignmentOp{}, wide, 4, 64, in...)
	t.addNoGrad(ops.CTCAlignmentGradOp{}, wide, 4, 512, append(in, input{shape: in[0].shape, v: anyReal})...)
}
