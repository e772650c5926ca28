package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/tensor"
)

// lines is the kernel of an operation on the lines of elements along an axis that
// do not depend on each other. Blocks of lines come to f as rows of W: in place
// where they lie so in memory, else through scratch memory.
type lines[W work] struct {
	f       func(b block[W])
	count   int // lines
	cols    int // elements of a line
	inner   int // from one element of a line to the next
	piece   int // lines in a block
	in      []role
	result  role
	bufs    [4]backend.Buf // three inputs and a result that f sees as W
	out, at []backend.Buf
	self    par.Worker
}

// role is what an input or the first result is to lines.
type role uint8

const (
	unread  role = iota // f looks after it
	whole               // it has the lines
	perLine             // it has one element for each line
)

// block is some lines, as rows.
type block[W work] struct {
	lo, rows, cols int
	x              [3][]W // inputs: the rows, or one element for each row
	y              []W    // the first result
	out, in        []backend.Buf
	w              *par.Worker // Extra is free
}

// newLines returns the kernel of f along an axis of x, for inputs and a first result
// of these roles.
func newLines[W work](x tensor.Spec, axis int, in []role, result role, f func(b block[W])) *lines[W] {
	k := &lines[W]{f: f, in: in, result: result}
	k.cols, k.inner = x.Shape.At(axis), x.Shape.From(axis+1).Size()
	k.count = x.Shape.To(axis).Size() * k.inner
	k.piece = max(1, pieceLen/max(1, k.cols))
	return k
}

// Run implements backend.Kernel.
func (k *lines[W]) Run(out, in []backend.Buf) {
	k.out, k.at = out, in
	for i, r := range k.in {
		if r != unread {
			k.bufs[i] = in[i]
		}
	}
	k.bufs[3] = out[0]
	do((k.count+k.piece-1)/k.piece, k, &k.self)
	clear(k.bufs[:])
	k.out, k.at = nil, nil
}

// Piece implements par.Task.
func (k *lines[W]) Piece(i int, w *par.Worker) {
	b := block[W]{lo: i * k.piece, cols: k.cols, out: k.out, in: k.at, w: w}
	b.rows = min(k.piece, k.count-b.lo)
	var need [4]bool
	size := 0
	roleOf := func(v int) role {
		if v == 3 {
			return k.result
		}
		return k.in[v]
	}
	for v := range 4 {
		if v < 3 && v >= len(k.in) || roleOf(v) == unread {
			continue
		}
		if need[v] = !k.inPlace(k.bufs[v], roleOf(v)); need[v] {
			size += b.length(roleOf(v))
		}
	}
	mem := scratch[W](w, size)
	for v := range 4 {
		if v < 3 && v >= len(k.in) || roleOf(v) == unread {
			continue
		}
		r := roleOf(v)
		n := b.length(r)
		var rows []W
		if need[v] {
			rows, mem = mem[:n], mem[n:]
			if v < 3 {
				k.move(rows, k.bufs[v], r, b, loadAs[W])
			}
		} else {
			rows = view[W](k.bufs[v].Mem)[b.first(r):][:n]
		}
		if v < 3 {
			b.x[v] = rows
		} else {
			b.y = rows
		}
	}
	k.f(b)
	if need[3] {
		k.move(b.y, k.bufs[3], k.result, b, saveRow[W])
	}
}

// inPlace reports whether a block of b lies in memory as rows of W.
func (k *lines[W]) inPlace(b backend.Buf, r role) bool {
	return b.DType == dtypeOf[W]() && (r == perLine || k.inner == 1)
}

// length returns how many elements of a value the block has.
func (b *block[W]) length(r role) int {
	if r == perLine {
		return b.rows
	}
	return b.rows * b.cols
}

// first returns the first element of the block, of a value that lies in rows.
func (b *block[W]) first(r role) int {
	if r == perLine {
		return b.lo
	}
	return b.lo * b.cols
}

// move moves a block of buf to or from rows.
func (k *lines[W]) move(rows []W, buf backend.Buf, r role, b block[W], line func(row []W, buf backend.Buf, at, step int)) {
	if r == perLine || k.inner == 1 {
		line(rows, buf, b.first(r), 1)
		return
	}
	for i := range b.rows {
		l := b.lo + i
		line(rows[i*k.cols:][:k.cols], buf, l/k.inner*k.cols*k.inner+l%k.inner, k.inner)
	}
}

// saveRow is saveAs with loadAs's order of arguments.
func saveRow[W work](row []W, b backend.Buf, at, step int) { saveAs(b, at, step, row) }

// dtypeOf returns the dtype of W.
func dtypeOf[W work]() tensor.DType {
	var w W
	switch any(w).(type) {
	case int64:
		return tensor.Int64
	case uint64:
		return tensor.Uint64
	case float32:
		return tensor.Float32
	}
	return tensor.Float64
}
