package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.OneHotOp, out, in []tensor.Spec) backend.Kernel {
		one := backend.Buf{Spec: tensor.S(out[0].DType), Mem: make([]byte, out[0].DType.Size())}
		saveAs(one, 0, 1, []float64{1})
		size := len(one.Mem)
		return newSpread(in[0].Shape.Size(), op.Depth, func(out backend.Buf, in []backend.Buf, lo, hi int, _ *par.Worker) {
			clear(out.Mem[lo*op.Depth*size : hi*op.Depth*size])
			var tile [wideTile]int64
			for at := lo; at < hi; at += wideTile {
				t := tile[:min(wideTile, hi-at)]
				loadAs(t, in[0], at, 1)
				for i, v := range t {
					if uint64(v) < uint64(op.Depth) {
						copy(out.Mem[((at+i)*op.Depth+int(v))*size:], one.Mem)
					}
				}
			}
		})
	})
	register(func(op ops.IotaOp, out, _ []tensor.Spec) backend.Kernel {
		n, inner := op.Spec.Shape.At(op.Axis), op.Spec.Shape.From(op.Axis+1).Size()
		return newSpread(out[0].Shape.Size(), 1, func(out backend.Buf, _ []backend.Buf, lo, hi int, w *par.Worker) {
			v := scratch[int64](w, hi-lo)
			for i := range v {
				v[i] = int64((lo + i) / inner % n)
			}
			saveAs(out, lo, 1, v)
		})
	})
	register(func(op ops.TriluOp, out, _ []tensor.Spec) backend.Kernel {
		m, n, size := out[0].Shape.At(-2), out[0].Shape.At(-1), out[0].DType.Size()
		rows := out[0].Shape.To(out[0].Rank() - 1).Size()
		return newSpread(rows, n, func(out backend.Buf, in []backend.Buf, lo, hi int, _ *par.Worker) {
			for r := lo; r < hi; r++ {
				dst, src := out.Mem[r*n*size:][:n*size], in[0].Mem[r*n*size:][:n*size]
				if op.Upper { // from column i+k on
					edge := size * min(max(r%m+op.K, 0), n)
					clear(dst[:edge])
					copy(dst[edge:], src[edge:])
				} else { // up to column i+k
					edge := size * min(max(r%m+op.K+1, 0), n)
					copy(dst[:edge], src)
					clear(dst[edge:])
				}
			}
		})
	})
}
