package cpu

import (
	"math"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Reductions along the first axes: each piece of the elements is folded by itself, as
// rows of lanes, which are one or more rows of columns, in float32; its lanes then become
// one number a column, and at the end the pieces are folded, in float64, always in the
// same order. Instructions on the results follow, once.

const (
	leastLanes = 1024    // a fold's, if columns are fewer
	leastRows  = 64      // of a piece
	mostPieces = 64      // whose folds are kept
	mostParts  = 1 << 16 // columns of all pieces together
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
	x          ref         // the elements
	at         int         // where its lanes begin
	parts      [][]float32 // of each piece: numbers for each column
	total, far []float64   // of all pieces; far is of moments
}

func newColumns(cols int) *columns {
	return &columns{cols: cols, width: max(1, leastLanes/cols) * cols}
}

// foldColumns adds a reduction of x. Moments have the mean, too.
func (l *lowering) foldColumns(f fold, outs int, x ref) []ref {
	var of *columnFold
	for _, g := range l.columns.folds {
		if g.x == x && (g.fold == f || g.fold == momentsOf && f == meanOf || g.fold == meanOf && f == momentsOf) {
			of = g
		}
	}
	if of == nil {
		of = &columnFold{columns: l.columns, x: x}
		l.columns.folds = append(l.columns.folds, of)
		l.emitAll(accumulate{of}, false, 0, x)
	}
	if of.fold != momentsOf {
		of.fold = f
	}
	return l.emitAll(combine{of, f}, true, outs)
}

// setPieces bounds the number of pieces, and allocates memory for their results.
func (c *columns) setPieces(k *program) {
	most := min(mostPieces, max(4, mostParts/c.cols))
	least := max(k.piece, leastRows*c.cols, (k.size+most-1)/most)
	k.piece = (least + k.tile - 1) / k.tile * k.tile
	c.rows = make([]float64, (k.size+k.piece-1)/k.piece)
	for _, f := range c.folds {
		f.at = c.lanes
		c.lanes += c.width * f.rowsOfLanes()
		f.total = make([]float64, c.cols)
		if f.fold == momentsOf {
			f.far = make([]float64, c.cols)
		}
		for range c.rows {
			f.parts = append(f.parts, make([]float32, c.cols*f.numbers()))
		}
	}
}

// rowsOfLanes returns how many rows of lanes a fold takes: moments take one for each of
// the numbers, and one for the distances of elements.
func (f *columnFold) rowsOfLanes() int {
	if f.fold == momentsOf {
		return 4
	}
	return 1
}

// numbers returns how many numbers a fold keeps for each column of a piece.
func (f *columnFold) numbers() int {
	if f.fold == momentsOf {
		return 3
	}
	return 1
}

// end stores the results of the folds of piece i.
func (c *columns) end(f frame, i int) {
	c.rows[i] = float64(min(f.piece, f.size-i*f.piece) / c.cols)
	for _, fold := range c.folds {
		for n := range fold.numbers() {
			lanes := f.lanesOf(fold, n)
			if n < 2 { // the third number of moments is the shift
				fold.joinLanes(lanes)
			}
			copy(fold.parts[i][n*c.cols:], lanes[:c.cols])
		}
	}
}

// joinLanes folds rows of columns into the first one, as a tree.
func (c *columnFold) joinLanes(lanes []float32) {
	for rows := c.width / c.cols; rows > 1; {
		half := rows / 2
		rows -= half
		c.join(lanes[:half*c.cols], lanes[rows*c.cols:][:half*c.cols])
	}
}

// join folds x into dst.
func (c *columnFold) join(dst, x []float32) {
	switch c.fold {
	case greatestOf:
		kern.Max(dst, dst, x)
	case leastOf:
		kern.Min(dst, dst, x)
	default:
		kern.Add(dst, dst, x)
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
		o.distances(f, x)
		return
	}
	for len(x) > 0 {
		n := min(len(x), len(acc))
		o.join(acc[:n], x[:n])
		x = x[n:]
	}
}

// begin sets the lanes to those of no elements. Moments are taken from sums of distances
// from a shift and of their squares. The shift is the mean of the first tile: it is near
// the mean of the piece compared with the spread of the elements.
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
		c.joinLanes(shift)
		kern.DivScalar(shift[:c.cols], shift[:c.cols], float32(len(x)/c.cols))
		for j, v := range shift[:c.cols] {
			if v-v != 0 {
				shift[j] = 0 // infinite elements have no distance from infinity
			}
		}
		repeatRows(shift, c.cols)
	default:
		kern.Fill(lanes, 0)
	}
}

// distances adds the distances of x from the shift, and their squares.
func (c *columnFold) distances(f frame, x []float32) {
	sum, squares, shift, far := f.lanesOf(c, 0), f.lanesOf(c, 1), f.lanesOf(c, 2), f.lanesOf(c, 3)
	for len(x) > 0 {
		n := min(len(x), c.width)
		kern.Sub(far[:n], x[:n], shift[:n])
		kern.Add(sum[:n], sum[:n], far[:n])
		kern.FMAdd(squares[:n], far[:n], far[:n], squares[:n])
		x = x[n:]
	}
}

// joinPieces folds the pieces of sums and moments.
func (c *columnFold) joinPieces() {
	clear(c.total)
	switch c.fold {
	case momentsOf:
		c.joinMoments()
	case sumOf, meanOf:
		for _, part := range c.parts {
			for j, v := range part {
				c.total[j] += float64(v)
			}
		}
	}
}

// joinMoments joins the moments of pieces, as Chan, Golub and LeVeque 1979 do.
func (c *columnFold) joinMoments() {
	clear(c.far)
	var before float64 // rows
	for i, rows := range c.rows {
		part, all := c.parts[i], before+rows
		sums, squares, shifts := part[:c.cols], part[c.cols:][:c.cols], part[2*c.cols:][:c.cols]
		share, weight := rows/all, before*rows/all
		for j, s := range sums {
			sum := float64(s)
			m := sum / rows
			d := float64(shifts[j]) + m - c.total[j]
			c.total[j] += float64(d * share)
			c.far[j] += max(0, float64(squares[j])-float64(sum*m)) + float64(d*d*weight)
		}
		before = all
	}
}

// combine returns the result of a fold: of moments, it may be the mean alone.
type combine struct {
	*columnFold
	wanted fold
}

func (o combine) run(f frame, c *instr, at, n int) {
	dst := f.f32(c.dst[0], at, n)
	count := float64(f.size / o.cols)
	switch {
	case o.fold == greatestOf || o.fold == leastOf:
		copy(dst, o.parts[0])
		for _, part := range o.parts[1:] {
			o.join(dst, part)
		}
	case o.fold == meanOf:
		for j, v := range o.total {
			dst[j] = float32(v / count)
		}
	default:
		for j, v := range o.total {
			dst[j] = float32(v)
		}
	}
	if o.wanted == momentsOf {
		variance := f.f32(c.dst[1], at, n)
		for j, v := range o.far {
			variance[j] = float32(v / count)
		}
	}
}

// finish computes the values of columns, after the pass.
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
	for _, fold := range k.columns.folds {
		fold.joinPieces()
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
