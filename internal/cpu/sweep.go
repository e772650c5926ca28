package cpu

import (
	"reflect"
	"unsafe"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/tensor"
)

const (
	maxTensors = 6 // that an update takes
	maxRates   = 6 // scalars
)

func init() {
	register(func(op *backend.Sweep, _, in []tensor.Spec) backend.Kernel { return newSweep(op, in) })
	overwrites(func(op *backend.Sweep, result, input int) bool { return op.Overwrites(result, input) })
}

// updates maps operation types to updates.
var updates = map[reflect.Type]func(op graph.Op) update{}

// registerUpdate adds an optimizer's operation, of which a plan makes sweeps; by itself
// it is a sweep of one. f returns an empty update for one that it does not support.
func registerUpdate[O graph.Op](f func(op O) update) {
	updates[reflect.TypeFor[O]()] = func(op graph.Op) update { return f(op.(O)) }
	register(func(op O, out, in []tensor.Spec) backend.Kernel {
		return newSweep(&backend.Sweep{Ops: []graph.Op{op}, Ins: []int{len(in)}, Outs: []int{len(out)}}, in)
	})
}

// updateOf returns the update of an optimizer's operation, if op is one.
func updateOf(op graph.Op) (u update, ok bool) {
	if f := updates[reflect.TypeOf(op)]; f != nil {
		u = f(op)
	}
	return u, u.narrow != nil
}

type (
	rows32  = [maxTensors][]float32
	rows64  = [maxTensors][]float64
	rates32 = [maxRates]float32
	rates64 = [maxRates]float64
)

// update is an optimizer's update of a parameter and its slots, in place.
type update struct {
	tensors int // inputs that are tensors; scalars follow
	gates   int // inputs at the end that say whether to update at all
	gradient
	// Both take the tensors, the parameter and the slots first, and the scalars.
	narrow func(x rows32, r rates32)
	wide   func(x rows64, r rates64)
	// If they are not nil, these read the tensors first, with room for one more, and
	// return the terms of two sums. ratio makes of the sums, and the number n of elements, a
	// factor of the first scalar.
	narrowNorms func(x rows32, tmp []float32, r rates32) [2]float64
	wideNorms   func(x rows64, tmp []float64, r rates64) [2]float64
	ratio       func(sum [2]float64, n int, r rates64) float64
}

// sweep is the kernel of a backend.Sweep: the updates of all parameters in one
// parallel pass over pieces of one length, or two passes if some need norms.
type sweep struct {
	updates []sweepUpdate
	pieces  []sweepPiece
	norms   [][2]float64 // of the pieces; nil if no update needs norms
	first   bool         // whether this is the pass for them
}

type sweepUpdate struct {
	update
	ins, outs int
	in        []backend.Buf // with the results' memory in the first places
	held      bool          // by a gate
	adding    bool          // gradients only
	scale     float64       // the ratio of the norms
}

type sweepPiece struct{ update, lo, hi int }

// newSweep returns the kernel of op, or nil if an operation is not an update.
func newSweep(op *backend.Sweep, in []tensor.Spec) backend.Kernel {
	switch n := countFactored(op, in); n {
	case 0:
	case len(op.Ops):
		return newAdafactorSweep(op, in)
	default:
		return newMixedSweep(op, in)
	}
	k := &sweep{}
	norms := false
	for i, o := range op.Ops {
		u, ok := updateOf(o)
		if !ok {
			return nil
		}
		norms = norms || u.narrowNorms != nil
		n := in[0].Shape.Size()
		for at := 0; at < n; at += pieceLen {
			k.pieces = append(k.pieces, sweepPiece{i, at, min(at+pieceLen, n)})
		}
		k.updates = append(k.updates, sweepUpdate{update: u, ins: op.Ins[i], outs: op.Outs[i], in: make([]backend.Buf, op.Ins[i]), scale: 1})
		in = in[op.Ins[i]:]
	}
	if norms {
		k.norms = make([][2]float64, len(k.pieces))
	}
	return k
}

// Run implements backend.Kernel.
func (k *sweep) Run(out, in []backend.Buf) {
	for i := range k.updates {
		u := &k.updates[i]
		copyUpdated(out[:u.outs], in)
		copy(u.in, in[:u.ins])
		copy(u.in, out[:u.outs])
		u.readGates()
		out, in = out[u.outs:], in[u.ins:]
	}
	if k.norms != nil {
		k.first = true
		par.Do(len(k.pieces), k)
		k.first = false
		k.addNorms()
	}
	par.Do(len(k.pieces), k)
	for i := range k.updates {
		clear(k.updates[i].in)
	}
}

