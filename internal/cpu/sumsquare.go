package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(_ ops.ReduceSumSquareOp, _, in []tensor.Spec) backend.Kernel {
		n := in[0].Shape.Size()
		return &sumSquare{n: n, sums: make([]float64, (n+pieceLen-1)/pieceLen)}
	})
}

// sumSquare is the kernel of ops.ReduceSumSquareOp: sums of pieces, which are then added
// in float64, always in the same order.
type sumSquare struct {
	n    int
	sums []float64
	x    backend.Buf
	self par.Worker
}

// Run implements backend.Kernel.
func (k *sumSquare) Run(out, in []backend.Buf) {
	k.x = in[0]
	do(len(k.sums), k, &k.self)
	k.x = backend.Buf{}
	var sum [1]float64
	for _, s := range k.sums {
		sum[0] += s
	}
	saveAs(out[0], 0, 1, sum[:])
}

// Piece implements par.Task.
func (k *sumSquare) Piece(i int, w *par.Worker) {
	lo, hi := i*pieceLen, min((i+1)*pieceLen, k.n)
	if k.x.DType == tensor.Float64 {
		k.sums[i] = sumSq(view[float64](k.x.Mem)[lo:hi])
		return
	}
	k.sums[i] = 0
	for ; lo < hi; lo += tileLen {
		n := min(tileLen, hi-lo)
		var x []float32
		if k.x.DType == tensor.Float32 {
			x = floats(k.x)[lo:][:n]
		} else {
			x = scratch[float32](w, n)
			loadAs(x, k.x, lo, 1)
		}
		k.sums[i] += float64(kern.SumSq(x))
	}
}
