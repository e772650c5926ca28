package backend

import (
	"fmt"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Program is a chain of elementwise operations, and of reductions along the last
// axes, that runs in one pass over tiles small enough for the first cache. Its results
// are those of the operations one by one: values of narrow floats are rounded after every
// operation. A value has the shape Shape or, if it is a row's, that shape with the last
// Axes axes of length 1: the result of a reduction, and values computed from such results
// alone. Inputs, and the values of rows, broadcast.
//
// With Columns, reductions go along the first axes instead, and drop them. Values computed
// from their results are computed once, after the pass; so they have the shape of columns,
// too.
//
// Values are numbered: the inputs first, then the results of the instructions.
type Program struct {
	Shape   tensor.Dims
	Axes    int  // of the reductions; 0 without reductions
	Columns bool // reductions go along the first axes: columns take the part of rows
	In      []tensor.Spec
	Code    []Instr
	Results []int // the values that are results
}

// Instr applies an operation to earlier values: an elementwise one, which may have
// several results, an ops.FullOp, or an ops.Reducing along the program's axes, whose
// results are a row's.
type Instr struct {
	Op   graph.Op
	Args []int
	Out  tensor.DType   // of the first result
	More []tensor.DType // of the others
	Row  bool           // the results are a row's, or a column's
}

// ProgramOf returns the program of one operation, for results and inputs of these specs.
// A reduction with KeepDims goes along the last axes, one without along the first.
func ProgramOf(op graph.Op, out, in []tensor.Spec) *Program {
	p := &Program{Shape: out[0].Shape, In: in}
	c := Instr{Op: op, Out: out[0].DType}
	if r, ok := op.(ops.Reducing); ok {
		p.Shape, p.Axes, p.Columns, c.Row = in[0].Shape, r.Over().Axes.Rank(), !r.Over().KeepDims, true
	}
	for i := range in {
		c.Args = append(c.Args, i)
	}
	for i, s := range out {
		p.Results = append(p.Results, len(in)+i)
		if i > 0 {
			c.More = append(c.More, s.DType)
		}
	}
	p.Code = []Instr{c}
	return p
}

// Outs returns how many results the instruction has.
func (c *Instr) Outs() int { return 1 + len(c.More) }

// DType returns the dtype of a result.
func (c *Instr) DType(result int) tensor.DType {
	if result == 0 {
		return c.Out
	}
	return c.More[result-1]
}

// Name implements graph.Op.
func (*Program) Name() string { return "Program" }

// Infer implements graph.Op.
func (p *Program) Infer([]tensor.Spec) ([]tensor.Spec, error) {
	specs := make([]tensor.Spec, len(p.Results))
	for i, v := range p.Results {
		specs[i] = tensor.Spec{DType: p.DType(v), Shape: p.shapeOf(p.Row(v))}
	}
	return specs, nil
}

// Values returns the number of values.
func (p *Program) Values() int { return p.First(len(p.Code)) }

// First returns the value that is the first result of instruction i.
func (p *Program) First(i int) int {
	v := len(p.In)
	for j := range p.Code[:i] {
		v += p.Code[j].Outs()
	}
	return v
}

// Source returns the instruction that computes value v, and which of its results v is.
// For an input it returns -1 and the input.
func (p *Program) Source(v int) (i, result int) {
	if v < len(p.In) {
		return -1, v
	}
	for v -= len(p.In); v >= p.Code[i].Outs(); i++ {
		v -= p.Code[i].Outs()
	}
	return i, v
}

// Row reports whether value v, not an input, is a row's.
func (p *Program) Row(v int) bool {
	i, _ := p.Source(v)
	return i >= 0 && p.Code[i].Row
}

// RowShape returns the shape of the values of rows.
func (p *Program) RowShape() tensor.Dims { return p.shapeOf(true) }

func (p *Program) shapeOf(row bool) tensor.Dims {
	s := p.Shape
	switch {
	case row && p.Columns:
		return s.From(p.Axes)
	case row:
		for i := range p.Axes {
			s = s.With(-1-i, 1)
		}
	}
	return s
}

// DType returns the dtype of value v.
func (p *Program) DType(v int) tensor.DType {
	i, result := p.Source(v)
	if i < 0 {
		return p.In[v].DType
	}
	return p.Code[i].DType(result)
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
	i, _ := p.Source(p.Results[r])
	row := p.Row(p.Results[r])
	if row && !p.Columns || p.In[in].Shape != p.shapeOf(row) {
		return false
	}
	return p.LastUse(in) <= i
}

// String prints the program as nested calls: a letter for every input, a name for every
// value that is used twice and for each of several results.
func (p *Program) String() string {
	uses := make([]int, p.Values())
	for _, c := range p.Code {
		for _, a := range c.Args {
			uses[a]++
		}
	}
	for _, v := range p.Results {
		uses[v]++
	}
	text := make([]string, len(uses))
	for v := range p.In {
		text[v] = string(rune('a' + v%26))
	}
	var parts []string
	names := 0
	name := func() string {
		names++
		return fmt.Sprintf("t%d", names-1)
	}
	v := len(p.In)
	for _, c := range p.Code {
		if f, ok := c.Op.(ops.FullOp); ok {
			text[v] = fmt.Sprintf("%g", f.Value())
			v++
			continue
		}
		args := make([]string, len(c.Args))
		for j, a := range c.Args {
			args[j] = text[a]
		}
		call := c.Op.Name() + "(" + strings.Join(args, ", ") + ")"
		switch {
		case c.Outs() > 1:
			of := make([]string, c.Outs())
			for r := range of {
				of[r] = "_"
				if uses[v+r] > 0 {
					of[r] = name()
				}
				text[v+r] = of[r]
			}
			parts = append(parts, strings.Join(of, ", ")+" = "+call)
		case uses[v] > 1:
			text[v] = name()
			parts = append(parts, text[v]+" = "+call)
		default:
			text[v] = call
		}
		v += c.Outs()
	}
	for _, v := range p.Results {
		parts = append(parts, text[v])
	}
	return "{" + strings.Join(parts, "; ") + "}"
}

// Ref implements ops.Referenced: the instructions' references, one after another.
func (p *Program) Ref(out, in []ops.Array) {
	vals := make([]ops.Array, 0, p.Values())
	vals = append(vals, in...)
	for _, c := range p.Code {
		args := make([]ops.Array, len(c.Args))
		for i, a := range c.Args {
			args[i] = vals[a]
		}
		res := make([]ops.Array, c.Outs())
		for r := range res {
			res[r] = ops.NewArray(tensor.Spec{DType: c.DType(r), Shape: p.shapeOf(c.Row)})
		}
		switch op := c.Op.(type) {
		case ops.FullOp:
			res[0] = ops.Array{Spec: tensor.Spec{DType: c.Out}, V: []float64{op.Value()}}
		case ops.Reducing:
			ops.Reference(op, res, expand(args, p.Shape))
		default:
			ops.Reference(op, res, expand(args, res[0].Shape))
		}
		for _, r := range res {
			vals = append(vals, rounded(r))
		}
	}
	for i, v := range p.Results {
		copy(out[i].V, expand(vals[v:v+1], p.shapeOf(p.Row(v)))[0].V)
	}
}

// rounded returns a with its numbers rounded to its dtype, as they are between operations
// that are not fused.
func rounded(a ops.Array) ops.Array {
	t := tensor.NewSpec(a.Spec)
	if err := t.SetFloat64s(a.V); err != nil {
		panic(err)
	}
	return ops.Array{Spec: a.Spec, V: t.Float64s()}
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

// Act is an activation that the head of a [Fused] applies while it stores its result.
type Act uint8

// The activations of an epilogue.
const (
	NoAct Act = iota
	ReluAct
)

// Fused is an operation of one result, its head, with an epilogue: a bias over the last
// axis, an activation, then a program whose input number Acc is the head's result. A second
// program, of columns, may reduce results while they are in the cache.
// [Kernels.Heads] reports which operations can be heads.
//
// Inputs: the head's, the bias if Bias is set, the program's other inputs in order, those of
// the second program that are not results.
// Results: those of the program, or the head's without a program; those of the second program.
type Fused struct {
	Head  graph.Op
	Ins   int // inputs of the head
	Bias  bool
	Act   Act
	After *Program
	Acc   int
	Then  *Program // of columns, or nil
	Reads []int    // for each input of Then: the result that it is, or -1
}

// Name implements graph.Op: the head's.
func (f *Fused) Name() string { return f.Head.Name() }

// String prints the head and its epilogue.
func (f *Fused) String() string {
	s := describe(f.Head)
	if f.Bias {
		s += " + bias"
	}
	if f.Act == ReluAct {
		s += ", Relu"
	}
	if f.After != nil {
		s += ", " + f.After.String()
	}
	if f.Then != nil {
		s += ", then " + f.Then.String()
	}
	return s
}

// describe prints a head: a product marks its transposed operands.
func describe(op graph.Op) string {
	m, ok := op.(ops.MatMulOp)
	if !ok {
		return graph.Describe(op)
	}
	s := m.Name()
	if m.TransA {
		s += " aᵀ"
	}
	if m.TransB {
		s += " bᵀ"
	}
	return s
}

// Infer implements graph.Op.
func (f *Fused) Infer(in []tensor.Spec) (specs []tensor.Spec, err error) {
	if f.After != nil {
		specs, err = f.After.Infer(nil)
	} else {
		specs, err = f.Head.Infer(in[:f.Ins])
	}
	if f.Then == nil || err != nil {
		return specs, err
	}
	columns, err := f.Then.Infer(nil)
	return append(specs, columns...), err
}

// Whole returns how many results come before those of Then.
func (f *Fused) Whole() int {
	if f.After != nil {
		return len(f.After.Results)
	}
	return 1
}

// First returns how many inputs come before those of Then.
func (f *Fused) First() int {
	if f.After != nil {
		return f.Rest() + len(f.After.In) - 1
	}
	return f.Rest()
}

// ThenIn returns the inputs of Then, of the results of the whole step and its inputs.
func ThenIn[T any](f *Fused, out, in []T) []T {
	args, own := make([]T, len(f.Reads)), in[f.First():]
	for i, r := range f.Reads {
		if r >= 0 {
			args[i] = out[r]
		} else {
			args[i], own = own[0], own[1:]
		}
	}
	return args
}

// Rest returns how many inputs come before the program's.
func (f *Fused) Rest() int {
	if f.Bias {
		return f.Ins + 1
	}
	return f.Ins
}

// Home returns the result in whose memory the head can be computed first, or -1.
func (f *Fused) Home() int {
	if f.After == nil {
		return 0
	}
	home := -1
	for r, v := range f.After.Results {
		if v == f.Acc {
			return r
		}
		if f.After.DType(v) == f.After.DType(f.Acc) && f.After.Overwrites(r, f.Acc) {
			home = r
		}
	}
	return home
}

// Overwrites reports whether result r may have the memory of input in: it is one of the
// program's inputs, and the head is not computed there. Results of the second program are
// computed last. An input that both programs read is two inputs, of which the second refuses.
func (f *Fused) Overwrites(r, in int) bool {
	own := in - f.First()
	switch {
	case r >= f.Whole() && own < 0:
		return true
	case r < f.Whole() && own >= 0:
		return false
	case own >= 0:
		for i, result := range f.Reads {
			if result < 0 {
				if own == 0 {
					return f.Then.Overwrites(r-f.Whole(), i)
				}
				own--
			}
		}
	}
	if f.After == nil || in < f.Rest() || r == f.Home() {
		return false
	}
	if in -= f.Rest(); in >= f.Acc {
		in++
	}
	return f.After.Overwrites(r, in)
}

// Ref implements ops.Referenced.
func (f *Fused) Ref(out, in []ops.Array) {
	specs := make([]tensor.Spec, f.Ins)
	for i := range specs {
		specs[i] = in[i].Spec
	}
	result, err := f.Head.Infer(specs)
	if err != nil {
		panic(err)
	}
	c := ops.NewArray(result[0])
	ops.Reference(f.Head, []ops.Array{c}, in[:f.Ins])
	c = rounded(c)
	if f.Bias {
		ops.Reference(ops.AddOp{}, []ops.Array{c}, []ops.Array{c, in[f.Ins]})
		c = rounded(c)
	}
	if f.Act == ReluAct {
		ops.Reference(ops.ReluOp{}, []ops.Array{c}, []ops.Array{c})
	}
	if f.After == nil {
		copy(out[0].V, c.V)
	} else {
		args := append([]ops.Array(nil), in[f.Rest():f.First()]...)
		args = append(args[:f.Acc], append([]ops.Array{c}, args[f.Acc:]...)...)
		f.After.Ref(out[:f.Whole()], args)
	}
	if f.Then != nil {
		f.Then.Ref(out[f.Whole():], ThenIn(f, out, in))
	}
}

// Sweep is several operations of one type that do not depend on each other, done
// together: the optimizer's update of all parameters. The gradient of a float32 update,
// which is only read, may be of a half type: it is widened as it is read.
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
		specs, err := op.Infer(widened(in[:s.Ins[i]]))
		if err != nil {
			return nil, err
		}
		in, out = in[s.Ins[i]:], append(out, specs...)
	}
	return out, nil
}

// widened returns the specs of an update as its operation takes them.
func widened(in []tensor.Spec) []tensor.Spec {
	out := append([]tensor.Spec(nil), in...)
	for i, s := range in {
		if half := s.DType == tensor.Float16 || s.DType == tensor.BFloat16; half && in[0].DType == tensor.Float32 {
			out[i].DType = tensor.Float32
		}
	}
	return out
}

// Overwrites reports whether result r may have the memory of input in: every update
// works in place.
func (s *Sweep) Overwrites(r, in int) bool {
	for i := range s.Ops {
		if r < s.Outs[i] {
			return in == r
		}
		r, in = r-s.Outs[i], in-s.Ins[i]
	}
	return false
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
