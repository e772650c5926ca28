package plan

import (
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/flow"
)

// scanPlan is a scan with the plan of its body. Steps of sequences are read and written
// in place, and a new state is computed in the memory where the next step reads it.
type scanPlan struct {
	flow.ScanOp
	body   *Plan
	states []statePlace
	ys     []int // the result of which each output of the body, after the states, is a step
	bytes  int   // of memory besides inputs and results
}

// statePlace describes the memory of a state during a loop.
type statePlace struct {
	kind  placeKind
	seq   int // the result, a sequence, in which it is
	spare int // the offset of a second buffer
}

type placeKind uint8

const (
	twoBuffers placeKind = iota // the last state's and a spare one, by turns
	inPlace                     // the last state's, where the body overwrites it
	inBefore                    // a sequence of the states before each step
	inAfter                     // a sequence of the states after each step
)

// newScan compiles the body of op.
func newScan(op flow.ScanOp, kernels backend.Kernels) *scanPlan {
	s := &scanPlan{ScanOp: op, states: make([]statePlace, op.State)}
	in, out := op.Body.In, op.Body.Out
	claimed := map[int]bool{}
	for i := range s.states {
		for j := op.State; j < len(out) && s.states[i].kind == twoBuffers; j++ {
			switch {
			case claimed[j]:
			case out[j] == in[i]:
				s.states[i] = statePlace{kind: inBefore, seq: j}
			case out[j] == out[i]:
				s.states[i] = statePlace{kind: inAfter, seq: j}
			}
		}
		if s.states[i].kind != twoBuffers {
			claimed[s.states[i].seq] = true
		}
	}
	outputs := slices.Clone(out[:op.State])
	for j := op.State; j < len(out); j++ {
		if !claimed[j] {
			s.ys, outputs = append(s.ys, j), append(outputs, out[j])
		}
	}
	replaces := make([]bool, op.State)
	for i, h := range s.states {
		replaces[i] = h.kind == twoBuffers
	}
	s.body = compile(op.Body.Graph, outputs, replaces, kernels, nil)
	var l layout
	l.add(s.body.arena)
	for i := range s.states {
		h := &s.states[i]
		if h.kind == twoBuffers && s.body.overwrites[i] {
			h.kind = inPlace
		}
		if h.kind == twoBuffers {
			h.spare = l.add(in[i].Spec().Bytes())
		}
	}
	s.bytes = int(l)
	return s
}

func (s *scanPlan) plans() []*Plan { return []*Plan{s.body} }

func (s *scanPlan) scratch() int { return s.bytes }

// inPlace reports whether a state's result may take the memory of its first value: if the
// body overwrites the state in place.
func (s *scanPlan) inPlace(result, input int) bool {
	return result == input && result < s.State && s.states[result].kind == inPlace
}

func (s *scanPlan) kernel() backend.Kernel {
	return &scanKernel{scanPlan: s, body: newBody(s.body), now: make([][]byte, s.State)}
}

// scanKernel runs a scan.
type scanKernel struct {
	*scanPlan
	body body
	now  [][]byte // the memory of each state
}

// Run implements backend.Kernel.
func (k *scanKernel) Run(out, in []backend.Buf) {
	mem := memOf(out, len(k.Body.Out))
	k.body.use(mem)
	k.begin(out, in)
	for i := k.State + k.Scanned; i < len(in); i++ {
		k.body.input(i, in[i].Mem)
	}
	for t := range k.Steps {
		at := k.Index(t)
		for i := k.State; i < k.State+k.Scanned; i++ {
			k.body.input(i, k.step(in[i], at))
		}
		for i := range k.states {
			if k.states[i].kind != inPlace {
				k.body.input(i, k.now[i])
				k.now[i] = k.next(i, t, out, mem)
				k.body.output(i, k.now[i])
			}
		}
		for i, j := range k.ys {
			k.body.output(k.State+i, k.step(out[j], at))
		}
		k.body.do()
	}
	for i := range k.states {
		if last := out[i].Mem; !same(last, k.now[i]) {
			copy(last, k.now[i])
		}
		k.now[i] = nil
	}
	k.body.unbind()
}

// begin copies the first states to the memory where the first step reads them.
func (k *scanKernel) begin(out, in []backend.Buf) {
	for i, h := range k.states {
		k.now[i] = in[i].Mem
		switch {
		case h.kind == inPlace:
			k.now[i] = out[i].Mem
			if !same(out[i].Mem, in[i].Mem) {
				copy(out[i].Mem, in[i].Mem)
			}
			k.body.input(i, k.now[i])
		case h.kind == inBefore && k.Steps > 0:
			k.now[i] = k.step(out[h.seq], k.Index(0))
			copy(k.now[i], in[i].Mem)
		}
	}
}

// next returns the memory where step t computes state i.
func (k *scanKernel) next(i, t int, out []backend.Buf, mem []byte) []byte {
	h := &k.states[i]
	last := t == k.Steps-1
	switch {
	case h.kind == inAfter:
		return k.step(out[h.seq], k.Index(t))
	case h.kind == inBefore && !last:
		return k.step(out[h.seq], k.Index(t+1))
	case h.kind == inBefore || (k.Steps-1-t)%2 == 0:
		return out[i].Mem
	}
	return mem[h.spare:][:len(out[i].Mem)]
}

// step returns the memory of one step of a sequence.
func (k *scanKernel) step(b backend.Buf, at int) []byte {
	n := len(b.Mem) / k.Steps
	return b.Mem[at*n:][:n:n]
}
