package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

const (
	tileLen  = 1024         // elements that an instruction handles at a time: 4 KB
	pieceLen = 16 * tileLen // elements of a program that one thread takes at a time
)

// Fuses implements backend.Backend: programs compute in float32. Truth values are
// 1 and 0 inside, and other inputs are converted as they are loaded.
func (Backend) Fuses(op graph.Op, out, in []tensor.Spec) bool {
	switch o := op.(type) {
	case ops.CastOp:
		if in[0].DType == tensor.Float32 || in[0].DType == tensor.Bool {
			return storable(o.To)
		}
		return o.To == tensor.Float32 && loadable(in[0].DType)
	case ops.BroadcastOp:
		return in[0].DType == tensor.Float32
	}
	if out[0].DType != tensor.Float32 && out[0].DType != tensor.Bool {
		return false
	}
	for _, s := range in {
		if s.DType != tensor.Float32 && s.DType != tensor.Bool {
			return false
		}
	}
	_, ok := tileOf(op)
	return ok
}

// storable reports whether a program's value can leave it as dtype dt.
func storable(dt tensor.DType) bool {
	switch dt {
	case tensor.Float32, tensor.Bool, tensor.Float16, tensor.BFloat16:
		return true
	}
	return false
}

// loadable reports whether a program's input can be of dtype dt.
func loadable(dt tensor.DType) bool {
	switch dt {
	case tensor.Float32, tensor.Bool, tensor.Uint8, tensor.Int32, tensor.Float16, tensor.BFloat16:
		return true
	}
	return false
}

func init() {
	register(func(p *backend.Program, _, _ []tensor.Spec) backend.Kernel { return newProgram(p) })
}

// program is the kernel of a backend.Program.
type program struct {
	size    int
	loads   []load
	code    []instr
	stores  []store
	slots   int
	out, in []backend.Buf
	self    par.Worker
}

// load expands or converts an input into a slot.
type load struct {
	input, slot int
	once        bool // the same for all tiles
	src         expander
}

// instr is an instruction with its places. A constant has no function.
type instr struct {
	f    tile
	fill float32
	dst  operand
	args [3]operand
}

// store writes a value to a result that it could not be computed in.
type store struct {
	result int
	from   operand
}

// operand is a tile's place: a slot, an input's or a result's own memory.
type operand struct {
	kind  operandKind
	index int
}

type operandKind uint8

const (
	inSlot operandKind = iota
	fromInput
	toResult
)

// newProgram gives every value a place: float32 inputs of full shape are read
// where they are, float32 results computed where they belong; any other value
// has a slot until its last use.
func newProgram(p *backend.Program) *program {
	k := &program{size: p.Shape.Size()}
	where := make([]operand, len(p.In)+len(p.Code))
	last := lastUses(p)
	for i, s := range p.In {
		where[i] = operand{fromInput, i}
		if s.DType != tensor.Float32 || s.Shape.Size() != k.size {
			where[i] = operand{inSlot, k.slots}
			k.loads = append(k.loads, load{i, k.slots, s.Shape.Size() == 1, newExpander(s, p.Shape)})
			k.slots++
		}
	}
	home := homes(p)
	var idle []int
	for i, c := range p.Code {
		v := len(p.In) + i
		if isLoad(c.Op) {
			where[v] = where[c.Args[0]]
			continue
		}
		var in instr
		for j, a := range c.Args {
			in.args[j] = where[a]
			if first := len(p.In); a >= first && last[a] == i && where[a].kind == inSlot && !isConst(p.Code[a-first].Op) && !isLoad(p.Code[a-first].Op) {
				idle = append(idle, where[a].index)
				last[a] = -1
			}
		}
		r, atHome := home[v]
		switch full, ok := c.Op.(ops.FullOp); {
		case ok:
			in.fill = float32(full.Value())
			in.dst = operand{inSlot, k.slots}
			k.slots++
		case atHome:
			in.dst = operand{toResult, r}
		case len(idle) > 0:
			in.dst = operand{inSlot, idle[len(idle)-1]}
			idle = idle[:len(idle)-1]
		default:
			in.dst = operand{inSlot, k.slots}
			k.slots++
		}
		if !isConst(c.Op) {
			in.f, _ = tileOf(c.Op)
		}
		where[v] = in.dst
		k.code = append(k.code, in)
	}
	for r, v := range p.Results {
		if where[v] != (operand{toResult, r}) {
			k.stores = append(k.stores, store{r, where[v]})
		}
	}
	return k
}

