package cpu

import (
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.TopKOp, _, in []tensor.Spec) backend.Kernel {
		switch dt := in[0].DType; {
		case dt == tensor.Float64:
			return newTopK[float64](op.K, in[0])
		case dt.IsFloat():
			return newTopK[float32](op.K, in[0])
		case dt == tensor.Uint64:
			return newTopK[uint64](op.K, in[0])
		}
		return newTopK[int64](op.K, in[0])
	})
}

// insertAtMost is the greatest K whose elements are kept in order by insertion; for
// more of them a row is sorted.
const insertAtMost = 32

func newTopK[W work](k int, x tensor.Spec) backend.Kernel {
	return newLines(x, x.Rank()-1, []role{whole}, unread, func(b block[W]) {
		if k == 0 {
			return
		}
		n := b.cols
		if k <= insertAtMost {
			n = k
		}
		order := view[int32](b.w.Extra(4 * n))
		for r := range b.rows {
			row := b.row(b.x[0], whole, r)
			if k <= insertAtMost {
				insertGreatest(order, row)
			} else {
				sortGreatest(order, row)
			}
			at := (b.lo + r) * k
			indices := view[int64](b.out[1].Mem)[at:]
			for j, i := range order[:k] {
				saveAs(b.out[0], at+j, 1, row[i:i+1])
				indices[j] = int64(i)
			}
		}
	})
}

// before reports whether element i of x comes before element j: greater, NaN being
// the greatest, or equal and earlier.
func before[W work](x []W, i, j int32) bool {
	a, b := x[i], x[j]
	switch {
	case a > b:
		return true
	case a < b:
		return false
	case a == b || a != a && b != b:
		return i < j
	}
	return a != a
}

// insertGreatest sets order to the indices of the greatest elements of x.
func insertGreatest[W work](order []int32, x []W) {
	kept := order[:0]
	for i := range int32(len(x)) {
		if len(kept) == len(order) {
			if !before(x, i, kept[len(kept)-1]) {
				continue
			}
			kept = kept[:len(kept)-1]
		}
		kept = append(kept, i)
		for j := len(kept) - 1; j > 0 && before(x, i, kept[j-1]); j-- {
			kept[j], kept[j-1] = kept[j-1], i
		}
	}
}

// sortGreatest sets order to the indices of all elements of x, the greatest first.
func sortGreatest[W work](order []int32, x []W) {
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		switch {
		case i == j:
			return 0
		case before(x, i, j):
			return -1
		}
		return 1
	})
}
