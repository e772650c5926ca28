package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.ArgMaxOp, _, in []tensor.Spec) backend.Kernel { return newArg(in[0], op.Axis, true) })
	register(func(op ops.ArgMinOp, _, in []tensor.Spec) backend.Kernel { return newArg(in[0], op.Axis, false) })
}

// newArg returns the kernel that finds the greatest element of every line, or the
// least.
func newArg(x tensor.Spec, axis int, greatest bool) backend.Kernel {
	switch {
	case x.DType == tensor.Float64:
		return newArgOf[float64](x, axis, greatest)
	case x.DType.IsFloat():
		rows := kern.ArgMinRows
		if greatest {
			rows = kern.ArgMaxRows
		}
		return newLines(x, axis, []role{whole}, unread, func(b block[float32]) {
			found := view[int32](b.w.Extra(4 * b.rows))
			rows(found, b.x[0], b.rows, b.cols, b.cols)
			for i, c := range found {
				backend.Data[int64](b.out[0])[b.lo+i] = int64(c)
			}
		})
	case x.DType == tensor.Uint64:
		return newArgOf[uint64](x, axis, greatest)
	}
	return newArgOf[int64](x, axis, greatest)
}

func newArgOf[W work](x tensor.Spec, axis int, greatest bool) backend.Kernel {
	return newLines(x, axis, []role{whole}, unread, func(b block[W]) {
		out := backend.Data[int64](b.out[0])[b.lo:]
		for r := range b.rows {
			row := b.x[0][r*b.cols:][:b.cols]
			best, at := row[0], 0
			for c, v := range row {
				if best == best && (v != v || greatest && v > best || !greatest && v < best) {
					best, at = v, c
				}
			}
			out[r] = int64(at)
		}
	})
}
