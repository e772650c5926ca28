package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	registerStrided(func(_ ops.ReshapeOp, out, in []layout) backend.Kernel {
		if in[0].gaps() {
			return nil
		}
		in[0].strides = out[0].Shape.Strides() // plans ask for it where a view is not possible
		return newMoves(out[0].DType).add(0, out[0].Shape, in[0].strides, 0, out[0].strides, 0)
	})
	registerStrided(func(op ops.TransposeOp, out, in []layout) backend.Kernel {
		steps := out[0].Shape
		for i, p := range op.Perm.Slice() {
			steps = steps.With(i, in[0].strides.At(p))
		}
		return newMoves(out[0].DType).add(0, out[0].Shape, steps, 0, out[0].strides, 0)
	})
	registerStrided(func(op ops.SliceOp, out, in []layout) backend.Kernel {
		at, steps := part(in[0].strides, op.Start, op.Step)
		return newMoves(out[0].DType).add(0, out[0].Shape, steps, at, out[0].strides, 0)
	})
	registerStrided(func(op ops.SliceGradOp, out, in []layout) backend.Kernel {
		if out[0].gaps() {
			return nil
		}
		at, steps := part(out[0].strides, op.Start, op.Step)
		return newMoves(out[0].DType).over(0).add(0, in[0].Shape, in[0].strides, 0, steps, at)
	})
	registerStrided(func(op ops.PadOp, out, in []layout) backend.Kernel {
		if out[0].gaps() {
			return nil
		}
		ones := op.Before
		for i := range ones.Rank() {
			ones = ones.With(i, 1)
		}
		at, steps := part(out[0].strides, op.Before, ones)
		return newMoves(out[0].DType).over(op.Value).add(0, in[0].Shape, in[0].strides, 0, steps, at)
	})
	registerStrided(func(_ ops.BroadcastOp, out, in []layout) backend.Kernel {
		shape := out[0].Shape
		return newMoves(out[0].DType).add(0, shape, in[0].broadcast(shape), 0, out[0].strides, 0)
	})
	registerStrided(func(op ops.ConcatOp, out, in []layout) backend.Kernel {
		m, to, at := newMoves(out[0].DType), out[0].strides, 0
		for i, l := range in {
			m.add(i, l.Shape, l.strides, 0, to, at)
			at += l.Shape.At(op.Axis) * to.At(op.Axis)
		}
		return m
	})
	registerStrided(func(op ops.SplitOp, out, in []layout) backend.Kernel {
		m, from, at := newMoves(in[0].DType), in[0].strides, 0
		for i, l := range out {
			m.into(i).add(0, l.Shape, from, at, l.strides, 0)
			at += l.Shape.At(op.Axis) * from.At(op.Axis)
		}
		return m
	})
	register(func(op ops.FullOp, out, _ []tensor.Spec) backend.Kernel {
		return newMoves(out[0].DType).over(op.Value())
	})
}

// part returns where a slice begins in a tensor of some strides, and its own.
func part(strides, start, step tensor.Dims) (at int, steps tensor.Dims) {
	steps = strides
	for i := range strides.Rank() {
		at += start.At(i) * steps.At(i)
		steps = steps.With(i, steps.At(i)*step.At(i))
	}
	return at, steps
}

// moves is the kernel of operations that copy elements to other places, whatever their
// dtype.
type moves struct {
	dtype  tensor.DType
	ground []byte // the element that the result is filled with first, or nil
	result int    // that moves are added to
	list   []move
	pieces []movePiece
	out    []backend.Buf
	in     []backend.Buf
	self   par.Worker
}

// move copies elements between two strided tensors of one shape.
type move struct {
	input        int
	result       int
	dims         []int
	from, to     []int // strides of the source and of the result
	atFrom, atTo int   // first elements
	transposes   bool  // the last two axes are exchanged: see copyBlocks
}

// movePiece is a move of [lo,hi) along its first axis.
type movePiece struct{ move, lo, hi int }

func newMoves(dt tensor.DType) *moves { return &moves{dtype: dt} }

// over fills the result with v before anything is moved.
func (k *moves) over(v float64) *moves {
	b := backend.Buf{Spec: tensor.S(k.dtype), Mem: make([]byte, k.dtype.Size())}
	saveAs(b, 0, 1, []float64{v})
	k.ground = b.Mem
	return k
}

// into lets the moves that are added next go to another result than the first.
func (k *moves) into(result int) *moves {
	k.result = result
	return k
}

