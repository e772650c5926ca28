package cpu

import (
	"slices"

	"github.com/glia-ml/glia/internal/kern"
)

// mostLinks is the largest number of instructions that become one chain.
const mostLinks = 8

// chained is elementwise functions on float32, each of which takes what the one before it
// gives, in one pass. Its arguments are the first value, and the operand of each link that has
// one.
type chained struct{ links []kern.LinkFunc }

func (o chained) run(f frame, c *instr, at, n int) {
	var links [mostLinks]kern.Link
	operands := c.args[1:]
	for i, l := range o.links {
		var operand []float32
		if l.Operand {
			operand, operands = f.f32(operands[0], at, n), operands[1:]
		}
		links[i] = l.With(operand)
	}
	kern.Chain(f.f32(c.dst[0], at, n), f.f32(c.args[0], at, n), links[:len(o.links)])
}

// chain makes one instruction of instructions that follow each other, each the only reader of
// the one before: the second pass over a program.
func (l *lowering) chain() *lowering {
	uses := make([]int, len(l.refs))
	for _, c := range l.code {
		for _, x := range c.args {
			uses[x]++
		}
	}
	for _, x := range l.results {
		uses[x]++
	}
	var code []lowered
	for _, c := range l.code {
		if n := len(code); n > 0 {
			if joined, ok := join(code[n-1], c, uses); ok {
				code[n-1] = joined
				continue
			}
		}
		code = append(code, c)
	}
	l.code = code
	return l
}

// join returns the chain of two instructions, and whether there is one.
func join(a, b lowered, uses []int) (lowered, bool) {
	if a.row || b.row || len(a.dst) != 1 || uses[a.dst[0]] != 1 {
		return lowered{}, false
	}
	through := slices.Index(b.args, a.dst[0])
	tile, ok := b.op.(mapFloats)
	if !ok || through < 0 || !tile.linked {
		return lowered{}, false
	}
	var first chained
	args := slices.Clone(a.args)
	switch op := a.op.(type) {
	case chained:
		first = op
	case mapFloats:
		if !op.linked {
			return lowered{}, false
		}
		first = chained{[]kern.LinkFunc{op.links[0]}}
	default:
		return lowered{}, false
	}
	if len(first.links) == mostLinks {
		return lowered{}, false
	}
	for i, x := range b.args {
		if i != through {
			args = append(args, x)
		}
	}
	return lowered{op: chained{append(slices.Clip(first.links), tile.links[through])}, dst: b.dst, args: args}, true
}
