package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// newElementwise returns the kernel of an elementwise operation on dtypes that
// programs do not compute in: float64 for floats and mixtures, the exact integer
// function for integers, a tile at a time. It returns nil for other operations.
func newElementwise(op graph.Op, out, in []tensor.Spec) backend.Kernel {
	if len(out) != 1 {
		return nil
	}
	if integers(out, in) {
		if f := intFunction(op, in[0].DType); f != nil {
			return newWide(f, out[0], in)
		}
	}
	for _, s := range append(out[:1:1], in...) {
		if s.DType == tensor.Int64 || s.DType == tensor.Uint64 {
			return nil // float64 would round them
		}
	}
	if f := floatFunction(op); f != nil {
		return newWide(f, out[0], in)
	}
	return nil
}

// integers reports whether an operation takes integers and gives integers or
// truth values.
func integers(out, in []tensor.Spec) bool {
	for _, s := range in {
		if !s.DType.IsInt() {
			return false
		}
	}
	return len(in) > 0 && (out[0].DType.IsInt() || out[0].DType == tensor.Bool)
}

func intFunction(op graph.Op, dt tensor.DType) func(dst []int64, x [3][]int64) {
	switch o := op.(type) {
	case ops.UnaryInt:
		f := o.EvalInt
		if u, ok := op.(ops.UnaryUint); ok && dt == tensor.Uint64 {
			f = func(x int64) int64 { return int64(u.EvalUint(uint64(x))) }
		}
		return func(dst []int64, x [3][]int64) {
			for i, v := range x[0][:len(dst)] {
				dst[i] = f(v)
			}
		}
	case ops.BinaryInt:
		f := o.EvalInt
		if u, ok := op.(ops.BinaryUint); ok && dt == tensor.Uint64 {
			f = func(a, b int64) int64 { return int64(u.EvalUint(uint64(a), uint64(b))) }
		}
		return func(dst []int64, x [3][]int64) {
			for i, v := range x[0][:len(dst)] {
				dst[i] = f(v, x[1][i])
			}
		}
	}
	return nil
}

func floatFunction(op graph.Op) func(dst []float64, x [3][]float64) {
	switch o := op.(type) {
	case ops.Unary:
		return func(dst []float64, x [3][]float64) {
			for i, v := range x[0][:len(dst)] {
				dst[i] = o.Eval(v)
			}
		}
	case ops.Binary:
		return func(dst []float64, x [3][]float64) {
			for i, v := range x[0][:len(dst)] {
				dst[i] = o.Eval(v, x[1][i])
			}
		}
	case ops.Ternary:
		return func(dst []float64, x [3][]float64) {
			for i, v := range x[0][:len(dst)] {
				dst[i] = o.Eval(v, x[1][i], x[2][i])
			}
		}
	}
	return nil
}

// wide computes an elementwise operation in a wide type T, a tile at a time.
type wide[T int64 | float64] struct {
	f     func(dst []T, x [3][]T)
	walks []walk
	store func(b backend.Buf, at int, src []T)
	dst   []T
	tiles [3][]T
	index []int
}

// wideTile is how many elements are converted and computed at a time.
const wideTile = 256

func newWide[T int64 | float64](f func(dst []T, x [3][]T), out tensor.Spec, in []tensor.Spec) *wide[T] {
	k := &wide[T]{f: f, dst: make([]T, wideTile), index: make([]int, wideTile), store: storer[T](out.DType)}
	for i, s := range in {
		k.walks = append(k.walks, newWalk(ops.BroadcastStrides(s.Shape, out.Shape), out.Shape))
		k.tiles[i] = make([]T, wideTile)
	}
	return k
}

// Run implements backend.Kernel.
func (k *wide[T]) Run(out, in []backend.Buf) {
	n := out[0].Shape.Size()
	for at := 0; at < n; at += wideTile {
		m := min(wideTile, n-at)
		for i := range in {
			k.walks[i].indices(k.index[:m], at)
			gatherAs(k.tiles[i], in[i], k.index[:m])
		}
		k.f(k.dst[:m], k.tiles)
		k.store(out[0], at, k.dst[:m])
	}
}

// walk turns positions in a shape into positions in a strided tensor.
type walk struct{ dims, strides []int }

