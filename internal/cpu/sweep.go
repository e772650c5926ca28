package cpu

import (
	"unsafe"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op *backend.Sweep, _, in []tensor.Spec) backend.Kernel {
		if !all(tensor.Float32, in) {
			return nil
		}
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
			k.updates = append(k.updates, sweepUpdate{f: u, ins: op.Ins[i], outs: op.Outs[i]})
			in = in[op.Ins[i]:]
		}
		return k
	})
}

// update changes elements [lo,hi) of a parameter and its slots in place. The
// results stand first among the inputs.
type update func(in []backend.Buf, lo, hi int)

// updateOf returns the sweep of an optimizer's operation.
func updateOf(op graph.Op) (update, bool) {
	f := func(b backend.Buf, lo, hi int) []float32 { return floats(b)[lo:hi] }
	scalar := func(b backend.Buf) float32 { return floats(b)[0] }
	switch o := op.(type) {
	case ops.ApplySGDOp:
		return func(in []backend.Buf, lo, hi int) {
			kern.SGD(f(in[0], lo, hi), f(in[1], lo, hi), scalar(in[2]))
		}, true
	case ops.ApplyMomentumOp:
		return func(in []backend.Buf, lo, hi int) {
			kern.Momentum(f(in[0], lo, hi), f(in[1], lo, hi), f(in[2], lo, hi), scalar(in[3]), float32(o.Momentum), o.Nesterov)
		}, true
	case ops.ApplyAdamOp:
		return func(in []backend.Buf, lo, hi int) {
			kern.Adam(f(in[0], lo, hi), f(in[1], lo, hi), f(in[2], lo, hi), f(in[3], lo, hi),
				scalar(in[4]), float32(o.OneMinusBeta1), float32(o.OneMinusBeta2), float32(o.Eps), scalar(in[5]))
		}, true
	case ops.ApplyAMSGradOp:
		return func(in []backend.Buf, lo, hi int) {
			kern.AMSGrad(f(in[0], lo, hi), f(in[1], lo, hi), f(in[2], lo, hi), f(in[3], lo, hi), f(in[4], lo, hi),
				scalar(in[5]), float32(o.OneMinusBeta1), float32(o.OneMinusBeta2), float32(o.Eps), scalar(in[6]))
		}, true
	case ops.ApplyRMSpropOp:
		return func(in []backend.Buf, lo, hi int) {
			var a, m []float32
			next := 2
			if o.Centered {
				a = f(in[next], lo, hi)
				next++
			}
			if o.Momentum != 0 {
				m = f(in[next], lo, hi)
				next++
			}
			kern.RMSprop(f(in[0], lo, hi), f(in[1], lo, hi), a, m, f(in[next], lo, hi),
				scalar(in[next+1]), float32(o.Rho), float32(1-o.Rho), float32(o.Eps), float32(o.Momentum))
		}, true
	}
	return nil, false
}

// sweep is the kernel of a backend.Sweep: the updates of all parameters in one
// parallel pass over pieces of one length.
type sweep struct {
	updates []sweepUpdate
	pieces  []sweepPiece
}

type sweepUpdate struct {
	f         update
	ins, outs int
	in        []backend.Buf // with the results' memory in the first places
}

type sweepPiece struct{ update, lo, hi int }

// Run implements backend.Kernel.
func (k *sweep) Run(out, in []backend.Buf) {
	for i := range k.updates {
		u := &k.updates[i]
		u.in = append(u.in[:0], in[:u.ins]...)
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
func (k *sweep) Piece(i int, _ *par.Worker) {
	p := k.pieces[i]
	u := &k.updates[p.update]
	u.f(u.in, p.lo, p.hi)
}
