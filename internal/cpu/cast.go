package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(_ ops.CastOp, out, in []tensor.Spec) backend.Kernel {
		from, to := in[0].DType, out[0].DType
		switch {
		case from == to:
			return newSpread(in[0].Shape.Size(), 1, copySpan)
		case from == tensor.Float32 && to == tensor.Float64:
			return newSpread(in[0].Shape.Size(), 1, func(out backend.Buf, in []backend.Buf, lo, hi int, _ *par.Worker) {
				kern.F32ToF64(backend.Data[float64](out)[lo:hi], floats(in[0])[lo:hi])
			})
		case from == tensor.Float64 && to == tensor.Float32:
			return newSpread(in[0].Shape.Size(), 1, func(out backend.Buf, in []backend.Buf, lo, hi int, _ *par.Worker) {
				kern.F64ToF32(floats(out)[lo:hi], backend.Data[float64](in[0])[lo:hi])
			})
		case from == tensor.Int32 && to == tensor.Float32:
			return newSpread(in[0].Shape.Size(), 1, func(out backend.Buf, in []backend.Buf, lo, hi int, _ *par.Worker) {
				kern.I32ToF32(floats(out)[lo:hi], backend.Data[int32](in[0])[lo:hi])
			})
		case from == tensor.Uint8 && to == tensor.Float32:
			return newSpread(in[0].Shape.Size(), 1, func(out backend.Buf, in []backend.Buf, lo, hi int, _ *par.Worker) {
				kern.ScaleU8(floats(out)[lo:hi], in[0].Mem[lo:hi], 1, 0)
			})
		case from == tensor.Float16, from == tensor.BFloat16, from == tensor.Float32:
			return newSpread(in[0].Shape.Size(), 1, castSpan[float32])
		case from == tensor.Float64:
			return newSpread(in[0].Shape.Size(), 1, castSpan[float64])
		case from == tensor.Uint64:
			return newSpread(in[0].Shape.Size(), 1, castSpan[uint64])
		}
		return newSpread(in[0].Shape.Size(), 1, castSpan[int64])
	})
	register(func(_ ops.StopGradientOp, _, in []tensor.Spec) backend.Kernel {
		return newSpread(in[0].Shape.Size(), 1, copySpan)
	})
	register(func(_ ops.ReshapeOp, _, in []tensor.Spec) backend.Kernel {
		return newSpread(in[0].Shape.Size(), 1, copySpan)
	})
}

// castSpan converts by way of W, which holds every value of in[0].
func castSpan[W work](out backend.Buf, in []backend.Buf, lo, hi int, w *par.Worker) {
	tile := scratch[W](w, wideTile)
	for at := lo; at < hi; at += wideTile {
		t := tile[:min(wideTile, hi-at)]
		loadAs(t, in[0], at, 1)
		saveAs(out, at, 1, t)
	}
}

func copySpan(out backend.Buf, in []backend.Buf, lo, hi int, _ *par.Worker) {
	size := out.DType.Size()
	copy(out.Mem[lo*size:hi*size], in[0].Mem[lo*size:hi*size])
}