func newWalk(strides, shape tensor.Dims) walk {
	var w walk
	w.dims, w.strides = collapse(shape, strides)
	return w
}

// indices writes where the elements from at on lie.
func (w *walk) indices(dst []int, at int) {
	n := len(w.dims) - 1
	inner, step := w.dims[n], w.strides[n]
	for len(dst) > 0 {
		col := at % inner
		from := col * step
		for i, rest := n-1, at/inner; i >= 0; i-- {
			from += rest % w.dims[i] * w.strides[i]
			rest /= w.dims[i]
		}
		run := min(inner-col, len(dst))
		for i := range run {
			dst[i] = from + i*step
		}
		dst, at = dst[run:], at+run
	}
}

// number is the Go types of the dtypes that Go converts by itself.
type number interface {
	tensor.Element
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// gatherAs converts the elements of b at the indices to T.
func gatherAs[T int64 | float64](dst []T, b backend.Buf, index []int) {
	switch b.DType {
	case tensor.Bool:
		for i, j := range index {
			dst[i] = 0
			if b.Mem[j] != 0 {
				dst[i] = 1
			}
		}
	case tensor.Int8:
		gatherNumbers(dst, backend.Data[int8](b), index)
	case tensor.Int16:
		gatherNumbers(dst, backend.Data[int16](b), index)
	case tensor.Int32:
		gatherNumbers(dst, backend.Data[int32](b), index)
	case tensor.Int64:
		gatherNumbers(dst, backend.Data[int64](b), index)
	case tensor.Uint8:
		gatherNumbers(dst, b.Mem, index)
	case tensor.Uint16:
		gatherNumbers(dst, backend.Data[uint16](b), index)
	case tensor.Uint32:
		gatherNumbers(dst, backend.Data[uint32](b), index)
	case tensor.Uint64:
		gatherNumbers(dst, backend.Data[uint64](b), index)
	case tensor.Float16:
		for i, j := range index {
			dst[i] = T(backend.Data[tensor.F16](b)[j].Float32())
		}
	case tensor.BFloat16:
		for i, j := range index {
			dst[i] = T(backend.Data[tensor.BF16](b)[j].Float32())
		}
	case tensor.Float32:
		gatherNumbers(dst, floats(b), index)
	case tensor.Float64:
		gatherNumbers(dst, backend.Data[float64](b), index)
	}
}

func gatherNumbers[T int64 | float64, S number](dst []T, src []S, index []int) {
	for i, j := range index {
		dst[i] = T(src[j])
	}
}

// storer returns the function that rounds values of T to dtype dt and stores them.
func storer[T int64 | float64](dt tensor.DType) func(b backend.Buf, at int, src []T) {
	switch dt {
	case tensor.Bool:
		return func(b backend.Buf, at int, src []T) {
			dst := backend.Data[bool](b)[at:]
			for i, v := range src {
				dst[i] = v != 0
			}
		}
	case tensor.Int8:
		return storeNumbers[T, int8]
	case tensor.Int16:
		return storeNumbers[T, int16]
	case tensor.Int32:
		return storeNumbers[T, int32]
	case tensor.Int64:
		return storeNumbers[T, int64]
	case tensor.Uint8:
		return storeNumbers[T, uint8]
	case tensor.Uint16:
		return storeNumbers[T, uint16]
	case tensor.Uint32:
		return storeNumbers[T, uint32]
	case tensor.Uint64:
		return storeNumbers[T, uint64]
	case tensor.Float16:
		return func(b backend.Buf, at int, src []T) {
			dst := backend.Data[tensor.F16](b)[at:]
			for i, v := range src {
				dst[i] = tensor.F16FromFloat32(float32(v))
			}
		}
	case tensor.BFloat16:
		return func(b backend.Buf, at int, src []T) {
			dst := backend.Data[tensor.BF16](b)[at:]
			for i, v := range src {
				dst[i] = tensor.BF16FromFloat32(float32(v))
			}
		}
	case tensor.Float32:
		return storeNumbers[T, float32]
	}
	return storeNumbers[T, float64]
}

func storeNumbers[T int64 | float64, D number](b backend.Buf, at int, src []T) {
	dst := backend.Data[D](b)[at:]
	for i, v := range src {
		dst[i] = D(v)
	}
}