// add moves a tensor of a shape, between places given by strides and first elements.
func (k *moves) add(input int, shape, from tensor.Dims, atFrom int, to tensor.Dims, atTo int) *moves {
	size := shape.Size()
	if size == 0 {
		return k
	}
	m := move{input: input, result: k.result, atFrom: atFrom, atTo: atTo}
	for i := range shape.Rank() {
		d, f, t := shape.At(i), from.At(i), to.At(i)
		if n := len(m.dims); n > 0 && d > 1 && m.from[n-1] == f*d && m.to[n-1] == t*d {
			m.dims[n-1], m.from[n-1], m.to[n-1] = m.dims[n-1]*d, f, t
		} else if d > 1 {
			m.dims, m.from, m.to = append(m.dims, d), append(m.from, f), append(m.to, t)
		}
	}
	if m.dims == nil {
		m.dims, m.from, m.to = []int{1}, []int{1}, []int{1}
	}
	m.findTransposition()
	rows := max(1, pieceLen*m.dims[0]/size)
	if m.transposes && len(m.dims) == 2 {
		rows = (rows + square - 1) / square * square
	}
	for lo := 0; lo < m.dims[0]; lo += rows {
		k.pieces = append(k.pieces, movePiece{len(k.list), lo, min(lo+rows, m.dims[0])})
	}
	k.list = append(k.list, m)
	return k
}

// findTransposition moves the axis along which the source is contiguous to the place
// before the last one, if the result is contiguous along the last and the two axes
// differ.
func (m *move) findTransposition() {
	last := len(m.dims) - 1
	if m.to[last] != 1 || m.from[last] == 1 || m.from[last] == 0 {
		return
	}
	for i := range last {
		if m.from[i] != 1 {
			continue
		}
		for _, v := range [][]int{m.dims, m.from, m.to} {
			x := v[i]
			copy(v[i:last-1], v[i+1:last])
			v[last-1] = x
		}
		m.transposes = true
		return
	}
}

// Run implements backend.Kernel.
func (k *moves) Run(out, in []backend.Buf) {
	k.out, k.in = out, in
	if k.ground != nil {
		fillBytes(out[0].Mem, k.ground)
	}
	do(len(k.pieces), k, &k.self)
	k.out, k.in = nil, nil
}

// Piece implements par.Task.
func (k *moves) Piece(i int, _ *par.Worker) {
	p := k.pieces[i]
	m := &k.list[p.move]
	dst, src := k.out[m.result].Mem, k.in[m.input].Mem
	switch k.dtype.Size() {
	case 1:
		copyStrided(m, dst, src, p)
	case 2:
		copyStrided(m, view[uint16](dst), view[uint16](src), p)
	case 4:
		copyStrided(m, view[uint32](dst), view[uint32](src), p)
	default:
		copyStrided(m, view[uint64](dst), view[uint64](src), p)
	}
}

func copyStrided[T any](m *move, dst, src []T, p movePiece) {
	copyAxis(m, 0, p.lo, p.hi, dst, m.atTo, src, m.atFrom)
}

// copyAxis copies [lo,hi) of an axis and the axes behind it.
func copyAxis[T any](m *move, axis, lo, hi int, dst []T, d int, src []T, s int) {
	f, t := m.from[axis], m.to[axis]
	s, d = s+lo*f, d+lo*t
	left := len(m.dims) - axis
	switch {
	case m.transposes && left == 2:
		copyBlocks(dst, d, src, s, hi-lo, t, m.dims[axis+1], m.from[axis+1])
	case left > 1:
		for range hi - lo {
			copyAxis(m, axis+1, 0, m.dims[axis+1], dst, d, src, s)
			s, d = s+f, d+t
		}
	case t == 1 && f == 1:
		copy(dst[d:][:hi-lo], src[s:])
	case t == 1 && f == 0:
		fill(dst[d:][:hi-lo], src[s])
	default:
		for range hi - lo {
			dst[d] = src[s]
			s, d = s+f, d+t
		}
	}
}

// square is the edge of the blocks in which matrices are transposed.
const square = 16

// copyBlocks transposes: element j of row i of dst, from d on, rows being ld apart, is
// element i of row j of src, from s on, rows being lds apart.
func copyBlocks[T any](dst []T, d int, src []T, s, rows, ld, cols, lds int) {
	for i0 := 0; i0 < rows; i0 += square {
		for j0 := 0; j0 < cols; j0 += square {
			m, n := min(square, rows-i0), min(square, cols-j0)
			to, from := d+i0*ld+j0, s+j0*lds+i0
			if m == square && n == square {
				copySquare(dst[to:], ld, src, from, lds)
				continue
			}
			for i := range m {
				for j := range n {
					dst[to+i*ld+j] = src[from+j*lds+i]
				}
			}
		}
	}
}

// copySquare transposes one block through a copy, so that each cache line is touched
// once, whatever the distances of the rows.
func copySquare[T any](dst []T, ld int, src []T, from, lds int) {
	var rows [square][square]T
	for j := range rows {
		rows[j] = [square]T(src[from+j*lds:][:square])
	}
	for i := range square {
		row := (*[square]T)(dst[i*ld:])
		for j := range row {
			row[j] = rows[j][i]
		}
	}
}

// fillBytes fills mem with an element again and again.
func fillBytes(mem, element []byte) {
	for n := copy(mem, element); n < len(mem); n *= 2 {
		copy(mem[n:], mem[:n])
	}
}
