package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.SliceAddOp, out, in []tensor.Spec) backend.Kernel {
		k := &sliceAdd{}
		at, steps := part(out[0].Shape.Strides(), op.Start, op.Step)
		k.at, k.walk = at, newWalk(steps, in[1].Shape)
		f := addPart[int64]
		switch dt := out[0].DType; {
		case dt == tensor.Float32:
			f = addFloats
		case dt == tensor.Float64:
			f = addPart[float64]
		case dt.IsFloat():
			f = addPart[float32]
		case dt == tensor.Uint64:
			f = addPart[uint64]
		}
		k.adding = newSpread(in[1].Shape.Size(), 1, func(out backend.Buf, in []backend.Buf, lo, hi int, w *par.Worker) {
			for lo < hi {
				from, step, n := k.walk.run(lo)
				n = min(n, hi-lo)
				f(out, k.at+from, step, in[1], lo, n, w)
				lo += n
			}
		})
		return k
	})
	overwrites(func(_ ops.SliceAddOp, _, input int) bool { return input == 0 })
}

// sliceAdd is the kernel of ops.SliceAddOp, whose result may have the memory of the
// first input.
type sliceAdd struct {
	at     int  // where the slice begins
	walk   walk // from there
	adding *spread
}

// Run implements backend.Kernel.
func (k *sliceAdd) Run(out, in []backend.Buf) {
	if dst, src := out[0].Mem, in[0].Mem; len(dst) > 0 && &dst[0] != &src[0] {
		copy(dst, src)
	}
	k.adding.Run(out, in)
}

// addPart adds n elements of y, from lo on, to those of x that lie step apart from at on.
func addPart[W work](x backend.Buf, at, step int, y backend.Buf, lo, n int, w *par.Worker) {
	for n > 0 {
		m := min(n, tileLen)
		mem := scratch[W](w, 2*m)
		sum, more := mem[:m], mem[m:]
		loadAs(sum, x, at, step)
		loadAs(more, y, lo, 1)
		addTo(sum, more)
		saveAs(x, at, step, sum)
		at, lo, n = at+m*step, lo+m, n-m
	}
}

// addFloats is addPart for float32.
func addFloats(x backend.Buf, at, step int, y backend.Buf, lo, n int, _ *par.Worker) {
	from := floats(y)[lo:][:n]
	if step == 1 {
		to := floats(x)[at:][:n]
		kern.Add(to, to, from)
		return
	}
	to := floats(x)
	for i, v := range from {
		to[at+i*step] += v
	}
}
