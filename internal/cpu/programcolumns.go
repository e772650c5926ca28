package cpu

import (
	"math"
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Reductions along the first axes: each piece of the elements is folded by itself, as
// rows of lanes, which are one or more rows of columns, in float32; its lanes then become
// one number a column, and at the end the pieces are folded, in float64, always in the
// same order. Instructions on the results follow, once.
//
// Maxima and minima take whole tiles as rows of lanes, sums and moments rows of few lanes, which
// stay in registers along the rows of a tile.

const (
	leastLanes = 1024    // of a maximum or minimum, if columns are fewer
	fewLanes   = 32      // of sums and moments, likewise
	leastRows  = 64      // of a piece
	mostPieces = 256     // whose folds are kept
	mostParts  = 1 << 16 // columns of all pieces together
)

// columns is the reductions of a program along columns.
type columns struct {
	cols  int
	lanes int // elements that the lanes of all folds take
	folds []*columnFold
	rows  []float64 // of each piece
}

// columnFold is one reduction.
type columnFold struct {
	fold
	*columns
	x          ref         // the elements
	width      int         // lanes: rows of columns side by side
	at         int         // where its lanes begin
	parts      [][]float32 // of each piece: numbers for each column
	total, far []float64   // of all pieces; far is of moments
}

func newColumns(cols int) *columns { return &columns{cols: cols} }

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
		l.emitAll(accumulate{columnFold: of}, false, 0, x)
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
		least := fewLanes
		if f.fold == greatestOf || f.fold == leastOf {
			least = leastLanes
		}
		f.width = max(1, least/c.cols) * c.cols
		f.at = c.lanes
		c.lanes += f.width * f.numbers()
		f.total = make([]float64, c.cols)
		if f.fold == momentsOf {
			f.far = make([]float64, c.cols)
		}
		for range c.rows {
			f.parts = append(f.parts, make([]float32, c.cols*f.numbers()))
		}
	}
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
	return f.tiles[f.slots*f.slotLen()+c.at+n*c.width:][:c.width:c.width]
}

// accumulate folds tiles into lanes.
type accumulate struct{ *columnFold }

func (o accumulate) run(f frame, c *instr, at, n int) {
	x, acc := f.f32(c.args[0], at, n), f.lanesOf(o.columnFold, 0)
	if f.first {
		o.begin(f, x)
	}
	o.eachRow(n, func(at, rows, cols int) {
		switch o.fold {
		case momentsOf:
			kern.ColumnMoments(acc, f.lanesOf(o.columnFold, 1), f.lanesOf(o.columnFold, 2), x[at:], rows, cols, cols)
		case sumOf, meanOf:
			kern.ColumnSum(acc, x[at:], rows, cols, cols)
		default:
			for r := range rows {
				o.join(acc[:cols], x[at+r*cols:][:cols])
			}
		}
	})
}

// eachRow calls f with the rows of lanes of n elements, from element at on, and with the elements
// behind them, which are fewer than lanes.
func (c *columnFold) eachRow(n int, f func(at, rows, cols int)) {
	rows := n / c.width
	f(0, rows, c.width)
	if at := rows * c.width; at < n {
		f(at, 1, n-at)
	}
}

// products is a sum, and one of the same elements times distances of others.
type products struct{ sum, dot *columnFold }

func (o products) run(f frame, c *instr, at, n int) {
	dy, x, shift := f.f32(c.args[0], at, n), f.f32(c.args[1], at, n), f.f32(c.args[2], at, n)
	dot, sum := f.lanesOf(o.dot, 0), f.lanesOf(o.sum, 0)
	if f.first {
		clear(dot)
		clear(sum)
	}
	o.dot.eachRow(n, func(at, rows, cols int) {
		kern.ColumnProducts(sum, dot, shift, dy[at:], x[at:], rows, cols, cols)
	})
}

// foldProducts makes one instruction of a sum, and of the sum of the same elements times distances
// from what is the same for all rows, as batch normalization's gradient has them.
func (l *lowering) foldProducts() *lowering {
	if l.columns == nil {
		return l
	}
	uses, by := make([]int, len(l.refs)), make([]int, len(l.refs))
	for i, c := range l.code {
		for _, x := range c.args {
			uses[x]++
		}
		for _, x := range c.dst {
			by[x] = i + 1
		}
	}
	for _, x := range l.results {
		uses[x]++
	}
	// only returns the instruction of a function that makes x for one reader, or nil.
	only := func(x ref, f kern.LinkFunc) *lowered {
		if uses[x] != 1 || by[x] == 0 {
			return nil
		}
		c := &l.code[by[x]-1]
		if m, ok := c.op.(mapFloats); !ok || c.row || !m.linked || m.links[0] != f {
			return nil
		}
		return c
	}
	gone := make([]bool, len(l.code))
	for i := range l.code {
		c := &l.code[i]
		acc, ok := c.op.(accumulate)
		if !ok || acc.fold != sumOf {
			continue
		}
		times := only(c.args[0], kern.LinkMul)
		if times == nil {
			continue
		}
		for side := range 2 {
			from, dy := only(times.args[side], kern.LinkSub), times.args[1-side]
			if from == nil || !l.sameRows(from.args[1]) {
				continue
			}
			j := slices.IndexFunc(l.code, func(s lowered) bool {
				sum, ok := s.op.(accumulate)
				return ok && sum.fold == sumOf && s.args[0] == dy
			})
			if j < 0 || gone[j] {
				continue
			}
			gone[j], gone[by[c.args[0]]-1], gone[by[times.args[side]]-1] = true, true, true
			*c = lowered{op: products{l.code[j].op.(accumulate).columnFold, acc.columnFold}, args: []ref{dy, from.args[0], from.args[1]}}
			break
		}
	}
	code := l.code[:0]
	for i, c := range l.code {
		if !gone[i] {
			code = append(code, c)
		}
	}
	l.code = code
	return l
}

// sameRows reports whether x is loaded, and the same for all rows.
func (l *lowering) sameRows(x ref) bool {
	return slices.ContainsFunc(l.loads, func(d load) bool { return ref(d.slot) == x && !d.row && !d.half && l.cols%d.period == 0 })
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
		clear(lanes)
		clear(f.lanesOf(c, 1))
		kern.SumCols(shift[:c.cols], x, len(x)/c.cols, c.cols, c.cols)
		kern.DivScalar(shift[:c.cols], shift[:c.cols], float32(len(x)/c.cols))
		for j, v := range shift[:c.cols] {
			if v-v != 0 {
				shift[j] = 0 // infinite elements have no distance from infinity
			}
		}
		repeatRows(shift, c.cols)
	default:
		clear(lanes)
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
