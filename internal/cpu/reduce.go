package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.ReduceSumOp, out, in []tensor.Spec) backend.Kernel {
		return alone(op, sumOf, out, in)
	})
	register(func(op ops.ReduceMeanOp, out, in []tensor.Spec) backend.Kernel {
		return alone(op, meanOf, out, in)
	})
	register(func(op ops.ReduceProdOp, _, in []tensor.Spec) backend.Kernel {
		return newReduction(op.Reduction, productOf, in[0])
	})
	register(func(op ops.ReduceMaxOp, out, in []tensor.Spec) backend.Kernel {
		return alone(op, greatestOf, out, in)
	})
	register(func(op ops.ReduceMinOp, out, in []tensor.Spec) backend.Kernel {
		return alone(op, leastOf, out, in)
	})
	register(func(op ops.AnyOp, _, in []tensor.Spec) backend.Kernel {
		return newReduction(op.Reduction, greatestOf, in[0])
	})
	register(func(op ops.AllOp, _, in []tensor.Spec) backend.Kernel {
		return newReduction(op.Reduction, leastOf, in[0])
	})
}

// alone returns the kernel of a reduction that is a step by itself. Along columns it is a
// program's, so that the bits are the same as within a program.
func alone(op ops.Reducing, f fold, out, in []tensor.Spec) backend.Kernel {
	if fusesColumns(op, in[0]) {
		return newProgram(backend.ProgramOf(op, out, in), nil)
	}
	return newReduction(op.Over(), f, in[0])
}

// newReduction returns the kernel of a reduction, in the type of its elements or in
// float32 for narrower floats. Truth values are the bytes 0 and 1.
func newReduction(r ops.Reduction, f fold, in tensor.Spec) backend.Kernel {
	switch in.DType {
	case tensor.Int8:
		return newReductionOf(r, f, plainFolder[int8](f), in)
	case tensor.Int16:
		return newReductionOf(r, f, plainFolder[int16](f), in)
	case tensor.Int32:
		return newReductionOf(r, f, plainFolder[int32](f), in)
	case tensor.Int64:
		return newReductionOf(r, f, plainFolder[int64](f), in)
	case tensor.Bool, tensor.Uint8:
		return newReductionOf(r, f, plainFolder[uint8](f), in)
	case tensor.Uint16:
		return newReductionOf(r, f, plainFolder[uint16](f), in)
	case tensor.Uint32:
		return newReductionOf(r, f, plainFolder[uint32](f), in)
	case tensor.Uint64:
		return newReductionOf(r, f, plainFolder[uint64](f), in)
	case tensor.Float64:
		return newReductionOf(r, f, plainFolder[float64](f), in)
	}
	k := newReductionOf(r, f, vectorFolder(f), in)
	if in.DType != tensor.Float32 {
		k.narrow = make([]float32, k.size)
		k.halves = halfFolder(f, in.DType == tensor.BFloat16)
	}
	return k
}

// reduction is the kernel of a reduction. Neighbouring axes are reduced together, the
// last first, each group in a stage. A long group is reduced in parts, which another
// stage folds. So every sum has an order that depends on the shape alone.
type reduction[T number] struct {
	folder[T]
	halves folderOfHalves // of elements that need not be converted first
	stages []stage[T]
	size   int       // of the result
	count  int       // elements for each result
	mean   bool      // the result is divided by count
	narrow []float32 // the result, if it is rounded to a narrower float; T is float32
	from   backend.Buf
	now    *stage[T]
	self   par.Worker
}

// stage reduces [outer n inner] over n, in pieces of at most pieceLen elements: of
// some outer ones (group), or of one, chunk elements along n and width along inner.
type stage[T number] struct {
	outer, n, inner     int
	group, chunk, width int
	parts, blocks       int
	pieces              int
	x, y                []T // x is nil for elements that are converted
}

func newReductionOf[T number](r ops.Reduction, f fold, by folder[T], in tensor.Spec) *reduction[T] {
	k := &reduction[T]{folder: by, mean: f == meanOf, count: r.Count(in.Shape)}
	k.size = r.Result(in.Shape).Size()
	if k.count == 0 || k.size == 0 {
		return k
	}
	dims := in.Shape.Slice()
	for end := len(dims); end > 0; end-- {
		if !r.Axes.Contains(end - 1) {
			continue
		}
		begin := end - 1
		for begin > 0 && r.Axes.Contains(begin-1) {
			begin--
		}
		k.addStages(size(dims[:begin]), size(dims[begin:end]), size(dims[end:]))
		dims = append(dims[:begin:begin], dims[end:]...)
		end = begin + 1
	}
	if len(k.stages) == 0 { // no axes
		k.addStages(k.size, 1, 1)
	}
	for i := range k.stages[:len(k.stages)-1] {
		s := &k.stages[i]
		s.y = make([]T, s.outer*s.parts*s.inner)
		k.stages[i+1].x = s.y
	}
	return k
}

