package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.ReduceSumOp, _, in []tensor.Spec) backend.Kernel {
		return newReduction(op.Reduction, in[0], 1, kern.SumRows, kern.SumCols)
	})
	register(func(op ops.ReduceMeanOp, _, in []tensor.Spec) backend.Kernel {
		return newReduction(op.Reduction, in[0], op.Count(in[0].Shape), kern.SumRows, kern.SumCols)
	})
	register(func(op ops.ReduceMaxOp, _, in []tensor.Spec) backend.Kernel {
		return newReduction(op.Reduction, in[0], 1, kern.MaxRows, kern.MaxCols)
	})
	register(func(op ops.ReduceMinOp, _, in []tensor.Spec) backend.Kernel {
		return newReduction(op.Reduction, in[0], 1, kern.MinRows, kern.MinCols)
	})
}

// reduction is the kernel of a float32 reduction whose axes are neighbours: of a
// tensor [outer, n, inner] over n.
type reduction struct {
	outer, n, inner int
	divisor         float32
	rows, cols      func(dst, x []float32, rows, cols, ld int)
	// A reduction of one long row goes by parts, whose results are reduced again.
	parts   []float32
	piece   int
	pieces  int
	out, in []float32
}

// partLen is the length of the parts of a long row.
const partLen = pieceLen

// newReduction returns nil if the dtype is not float32 or the axes are not neighbours.
func newReduction(r ops.Reduction, in tensor.Spec, divisor int, rows, cols func(dst, x []float32, rows, cols, ld int)) backend.Kernel {
	axes := r.Axes.Rank()
	if in.DType != tensor.Float32 || axes == 0 || in.Shape.Size() == 0 || r.Axes.At(-1)-r.Axes.At(0) != axes-1 {
		return nil
	}
	k := &reduction{
		outer: in.Shape.To(r.Axes.At(0)).Size(), n: r.Count(in.Shape), inner: in.Shape.From(r.Axes.At(-1) + 1).Size(),
		divisor: float32(divisor), rows: rows, cols: cols,
	}
	switch {
	case k.inner > 1:
		k.piece = 1
		k.pieces = k.outer
	case k.outer == 1 && k.n > partLen:
		k.parts = make([]float32, (k.n+partLen-1)/partLen)
		k.pieces = len(k.parts)
	default:
		k.piece = max(1, pieceLen/k.n)
		k.pieces = (k.outer + k.piece - 1) / k.piece
	}
	return k
}

// Run implements backend.Kernel.
func (k *reduction) Run(out, in []backend.Buf) {
	k.out, k.in = floats(out[0]), floats(in[0])
	par.Do(k.pieces, k)
	if k.parts != nil {
		k.rows(k.out, k.parts, 1, len(k.parts), len(k.parts))
	}
	if k.divisor != 1 {
		kern.DivScalar(k.out, k.out, k.divisor)
	}
	k.out, k.in = nil, nil
}

// Piece implements par.Task.
func (k *reduction) Piece(i int, _ *par.Worker) {
	switch {
	case k.inner > 1:
		k.cols(k.out[i*k.inner:][:k.inner], k.in[i*k.n*k.inner:][:k.n*k.inner], k.n, k.inner, k.inner)
	case k.parts != nil:
		part := k.in[i*partLen : min((i+1)*partLen, k.n)]
		k.rows(k.parts[i:i+1], part, 1, len(part), len(part))
	default:
		lo, hi := i*k.piece, min((i+1)*k.piece, k.outer)
		k.rows(k.out[lo:hi], k.in[lo*k.n:hi*k.n], hi-lo, k.n, k.n)
	}
}
