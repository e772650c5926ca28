package cpu

import (
	"math"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() { registerUpdate(adafactor) }

// adafactor returns the update of ops.ApplyAdafactorOp for a parameter of fewer than two
// axes: the mean squares and the norms, then the step.
func adafactor(o ops.ApplyAdafactorOp) update {
	return update{
		tensors: 3,
		narrowNorms: func(x rows32, tmp []float32, r rates32) (sum [2]float64) {
			for lo := 0; lo < len(x[0]); lo += tileLen {
				hi := min(lo+tileLen, len(x[0]))
				u, v, g := tmp[:hi-lo], x[1][lo:hi], x[2][lo:hi]
				kern.Square(u, g)
				kern.AddScalar(u, u, float32(o.Eps1))
				kern.Average(v, u, r[1], r[2])
				sum[0] += float64(kern.SumSq(x[0][lo:hi]))
				kern.Sqrt(u, v)
				kern.Div(u, g, u)
				sum[1] += float64(kern.SumSq(u))
			}
			return sum
		},
		narrow: func(x rows32, r rates32) {
			var root [256]float32
			for w, v, g := x[0], x[1], x[2]; len(w) > 0; {
				n := min(len(w), len(root))
				kern.Sqrt(root[:n], v[:n])
				kern.Div(root[:n], g[:n], root[:n])
				kern.SGD(w[:n], root[:n], r[0], r[3])
				w, v, g = w[n:], v[n:], g[n:]
			}
		},
		wideNorms: func(x rows64, _ []float64, r rates64) (sum [2]float64) {
			for i, g := range x[2] {
				x[1][i] = x[1][i]*r[1] + (g*g+o.Eps1)*r[2]
				sum[0] += x[0][i] * x[0][i]
				sum[1] += g * g / x[1][i]
			}
			return sum
		},
		wide: func(x rows64, r rates64) {
			for i, g := range x[2] {
				x[0][i] -= x[0][i]*r[3] + g/math.Sqrt(x[1][i])*r[0]
			}
		},
		ratio: func(sum [2]float64, n int, r rates64) float64 {
			return o.Rate(sum[0], sum[1], n, r[3])
		},
	}
}

// adafactorSweep is the kernel of the updates of matrices by ops.ApplyAdafactorOp: three
// passes over all of them, in pieces that are blocks of one matrix.
type adafactorSweep struct {
	updates []factored
	pieces  []sweepPiece // lo is the block
	op      *backend.Sweep
	pass    int
}

// factored is the update of one parameter.
type factored interface {
	blocks() int
	// begin takes the memory, and records whether there is an update at all.
	begin(out, in []backend.Buf)
	// block does a pass on a block; before the first of a pass, the work that follows the
	// pass before on all blocks.
	block(pass, i int, w *par.Worker)
	after(pass int)
}

// factoredOf returns the operation of an adafactorSweep, and whether op is one.
func factoredOf(op graph.Op, in tensor.Spec) (o ops.ApplyAdafactorOp, gated, ok bool) {
	if c, held := op.(ops.ApplyIfOp); held {
		op, gated = c.Op, true
	}
	o, ok = op.(ops.ApplyAdafactorOp)
	return o, gated, ok && in.Rank() >= 2
}

func newAdafactorSweep(op *backend.Sweep, in []tensor.Spec) *adafactorSweep {
	k := &adafactorSweep{op: op}
	for i, o := range op.Ops {
		rule, gated, _ := factoredOf(o, in[0])
		var u factored
		if in[0].DType == tensor.Float64 {
			u = newFactors(rule, gated, in[0], factors64)
		} else {
			u = newFactors(rule, gated, in[0], factors32)
		}
		for b := range u.blocks() {
			k.pieces = append(k.pieces, sweepPiece{update: i, lo: b})
		}
		k.updates = append(k.updates, u)
		in = in[op.Ins[i]:]
	}
	return k
}

// Run implements backend.Kernel.
func (k *adafactorSweep) Run(out, in []backend.Buf) {
	for i, u := range k.updates {
		outs, ins := k.op.Outs[i], k.op.Ins[i]
		u.begin(out[:outs], in[:ins])
		out, in = out[outs:], in[ins:]
	}
	for k.pass = range 3 {
		par.Do(len(k.pieces), k)
		for _, u := range k.updates {
			u.after(k.pass)
		}
	}
}

// Piece implements par.Task.
func (k *adafactorSweep) Piece(i int, w *par.Worker) {
	if k.pass == 1 {
		i = len(k.pieces) - 1 - i // the piece that the pass before left in the cache
	}
	p := k.pieces[i]
	k.updates[p.update].block(k.pass, p.lo, w)
}

// A block has whole rows, unless they are very long, so that memory is read in its order;
// and factorRows of them if there are so many, more if they are short, so that what it
// adds to the sums of the columns is small beside what it reads.
const (
	factorRows = 32
	factorCols = 16 * tileLen
	factorArea = 64 * tileLen
)

// factors is the update of a parameter [matrices rows cols] in W.
type factors[W float32 | float64] struct {
	ops.ApplyAdafactorOp
	factorKernels[W]
	matrices, rows, cols int
	height, width        int // of a block
	down, across         int // blocks of a matrix

	gated, held                bool
	dtype                      tensor.DType // of W
	w, r, c, v, g              backend.Buf
	rho, keep, rest, decay     W
	rowSums, colSums           []W // [matrices across rows], [matrices down cols]
	row, rowRoot, col, colRoot []W // r/mean(r) and c, and 1 by their roots
	ww, uu                     []float64
	rate                       W
}

// factorKernels are the functions of factors on rows of n elements, which follow each
// other.
type factorKernels[W float32 | float64] struct {
	sumSq func(x []W) float64
	// dst[r] = Σ x², cols += x²
	sums func(dst, x, cols []W, rows, n int)
	// dst[r] = Σ (x·by)²
	norms func(dst, x, by []W, rows, n int)
	step  func(w, v, by, c, g []W, rate, part, decay W)
}

var factors32 = factorKernels[float32]{
	sumSq: func(x []float32) float64 { return float64(kern.SumSq(x)) },
	sums:  kern.SumSqBoth,
	norms: kern.MulSqRows,
	step:  kern.FactorStep,
}

var factors64 = factorKernels[float64]{
	sumSq: sumSq,
	sums: func(dst, x, cols []float64, rows, n int) {
		for r := range rows {
			dst[r] = 0
			for i, v := range x[r*n:][:n] {
				dst[r] += v * v
				cols[i] += v * v
			}
		}
	},
	norms: func(dst, x, by []float64, rows, n int) {
		for r := range rows {
			dst[r] = 0
			for i, v := range x[r*n:][:n] {
				v *= by[i]
				dst[r] += v * v
			}
		}
	},
	step: kern.FactorStepLoop[float64],
}

func newFactors[W float32 | float64](op ops.ApplyAdafactorOp, gated bool, w tensor.Spec, by factorKernels[W]) *factors[W] {
	u := &factors[W]{ApplyAdafactorOp: op, factorKernels: by, gated: gated, dtype: dtypeOf[W]()}
	last := w.Rank() - 1
	u.matrices, u.rows, u.cols = w.Shape.To(last-1).Size(), w.Shape.At(last-1), w.Shape.At(last)
	u.width = max(1, min(u.cols, factorCols))
	u.height = max(1, min(u.rows, max(factorRows, factorArea/u.width)))
	u.down, u.across = (u.rows+u.height-1)/u.height, (u.cols+u.width-1)/u.width
	u.rowSums, u.colSums = make([]W, u.matrices*u.across*u.rows), make([]W, u.matrices*u.down*u.cols)
	u.row, u.rowRoot = make([]W, u.matrices*u.rows), make([]W, u.matrices*u.rows)
	u.col, u.colRoot = make([]W, u.matrices*u.cols), make([]W, u.matrices*u.cols)
	u.ww, u.uu = make([]float64, u.blocks()), make([]float64, u.blocks())
	return u
}

func (u *factors[W]) blocks() int { return u.matrices * u.down * u.across }

func (u *factors[W]) begin(out, in []backend.Buf) {
	copyUpdated(out, in)
	u.w, u.r, u.c, u.v, u.g = out[0], out[1], out[2], out[3], in[4]
	for i, x := range []*W{&u.rho, &u.keep, &u.rest, &u.decay} {
		var s [1]W
		loadAs(s[:], in[5+i], 0, 1)
		*x = s[0]
	}
	u.held = u.gated && in[9].Mem[0] == 0
}

func (u *factors[W]) block(pass, i int, w *par.Worker) {
	if u.held {
		return
	}
	m, down, across := i/(u.down*u.across), i/u.across%u.down, i%u.across
	k := factorBlock{row: down * u.height, col: across * u.width}
	k.rows, k.cols = min(u.height, u.rows-k.row), min(u.width, u.cols-k.col)
	k.at = (m*u.rows+k.row)*u.cols + k.col
	mem := scratch[W](w, max(3*k.cols, k.rows+k.cols))
	colRoot := u.colRoot[m*u.cols+k.col:][:k.cols]
	switch pass {
	case 0:
		rows := u.rowSums[(m*u.across+across)*u.rows+k.row:][:k.rows]
		cols := u.colSums[(m*u.down+down)*u.cols+k.col:][:k.cols]
		clear(cols)
		u.ww[i] = 0
		u.eachRow(k, u.g, mem, func(r, count int, g []W) { u.sums(rows[r:], g, cols, count, k.cols) })
		u.eachRow(k, u.w, mem, func(_, _ int, w []W) { u.ww[i] += u.sumSq(w) })
	case 1:
		squares, mem := mem[:k.rows], mem[k.rows:]
		u.eachRow(k, u.g, mem, func(r, count int, g []W) { u.norms(squares[r:], g, colRoot, count, k.cols) })
		u.uu[i] = 0
		for r, root := range u.rowRoot[m*u.rows+k.row:][:k.rows] {
			u.uu[i] += float64(root) * float64(root) * float64(squares[r])
		}
	case 2:
		n, at := k.cols, k.at
		for r := m*u.rows + k.row; r < m*u.rows+k.row+k.rows; r, at = r+1, at+u.cols {
			g, w, v := u.elements(u.g, at, mem[:n]), u.elements(u.w, at, mem[n:2*n]), u.elements(u.v, at, mem[2*n:3*n])
			u.step(w, v, colRoot, u.col[m*u.cols+k.col:][:n], g, u.rate*u.rowRoot[r], u.row[r], u.decay)
			if u.w.DType != u.dtype {
				saveAs(u.w, at, 1, w)
				saveAs(u.v, at, 1, v)
			}
		}
	}
}

// factorBlock is the place of a block in its matrix, and the offset of its elements.
type factorBlock struct{ row, col, rows, cols, at int }

// eachRow calls do with the rows of a block of b, several at a time if they follow each
// other in memory.
func (u *factors[W]) eachRow(k factorBlock, b backend.Buf, mem []W, do func(r, count int, x []W)) {
	if k.cols == u.cols && b.DType == u.dtype {
		for r, at := 0, k.at; r < k.rows; {
			count := min(k.rows-r, max(1, factorCols/k.cols))
			do(r, count, view[W](b.Mem)[at:][:count*k.cols])
			r, at = r+count, at+count*k.cols
		}
		return
	}
	for r := range k.rows {
		do(r, 1, u.elements(b, k.at+r*u.cols, mem[:k.cols]))
	}
}

// elements returns elements of b, in mem if they must be converted.
func (u *factors[W]) elements(b backend.Buf, at int, mem []W) []W {
	if b.DType == u.dtype {
		return view[W](b.Mem)[at:][:len(mem)]
	}
	loadAs(mem, b, at, 1)
	return mem
}

func (u *factors[W]) after(pass int) {
	if u.held {
		return
	}
	switch pass {
	case 0:
		for m := range u.matrices {
			u.means(u.r, u.row, u.rowSums, m, u.rows, u.across, u.cols)
			u.means(u.c, u.col, u.colSums, m, u.cols, u.down, u.rows)
			row, mean := u.row[m*u.rows:][:u.rows], 0.0
			for _, r := range row {
				mean += float64(r)
			}
			mean /= float64(u.rows)
			for i := range row {
				row[i] /= W(mean)
			}
		}
		inverseRoots(u.rowRoot, u.row)
		inverseRoots(u.colRoot, u.col)
	case 1:
		var ww, uu float64
		for i, x := range u.uu {
			ww, uu = ww+u.ww[i], uu+x
		}
		u.rate = u.rho * W(u.Rate(ww, uu, u.matrices*u.rows*u.cols, float64(u.decay)))
	case 2:
		u.w, u.r, u.c, u.v, u.g = backend.Buf{}, backend.Buf{}, backend.Buf{}, backend.Buf{}, backend.Buf{}
	}
}

// means updates the means of matrix m over rows or columns, n of them, from sums in parts
// of count elements in all.
func (u *factors[W]) means(of backend.Buf, to, sums []W, m, n, parts, count int) {
	to, sums = to[m*n:][:n], sums[m*parts*n:]
	loadAs(to, of, m*n, 1)
	for i := range to {
		sum := sums[i]
		for p := 1; p < parts; p++ {
			sum += sums[p*n+i]
		}
		to[i] = W(u.keep*to[i]) + W(u.rest*(sum/W(count)+W(u.Eps1)))
	}
	saveAs(of, m*n, 1, to)
	loadAs(to, of, m*n, 1) // as rounded
}

func inverseRoots[W float32 | float64](dst, x []W) {
	for i, v := range x {
		dst[i] = W(1 / math.Sqrt(float64(v)))
	}
}
