package plan

import (
	"unsafe"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// control is the operation of a step that runs the plans of bodies: a loop or a branch.
// If the bodies use memory, it is the last result of the step.
type control interface {
	graph.Op
	plans() []*Plan
	kernel() backend.Kernel
	// scratch returns the bytes of memory that the bodies use.
	scratch() int
	// inPlace reports for this operation as [backend.Kernels] does for others.
	inPlace(result, input int) bool
}

// withBodies compiles the bodies of a step that has bodies.
func (l *lowering) withBodies(s step) step {
	var c control
	switch op := s.op.(type) {
	case flow.ScanOp:
		c = newScan(op, l.kernels)
	case flow.CondOp:
		c = newCond(op, l.kernels)
	case flow.WhileOp:
		c = newWhile(op, l.kernels)
	default:
		return s
	}
	s.op = c
	if n := c.scratch(); n > 0 {
		l.values = append(l.values, value{spec: tensor.S(tensor.Uint8, n), alias: -1})
		s.out = append(s.out, len(l.values)-1)
	}
	return s
}

// inPlace reports whether result r of s may be computed in the memory of input in.
func (l *lowering) inPlace(s step, r, in int) bool {
	if c, ok := s.op.(control); ok {
		return c.inPlace(r, in)
	}
	return l.kernels.InPlace(s.op, r, in)
}

// body is a run of a body's plan, whose arena is memory of the step.
type body struct {
	*run
	mem *byte // the arena that is bound
}

func newBody(p *Plan) body { return body{run: p.newRun()} }

// use makes mem, from its beginning, the arena.
func (b *body) use(mem []byte) {
	if at := unsafe.SliceData(mem); at != b.mem {
		b.mem = at
		b.run.use(mem)
	}
}

func (b *body) input(i int, mem []byte)  { bind(b.inputs[i], mem) }
func (b *body) output(i int, mem []byte) { bind(b.outputs[i], mem) }

// memOf returns the memory of the last result, which the bodies use, of results of
// which n are those of the operation.
func memOf(out []backend.Buf, n int) []byte {
	if len(out) > n {
		return out[n].Mem
	}
	return nil
}

// layout hands out places in the memory of a step.
type layout int

func (l *layout) add(bytes int) (offset int) {
	offset = int(*l)
	*l += layout(align(bytes))
	return offset
}

// same reports whether a and b begin at one place.
func same(a, b []byte) bool { return unsafe.SliceData(a) == unsafe.SliceData(b) }
