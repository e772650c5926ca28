package plan

import (
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/tensor"
)

// condPlan is a branch with the plans of both sides, which share memory.
type condPlan struct {
	flow.CondOp
	then, els *Plan
}

func newCond(op flow.CondOp, kernels backend.Kernels) *condPlan {
	return &condPlan{op, compile(op.Then.Graph, op.Then.Out, nil, kernels, nil), compile(op.Else.Graph, op.Else.Out, nil, kernels, nil)}
}

func (c *condPlan) plans() []*Plan        { return []*Plan{c.then, c.els} }
func (c *condPlan) scratch() int          { return max(c.then.arena, c.els.arena) }
func (c *condPlan) inPlace(int, int) bool { return false }

func (c *condPlan) kernel() backend.Kernel {
	return &condKernel{c, newBody(c.then), newBody(c.els)}
}

type condKernel struct {
	*condPlan
	then, els body
}

// Run implements backend.Kernel.
func (k *condKernel) Run(out, in []backend.Buf) {
	b := &k.then
	if in[0].Mem[0] == 0 {
		b = &k.els
	}
	n := len(k.Then.Out)
	b.use(memOf(out, n))
	for i := range in[1:] {
		b.input(i, in[1+i].Mem)
	}
	for i := range out[:n] {
		b.output(i, out[i].Mem)
	}
	b.do()
	b.unbind()
}

// whilePlan is a loop with the plans of its condition and its body.
type whilePlan struct {
	flow.WhileOp
	cond, body *Plan
	inPlaces   []bool // states that the body overwrites
	answer     int    // the offset of the condition's result
	spare      []int  // the offsets of second buffers of the other states
	bytes      int
}

func newWhile(op flow.WhileOp, kernels backend.Kernels) *whilePlan {
	w := &whilePlan{WhileOp: op}
	w.cond = compile(op.Cond.Graph, op.Cond.Out, nil, kernels, nil)
	w.body = compile(op.Body.Graph, op.Body.Out, slices.Repeat([]bool{true}, op.State), kernels, nil)
	var l layout
	l.add(max(w.cond.arena, w.body.arena))
	w.answer = l.add(tensor.S(tensor.Bool).Bytes())
	for i := range op.State {
		w.inPlaces, w.spare = append(w.inPlaces, w.body.overwrites[i]), append(w.spare, 0)
		if !w.inPlaces[i] {
			w.spare[i] = l.add(op.Body.In[i].Spec().Bytes())
		}
	}
	w.bytes = int(l)
	return w
}

func (w *whilePlan) plans() []*Plan { return []*Plan{w.cond, w.body} }
func (w *whilePlan) scratch() int   { return w.bytes }

func (w *whilePlan) inPlace(result, input int) bool { return result == input && w.inPlaces[result] }

func (w *whilePlan) kernel() backend.Kernel {
	return &whileKernel{w, newBody(w.cond), newBody(w.body), make([][]byte, w.State)}
}

type whileKernel struct {
	*whilePlan
	cond, body body
	now        [][]byte // the memory of each state
}

// Run implements backend.Kernel.
func (k *whileKernel) Run(out, in []backend.Buf) {
	mem := memOf(out, k.State)
	k.cond.use(mem)
	k.body.use(mem)
	for i, b := range in {
		k.cond.input(i, b.Mem)
		k.body.input(i, b.Mem)
	}
	for i := range k.now {
		k.now[i] = in[i].Mem
		if k.inPlaces[i] {
			if !same(out[i].Mem, in[i].Mem) {
				copy(out[i].Mem, in[i].Mem)
			}
			k.now[i] = out[i].Mem
			k.cond.input(i, k.now[i])
			k.body.input(i, k.now[i])
		}
	}
	answer := mem[k.answer:][:1]
	k.cond.output(0, answer)
	for t := 0; k.Max == 0 || t < k.Max; t++ {
		if k.cond.do(); answer[0] == 0 {
			break
		}
		for i := range k.now {
			if k.inPlaces[i] {
				continue
			}
			k.body.input(i, k.now[i])
			spare := mem[k.spare[i]:][:len(out[i].Mem)]
			if same(k.now[i], out[i].Mem) {
				k.now[i] = spare
			} else {
				k.now[i] = out[i].Mem
			}
			k.body.output(i, k.now[i])
			k.cond.input(i, k.now[i])
		}
		k.body.do()
	}
	for i := range k.now {
		if !same(out[i].Mem, k.now[i]) {
			copy(out[i].Mem, k.now[i])
		}
		k.now[i] = nil
	}
	k.cond.unbind()
	k.body.unbind()
}