// isLoad reports whether op does no more than how its input is loaded: as
// float32, broadcast.
func isLoad(op graph.Op) bool {
	switch o := op.(type) {
	case ops.CastOp:
		return o.To == tensor.Float32
	case ops.BroadcastOp:
		return true
	}
	return false
}

func isConst(op graph.Op) bool { _, ok := op.(ops.FullOp); return ok }

// lastUses returns the last instruction that reads each value; a value that is a
// result, or is read under another name, is read until the end.
func lastUses(p *backend.Program) []int {
	last := make([]int, len(p.In)+len(p.Code))
	for i, c := range p.Code {
		for _, a := range c.Args {
			last[a] = i
			if isLoad(c.Op) {
				last[a] = len(p.Code)
			}
		}
	}
	for _, v := range p.Results {
		last[v] = len(p.Code)
	}
	return last
}

// homes chooses, for every value that is a float32 result, the result that it is
// computed in.
func homes(p *backend.Program) map[int]int {
	home := map[int]int{}
	for r, v := range p.Results {
		if v < len(p.In) || p.DType(v) != tensor.Float32 {
			continue
		}
		op := p.Code[v-len(p.In)].Op
		if _, taken := home[v]; !taken && !isLoad(op) && !isConst(op) {
			home[v] = r
		}
	}
	return home
}

// Run implements backend.Kernel.
func (k *program) Run(out, in []backend.Buf) {
	k.out, k.in = out, in
	if n := (k.size + pieceLen - 1) / pieceLen; n == 1 {
		k.Piece(0, &k.self)
	} else {
		par.Do(n, k)
	}
	k.out, k.in = nil, nil
}

// Piece implements par.Task.
func (k *program) Piece(i int, w *par.Worker) {
	tiles := k.begin(w.Scratch(k.scratch()))
	k.span(i*pieceLen, min((i+1)*pieceLen, k.size), tiles)
}

// scratch returns the bytes that the slots take.
func (k *program) scratch() int { return k.slots * tileLen * 4 }

// begin fills the slots that are the same for all tiles.
func (k *program) begin(mem []byte) []float32 {
	tiles := backend.Data[float32](backend.Buf{Spec: tensor.S(tensor.Float32, len(mem)/4), Mem: mem})
	for _, l := range k.loads {
		if l.once {
			l.src.expand(slotOf(tiles, l.slot, min(tileLen, k.size)), k.in[l.input], 0)
		}
	}
	for i := range k.code {
		if c := &k.code[i]; c.f.arity == 0 {
			kern.Fill(slotOf(tiles, c.dst.index, tileLen), c.fill)
		}
	}
	return tiles
}

// span runs the program for elements [lo,hi).
func (k *program) span(lo, hi int, tiles []float32) {
	for at := lo; at < hi; at += tileLen {
		n := min(tileLen, hi-at)
		for i := range k.loads {
			if l := &k.loads[i]; !l.once {
				l.src.expand(slotOf(tiles, l.slot, n), k.in[l.input], at)
			}
		}
		for i := range k.code {
			c := &k.code[i]
			switch c.f.arity {
			case 1:
				c.f.one(k.at(c.dst, tiles, at, n), k.at(c.args[0], tiles, at, n))
			case 2:
				c.f.two(k.at(c.dst, tiles, at, n), k.at(c.args[0], tiles, at, n), k.at(c.args[1], tiles, at, n))
			case 3:
				c.f.three(k.at(c.dst, tiles, at, n), k.at(c.args[0], tiles, at, n), k.at(c.args[1], tiles, at, n), k.at(c.args[2], tiles, at, n))
			}
		}
		for _, s := range k.stores {
			k.store(s, tiles, at, n)
		}
	}
}

// at returns n elements of an operand from element at on.
func (k *program) at(o operand, tiles []float32, at, n int) []float32 {
	switch o.kind {
	case fromInput:
		return floats(k.in[o.index])[at : at+n]
	case toResult:
		return floats(k.out[o.index])[at : at+n]
	}
	return slotOf(tiles, o.index, n)
}

func (k *program) store(s store, tiles []float32, at, n int) {
	src, dst := k.at(s.from, tiles, at, n), k.out[s.result]
	switch dst.DType {
	case tensor.Bool:
		kern.F32ToBool(backend.Data[bool](dst)[at:at+n], src)
	case tensor.Float16:
		kern.F32ToF16(bits16(dst)[at:at+n], src)
	case tensor.BFloat16:
		kern.F32ToBF16(bits16(dst)[at:at+n], src)
	default:
		copy(floats(dst)[at:at+n], src)
	}
}

func slotOf(tiles []float32, slot, n int) []float32 {
	return tiles[slot*tileLen:][:n:n]
}
