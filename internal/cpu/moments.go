package cpu

import (
	"iter"

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

// moments is the kernel of mean and variance over any axes, in float64, in two passes over
// the elements of each result. Results whose elements lie side by side are computed together,
// row by row, each in the order of its elements.
type moments struct {
	size  int  // results
	first walk // the first element of each result
	over  walk // the others, from there
	count int  // elements for each result
	piece int
	x     backend.Buf
	out   []backend.Buf
	self  par.Worker
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
	k := &moments{size: r.Result(x.Shape).Size(), first: newWalk(keptSteps, kept), over: newWalk(steps, axes), count: r.Count(x.Shape)}
	if k.piece = max(1, pieceLen/max(1, k.count)); k.size == 0 {
		return k
	}
	if _, _, beside := k.beside(0); beside > 1 {
		k.piece = max(k.piece, min(beside, 64))
	}
	return k
}

// beside returns the first element of result i, the distance to that of the next one, and how
// many results from i on have their elements side by side: 1 if they have not.
func (k *moments) beside(i int) (first, step, n int) {
	first, step, n = k.first.run(i)
	if step != 1 {
		n = 1
	}
	return first, step, n
}

// Run implements backend.Kernel.
func (k *moments) Run(out, in []backend.Buf) {
	k.out, k.x = out, in[0]
	do((k.size+k.piece-1)/k.piece, k, &k.self)
	k.out, k.x = nil, backend.Buf{}
}

// Piece implements par.Task.
func (k *moments) Piece(i int, w *par.Worker) {
	tiles := scratch[float64](w, 3*wideTile)
	for lo, end := i*k.piece, min((i+1)*k.piece, k.size); lo < end; {
		first, _, n := k.beside(lo)
		n = min(n, end-lo, wideTile)
		mean, variance, tile := tiles[:n], tiles[wideTile:][:n], tiles[2*wideTile:]
		if n == 1 {
			k.one(first, &mean[0], &variance[0], tile)
		} else {
			k.rows(first, mean, variance, tile[:n])
		}
		saveAs(k.out[0], lo, 1, mean)
		saveAs(k.out[1], lo, 1, variance)
		lo += n
	}
}

// one computes the result whose elements begin at first.
func (k *moments) one(first int, mean, variance *float64, tile []float64) {
	var sum, far float64
	for x := range k.runs(first, tile) {
		for _, v := range x {
			sum += v
		}
	}
	*mean = sum / float64(k.count)
	for x := range k.runs(first, tile) {
		for _, v := range x {
			d := v - *mean
			far += d * d
		}
	}
	*variance = far / float64(k.count)
}

// runs yields the elements of the result that begins at first, in tiles.
func (k *moments) runs(first int, tile []float64) iter.Seq[[]float64] {
	return func(yield func([]float64) bool) {
		for at := 0; at < k.count; {
			from, step, n := k.over.run(at)
			n = min(n, k.count-at, len(tile))
			loadAs(tile[:n], k.x, first+from, step)
			if !yield(tile[:n]) {
				return
			}
			at += n
		}
	}
}

// rows computes results whose elements lie side by side, the first ones' from first on.
func (k *moments) rows(first int, mean, variance, tile []float64) {
	if k.x.DType == tensor.Float32 {
		x := backend.Data[float32](k.x)[first:]
		momentsOfColumns(k, mean, variance, func(from int) []float32 { return x[from:][:len(tile)] })
		return
	}
	momentsOfColumns(k, mean, variance, func(from int) []float64 {
		loadAs(tile, k.x, first+from, 1)
		return tile
	})
}

func momentsOfColumns[T float32 | float64](k *moments, mean, variance []float64, row func(from int) []T) {
	clear(mean)
	for at := range k.count {
		from, _, _ := k.over.run(at)
		x := row(from)
		for j, v := range x[:len(mean)] {
			mean[j] += float64(v)
		}
	}
	for j := range mean {
		mean[j] /= float64(k.count)
	}
	clear(variance)
	for at := range k.count {
		from, _, _ := k.over.run(at)
		x := row(from)
		for j, v := range x[:len(mean)] {
			d := float64(v) - mean[j]
			variance[j] += d * d
		}
	}
	for j := range variance {
		variance[j] /= float64(k.count)
	}
}
