package cpu

import (
	"math"
	"unsafe"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op *backend.Sweep, _, in []tensor.Spec) backend.Kernel { return newSweep(op, in) })
	registerUpdate[ops.ApplySGDOp]()
	registerUpdate[ops.ApplyMomentumOp]()
	registerUpdate[ops.ApplyAdamOp]()
	registerUpdate[ops.ApplyAMSGradOp]()
	registerUpdate[ops.ApplyRMSpropOp]()
}

// registerUpdate adds the kernel of one update: a sweep of one.
func registerUpdate[O graph.Op]() {
	register(func(op O, out, in []tensor.Spec) backend.Kernel {
		return newSweep(&backend.Sweep{Ops: []graph.Op{op}, Ins: []int{len(in)}, Outs: []int{len(out)}}, in)
	})
}

// update is an optimizer's update of a parameter and its slots, in place.
type update struct {
	tensors int // inputs that are tensors; scalars follow
	// Both take the tensors, the parameter and the slots first, and the scalars.
	narrow func(x [6][]float32, rate [2]float32)
	wide   func(x [6][]float64, rate [2]float64)
}

// updateOf returns the update of an optimizer's operation.
func updateOf(op graph.Op) (update, bool) {
	switch o := op.(type) {
	case ops.ApplySGDOp:
		return update{2, func(x [6][]float32, rate [2]float32) {
			kern.SGD(x[0], x[1], rate[0])
		}, func(x [6][]float64, rate [2]float64) {
			for i, g := range x[1] {
				x[0][i] -= g * rate[0]
			}
		}}, true
	case ops.ApplyMomentumOp:
		return update{3, func(x [6][]float32, rate [2]float32) {
			kern.Momentum(x[0], x[1], x[2], rate[0], float32(o.Momentum), o.Nesterov)
		}, func(x [6][]float64, rate [2]float64) {
			w, m := x[0], x[1]
			for i, g := range x[2] {
				m[i] = m[i]*o.Momentum - g*rate[0]
				step := m[i]
				if o.Nesterov {
					step = m[i]*o.Momentum - g*rate[0]
				}
				w[i] += step
			}
		}}, true
	case ops.ApplyAdamOp:
		return update{4, func(x [6][]float32, rate [2]float32) {
			kern.Adam(x[0], x[1], x[2], x[3], rate[0], float32(o.OneMinusBeta1), float32(o.OneMinusBeta2), float32(o.Eps), rate[1])
		}, func(x [6][]float64, rate [2]float64) {
			w, m, v := x[0], x[1], x[2]
			for i, g := range x[3] {
				m[i] += (g - m[i]) * o.OneMinusBeta1
				v[i] += (g*g - v[i]) * o.OneMinusBeta2
				w[i] -= w[i]*rate[1] + m[i]*rate[0]/(math.Sqrt(v[i])+o.Eps)
			}
		}}, true
	case ops.ApplyAMSGradOp:
		return update{5, func(x [6][]float32, rate [2]float32) {
			kern.AMSGrad(x[0], x[1], x[2], x[3], x[4], rate[0], float32(o.OneMinusBeta1), float32(o.OneMinusBeta2), float32(o.Eps), rate[1])
		}, func(x [6][]float64, rate [2]float64) {
			w, m, v, vhat := x[0], x[1], x[2], x[3]
			for i, g := range x[4] {
				m[i] += (g - m[i]) * o.OneMinusBeta1
				v[i] += (g*g - v[i]) * o.OneMinusBeta2
				vhat[i] = max(vhat[i], v[i])
				w[i] -= w[i]*rate[1] + m[i]*rate[0]/(math.Sqrt(vhat[i])+o.Eps)
			}
		}}, true
	case ops.ApplyRMSpropOp:
		return rmsprop(o), true
	}
	return update{}, false
}

