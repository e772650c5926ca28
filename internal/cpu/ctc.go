package cpu

import (
	"math"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(_ ops.CTCLossOp, _, in []tensor.Spec) backend.Kernel { return newCTC(ctcLoss, in) })
	register(func(_ ops.CTCAlignmentOp, _, in []tensor.Spec) backend.Kernel { return newCTC(ctcAlignment, in) })
	register(func(_ ops.CTCAlignmentGradOp, _, in []tensor.Spec) backend.Kernel {
		return newCTC(ctcAlignmentGrad, in)
	})
}

// ctc is the kernel of the operations on alignments: one sequence is a piece.
type ctc struct {
	of                            ctcResult
	batch, times, symbols, labels int
	out, in                       []backend.Buf
	self                          par.Worker
}

// ctcResult selects the result that a kernel computes of alignments.
type ctcResult uint8

const (
	ctcLoss ctcResult = iota
	ctcAlignment
	ctcAlignmentGrad
)

func newCTC(of ctcResult, in []tensor.Spec) *ctc {
	x := in[0].Shape
	return &ctc{of: of, batch: x.At(0), times: x.At(1), symbols: x.At(2), labels: in[1].Shape.At(1)}
}

// Run implements backend.Kernel.
func (k *ctc) Run(out, in []backend.Buf) {
	k.out, k.in = out, in
	do(k.batch, k, &k.self)
	k.out, k.in = nil, nil
}

// Piece implements par.Task.
func (k *ctc) Piece(b int, w *par.Worker) {
	n := k.times * k.symbols
	size := n // of the result: one a time and symbol, or one number
	if k.of == ctcLoss {
		size = 1
	}
	tangent := k.of == ctcAlignmentGrad
	space := kern.CTCLen(k.times, k.labels, tangent)
	mem := scratch[float64](w, 2*n+size+space+k.labels+2)
	take := func(n int) (part []float64) {
		part, mem = mem[:n:n], mem[n:]
		return part
	}
	dst, logp, dy, numbers := take(size), take(n), take(n), view[int64](take(k.labels+2))
	labels, lengths := numbers[:k.labels], numbers[k.labels:]
	loadAs(labels, k.in[1], b*k.labels, 1)
	loadAs(lengths[:1], k.in[2], b, 1)
	loadAs(lengths[1:], k.in[3], b, 1)
	clear(dst)
	if k.aligned(labels, lengths[0], lengths[1]) {
		loadAs(logp, k.in[0], b*n, 1)
		mem = mem[:kern.CTCLen(int(lengths[1]), int(lengths[0]), tangent)]
		c := kern.NewCTC(mem, logp, labels[:lengths[0]], int(lengths[1]), k.symbols)
		switch logZ := c.Forward(); k.of {
		case ctcLoss:
			dst[0] = -logZ
		case ctcAlignment:
			c.Alignment(dst)
		case ctcAlignmentGrad:
			loadAs(dy, k.in[4], b*n, 1)
			c.AlignmentGrad(dst, dy)
		}
	} else {
		fill(dst, math.NaN())
	}
	saveAs(k.out[0], b*size, 1, dst)
}

// aligned reports whether lengths are within the tensors and labels are symbols.
func (k *ctc) aligned(labels []int64, count, times int64) bool {
	if count < 0 || count > int64(k.labels) || times < 0 || times > int64(k.times) {
		return false
	}
	for _, l := range labels[:count] {
		if l < 0 || l >= int64(k.symbols) {
			return false
		}
	}
	return true
}
