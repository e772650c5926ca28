package cpu

import (
	"reflect"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// tuple is the tiles of the inputs, or of the results, of an ops.Tuple.
type tuple [len(ops.Elements{})][]float32

// tuples maps operation types to vector kernels, which read all inputs of an element
// before they write its results. One without runs its own EvalAll on every element.
var tuples = map[reflect.Type]func(dst, x tuple){}

func init() {
	tuples[reflect.TypeFor[ops.LSTMCellOp]()] = lstmCell
}

// tupleOf returns the function of an elementwise operation of several results.
func tupleOf(op ops.Tuple) func(dst, x tuple) {
	if f := tuples[reflect.TypeOf(op)]; f != nil {
		return f
	}
	return func(dst, x tuple) {
		for i := range dst[0] {
			var v ops.Elements
			for j, a := range x {
				if a != nil {
					v[j] = float64(a[i])
				}
			}
			v = op.EvalAll(v)
			for j, d := range dst {
				if d != nil {
					d[i] = float32(v[j])
				}
			}
		}
	}
}

// lstmCell sets h and c' from the inputs of the gates i, f, g and o, and from c.
func lstmCell(dst, x tuple) {
	var a, b, c [256]float32
	for at, n := 0, len(dst[0]); at < n; at += len(a) {
		m := min(len(a), n-at)
		part := func(t []float32) []float32 { return t[at:][:m] }
		a, b, c := a[:m], b[:m], c[:m]
		kern.Sigmoid(a, part(x[1]))
		kern.Mul(a, a, part(x[4]))
		kern.Sigmoid(b, part(x[0]))
		kern.Tanh(c, part(x[2]))
		kern.Mul(b, b, c)
		kern.Add(c, a, b)
		kern.Sigmoid(a, part(x[3]))
		kern.Tanh(b, c)
		kern.Mul(part(dst[0]), a, b)
		copy(part(dst[1]), c)
	}
}

// newTuple returns the kernel of an elementwise operation of several results: a program,
// or plain loops in float64 for dtypes that programs do not compute in.
func newTuple(op ops.Tuple, out, in []tensor.Spec) backend.Kernel {
	if (Kernels{}).Fuses(op, out, in) {
		return newProgram(backend.ProgramOf(op, out, in), nil)
	}
	k := &tupleLoop{op: op, size: out[0].Shape.Size()}
	for _, s := range in {
		k.walks = append(k.walks, newWalk(ops.BroadcastStrides(s.Shape, out[0].Shape), out[0].Shape))
	}
	return k
}

// tupleLoop computes an ops.Tuple element by element.
type tupleLoop struct {
	op      ops.Tuple
	walks   []walk
	size    int
	out, in []backend.Buf
	self    par.Worker
}

// Run implements backend.Kernel.
func (k *tupleLoop) Run(out, in []backend.Buf) {
	k.out, k.in = out, in
	do((k.size+pieceLen-1)/pieceLen, k, &k.self)
	k.out, k.in = nil, nil
}

// Piece implements par.Task.
func (k *tupleLoop) Piece(i int, w *par.Worker) {
	tiles := scratch[float64](w, (len(k.in)+len(k.out))*wideTile)
	tile := func(j, n int) []float64 { return tiles[j*wideTile:][:n] }
	for at := i * pieceLen; at < min((i+1)*pieceLen, k.size); at += wideTile {
		n := min(wideTile, k.size-at)
		for j := range k.in {
			loadWalk(tile(j, n), k.in[j], &k.walks[j], at)
		}
		for e := range n {
			var v ops.Elements
			for j := range k.in {
				v[j] = tiles[j*wideTile+e]
			}
			v = k.op.EvalAll(v)
			for j := range k.out {
				tiles[(len(k.in)+j)*wideTile+e] = v[j]
			}
		}
		for j := range k.out {
			saveAs(k.out[j], at, 1, tile(len(k.in)+j, n))
		}
	}
}
