package cpu

import (
	"math"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Reductions along the first axes: each piece of the elements is folded by itself, in
// float32, as rows of lanes, which are one or more rows of columns; its lanes then become
// one number a column, in float64, and at the end the pieces are folded, always in the
// same order. What is computed from the results follows, once.

const (
	leastLanes = 1024 // a fold's, if columns are fewer
	mostPieces = 64   // whose folds are kept
)

// columns is the reductions of a program along columns.
type columns struct {
	cols  int
	width int // lanes of a fold: rows of columns side by side
	lanes int // elements that the lanes of all folds take
	folds []*columnFold
	rows  []float64 // of each piece
}

// columnFold is one reduction.
type columnFold struct {
	fold
	*columns
	at int // where its lanes begin
	// parts are of each piece a number for each column; of moments the mean, and the sum
	// of squared distances from it. total and far are those of all pieces, of moments.
	parts, total, far []float64
}

func newColumns(cols int) *columns {
	return &columns{cols: cols, width: max(1, leastLanes/cols) * cols}
}

// foldColumns adds a reduction of x.
func (l *lowering) foldColumns(f fold, outs int, x ref) []ref {
	c := l.columns
	fold := &columnFold{fold: f, columns: c, at: c.lanes}
	c.lanes += c.width
	if f == momentsOf {
		c.lanes += 3 * c.width
	}
	c.folds = append(c.folds, fold)
	l.emitAll(accumulate{fold}, false, 0, x)
	return l.emitAll(combine{fold}, true, outs)
}

// setPieces bounds the number of pieces, and makes room for what they give.
func (c *columns) setPieces(k *program) {
	tiles := (k.size + k.tile - 1) / k.tile
	k.piece = max(k.piece, (tiles+mostPieces-1)/mostPieces*k.tile)
	c.rows = make([]float64, (k.size+k.piece-1)/k.piece)
	for _, f := range c.folds {
		f.parts = make([]float64, len(c.rows)*c.cols*f.numbers())
		if f.fold == momentsOf {
			f.total, f.far = make([]float64, c.cols), make([]float64, c.cols)
		}
	}
}

// numbers returns how many numbers a fold keeps for each column of a piece.
func (f *columnFold) numbers() int {
	if f.fold == momentsOf {
		return 2
	}
	return 1
}

// part returns what a fold keeps of piece i: one of the numbers for each column.
func (f *columnFold) part(i, number int) []float64 {
	return f.parts[(i*f.numbers()+number)*f.cols:][:f.cols]
}

// end keeps what the folds made of piece i.
func (c *columns) end(f frame, i int) {
	c.rows[i] = float64(min(f.piece, f.size-i*f.piece) / c.cols)
	for _, fold := range c.folds {
		fold.end(f, i)
	}
}

// lanesOf returns row n of a fold's lanes.
func (f frame) lanesOf(c *columnFold, n int) []float32 {
	return f.tiles[f.slots*f.slotLen()+c.at+n*c.width:][:c.width]
}

// accumulate folds tiles into lanes.
type accumulate struct{ *columnFold }

func (o accumulate) run(f frame, c *instr, at, n int) {
	x, acc := f.f32(c.args[0], at, n), f.lanesOf(o.columnFold, 0)
	if f.first {
		o.begin(f, x)
	}
	if o.fold == momentsOf {
		o.moments(f, x)
		return
	}
	for len(x) > 0 {
		n := min(len(x), len(acc))
		switch o.fold {
		case greatestOf:
			kern.Max(acc[:n], acc[:n], x[:n])
		case leastOf:
			kern.Min(acc[:n], acc[:n], x[:n])
		default:
			kern.Add(acc[:n], acc[:n], x[:n])
		}
		x = x[n:]
	}
}

// begin sets the lanes to those of no elements. Moments are taken from sums of distances
// from a shift and of their squares: the shift is the mean of the first tile, which is
// near the mean of the piece, or is far from it because the elements are far from each
// other.
func (c *columnFold) begin(f frame, x []float32) {
	lanes := f.lanesOf(c, 0)
	switch c.fold {
	case greatestOf:
		kern.Fill(lanes, float32(math.Inf(-1)))
	case leastOf:
		kern.Fill(lanes, float32(math.Inf(1)))
	case momentsOf:
		shift := f.lanesOf(c, 2)
		kern.Fill(lanes, 0)
		kern.Fill(f.lanesOf(c, 1), 0)
		kern.Fill(shift, 0)
		for rest := x; len(rest) > 0; {
			n := min(len(rest), len(shift))
			kern.Add(shift[:n], shift[:n], rest[:n])
			rest = rest[n:]
		}
		rows := float64(len(x) / c.cols)
		for j := range c.cols {
			var sum float64
			for i := j; i < c.width; i += c.cols {
				sum += float64(shift[i])
			}
			if shift[j] = float32(sum / rows); math.IsNaN(sum - sum) {
				shift[j] = 0 // infinite elements have no distance from infinity
			}
		}
		repeatRows(shift, c.cols)
	default:
		kern.Fill(lanes, 0)
	}
}

// moments adds the distances of x from the shift, and their squares.
func (c *columnFold) moments(f frame, x []float32) {
	sum, squares, shift, far := f.lanesOf(c, 0), f.lanesOf(c, 1), f.lanesOf(c, 2), f.lanesOf(c, 3)
	for len(x) > 0 {
		n := min(len(x), c.width)
		kern.Sub(far[:n], x[:n], shift[:n])
		kern.Add(sum[:n], sum[:n], far[:n])
		kern.FMAdd(squares[:n], far[:n], far[:n], squares[:n])
		x = x[n:]
	}
}

// end keeps what lanes make of piece i.
func (c *columnFold) end(f frame, i int) {
	lanes, part := f.lanesOf(c, 0), c.part(i, 0)
	for j := range part {
		part[j] = float64(lanes[j])
	}
	for at := c.cols; at < c.width; at += c.cols {
		join(c.fold, part, lanes[at:])
	}
	if c.fold != momentsOf {
		return
	}
	squares, shift, rows := f.lanesOf(c, 1), f.lanesOf(c, 2), c.rows[i]
	for j, sum := range part {
		var sq float64
		for at := j; at < c.width; at += c.cols {
			sq += float64(squares[at])
		}
		part[j] = float64(shift[j]) + sum/rows
		c.part(i, 1)[j] = sq - sum*sum/rows
	}
}

// join folds another number into each of dst.
func join[T float32 | float64](f fold, dst []float64, x []T) {
	switch x = x[:len(dst)]; f {
	case greatestOf:
		for j, v := range x {
			if w := float64(v); w > dst[j] || w != w {
				dst[j] = w
			}
		}
	case leastOf:
		for j, v := range x {
			if w := float64(v); w < dst[j] || w != w {
				dst[j] = w
			}
		}
	default:
		for j, v := range x {
			dst[j] += float64(v)
		}
	}
}

// combine folds the pieces.
type combine struct{ *columnFold }

func (o combine) run(f frame, c *instr, at, n int) {
	dst := f.f32(c.dst[0], at, n)
	count := float64(f.size / o.cols)
	if o.fold == momentsOf {
		o.combineMoments(dst, f.f32(c.dst[1], at, n), count)
		return
	}
	total := o.part(0, 0)
	for i := range o.rows[1:] {
		join(o.fold, total, o.part(i+1, 0))
	}
	if o.fold == meanOf {
		for j := range total {
			total[j] /= count
		}
	}
	for j, v := range total {
		dst[j] = float32(v)
	}
}

// combineMoments joins the moments of pieces, as Chan, Golub and LeVeque 1979 do.
func (c *columnFold) combineMoments(mean, variance []float32, count float64) {
	clear(c.total)
	for i, n := range c.rows {
		for j, m := range c.part(i, 0) {
			c.total[j] += m * n
		}
	}
	for j, m := range c.total {
		c.total[j] = m / count
		mean[j] = float32(c.total[j])
	}
	clear(c.far)
	for i, n := range c.rows {
		means := c.part(i, 0)
		for j, far := range c.part(i, 1) {
			d := means[j] - c.total[j]
			c.far[j] += max(0, far) + d*d*n
		}
	}
	for j, far := range c.far {
		variance[j] = float32(far / count)
	}
}

// finish does what follows the pass: the values of columns.
func (k *program) finish(mem []byte) {
	f := frame{program: k, tiles: backend.Data[float32](backend.Buf{Mem: mem})}
	for i := range k.loads {
		if l := &k.loads[i]; l.row {
			f.load(l, 0, 0, k.cols)
		}
	}
	for i := range k.consts {
		k.consts[i].op.run(f, &k.consts[i], 0, k.cols)
	}
	for i := range k.code {
		if c := &k.code[i]; c.row {
			c.op.run(f, c, 0, k.cols)
		}
	}
	for _, s := range k.stores {
		if s.row {
			f.store(s, 0, k.cols)
		}
	}
}

// fusesColumns reports whether a reduction goes along columns, the first axes, of rows
// that a program can hold whole.
func fusesColumns(r ops.Reducing, in tensor.Spec) bool {
	over := r.Over()
	axes := over.Axes.Rank()
	if in.DType != tensor.Float32 && !isHalf(in.DType) || in.Shape.Size() == 0 || axes == 0 || axes == in.Rank() || over.Axes.At(axes-1) != axes-1 {
		return false
	}
	return !over.KeepDims && in.Shape.From(axes).Size() <= maxRow && foldOf(r) != noFold
}
