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
	k := newReductionOf(r, f, folderFor(f, in.DType), in)
	if in.DType.IsFloat() && in.DType.Size() < 4 {
		k.narrow = make([]float32, k.size)
		k.halves = halfFolder(f, in.DType == tensor.BFloat16)
	}
	return k
}

// folderFor returns the folder of elements of dt, or of float32 for narrower floats.
func folderFor(f fold, dt tensor.DType) folder {
	switch dt {
	case tensor.Int8:
		return plainFolder[int8](f)
	case tensor.Int16:
		return plainFolder[int16](f)
	case tensor.Int32:
		return plainFolder[int32](f)
	case tensor.Int64:
		return plainFolder[int64](f)
	case tensor.Bool, tensor.Uint8:
		return plainFolder[uint8](f)
	case tensor.Uint16:
		return plainFolder[uint16](f)
	case tensor.Uint32:
		return plainFolder[uint32](f)
	case tensor.Uint64:
		return plainFolder[uint64](f)
	case tensor.Float64:
		return plainFolder[float64](f)
	}
	return vectorFolder(f)
}

// reduction is the kernel of a reduction. Neighbouring axes are reduced together, the
// last first, each group in a stage. A long group is reduced in parts, which another
// stage folds. So every sum has an order that depends on the shape alone.
type reduction struct {
	by     folder
	halves folderOfHalves // of elements that need not be converted first
	stages []stage
	size   int       // of the result
	count  int       // elements for each result
	mean   bool      // the result is divided by count
	narrow []float32 // the result, if it is rounded to a narrower float
	from   backend.Buf
	now    *stage
	self   par.Worker
}

// stage reduces [outer n inner] over n, in pieces of at most pieceLen elements: of
// some outer ones (group), or of one, chunk elements along n and width along inner.
type stage struct {
	outer, n, inner     int
	group, chunk, width int
	parts, blocks       int
	pieces              int
	x, y                []byte // x is nil for elements that are converted
}

func newReductionOf(r ops.Reduction, f fold, by folder, in tensor.Spec) *reduction {
	k := &reduction{by: by, mean: f == meanOf, count: r.Count(in.Shape)}
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
		s.y = make([]byte, s.outer*s.parts*s.inner*by.size)
		k.stages[i+1].x = s.y
	}
	return k
}

func size(dims []int) int { return tensor.D(dims...).Size() }

// addStages adds the stages that reduce [outer n inner] over n.
func (k *reduction) addStages(outer, n, inner int) {
	s := stage{outer: outer, n: n, inner: inner}
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
func (k *reduction) Run(out, in []backend.Buf) {
	if k.size == 0 {
		return
	}
	y := out[0].Mem
	if k.narrow != nil {
		y = view[byte](k.narrow)
	}
	if k.count == 0 {
		k.by.none(y)
	} else {
		k.runStages(y, in[0])
	}
	if k.mean {
		k.by.divide(y, k.count)
	}
	if k.narrow != nil {
		saveAs(out[0], 0, 1, k.narrow)
	}
}

func (k *reduction) runStages(y []byte, in backend.Buf) {
	k.from = in
	if k.narrow == nil {
		k.stages[0].x = in.Mem
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
func (k *reduction) Piece(i int, w *par.Worker) {
	s := k.now
	if s.group > 0 {
		lo, hi := i*s.group, min((i+1)*s.group, s.outer)
		y := s.y[lo*s.inner*k.by.size : hi*s.inner*k.by.size]
		if k.foldHalves(y, lo*s.n*s.inner, hi-lo, s.n, s.inner) {
			return
		}
		x, _ := k.elements(w, lo*s.n*s.inner, (hi-lo)*s.n, s.inner)
		k.fold(y, x, hi-lo, s.n, s.inner, s.inner)
		return
	}
	block, part, o := i%s.blocks, i/s.blocks%s.parts, i/s.blocks/s.parts
	r0, c0 := part*s.chunk, block*s.width
	r1, c1 := min(r0+s.chunk, s.n), min(c0+s.width, s.inner)
	y := s.y[((o*s.parts+part)*s.inner+c0)*k.by.size:][:(c1-c0)*k.by.size]
	if k.foldHalves(y, (o*s.n+r0)*s.inner+c0, 1, r1-r0, c1-c0) {
		return
	}
	x, ld := k.elements(w, (o*s.n+r0)*s.inner+c0, r1-r0, c1-c0)
	k.fold(y, x, 1, r1-r0, c1-c0, ld)
}

// fold reduces [outer n inner] over n, rows of length inner being ld apart.
func (k *reduction) fold(y, x []byte, outer, n, inner, ld int) {
	if inner == 1 {
		k.by.rows(y, x, outer, n, n)
		return
	}
	for o := range outer {
		k.by.cols(y[o*inner*k.by.size:][:inner*k.by.size], x[o*n*ld*k.by.size:], n, inner, ld)
	}
}

// foldHalves is fold of halves from at on, where there is a function for them.
func (k *reduction) foldHalves(y []byte, at, outer, n, inner int) bool {
	s, f := k.now, k.halves
	if s.x != nil || inner == 1 && s.inner > 1 {
		return false
	}
	dst := view[float32](y)
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
func (k *reduction) elements(w *par.Worker, at, rows, cols int) (x []byte, ld int) {
	s := k.now
	if s.x != nil {
		return s.x[at*k.by.size:], s.inner
	}
	wide := scratch[float32](w, rows*cols)
	if cols == s.inner {
		loadAs(wide, k.from, at, 1)
		rows = 0
	}
	for r := range rows {
		loadAs(wide[r*cols:][:cols], k.from, at+r*s.inner, 1)
	}
	return view[byte](wide), cols
}