func rmsprop(o ops.ApplyRMSpropOp) update {
	a, m, g := 0, 0, 2 // places of the slots, 0 if they are missing, and of the gradient
	if o.Centered {
		a, g = g, g+1
	}
	if o.Momentum != 0 {
		m, g = g, g+1
	}
	return update{g + 1, func(x [6][]float32, rate [2]float32) {
		var mean, momentum []float32
		if a > 0 {
			mean = x[a]
		}
		if m > 0 {
			momentum = x[m]
		}
		kern.RMSprop(x[0], x[1], mean, momentum, x[g], rate[0], float32(o.Rho), float32(1-o.Rho), float32(o.Eps), float32(o.Momentum))
	}, func(x [6][]float64, rate [2]float64) {
		w, v := x[0], x[1]
		for i, g := range x[g] {
			v[i] = v[i]*o.Rho + g*g*(1-o.Rho)
			variance := v[i]
			if a > 0 {
				x[a][i] = x[a][i]*o.Rho + g*(1-o.Rho)
				variance -= x[a][i] * x[a][i]
			}
			d := g * rate[0] / math.Sqrt(variance+o.Eps)
			if m > 0 {
				d += x[m][i] * o.Momentum
				x[m][i] = d
			}
			w[i] -= d
		}
	}}
}

// sweep is the kernel of a backend.Sweep: the updates of all parameters in one
// parallel pass over pieces of one length.
type sweep struct {
	updates []sweepUpdate
	pieces  []sweepPiece
}

type sweepUpdate struct {
	update
	ins, outs int
	in        []backend.Buf // with the results' memory in the first places
}

type sweepPiece struct{ update, lo, hi int }

// newSweep returns nil if there is an operation that is no update.
func newSweep(op *backend.Sweep, in []tensor.Spec) backend.Kernel {
	k := &sweep{}
	for i, o := range op.Ops {
		u, ok := updateOf(o)
		if !ok {
			return nil
		}
		n := in[0].Shape.Size()
		for at := 0; at < n; at += pieceLen {
			k.pieces = append(k.pieces, sweepPiece{i, at, min(at+pieceLen, n)})
		}
		k.updates = append(k.updates, sweepUpdate{update: u, ins: op.Ins[i], outs: op.Outs[i], in: make([]backend.Buf, op.Ins[i])})
		in = in[op.Ins[i]:]
	}
	return k
}

// Run implements backend.Kernel.
func (k *sweep) Run(out, in []backend.Buf) {
	for i := range k.updates {
		u := &k.updates[i]
		copy(u.in, in)
		for j, b := range out[:u.outs] {
			if unsafe.SliceData(b.Mem) != unsafe.SliceData(in[j].Mem) {
				copy(b.Mem, in[j].Mem)
			}
			u.in[j] = b
		}
		out, in = out[u.outs:], in[u.ins:]
	}
	par.Do(len(k.pieces), k)
	for i := range k.updates {
		clear(k.updates[i].in)
	}
}

// Piece implements par.Task.
func (k *sweep) Piece(i int, w *par.Worker) {
	p := k.pieces[i]
	u := &k.updates[p.update]
	switch u.in[0].DType {
	case tensor.Float32:
		var x [6][]float32
		for j, b := range u.in[:u.tensors] {
			x[j] = floats(b)[p.lo:p.hi]
		}
		u.narrow(x, rates[float32](u))
	case tensor.Float64:
		var x [6][]float64
		for j, b := range u.in[:u.tensors] {
			x[j] = view[float64](b.Mem)[p.lo:p.hi]
		}
		u.wide(x, rates[float64](u))
	default: // by way of float32
		var x [6][]float32
		n := p.hi - p.lo
		mem := scratch[float32](w, n*u.tensors)
		for j, b := range u.in[:u.tensors] {
			x[j] = mem[j*n:][:n]
			loadAs(x[j], b, p.lo, 1)
		}
		u.narrow(x, rates[float32](u))
		for j, b := range u.in[:u.outs] {
			saveAs(b, p.lo, 1, x[j])
		}
	}
}

// rates returns the scalars of an update.
func rates[W work](u *sweepUpdate) (rate [2]W) {
	for i, b := range u.in[u.tensors:] {
		loadAs(rate[i:i+1], b, 0, 1)
	}
	return rate
}
