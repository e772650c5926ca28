package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.SoftmaxOp, _, in []tensor.Spec) backend.Kernel {
		return newRows(in, op.Axis, func(k *rows, lo, hi int) {
			kern.Softmax(k.cut(k.out[0], lo, hi), k.cut(k.in[0], lo, hi), hi-lo, k.cols)
		})
	})
	register(func(op ops.SoftmaxGradOp, _, in []tensor.Spec) backend.Kernel {
		return newRows(in, op.Axis, func(k *rows, lo, hi int) {
			kern.SoftmaxGrad(k.cut(k.out[0], lo, hi), k.cut(k.in[0], lo, hi), k.cut(k.in[1], lo, hi), hi-lo, k.cols)
		})
	})
	register(func(op ops.LogSoftmaxOp, _, in []tensor.Spec) backend.Kernel {
		return newRows(in, op.Axis, func(k *rows, lo, hi int) {
			kern.LogSoftmax(k.cut(k.out[0], lo, hi), k.cut(k.in[0], lo, hi), hi-lo, k.cols)
		})
	})
	register(func(op ops.LogSoftmaxGradOp, _, in []tensor.Spec) backend.Kernel {
		return newRows(in, op.Axis, func(k *rows, lo, hi int) {
			kern.LogSoftmaxGrad(k.cut(k.out[0], lo, hi), k.cut(k.in[0], lo, hi), k.cut(k.in[1], lo, hi), hi-lo, k.cols)
		})
	})
	register(func(_ ops.SoftmaxCrossEntropyOp, _, in []tensor.Spec) backend.Kernel {
		return newRows(in, in[0].Rank()-1, func(k *rows, lo, hi int) {
			kern.SoftmaxCrossEntropy(floats(k.out[0])[lo:hi], nil, k.cut(k.in[0], lo, hi), k.cut(k.in[1], lo, hi), hi-lo, k.cols)
		})
	})
	register(func(_ ops.SoftmaxCrossEntropyGradOp, _, in []tensor.Spec) backend.Kernel {
		return newRows(in, in[0].Rank()-1, func(k *rows, lo, hi int) {
			kern.SoftmaxCrossEntropyGrad(k.cut(k.out[0], lo, hi), k.cut(k.in[0], lo, hi), k.cut(k.in[1], lo, hi), floats(k.in[2])[lo:hi], hi-lo, k.cols)
		})
	})
}

// rows is the kernel of an operation on the rows of float32 matrices, the last
// axis, that do not depend on each other.
type rows struct {
	f           func(k *rows, lo, hi int)
	count, cols int
	piece       int // rows that one thread takes at a time
	out, in     []backend.Buf
}

// newRows returns nil unless all inputs are float32 and axis is the last.
func newRows(in []tensor.Spec, axis int, f func(k *rows, lo, hi int)) backend.Kernel {
	if !all(tensor.Float32, in) || axis != in[0].Rank()-1 {
		return nil
	}
	k := &rows{f: f, cols: in[0].Shape.At(-1)}
	k.count = in[0].Shape.To(axis).Size()
	k.piece = max(1, pieceLen/max(1, k.cols))
	return k
}

// cut returns rows [lo,hi) of a matrix.
func (k *rows) cut(b backend.Buf, lo, hi int) []float32 { return floats(b)[lo*k.cols : hi*k.cols] }

// Run implements backend.Kernel.
func (k *rows) Run(out, in []backend.Buf) {
	if k.count == 0 || k.cols == 0 {
		return
	}
	k.out, k.in = out, in
	if n := (k.count + k.piece - 1) / k.piece; n == 1 {
		k.f(k, 0, k.count)
	} else {
		par.Do(n, k)
	}
	k.out, k.in = nil, nil
}

// Piece implements par.Task.
func (k *rows) Piece(i int, _ *par.Worker) {
	k.f(k, i*k.piece, min((i+1)*k.piece, k.count))
}
