package plan

import (
	"fmt"
	"strings"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
)

// String lists the steps for a person: the operation, its inputs, its results and their
// memory. @ is an offset in the arena; (reference) marks operations without a kernel.
func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "plan on %s: %d steps, arena %d bytes\n", p.kernels.Name(), len(p.steps), p.arena)
	for i, s := range p.steps {
		fmt.Fprintf(&b, "%3d  %s", i, p.describe(s))
		if p.needsReference(s) {
			b.WriteString(" (reference)")
		}
		b.WriteByte('\n')
		for _, v := range s.in {
			fmt.Fprintf(&b, "       <- %s\n", p.name(v))
		}
		for _, v := range s.out {
			fmt.Fprintf(&b, "       -> %s\n", p.name(v))
		}
		if c, ok := s.op.(control); ok {
			for _, body := range c.plans() {
				for line := range strings.Lines(body.String()) {
					b.WriteString("     | " + line)
				}
			}
		}
	}
	for _, f := range p.finals {
		fmt.Fprintf(&b, "  =  %s -> %s\n", p.name(f.from), p.at(f.to))
	}
	return b.String()
}

func (p *Plan) describe(s step) string {
	switch op := s.op.(type) {
	case *backend.Program:
		return op.String()
	case fmt.Stringer:
		return op.String()
	}
	return graph.Describe(s.op)
}

// name describes a value: its memory and spec, and the strides if it has gaps.
func (p *Plan) name(v int) string {
	s := p.at(p.values[p.base(v)].place)
	if offset := p.offset(v); offset > 0 {
		s += fmt.Sprintf("+%d", offset)
	}
	s += fmt.Sprintf(" %v", p.values[v].spec)
	if p.gaps(v) {
		s += fmt.Sprintf(" strides %v", p.values[v].strides)
	}
	return s
}

func (p *Plan) at(at place) string {
	switch at.kind {
	case inArena:
		return fmt.Sprintf("@%d", at.index)
	case inInput:
		return p.labels[at.index]
	case inOutput:
		return fmt.Sprintf("output %d", at.index)
	case inVar:
		return at.v.Path
	case inDerived:
		return derivedOp{p.derived[at.index]}.String()
	case inConst:
		if at.data.Len() == 1 {
			return fmt.Sprintf("%g", at.data.Item())
		}
		return "constant"
	}
	return "nowhere"
}
