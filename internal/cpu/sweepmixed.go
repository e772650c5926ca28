package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/tensor"
)

// mixedSweep is the kernel of a sweep of which some updates are an adafactorSweep's and
// the others a sweep's.
type mixedSweep struct{ parts [2]sweepPart }

type sweepPart struct {
	kernel  backend.Kernel
	ins     []int // of the whole sweep
	outs    []int
	in, out []backend.Buf
}

func newMixedSweep(op *backend.Sweep, in []tensor.Spec) backend.Kernel {
	k := &mixedSweep{}
	var parts [2]backend.Sweep
	var specs [2][]tensor.Spec
	ins, outs := 0, 0
	for i, o := range op.Ops {
		p := 0
		if _, _, ok := factoredOf(o, in[ins]); ok {
			p = 1
		}
		part := &parts[p]
		part.Ops, part.Ins, part.Outs = append(part.Ops, o), append(part.Ins, op.Ins[i]), append(part.Outs, op.Outs[i])
		for range op.Ins[i] {
			k.parts[p].ins = append(k.parts[p].ins, ins)
			specs[p] = append(specs[p], in[ins])
			ins++
		}
		for range op.Outs[i] {
			k.parts[p].outs = append(k.parts[p].outs, outs)
			outs++
		}
	}
	for p := range k.parts {
		part := &k.parts[p]
		if part.kernel = newSweep(&parts[p], specs[p]); part.kernel == nil {
			return nil
		}
		part.in, part.out = make([]backend.Buf, len(part.ins)), make([]backend.Buf, len(part.outs))
	}
	return k
}

// countFactored returns how many updates are an adafactorSweep's.
func countFactored(op *backend.Sweep, in []tensor.Spec) (n int) {
	for i, o := range op.Ops {
		if _, _, ok := factoredOf(o, in[0]); ok {
			n++
		}
		in = in[op.Ins[i]:]
	}
	return n
}

// Run implements backend.Kernel.
func (k *mixedSweep) Run(out, in []backend.Buf) {
	for p := range k.parts {
		part := &k.parts[p]
		for i, at := range part.ins {
			part.in[i] = in[at]
		}
		for i, at := range part.outs {
			part.out[i] = out[at]
		}
		part.kernel.Run(part.out, part.in)
		clear(part.in)
		clear(part.out)
	}
}
