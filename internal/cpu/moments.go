package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.MomentsOp, out, in []tensor.Spec) backend.Kernel {
		for _, op.KeepDims = range []bool{true, false} { // the memory of the results is the same
			if (Kernels{}).Fuses(op, out, in) {
				return newProgram(backend.ProgramOf(op, out, in), nil)
			}
		}
		return newMoments(op.Reduction, in[0])
	})
}

// moments is the kernel of mean and variance over any axes, in float64, in two passes
// over the elements of each result.
type moments struct {
	first   []int // the first element of each result
	over    walk  // the others, from there
	count   int
	piece   int
	out, in []backend.Buf
	self    par.Worker
}

func newMoments(r ops.Reduction, x tensor.Spec) *moments {
	strides := ops.BroadcastStrides(x.Shape, x.Shape)
	var axes, steps, kept, keptSteps tensor.Dims
	for i := range x.Rank() {
		if r.Axes.Contains(i) {
			axes, steps = axes.Append(x.Shape.At(i)), steps.Append(strides.At(i))
		} else {
			kept, keptSteps = kept.Append(x.Shape.At(i)), keptSteps.Append(strides.At(i))
		}
	}
	k := &moments{over: newWalk(steps, axes), count: r.Count(x.Shape), first: make([]int, r.Result(x.Shape).Size())}
	of := newWalk(keptSteps, kept)
	for i := range k.first {
		k.first[i], _, _ = of.run(i)
	}
	k.piece = max(1, pieceLen/max(1, k.count))
	return k
}

// Run implements backend.Kernel.
func (k *moments) Run(out, in []backend.Buf) {
	k.out, k.in = out, in
	do((len(k.first)+k.piece-1)/k.piece, k, &k.self)
	k.out, k.in = nil, nil
}

// Piece implements par.Task.
func (k *moments) Piece(i int, w *par.Worker) {
	tile := scratch[float64](w, wideTile)
	for r := i * k.piece; r < min((i+1)*k.piece, len(k.first)); r++ {
		var sum, far float64
		k.each(tile, k.first[r], func(x float64) { sum += x })
		mean := sum / float64(k.count)
		k.each(tile, k.first[r], func(x float64) { far += (x - mean) * (x - mean) })
		saveAs(k.out[0], r, 1, []float64{mean})
		saveAs(k.out[1], r, 1, []float64{far / float64(k.count)})
	}
}

// each calls f with the elements of the result that begin at first.
func (k *moments) each(tile []float64, first int, f func(x float64)) {
	for at := 0; at < k.count; {
		from, step, n := k.over.run(at)
		n = min(n, k.count-at, len(tile))
		loadAs(tile[:n], k.in[0], first+from, step)
		for _, x := range tile[:n] {
			f(x)
		}
		at += n
	}
}
