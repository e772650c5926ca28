package plan

import (
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// run holds the state of one run: the kernels with their memory, and the buffers of every
// step. The buffers in the arena, which is borrowed, and those over the caller's tensors
// are bound anew each time.
type run struct {
	kernels []backend.Kernel
	in, out [][]backend.Buf
	// inputs and outputs list, for each tensor of the caller, the buffers over it; derived
	// those over derived values.
	inputs, outputs, derived [][]bound
	arena                    []bound // the buffers in the arena
	last                     *byte   // of the arena before, which kernels may still point to
	finals                   []copying
}

// bound is a buffer over bytes of a larger piece of memory.
type bound struct {
	buf        *backend.Buf
	from, size int
}

// copying is a final copy of a run.
type copying struct{ dst, src *backend.Buf }

// copyOp copies its input.
type copyOp struct{}

// Name implements graph.Op.
func (copyOp) Name() string { return "Copy" }

// Infer implements graph.Op.
func (copyOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) { return in, nil }

func copyKernel(out, in []backend.Buf) { copy(out[0].Mem, in[0].Mem) }

// use makes mem the arena of r; nil removes it.
func (r *run) use(mem []byte) { bind(r.arena, mem) }

// newRun makes a run without an arena.
func (p *Plan) newRun() *run {
	r := &run{
		inputs:  make([][]bound, len(p.inputs)),
		outputs: make([][]bound, len(p.outputs)),
		derived: make([][]bound, len(p.derived)),
	}
	for _, s := range p.steps {
		in, out := make([]backend.Buf, len(s.in)), make([]backend.Buf, len(s.out))
		for i, v := range s.in {
			r.bind(p, &in[i], v)
		}
		for i, v := range s.out {
			r.bind(p, &out[i], v)
		}
		r.in, r.out = append(r.in, in), append(r.out, out)
		r.kernels = append(r.kernels, p.kernel(s))
	}
	for _, f := range p.finals {
		c := copying{new(backend.Buf), new(backend.Buf)}
		r.bind(p, c.src, f.from)
		c.dst.Spec = p.values[f.from].spec
		r.bindPlace(bound{c.dst, 0, c.dst.Spec.Bytes()}, f.to)
		r.finals = append(r.finals, c)
	}
	return r
}

// bind points b to the memory of value v.
func (r *run) bind(p *Plan, b *backend.Buf, v int) {
	b.Spec = p.values[v].spec
	r.bindPlace(bound{b, p.offset(v), p.extent(v)}, p.values[p.base(v)].place)
}

func (r *run) bindPlace(b bound, at place) {
	switch at.kind {
	case inArena:
		b.from += at.index
		r.arena = append(r.arena, b)
	case inVar:
		b.to(at.v.Tensor().Bytes())
	case inConst:
		b.to(at.data.Bytes())
	case inDerived:
		r.derived[at.index] = append(r.derived[at.index], b)
	case inInput:
		r.inputs[at.index] = append(r.inputs[at.index], b)
	case inOutput:
		r.outputs[at.index] = append(r.outputs[at.index], b)
	}
}

// kernel returns a new kernel for step s: the device's, or else one that runs the
// reference.
func (p *Plan) kernel(s step) backend.Kernel {
	switch op := s.op.(type) {
	case copyOp:
		return backend.KernelFunc(copyKernel)
	case control:
		return op.kernel()
	}
	out, in := p.specs(s.out), p.specs(s.in)
	if k := p.kernels.Kernel(p.strided(s), out, in); k != nil {
		return k
	}
	return backend.Reference{}.Kernel(s.op, out, in)
}

func (p *Plan) specs(values []int) []tensor.Spec {
	specs := make([]tensor.Spec, len(values))
	for i, v := range values {
		specs[i] = p.values[v].spec
	}
	return specs
}

// needsReference reports whether the device has no kernel for step s.
func (p *Plan) needsReference(s step) bool {
	switch s.op.(type) {
	case copyOp, control:
		return false
	}
	return p.kernels.Kernel(p.strided(s), p.specs(s.out), p.specs(s.in)) == nil
}

// References returns the operations without a kernel, which the reference computes.
func (p *Plan) References() []graph.Op {
	var missing []graph.Op
	for _, s := range p.steps {
		if p.needsReference(s) {
			missing = append(missing, s.op)
		}
		if c, ok := s.op.(control); ok {
			for _, b := range c.plans() {
				missing = append(missing, b.References()...)
			}
		}
	}
	return missing
}

// Run computes the outputs from the inputs and updates the variables. in and out are
// contiguous tensors of the plan's specs; an output that shares memory with an input or
// another output is an error. Runs that change no variable may go on at the same time.
func (p *Plan) Run(out, in []*tensor.Tensor) error {
	if err := check("input", in, p.inputs); err != nil {
		return err
	}
	if err := check("output", out, p.outputs); err != nil {
		return err
	}
	if err := checkApart(out, in); err != nil {
		return err
	}
	for _, v := range p.vars {
		if err := v.Fetch(); err != nil { // copies the value from another device
			return err
		}
	}
	r := p.free.take()
	if r == nil {
		r = p.newRun()
	}
	for i, d := range p.derived {
		t, err := d.value()
		if err != nil {
			return err
		}
		bind(r.derived[i], t.Bytes())
	}
	arena := p.pool.take(p.arena)
	r.use(arena)
	for i, t := range in {
		bind(r.inputs[i], t.Bytes())
	}
	for i, t := range out {
		bind(r.outputs[i], t.Bytes())
	}
	r.do()
	for _, v := range p.updated {
		v.Wrote()
	}
	if p.trains {
		p.pool.derived.dropOld()
	}
	r.unbind()
	r.use(nil)
	r.last = unsafe.SliceData(arena)
	p.free.give(r)
	p.pool.give(arena)
	return nil
}

// bind makes mem the memory of buffers.
func bind(bufs []bound, mem []byte) {
	for _, b := range bufs {
		b.to(mem)
	}
}

// to binds b's buffer to its part of mem; nil unbinds it.
func (b bound) to(mem []byte) {
	if b.buf.Mem = nil; mem != nil {
		b.buf.Mem = mem[b.from:][:b.size]
	}
}

// do runs the steps, once all memory is bound.
func (r *run) do() {
	for i, k := range r.kernels {
		k.Run(r.out[i], r.in[i])
	}
	for _, c := range r.finals {
		copy(c.dst.Mem, c.src.Mem)
	}
}

// unbind releases the caller's tensors and the derived values.
func (r *run) unbind() {
	for _, bufs := range r.derived {
		bind(bufs, nil)
	}
	for _, bufs := range r.inputs {
		bind(bufs, nil)
	}
	for _, bufs := range r.outputs {
		bind(bufs, nil)
	}
}

func check(what string, got []*tensor.Tensor, want []tensor.Spec) error {
	if len(got) != len(want) {
		return fmt.Errorf("plan: %d %ss: want %d", len(got), what, len(want))
	}
	for i, t := range got {
		if t == nil {
			return fmt.Errorf("plan: %s %d is nil: want %v", what, i, want[i])
		}
		if t.Spec() != want[i] {
			return fmt.Errorf("plan: %s %d is %v: want %v", what, i, t.Spec(), want[i])
		}
		if !t.Contiguous() {
			return fmt.Errorf("plan: %s %d %v is a view with gaps: want a contiguous tensor; Clone makes one", what, i, t.Spec())
		}
	}
	return nil
}

// checkApart returns an error if an output shares memory with an input or another output.
func checkApart(out, in []*tensor.Tensor) error {
	for i, t := range out {
		for j, other := range in {
			if overlap(t.Bytes(), other.Bytes()) {
				return fmt.Errorf("plan: output %d shares memory with input %d: want memory of its own; Clone makes some", i, j)
			}
		}
		for j, other := range out[:i] {
			if overlap(t.Bytes(), other.Bytes()) {
				return fmt.Errorf("plan: output %d shares memory with output %d: want memory of its own; Clone makes some", i, j)
			}
		}
	}
	return nil
}

// overlap reports whether a byte is in both a and b.
func overlap(a, b []byte) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	x, y := uintptr(unsafe.Pointer(unsafe.SliceData(a))), uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return x < y+uintptr(len(b)) && y < x+uintptr(len(a))
}

// freeList keeps finished runs for the next ones.
type freeList struct {
	mu   sync.Mutex
	runs []*run
}

// keepRuns bounds how many idle runs a plan keeps.
const keepRuns = 16

func (f *freeList) take() *run {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.runs) == 0 {
		return nil
	}
	r := f.runs[len(f.runs)-1]
	f.runs = f.runs[:len(f.runs)-1]
	return r
}

// drop forgets the runs that used an arena last.
func (f *freeList) drop(arena *byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs = slices.DeleteFunc(f.runs, func(r *run) bool { return r.last == arena })
}

func (f *freeList) give(r *run) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.runs) < keepRuns {
		f.runs = append(f.runs, r)
	}
}
