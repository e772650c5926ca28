package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/tensor"
)

// lines is the kernel of an operation on the lines of elements along an axis that do not
// depend on each other. f gets blocks of lines as rows of W: in place where they lie so
// in memory, else through scratch memory.
type lines[W work] struct {
	f      func(b block[W])
	count  int     // lines
	cols   int     // elements of a line
	inner  int     // from one element of a line to the next
	piece  int     // lines that one thread takes at a time
	most   int     // lines in a block
	roles  [4]role // of three inputs and of the first result
	values [4]backend.Buf
	out    []backend.Buf
	in     []backend.Buf
	self   par.Worker
}

// role tells how lines reads an input or writes the first result.
type role uint8

const (
	unread  role = iota // f reads it itself
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
	k := &lines[W]{f: f}
	copy(k.roles[:3], in)
	k.roles[3] = result
	k.cols, k.inner = x.Shape.At(axis), x.Shape.From(axis+1).Size()
	k.count = x.Shape.To(axis).Size() * k.inner
	k.piece = max(1, pieceLen/max(1, k.cols))
	if k.inner > 1 {
		k.piece = max(square, k.piece)
	}
	k.most = k.piece
	if k.inner == 1 && x.DType != dtypeOf[W]() { // converted elements stay in the first cache
		k.most = max(1, 2*tileLen/max(1, k.cols))
	}
	return k
}

// Run implements backend.Kernel.
func (k *lines[W]) Run(out, in []backend.Buf) {
	k.out, k.in = out, in
	copy(k.values[:3], in)
	k.values[3] = out[0]
	do((k.count+k.piece-1)/k.piece, k, &k.self)
	clear(k.values[:])
	k.out, k.in = nil, nil
}

// Piece implements par.Task.
func (k *lines[W]) Piece(i int, w *par.Worker) {
	end := min((i+1)*k.piece, k.count)
	for lo := i * k.piece; lo < end; lo += k.most {
		k.block(lo, min(k.most, end-lo), w)
	}
}

// block does rows lines from lo on.
func (k *lines[W]) block(lo, rows int, w *par.Worker) {
	b := block[W]{lo: lo, rows: rows, cols: k.cols, out: k.out, in: k.in, w: w}
	size := 0
	for v, r := range k.roles {
		if !k.inPlace(v) {
			size += b.length(r)
		}
	}
	if k.inner > 1 {
		size += b.rows * b.cols // for columns that are copied
	}
	mem := scratch[W](w, size)
	for v, r := range k.roles {
		n := b.length(r)
		var rows []W
		if k.inPlace(v) {
			rows = view[W](k.values[v].Mem)[b.first(r):][:n]
		} else {
			rows, mem = mem[:n], mem[n:]
		}
		if v < 3 {
			b.x[v] = rows
		} else {
			b.y = rows
		}
	}
	for v, r := range k.roles[:3] {
		if !k.inPlace(v) {
			k.load(&b, b.x[v], k.values[v], r, mem)
		}
	}
	k.f(b)
	if !k.inPlace(3) {
		k.save(&b, k.values[3], b.y, k.roles[3], mem)
	}
}

// inPlace reports whether the blocks of a value lie in memory as rows of W.
func (k *lines[W]) inPlace(v int) bool {
	return k.roles[v] == unread || k.values[v].DType == dtypeOf[W]() && (k.roles[v] == perLine || k.inner == 1)
}

// length returns how many elements of a value the block has.
func (b *block[W]) length(r role) int {
	switch r {
	case whole:
		return b.rows * b.cols
	case perLine:
		return b.rows
	}
	return 0
}

// first returns the first element of the block, of a value that lies in rows.
func (b *block[W]) first(r role) int {
	switch r {
	case whole:
		return b.lo * b.cols
	case perLine:
		return b.lo
	}
	return 0
}

// load sets rows to the block of a value. Mem is for columns.
func (k *lines[W]) load(b *block[W], rows []W, from backend.Buf, r role, mem []W) {
	if r == perLine || k.inner == 1 {
		loadAs(rows, from, b.first(r), 1)
		return
	}
	for i := 0; i < b.rows; {
		at, n := k.run(b, i)
		for c := range k.cols {
			loadAs(mem[c*n:][:n], from, at+c*k.inner, 1)
		}
		copyBlocks(rows, i*k.cols, mem, 0, n, k.cols, k.cols, n)
		i += n
	}
}

// save sets the block of a value to rows.
func (k *lines[W]) save(b *block[W], to backend.Buf, rows []W, r role, mem []W) {
	if r == perLine || k.inner == 1 {
		saveAs(to, b.first(r), 1, rows)
		return
	}
	for i := 0; i < b.rows; {
		at, n := k.run(b, i)
		copyBlocks(mem, 0, rows, i*k.cols, k.cols, n, n, k.cols)
		for c := range k.cols {
			saveAs(to, at+c*k.inner, 1, mem[c*n:][:n])
		}
		i += n
	}
}

// run returns where line i of a block begins, and how many from it on lie side by
// side.
func (k *lines[W]) run(b *block[W], i int) (at, n int) {
	l := b.lo + i
	return l/k.inner*k.cols*k.inner + l%k.inner, min(b.rows-i, k.inner-l%k.inner)
}

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
