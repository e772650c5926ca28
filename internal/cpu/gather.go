package cpu

import (
	"math"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.GatherOp, _, in []tensor.Spec) backend.Kernel { return newGather(op.Axis, in[0], in[1]) })
	registerHead(func(op ops.GatherOp, _, in []tensor.Spec) head { return newGather(op.Axis, in[0], in[1]) })
	register(func(op ops.GatherAlongOp, _, in []tensor.Spec) backend.Kernel {
		switch in[0].DType.Size() {
		case 1:
			return newGatherAlong[uint8](op.Axis, in[0], in[1])
		case 2:
			return newGatherAlong[uint16](op.Axis, in[0], in[1])
		case 4:
			return newGatherAlong[uint32](op.Axis, in[0], in[1])
		}
		return newGatherAlong[uint64](op.Axis, in[0], in[1])
	})
	register(func(op ops.ScatterAddOp, out, in []tensor.Spec) backend.Kernel {
		s := scatterShape{
			outer: out[0].Shape.To(op.Axis).Size(), n: op.Size, inner: out[0].Shape.From(op.Axis + 1).Size(),
			count: in[0].Shape.Size(), along: false,
		}
		return newScatter(s, out[0])
	})
	register(func(op ops.ScatterAlongOp, out, in []tensor.Spec) backend.Kernel {
		s := scatterShape{
			outer: out[0].Shape.To(op.Axis).Size(), n: op.Size, inner: out[0].Shape.From(op.Axis + 1).Size(),
			count: in[0].Shape.At(op.Axis), along: true,
		}
		return newScatter(s, out[0])
	})
}

// loadIndices sets dst to the indices from at on, step apart, that count on an axis
// of length n: from its end where they are negative, -1 where they lie outside.
func loadIndices(dst []int, b backend.Buf, at, step, n int) {
	var tile [wideTile]int64
	for done := 0; done < len(dst); done += wideTile {
		t := tile[:min(wideTile, len(dst)-done)]
		loadAs(t, b, at+done*step, step)
		for i, v := range t {
			if v < 0 && b.DType != tensor.Uint64 {
				v += int64(n)
			}
			if uint64(v) >= uint64(n) {
				v = -1
			}
			dst[done+i] = int(v)
		}
	}
}

// nothing returns the bytes that an index outside reads: NaN, or 0.
func nothing(dt tensor.DType) []byte {
	b := backend.Buf{Spec: tensor.S(dt), Mem: make([]byte, dt.Size())}
	if dt.IsFloat() {
		saveAs(b, 0, 1, []float64{math.NaN()})
	}
	return b.Mem
}

// gather is the kernel of a Gather: rows of bytes.
type gather struct {
	*spread
	n     int // length of the axis
	row   int // elements that an index takes
	index []int
}

func newGather(axis int, x, idx tensor.Spec) *gather {
	k := &gather{n: x.Shape.At(axis), row: x.Shape.From(axis + 1).Size(), index: make([]int, idx.Shape.Size())}
	row, none := k.row*x.DType.Size(), nothing(x.DType)
	count := x.Shape.To(axis).Size() * len(k.index)
	k.spread = newSpread(count, row, func(out backend.Buf, in []backend.Buf, lo, hi int, _ *par.Worker) {
		for r := lo; r < hi; r++ {
			dst, i := out.Mem[r*row:][:row], k.index[r%len(k.index)]
			if i < 0 {
				fillBytes(dst, none)
			} else {
				copy(dst, in[0].Mem[(r/len(k.index)*k.n+i)*row:])
			}
		}
	})
	return k
}

// attach implements head.
func (k *gather) attach(e *epilogue) { k.then, k.width = e, k.row }

// Run implements backend.Kernel.
func (k *gather) Run(out, in []backend.Buf) {
	loadIndices(k.index, in[1], 0, 1, k.n)
	k.spread.Run(out, in)
}

// newGatherAlong returns the kernel of a GatherAlong; a unit is a row of indices
// along the last axis.
func newGatherAlong[T uint8 | uint16 | uint32 | uint64](axis int, x, idx tensor.Spec) backend.Kernel {
	n, count, inner := x.Shape.At(axis), idx.Shape.At(axis), x.Shape.From(axis+1).Size()
	none := view[T](nothing(x.DType))[0]
	units, length := idx.Shape.To(axis).Size()*count, inner // of [outer count inner]
	if inner == 1 {
		units, length = idx.Shape.To(axis).Size(), count
	}
	return newSpread(units, length, func(out backend.Buf, in []backend.Buf, lo, hi int, w *par.Worker) {
		index := scratch[int](w, length)
		dst, src := view[T](out.Mem), view[T](in[0].Mem)
		for u := lo; u < hi; u++ {
			loadIndices(index, in[1], u*length, 1, n)
			row := dst[u*length:][:length]
			from := u * n // inner == 1
			if inner > 1 {
				from = u / count * n * inner
			}
			for j, i := range index {
				switch {
				case i < 0:
					row[j] = none
				case inner == 1:
					row[j] = src[from+i]
				default:
					row[j] = src[from+i*inner+j]
				}
			}
		}
	})
}