// copyUpdated copies the tensors that are updated to the memory of the results, unless
// they share it.
func copyUpdated(out, in []backend.Buf) {
	for i, b := range out {
		if unsafe.SliceData(b.Mem) != unsafe.SliceData(in[i].Mem) {
			copy(b.Mem, in[i].Mem)
		}
	}
}

// addNorms adds the norms of the pieces up, always in the same order.
func (k *sweep) addNorms() {
	i := 0
	for u := range k.updates {
		var sum [2]float64
		for ; i < len(k.pieces) && k.pieces[i].update == u; i++ {
			sum[0], sum[1] = sum[0]+k.norms[i][0], sum[1]+k.norms[i][1]
		}
		if up := &k.updates[u]; up.narrowNorms != nil {
			up.scale = up.ratio(sum, up.in[0].Shape.Size(), ratesOf[float64](up))
		}
	}
}

// Piece implements par.Task.
func (k *sweep) Piece(i int, w *par.Worker) {
	if k.norms != nil && !k.first {
		i = len(k.pieces) - 1 - i // the piece that the first pass left in the cache
	}
	p := k.pieces[i]
	u := &k.updates[p.update]
	if u.held || k.first && (u.narrowNorms == nil || u.adding) {
		return
	}
	n := p.hi - p.lo
	// Room for the tensors, as they are converted, one more, and a tile of the gradient.
	size := n*(u.tensors+1) + tileLen
	switch u.in[0].DType {
	case tensor.Float32:
		var x rows32
		for j, b := range u.in[:u.tensors] {
			if b.DType == tensor.Float32 {
				x[j] = floats(b)[p.lo:p.hi]
			} else { // a gradient of a half type
				x[j] = scratch[float32](w, size)[j*n:][:n]
				loadAs(x[j], b, p.lo, 1)
			}
		}
		k.narrow(i, u, x, scratch[float32](w, size)[u.tensors*n:])
	case tensor.Float64:
		var x rows64
		for j, b := range u.in[:u.tensors] {
			x[j] = view[float64](b.Mem)[p.lo:p.hi]
		}
		k.wide(i, u, x, scratch[float64](w, n+tileLen))
	default: // by way of float32
		var x rows32
		mem := scratch[float32](w, size)
		for j, b := range u.in[:u.tensors] {
			x[j] = mem[j*n:][:n]
			loadAs(x[j], b, p.lo, 1)
		}
		k.narrow(i, u, x, mem[u.tensors*n:])
		for j, b := range u.in[:u.outs] {
			saveAs(b, p.lo, 1, x[j])
		}
	}
}

// narrow does a piece in float32. Tmp has room for one more tensor and a tile.
func (k *sweep) narrow(i int, u *sweepUpdate, x rows32, tmp []float32) {
	r := ratesOf[float32](u)
	if !k.first {
		r[0] *= float32(u.scale)
	}
	var norms [2]float64
	n := len(x[0])
	eachGradient(&u.gradient, u.adding, k.first, x, tmp[n:], float32(r[u.factor()]), gradients32, func(x rows32) {
		if !k.first {
			u.update.narrow(x, r)
			return
		}
		part := u.narrowNorms(x, tmp[:len(x[0])], r)
		norms[0], norms[1] = norms[0]+part[0], norms[1]+part[1]
	})
	if k.first {
		k.norms[i] = norms
	}
}

// wide does a piece in float64.
func (k *sweep) wide(i int, u *sweepUpdate, x rows64, tmp []float64) {
	r := ratesOf[float64](u)
	if !k.first {
		r[0] *= u.scale
	}
	var norms [2]float64
	n := len(x[0])
	eachGradient(&u.gradient, u.adding, k.first, x, tmp[n:], r[u.factor()], gradients64, func(x rows64) {
		if !k.first {
			u.update.wide(x, r)
			return
		}
		part := u.wideNorms(x, tmp[:len(x[0])], r)
		norms[0], norms[1] = norms[0]+part[0], norms[1]+part[1]
	})
	if k.first {
		k.norms[i] = norms
	}
}

// ratesOf returns the scalars of an update.
func ratesOf[W work](u *sweepUpdate) (r [maxRates]W) {
	for i, b := range u.in[u.tensors : u.ins-u.gates] {
		loadAs(r[i:i+1], b, 0, 1)
	}
	return r
}
