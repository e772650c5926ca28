package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(_ ops.SearchSortedOp, _, in []tensor.Spec) backend.Kernel {
		switch dt := in[0].DType; {
		case dt == tensor.Float64:
			return newSearch[float64](in[0], in[1])
		case dt.IsFloat():
			return newSearch[float32](in[0], in[1])
		case dt == tensor.Uint64:
			return newSearch[uint64](in[0], in[1])
		}
		return newSearch[int64](in[0], in[1])
	})
}

func newSearch[W work](edges, x tensor.Spec) backend.Kernel {
	n := edges.Shape.Size()
	return newSpread(x.Shape.Size(), 1, func(out backend.Buf, in []backend.Buf, lo, hi int, w *par.Worker) {
		all := scratch[W](w, n+hi-lo)
		edges, x := all[:n], all[n:]
		loadAs(edges, in[0], 0, 1)
		loadAs(x, in[1], lo, 1)
		y := view[int64](out.Mem)[lo:hi]
		for i, v := range x {
			y[i] = int64(less(edges, v))
		}
	})
}

// less returns how many of the ascending edges are less than v, 0 if v is NaN.
func less[W work](edges []W, v W) int {
	lo, hi := 0, len(edges)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); edges[mid] < v {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