// scatterShape holds the sizes of a scatter: updates [outer count inner] to [outer n
// inner], by indices [count], or [outer count inner] if along.
type scatterShape struct {
	outer, n, inner, count int
	along                  bool
}

// newScatter returns the kernel of a scatter in the type of its elements: float32
// for narrower floats, and for integers an unsigned type of their size, since low
// bits do not depend on signs.
func newScatter(s scatterShape, out tensor.Spec) backend.Kernel {
	switch {
	case out.DType == tensor.Float64:
		return newScatterOf(s, out, addTo[float64])
	case out.DType.IsFloat():
		k := newScatterOf(s, out, func(dst, x []float32) { kern.Add(dst, dst, x) })
		if out.DType != tensor.Float32 {
			k.sums = make([]float32, out.Shape.Size())
			k.updates = make([]float32, s.outer*s.count*s.inner)
		}
		return k
	case out.DType.Size() == 1:
		return newScatterOf(s, out, addTo[uint8])
	case out.DType.Size() == 2:
		return newScatterOf(s, out, addTo[uint16])
	case out.DType.Size() == 4:
		return newScatterOf(s, out, addTo[uint32])
	}
	return newScatterOf(s, out, addTo[uint64])
}

// scatter is the kernel of a scatter. A piece is a range of columns, along inner, of
// one outer part: so every element is summed by one thread, in the order of indices.
type scatter[T number] struct {
	scatterShape
	add           func(dst, x []T)
	index         []int
	width, blocks int       // of the ranges of columns
	sums, updates []float32 // those of narrower floats; T is float32
	x, y          []T
	indices       backend.Buf
	self          par.Worker
}

// leastWidth is the least number of columns of a piece: a cache line or more.
const leastWidth = 64

func newScatterOf[T number](s scatterShape, out tensor.Spec, add func(dst, x []T)) *scatter[T] {
	k := &scatter[T]{scatterShape: s, add: add}
	if !s.along && s.inner > 1 {
		k.index = make([]int, s.count)
	}
	k.width = max(1, min(s.inner, max(leastWidth, pieceLen/max(1, s.count))))
	k.blocks = (s.inner + k.width - 1) / k.width
	return k
}

// Run implements backend.Kernel.
func (k *scatter[T]) Run(out, in []backend.Buf) {
	k.x, k.y, k.indices = view[T](in[1].Mem), view[T](out[0].Mem), in[0]
	if k.sums != nil {
		loadAs(k.updates, in[1], 0, 1)
		k.x, k.y = view[T](k.updates), view[T](k.sums)
	}
	loadIndices(k.index, in[0], 0, 1, k.n)
	do(k.outer*k.blocks, k, &k.self)
	if k.sums != nil {
		saveAs(out[0], 0, 1, k.sums)
	}
	k.x, k.y, k.indices = nil, nil, backend.Buf{}
}

// Piece implements par.Task.
func (k *scatter[T]) Piece(i int, w *par.Worker) {
	o := i / k.blocks
	c0 := i % k.blocks * k.width
	c1 := min(c0+k.width, k.inner)
	y, x := k.y[o*k.n*k.inner:][:k.n*k.inner], k.x[o*k.count*k.inner:]
	for r := range k.n {
		clear(y[r*k.inner+c0 : r*k.inner+c1])
	}
	if k.along {
		k.addAlong(y, x, o*k.count*k.inner, c0, c1, w)
		return
	}
	if k.inner == 1 {
		k.addEach(y, x, 0)
		return
	}
	for r, to := range k.index {
		if to >= 0 {
			k.add(y[to*k.inner+c0:to*k.inner+c1], x[r*k.inner+c0:r*k.inner+c1])
		}
	}
}

// addEach adds numbers of x to y where there is one for each index, of those from at on.
func (k *scatter[T]) addEach(y, x []T, at int) {
	if k.indices.DType == tensor.Int32 {
		addAt(y, x, backend.Data[int32](k.indices)[at:][:k.count])
		return
	}
	var tile [wideTile]int
	for from := 0; from < k.count; from += wideTile {
		t := tile[:min(wideTile, k.count-from)]
		loadIndices(t, k.indices, at+from, 1, k.n)
		for r, to := range t {
			if to >= 0 {
				y[to] += x[from+r]
			}
		}
	}
}

// addAt adds x[r] to y at index r, counted from the end if it is negative; those outside
// are left out.
func addAt[T number](y, x []T, index []int32) {
	for r, v := range x[:len(index)] {
		to := int(index[r])
		if to < 0 {
			to += len(y)
		}
		if uint(to) < uint(len(y)) {
			y[to] += v
		}
	}
}

// addAlong adds columns [c0,c1) of x to y; at is where their indices begin.
func (k *scatter[T]) addAlong(y, x []T, at, c0, c1 int, w *par.Worker) {
	if k.inner == 1 {
		k.addEach(y, x, at)
		return
	}
	index := scratch[int](w, c1-c0)
	for r := range k.count {
		loadIndices(index, k.indices, at+r*k.inner+c0, 1, k.n)
		for c, to := range index {
			if to >= 0 {
				y[to*k.inner+c0+c] += x[r*k.inner+c0+c]
			}
		}
	}
}