func size(dims []int) int { return tensor.D(dims...).Size() }

// addStages adds the stages that reduce [outer n inner] over n.
func (k *reduction[T]) addStages(outer, n, inner int) {
	s := stage[T]{outer: outer, n: n, inner: inner}
	s.width = min(inner, max(64, pieceLen/n))
	s.chunk = min(n, pieceLen/s.width)
	s.parts = (n + s.chunk - 1) / s.chunk
	s.blocks = (inner + s.width - 1) / s.width
	s.pieces = outer * s.parts * s.blocks
	if s.parts*s.blocks == 1 {
		s.group = max(1, pieceLen/(n*inner))
		s.pieces = (outer + s.group - 1) / s.group
	}
	k.stages = append(k.stages, s)
	if s.parts > 1 {
		k.addStages(outer, s.parts, inner)
	}
}

// Run implements backend.Kernel.
func (k *reduction[T]) Run(out, in []backend.Buf) {
	if k.size == 0 {
		return
	}
	y := view[T](out[0].Mem)
	if k.narrow != nil {
		y = view[T](view[byte](k.narrow))
	}
	if k.count == 0 {
		fill(y, k.none)
	} else {
		k.runStages(y, in[0])
	}
	if k.mean {
		for i := range y {
			y[i] /= T(k.count)
		}
	}
	if k.narrow != nil {
		saveAs(out[0], 0, 1, k.narrow)
	}
}

func (k *reduction[T]) runStages(y []T, in backend.Buf) {
	k.from = in
	if k.narrow == nil {
		k.stages[0].x = view[T](in.Mem)
	}
	last := len(k.stages) - 1
	k.stages[last].y = y
	for i := range k.stages {
		k.now = &k.stages[i]
		do(k.now.pieces, k, &k.self)
	}
	k.stages[0].x, k.stages[last].y, k.from, k.now = nil, nil, backend.Buf{}, nil
}

// Piece implements par.Task.
func (k *reduction[T]) Piece(i int, w *par.Worker) {
	s := k.now
	if s.group > 0 {
		lo, hi := i*s.group, min((i+1)*s.group, s.outer)
		if k.foldHalves(s.y[lo*s.inner:hi*s.inner], lo*s.n*s.inner, hi-lo, s.n, s.inner) {
			return
		}
		x, _ := k.elements(w, lo*s.n*s.inner, (hi-lo)*s.n, s.inner)
		k.fold(s.y[lo*s.inner:hi*s.inner], x, hi-lo, s.n, s.inner, s.inner)
		return
	}
	block, part, o := i%s.blocks, i/s.blocks%s.parts, i/s.blocks/s.parts
	r0, c0 := part*s.chunk, block*s.width
	r1, c1 := min(r0+s.chunk, s.n), min(c0+s.width, s.inner)
	if k.foldHalves(s.y[(o*s.parts+part)*s.inner+c0:][:c1-c0], (o*s.n+r0)*s.inner+c0, 1, r1-r0, c1-c0) {
		return
	}
	x, ld := k.elements(w, (o*s.n+r0)*s.inner+c0, r1-r0, c1-c0)
	k.fold(s.y[(o*s.parts+part)*s.inner+c0:][:c1-c0], x, 1, r1-r0, c1-c0, ld)
}

// fold reduces [outer n inner] over n, rows of length inner being ld apart.
func (k *reduction[T]) fold(y, x []T, outer, n, inner, ld int) {
	if inner == 1 {
		k.rows(y, x, outer, n, n)
		return
	}
	for o := range outer {
		k.cols(y[o*inner:][:inner], x[o*n*ld:], n, inner, ld)
	}
}

// foldHalves is fold of halves from at on, where there is a function for them.
func (k *reduction[T]) foldHalves(y []T, at, outer, n, inner int) bool {
	s, f := k.now, k.halves
	if s.x != nil || inner == 1 && s.inner > 1 {
		return false
	}
	dst := view[float32](view[byte](y))
	switch {
	case inner == 1 && f.rows != nil:
		f.rows(dst, bits16(k.from)[at:], outer, n)
	case inner > 1 && f.cols != nil:
		for o := range outer {
			f.cols(dst[o*inner:][:inner], bits16(k.from)[at+o*n*s.inner:], n, inner, s.inner)
		}
	default:
		return false
	}
	return true
}

// elements returns rows of elements from at on, and how far apart they lie.
func (k *reduction[T]) elements(w *par.Worker, at, rows, cols int) (x []T, ld int) {
	s := k.now
	if s.x != nil {
		return s.x[at:], s.inner
	}
	wide := scratch[float32](w, rows*cols)
	if cols == s.inner {
		loadAs(wide, k.from, at, 1)
		rows = 0
	}
	for r := range rows {
		loadAs(wide[r*cols:][:cols], k.from, at+r*s.inner, 1)
	}
	return view[T](view[byte](wide)), cols
}
