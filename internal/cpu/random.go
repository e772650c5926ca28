package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// drawing is what a random number costs, in elements of plain arithmetic.
const drawing = 4

func init() {
	register(func(op ops.RandomUniformOp, out, _ []tensor.Spec) backend.Kernel {
		return newRandom(out[0], op.Stream, kern.Uniform)
	})
	register(func(op ops.RandomNormalOp, out, _ []tensor.Spec) backend.Kernel {
		return newRandom(out[0], op.Stream, kern.Normal)
	})
	register(func(op ops.BernoulliOp, out, _ []tensor.Spec) backend.Kernel {
		p := float32(op.P)
		return newRandom(out[0], op.Stream, func(dst []float32, key, stream, offset uint64) {
			kern.Uniform(dst, key, stream, offset)
			for i, u := range dst {
				dst[i] = 0
				if u < p {
					dst[i] = 1
				}
			}
		})
	})
	register(func(op ops.DropoutOp, _, in []tensor.Spec) backend.Kernel {
		rate, size := float32(op.Rate), in[0].Shape.Size()
		switch in[0].DType {
		case tensor.Float32:
			return newSpread(size, drawing, func(out backend.Buf, in []backend.Buf, lo, hi int, _ *par.Worker) {
				key, stream := seedOf(in[1], op.Stream)
				kern.Dropout(floats(out)[lo:hi], floats(in[0])[lo:hi], key, stream, uint64(lo), rate)
			})
		case tensor.Float64:
			return newSpread(size, drawing, func(out backend.Buf, in []backend.Buf, lo, hi int, w *par.Worker) {
				key, stream := seedOf(in[1], op.Stream)
				dst, x := view[float64](out.Mem), view[float64](in[0].Mem)
				mask := scratch[float32](w, hi-lo)
				kern.DropoutMask(mask, key, stream, uint64(lo), rate)
				for i, m := range mask {
					dst[lo+i] = 0
					if m != 0 { // 0·∞ is NaN
						dst[lo+i] = x[lo+i] * float64(m)
					}
				}
			})
		}
		return newSpread(size, drawing, func(out backend.Buf, in []backend.Buf, lo, hi int, w *par.Worker) {
			key, stream := seedOf(in[1], op.Stream)
			x := scratch[float32](w, hi-lo)
			loadAs(x, in[0], lo, 1)
			kern.Dropout(x, x, key, stream, uint64(lo), rate)
			saveAs(out, lo, 1, x)
		})
	})
}

// newRandom returns the kernel that fills a tensor with the numbers that f draws.
func newRandom(out tensor.Spec, number uint32, f func(dst []float32, key, stream, offset uint64)) backend.Kernel {
	return newSpread(out.Shape.Size(), drawing, func(out backend.Buf, in []backend.Buf, lo, hi int, w *par.Worker) {
		key, stream := seedOf(in[0], number)
		if out.DType == tensor.Float32 {
			f(floats(out)[lo:hi], key, stream, uint64(lo))
			return
		}
		x := scratch[float32](w, hi-lo)
		f(x, key, stream, uint64(lo))
		saveAs(out, lo, 1, x)
	})
}

// seedOf returns key and stream of the numbers of an operation.
func seedOf(seed backend.Buf, number uint32) (key, stream uint64) {
	s := backend.Data[uint64](seed)
	return s[0], ops.StreamOf(s[1], number)
}
