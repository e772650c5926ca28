package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// newElementwise returns the kernel of an elementwise operation on dtypes that
// programs do not compute in: float32 for narrower floats, float64 for other floats
// and mixtures, the exact integer function for integers, a tile at a time. It returns nil for other operations.
func newElementwise(op graph.Op, out, in []tensor.Spec) backend.Kernel {
	if t, ok := op.(ops.Tuple); ok {
		return newTuple(t, out, in)
	}
	if len(out) != 1 {
		return nil
	}
	if f := narrowFunction(op, out, in); f != nil {
		return newWide(f, out[0], in)
	}
	if f := common[float64](op); f != nil && all(tensor.Float64, in) {
		return newWide(f, out[0], in)
	}
	if integers(out, in) {
		if f := common[int64](op); f != nil && in[0].DType != tensor.Uint64 {
			return newWide(f, out[0], in)
		}
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

// narrowFunction returns the vector function of an operation on floats that float32
// holds and on truth values, or nil.
func narrowFunction(op graph.Op, out, in []tensor.Spec) func(dst []float32, x [3][]float32) {
	for _, s := range append(out[:1:1], in...) {
		switch s.DType {
		case tensor.Bool, tensor.Float16, tensor.BFloat16, tensor.Float32:
		default:
			return nil
		}
	}
	f, ok := tileOf(op)
	switch {
	case ok && f.arity == 1:
		return func(dst []float32, x [3][]float32) { f.one(dst, x[0]) }
	case ok && f.arity == 2:
		return func(dst []float32, x [3][]float32) { f.two(dst, x[0], x[1]) }
	case ok && f.arity == 3:
		return func(dst []float32, x [3][]float32) { f.three(dst, x[0], x[1], x[2]) }
	}
	return nil
}

// common returns loops for the operations that metrics and counters use most, or nil.
// Those of integers are right for signed ones.
func common[T int64 | float64](op graph.Op) func(dst []T, x [3][]T) {
	switch op.(type) {
	case ops.AddOp:
		return func(dst []T, x [3][]T) {
			b := x[1][:len(dst)]
			for i, v := range x[0][:len(dst)] {
				dst[i] = v + b[i]
			}
		}
	case ops.SubOp:
		return func(dst []T, x [3][]T) {
			b := x[1][:len(dst)]
			for i, v := range x[0][:len(dst)] {
				dst[i] = v - b[i]
			}
		}
	case ops.MulOp:
		return func(dst []T, x [3][]T) {
			b := x[1][:len(dst)]
			for i, v := range x[0][:len(dst)] {
				dst[i] = v * b[i]
			}
		}
	case ops.EqualOp:
		return func(dst []T, x [3][]T) {
			b := x[1][:len(dst)]
			for i, v := range x[0][:len(dst)] {
				dst[i] = 0
				if v == b[i] {
					dst[i] = 1
				}
			}
		}
	case ops.LessOp:
		return func(dst []T, x [3][]T) {
			b := x[1][:len(dst)]
			for i, v := range x[0][:len(dst)] {
				dst[i] = 0
				if v < b[i] {
					dst[i] = 1
				}
			}
		}
	}
	return nil
}

// integers reports whether an operation takes integers, or a condition and two of
// them, and gives integers or truth values.
func integers(out, in []tensor.Spec) bool {
	for i, s := range in {
		if !s.DType.IsInt() && !(i == 0 && len(in) == 3 && s.DType == tensor.Bool) {
			return false
		}
	}
	return len(in) > 0 && (out[0].DType.IsInt() || out[0].DType == tensor.Bool)
}

func intFunction(op graph.Op, dt tensor.DType) func(dst []int64, x [3][]int64) {
	switch o := op.(type) {
	case ops.WhereOp:
		return func(dst []int64, x [3][]int64) {
			for i, cond := range x[0][:len(dst)] {
				dst[i] = x[2][i]
				if cond != 0 {
					dst[i] = x[1][i]
				}
			}
		}
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
type wide[T work] struct {
	f     func(dst []T, x [3][]T)
	walks []walk
	size  int
	out   backend.Buf
	in    []backend.Buf
	self  par.Worker
}

// wideTile is how many elements are converted and computed at a time.
const wideTile = 256

func newWide[T work](f func(dst []T, x [3][]T), out tensor.Spec, in []tensor.Spec) *wide[T] {
	k := &wide[T]{f: f, size: out.Shape.Size()}
	for _, s := range in {
		k.walks = append(k.walks, newWalk(ops.BroadcastStrides(s.Shape, out.Shape), out.Shape))
	}
	return k
}

// Run implements backend.Kernel.
func (k *wide[T]) Run(out, in []backend.Buf) {
	k.out, k.in = out[0], in
	do((k.size+pieceLen-1)/pieceLen, k, &k.self)
	k.out, k.in = backend.Buf{}, nil
}

// Piece implements par.Task.
func (k *wide[T]) Piece(i int, w *par.Worker) {
	tiles := scratch[T](w, 4*wideTile)
	dst, x := tiles[:wideTile], [3][]T{}
	for at := i * pieceLen; at < min((i+1)*pieceLen, k.size); at += wideTile {
		m := min(wideTile, k.size-at)
		for i := range k.walks {
			if from, step, n := k.walks[i].run(at); step == 1 && n >= m && k.in[i].DType == dtypeOf[T]() {
				x[i] = view[T](k.in[i].Mem)[from:][:m]
				continue
			}
			x[i] = tiles[(i+1)*wideTile:][:m]
			loadWalk(x[i], k.in[i], &k.walks[i], at)
		}
		if k.out.DType == dtypeOf[T]() {
			k.f(view[T](k.out.Mem)[at:][:m], x)
			continue
		}
		k.f(dst[:m], x)
		saveAs(k.out, at, 1, dst[:m])
	}
}
