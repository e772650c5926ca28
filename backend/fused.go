package backend

import (
	"fmt"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Program is a chain of elementwise operations that runs in one pass over tiles
// small enough for the first cache. Every instruction's result has the shape
// Shape; inputs broadcast to it.
//
// Values are numbered: the inputs first, then the results of the instructions.
type Program struct {
	Shape   tensor.Dims
	In      []tensor.Spec
	Code    []Instr
	Results []int // the values that leave the program
}

// Instr applies an elementwise operation, or an ops.FullOp, to earlier values.
type Instr struct {
	Op   graph.Op
	Args []int
	Out  tensor.DType
}

// Name implements graph.Op.
func (*Program) Name() string { return "Program" }

// Infer implements graph.Op.
func (p *Program) Infer([]tensor.Spec) ([]tensor.Spec, error) {
	specs := make([]tensor.Spec, len(p.Results))
	for i, v := range p.Results {
		specs[i] = tensor.Spec{DType: p.DType(v), Shape: p.Shape}
	}
	return specs, nil
}

// DType returns the dtype of value v.
func (p *Program) DType(v int) tensor.DType {
	if v < len(p.In) {
		return p.In[v].DType
	}
	return p.Code[v-len(p.In)].Out
}

// LastUse returns the number of the last instruction that reads value v, or -1.
func (p *Program) LastUse(v int) int {
	for i := len(p.Code) - 1; i >= 0; i-- {
		for _, a := range p.Code[i].Args {
			if a == v {
				return i
			}
		}
	}
	return -1
}

// Overwrites reports whether result r may have the memory of input in: no
// instruction reads the input after the one that computes the result.
func (p *Program) Overwrites(r, in int) bool {
	return p.In[in].Shape == p.Shape && p.LastUse(in) <= p.Results[r]-len(p.In)
}

// String prints the program as nested calls: a letter for every input.
func (p *Program) String() string {
	var parts []string
	for _, v := range p.Results {
		parts = append(parts, p.expr(v))
	}
	return "{" + strings.Join(parts, "; ") + "}"
}

func (p *Program) expr(v int) string {
	if v < len(p.In) {
		return string(rune('a' + v%26))
	}
	in := p.Code[v-len(p.In)]
	if f, ok := in.Op.(ops.FullOp); ok {
		return fmt.Sprintf("%g", f.Value())
	}
	args := make([]string, len(in.Args))
	for i, a := range in.Args {
		args[i] = p.expr(a)
	}
	return in.Op.Name() + "(" + strings.Join(args, ", ") + ")"
}

// Ref implements ops.Referenced: the instructions' references, one after another.
func (p *Program) Ref(out, in []ops.Array) {
	vals := make([]ops.Array, 0, len(p.In)+len(p.Code))
	vals = append(vals, in...)
	for _, c := range p.Code {
		args := make([]ops.Array, len(c.Args))
		for i, a := range c.Args {
			args[i] = vals[a]
		}
		r := ops.NewArray(tensor.Spec{DType: c.Out, Shape: p.Shape})
		if f, ok := c.Op.(ops.FullOp); ok {
			r.Shape = tensor.Dims{}
			r.V = []float64{f.Value()}
		} else {
			ops.Reference(c.Op, []ops.Array{r}, expand(args, p.Shape))
		}
		vals = append(vals, r)
	}
	for i, v := range p.Results {
		copy(out[i].V, expand(vals[v:v+1], p.Shape)[0].V)
	}
}

// expand broadcasts every array to shape, in new memory.
func expand(in []ops.Array, shape tensor.Dims) []ops.Array {
	out := make([]ops.Array, len(in))
	for i, a := range in {
		out[i] = ops.NewArray(tensor.Spec{DType: a.DType, Shape: shape})
		ops.BroadcastOp{Shape: shape}.Ref(out[i:i+1], []ops.Array{a})
	}
	return out
}

// Act is an activation that a matrix product applies while it stores its result.
type Act uint8

// The activations of an epilogue.
const (
	NoAct Act = iota
	ReluAct
)

// FusedMatMul is a matrix product and what rides on it: a bias over the last
// axis, an activation, then a program whose input number Acc is the product.
//
// Inputs: a, b, the bias if there is one, the program's other inputs in order.
// Results: those of the program, or the product when there is none.
type FusedMatMul struct {
	ops.MatMulOp
	Bias  bool
	Act   Act
	After *Program
	Acc   int
}

// String prints the product and its epilogue.
func (f *FusedMatMul) String() string {
	s := f.Name()
	if f.TransA {
		s += " aᵀ"
	}
	if f.TransB {
		s += " bᵀ"
	}
	if f.Bias {
		s += " + bias"
	}
	if f.Act == ReluAct {
		s += ", Relu"
	}
	if f.After != nil {
		s += ", " + f.After.String()
	}
	return s
}

// Infer implements graph.Op.
func (f *FusedMatMul) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if f.After != nil {
		return f.After.Infer(nil)
	}
	return f.MatMulOp.Infer(in[:2])
}

// Rest returns how many inputs come before the program's.
func (f *FusedMatMul) Rest() int {
	if f.Bias {
		return 3
	}
	return 2
}

// Home returns the result of After in whose memory the product can be computed
// first, or -1.
func (f *FusedMatMul) Home() int {
	home := -1
	for r, v := range f.After.Results {
		if v == f.Acc {
			return r
		}
		if f.After.DType(v) == tensor.Float32 && f.After.LastUse(f.Acc) <= v-len(f.After.In) {
			home = r
		}
	}
	return home
}

// Ref implements ops.Referenced.
func (f *FusedMatMul) Ref(out, in []ops.Array) {
	specs, _ := f.MatMulOp.Infer([]tensor.Spec{in[0].Spec, in[1].Spec})
	c := ops.NewArray(specs[0])
	f.MatMulOp.Ref([]ops.Array{c}, in[:2])
	if f.Bias {
		ops.Reference(ops.AddOp{}, []ops.Array{c}, []ops.Array{c, in[2]})
	}
	if f.Act == ReluAct {
		ops.Reference(ops.ReluOp{}, []ops.Array{c}, []ops.Array{c})
	}
	if f.After == nil {
		copy(out[0].V, c.V)
		return
	}
	args := append([]ops.Array(nil), in[f.Rest():]...)
	args = append(args[:f.Acc], append([]ops.Array{c}, args[f.Acc:]...)...)
	f.After.Ref(out, args)
}

// Sweep is several operations of one type that do not depend on each other, done
// together: the optimizer's update of all parameters.
type Sweep struct {
	Ops []graph.Op
	// Ins and Outs count the inputs and results of each operation.
	Ins, Outs []int
}

// Name implements graph.Op.
func (*Sweep) Name() string { return "Sweep" }

// Infer implements graph.Op.
func (s *Sweep) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	var out []tensor.Spec
	for i, op := range s.Ops {
		specs, err := op.Infer(in[:s.Ins[i]])
		if err != nil {
			return nil, err
		}
		in, out = in[s.Ins[i]:], append(out, specs...)
	}
	return out, nil
}

// String names the operation and how many there are.
func (s *Sweep) String() string { return fmt.Sprintf("Sweep of %d %s", len(s.Ops), s.Ops[0].Name()) }

// Ref implements ops.Referenced.
func (s *Sweep) Ref(out, in []ops.Array) {
	for i, op := range s.Ops {
		ops.Reference(op, out[:s.Outs[i]], in[:s.Ins[i]])
		out, in = out[s.Outs[i]:], in[s.Ins[i]:]
	}
}
