package nn

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// OperationLayer is the layer of an operation on symbols, such as [Symbol.Add]: one of Keras's
// operations, which its functional form applies like layers. It has no variables, and computes
// in the dtypes of its operands, whatever the dtype policy.
type OperationLayer struct {
	Base
	op       operation
	operands []any // nil for the next input; a number, a tensor or a list of [Index]
	to       tensor.DType
	bad      *graph.Error
}

// operation is a row of the table of operations.
type operation struct {
	class, module string
	operands      int
	call          func(l *OperationLayer, x []*graph.Node) *graph.Node
	// of returns the dtype of the result for operands of a dtype; nil: the same.
	of func(tensor.DType) tensor.DType
}

const (
	numpyOps = "keras.src.ops.numpy"
	nnOps    = "keras.src.ops.nn"
	coreOps  = "keras.src.ops.core"
)

// operations holds Keras's operations by module and class.
var operations = map[string]operation{}

func addOperation(o operation) { operations[o.module+" "+o.class] = o }

func init() {
	asFloat := func(dt tensor.DType) tensor.DType {
		if dt.IsFloat() {
			return dt
		}
		return tensor.Float32
	}
	toBool := func(tensor.DType) tensor.DType { return tensor.Bool }
	two := func(f func(a, b *graph.Node) *graph.Node) func(*OperationLayer, []*graph.Node) *graph.Node {
		return func(_ *OperationLayer, x []*graph.Node) *graph.Node { return f(x[0], x[1]) }
	}
	for class, f := range map[string]func(a, b *graph.Node) *graph.Node{
		"Add": ops.Add, "Subtract": ops.Sub, "Multiply": ops.Mul, "FloorDivide": ops.FloorDiv, "Mod": ops.Mod, "Power": ops.Pow,
		"Maximum": ops.Maximum, "Minimum": ops.Minimum,
	} {
		addOperation(operation{class, numpyOps, 2, two(f), nil})
	}
	for class, f := range map[string]func(a, b *graph.Node) *graph.Node{
		"Equal": ops.Equal, "NotEqual": ops.NotEqual, "Less": ops.Less, "LessEqual": ops.LessEqual, "Greater": ops.Greater, "GreaterEqual": ops.GreaterEqual,
	} {
		addOperation(operation{class, numpyOps, 2, two(f), toBool})
	}
	for _, class := range []string{"TrueDivide", "Divide"} {
		addOperation(operation{class, numpyOps, 2, two(func(a, b *graph.Node) *graph.Node {
			return ops.Div(ops.Cast(a, asFloat(a.DType())), ops.Cast(b, asFloat(b.DType())))
		}), asFloat})
	}
	addOperation(operation{"Matmul", numpyOps, 2, two(ops.MatMul), nil})
	one := func(f func(x *graph.Node) *graph.Node) func(*OperationLayer, []*graph.Node) *graph.Node {
		return func(_ *OperationLayer, x []*graph.Node) *graph.Node { return f(x[0]) }
	}
	for class, f := range map[string]func(x *graph.Node) *graph.Node{"Negative": ops.Neg, "Absolute": ops.Abs, "Square": ops.Square} {
		addOperation(operation{class, numpyOps, 1, one(f), nil})
	}
	addOperation(operation{"Relu", nnOps, 1, one(ops.Relu), nil})
	floats := func(f func(x *graph.Node) *graph.Node) func(*OperationLayer, []*graph.Node) *graph.Node {
		return one(func(x *graph.Node) *graph.Node { return f(ops.Cast(x, asFloat(x.DType()))) })
	}
	for class, f := range map[string]func(x *graph.Node) *graph.Node{
		"Exp": ops.Exp, "Log": ops.Log, "Sqrt": ops.Sqrt, "Tanh": ops.Tanh, "Sin": ops.Sin, "Cos": ops.Cos,
	} {
		addOperation(operation{class, numpyOps, 1, floats(f), asFloat})
	}
	addOperation(operation{"Sigmoid", nnOps, 1, floats(ops.Sigmoid), asFloat})
	addOperation(operation{"Cast", coreOps, 1, func(l *OperationLayer, x []*graph.Node) *graph.Node { return ops.Cast(x[0], l.to) }, nil})
	addOperation(operation{"GetItem", numpyOps, 2, func(l *OperationLayer, x []*graph.Node) *graph.Node { return indexed(x[0], l.operands[1].([]Index)) }, nil})
}

// Num returns a number, an int or a float64, or a tensor as an operand of the methods of
// [Symbol]: Num(1).Sub(x) is 1 - x. Integers take the dtype of the other operand, floats too if
// that is a float, as in Keras. A tensor has its own, and no axis of samples.
func Num(v any) *Symbol { return &Symbol{num: v} }

// Add returns s + y, an operation of the functional form. Y, here and below, is a [Symbol], an
// int, a float64 or a tensor: see [Num].
//
//	y := x.Mul(2).Add(1)               // 2x + 1
//	rest := nn.Num(1).Sub(x)           // 1 - x
//	tail := x.Slice(nn.All, nn.From(1)) // x[:, 1:]
//
// Operands of different dtypes are converted to [tensor.Promote] of both. Two symbols have the
// same number of axes, and shapes that broadcast behind the batch. Mistakes are reported when a
// network is built. Files store operations as Keras does.
//
// Source: keras.ops.
func (s *Symbol) Add(y any) *Symbol { return operate("Add", s, y) }

// Sub returns s - y.
func (s *Symbol) Sub(y any) *Symbol { return operate("Subtract", s, y) }

// Mul returns s·y, element by element.
func (s *Symbol) Mul(y any) *Symbol { return operate("Multiply", s, y) }

// Div returns s/y, which is of floats.
func (s *Symbol) Div(y any) *Symbol { return operate("TrueDivide", s, y) }

// FloorDiv returns ⌊s/y⌋.
func (s *Symbol) FloorDiv(y any) *Symbol { return operate("FloorDivide", s, y) }

// Mod returns the remainder of s/y, with the sign of y.
func (s *Symbol) Mod(y any) *Symbol { return operate("Mod", s, y) }

// Pow returns s to the power of y.
func (s *Symbol) Pow(y any) *Symbol { return operate("Power", s, y) }

// MatMul returns the matrix product of s and y.
func (s *Symbol) MatMul(y any) *Symbol { return operate("Matmul", s, y) }

// Neg returns -s.
func (s *Symbol) Neg() *Symbol { return operate("Negative", s) }

// Abs returns |s|.
func (s *Symbol) Abs() *Symbol { return operate("Absolute", s) }

// Greater returns bools that are true where s > y; see [Symbol.Cast].
func (s *Symbol) Greater(y any) *Symbol { return operate("Greater", s, y) }

// GreaterEqual returns bools that are true where s >= y.
func (s *Symbol) GreaterEqual(y any) *Symbol { return operate("GreaterEqual", s, y) }

// Less returns bools that are true where s < y.
func (s *Symbol) Less(y any) *Symbol { return operate("Less", s, y) }

// LessEqual returns bools that are true where s <= y.
func (s *Symbol) LessEqual(y any) *Symbol { return operate("LessEqual", s, y) }

// Equal returns bools that are true where s = y.
func (s *Symbol) Equal(y any) *Symbol { return operate("Equal", s, y) }

// NotEqual returns bools that are true where s ≠ y.
func (s *Symbol) NotEqual(y any) *Symbol { return operate("NotEqual", s, y) }

// Cast returns s converted to a dtype.
func (s *Symbol) Cast(to tensor.DType) *Symbol {
	y := operate("Cast", s)
	y.of.layer.(*OperationLayer).to = to
	return y
}

// Slice returns the part of s that an index for each axis, the batch first, selects as in
// NumPy: x.Slice(nn.All, nn.At(0)) is x[:, 0]. The batch is taken whole.
func (s *Symbol) Slice(index ...Index) *Symbol { return operate("GetItem", s, index) }

// operate applies the operation of a class to operands.
func operate(class string, operands ...any) *Symbol {
	l := &OperationLayer{Base: Base{where: graph.Caller()}, op: operationOf(class)}
	var in []*Symbol
	for i, v := range operands {
		s, ok := v.(*Symbol)
		if ok && s != nil && s.num != nil {
			v, ok = s.num, false
		}
		if ok {
			in = append(in, s)
			v = nil
		} else if err := operandError(v); err != nil {
			l.bad = &graph.Error{Where: l.where, Text: fmt.Sprintf("nn.%s: operand %d is %v", class, i, err)}
		}
		l.operands = append(l.operands, v)
	}
	return &Symbol{of: &application{layer: l, in: in, where: l.where}}
}

func operationOf(class string) operation {
	module := numpyOps
	if class == "Cast" {
		module = coreOps
	}
	return operations[module+" "+class]
}

// operandError returns an error unless v is an operand beside symbols.
func operandError(v any) error {
	switch v := v.(type) {
	case int, float64, []Index:
		return nil
	case *tensor.Tensor:
		if v != nil {
			return nil
		}
	}
	return fmt.Errorf("%v, a %T: want a symbol, an int, a float64 or a tensor", v, v)
}

// NewOperation returns the layer of one of Keras's operations as a file names it, with the
// operands that are no inputs: nil stands for the next input. To is the dtype of a Cast.
// It returns an error if glia does not have the operation, or not with such operands.
func NewOperation(module, class, name string, operands []any, to tensor.DType) (*OperationLayer, error) {
	op, ok := operations[module+" "+class]
	if !ok {
		return nil, fmt.Errorf("nn: no operation %s of %s", class, module)
	}
	if len(operands) != op.operands {
		return nil, fmt.Errorf("nn: operation %s: %d operands: want %d", class, len(operands), op.operands)
	}
	for i, v := range operands {
		if _, list := v.([]Index); list != (class == "GetItem" && i == 1) {
			return nil, fmt.Errorf("nn: operation %s: operand %d is %v", class, i, v)
		}
		if err := operandError(v); v != nil && err != nil {
			return nil, fmt.Errorf("nn: operation %s: operand %d is %w", class, i, err)
		}
	}
	if class == "Cast" && to == tensor.Invalid {
		return nil, errors.New("nn: operation Cast without a dtype")
	}
	l := &OperationLayer{op: op, operands: operands, to: to}
	l.Name = name
	return l, nil
}

// HasOperation reports whether [NewOperation] makes an operation.
func HasOperation(module, class string) bool {
	_, ok := operations[module+" "+class]
	return ok
}

// Class returns Keras's name of the operation.
func (l *OperationLayer) Class() string { return l.op.class }

// Module returns the module in which Keras has the operation.
func (l *OperationLayer) Module() string { return l.op.module }

// Operands returns the operands: nil for each input, in their order, a number, a tensor or a
// list of [Index].
func (l *OperationLayer) Operands() []any { return l.operands }

// CastTo returns the dtype of a Cast, invalid for other operations.
func (l *OperationLayer) CastTo() tensor.DType { return l.to }

// OfIntegers implements [IntegerLayer].
func (l *OperationLayer) OfIntegers(in tensor.DType) tensor.DType {
	if l.op.class == "Cast" {
		return l.to
	}
	for _, v := range l.operands {
		switch v := v.(type) {
		case int, float64:
			in = tensor.Promote(in, numberDType(v, in))
		case *tensor.Tensor:
			in = tensor.Promote(in, v.DType())
		}
	}
	if l.op.of != nil {
		return l.op.of(in)
	}
	return in
}

// numberDType returns the dtype of a number beside an operand.
func numberDType(v any, beside tensor.DType) tensor.DType {
	_, whole := v.(int)
	switch {
	case beside.IsFloat() || whole && beside != tensor.Bool:
		return beside
	case whole:
		return tensor.Int32
	}
	return tensor.Float32
}

// Build implements [Layer].
func (l *OperationLayer) Build(*Builder, tensor.Spec) {}

// BuildAll implements [MultiLayer].
func (l *OperationLayer) BuildAll(*Builder, []tensor.Spec) {}

// Call implements [Layer], for an operation on one symbol.
func (l *OperationLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.CallAll(c, []*graph.Node{x})[0]
}

// CallAll implements [MultiLayer].
func (l *OperationLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	if l.bad != nil {
		panic(l.bad)
	}
	class, inputs := l.op.class, 0
	for _, v := range l.operands {
		if v == nil {
			inputs++
		}
	}
	if len(x) != inputs || inputs == 0 {
		panic(graph.Errorf("nn.%s: %d inputs: want %d", class, len(x), inputs))
	}
	for i, n := range x[1:] {
		if n.Rank() != x[0].Rank() || n.Shape().At(0) != x[0].Shape().At(0) {
			panic(graph.Errorf("nn.%s: symbols 0 and %d are %v and %v: want the same number of axes and of samples; nn.Reshape changes the axes", class, i+1, x[0].Spec(), n.Spec()))
		}
	}
	in := l.nodes(c, x)
	y := l.op.call(l, in)
	if y.Rank() == 0 || y.Shape().At(0) != x[0].Shape().At(0) {
		panic(graph.Errorf("nn.%s: the result is %v of x %v: want the same samples on axis 0", class, y.Spec(), x[0].Spec()))
	}
	return []*graph.Node{y}
}

// nodes returns the operands, of one dtype if they are two.
func (l *OperationLayer) nodes(c *Ctx, x []*graph.Node) []*graph.Node {
	var dt tensor.DType
	for _, n := range x {
		dt = promote(dt, n.DType())
	}
	for _, v := range l.operands {
		if t, ok := v.(*tensor.Tensor); ok {
			dt = promote(dt, t.DType())
		}
	}
	for _, v := range l.operands {
		switch v.(type) {
		case int, float64:
			dt = promote(dt, numberDType(v, dt))
		}
	}
	var in []*graph.Node
	for _, v := range l.operands {
		var n *graph.Node
		switch v := v.(type) {
		case nil:
			n, x = x[0], x[1:]
		case *tensor.Tensor:
			n = c.g.Const(v)
		case int:
			n = ops.Full(c.g, tensor.S(dt), float64(v))
		case float64:
			n = ops.Full(c.g, tensor.S(dt), v)
		default:
			continue // the index of GetItem
		}
		in = append(in, ops.Cast(n, dt))
	}
	return in
}

func promote(a, b tensor.DType) tensor.DType {
	if a == tensor.Invalid {
		return b
	}
	return tensor.Promote(a, b)
}

// MarshalJSON fails: files store operations as parts of functional models alone.
func (l *OperationLayer) MarshalJSON() ([]byte, error) {
	return nil, fmt.Errorf("nn: the operation %s in a layer: files store operations in functional models", l.op.class)
}

// An Index selects a part of an axis: see [Symbol.Slice].
type Index struct {
	kind              indexKind
	start, stop, step *int
}

type indexKind uint8

const (
	span indexKind = iota
	single
	newAxis
	ellipsis
)

var (
	// All is the whole axis, ":" in NumPy.
	All = Index{}
	// NewAxis is a new axis of length 1, None in NumPy.
	NewAxis = Index{kind: newAxis}
	// Ellipsis stands for all axes that the other indices do not mention, "..." in NumPy.
	Ellipsis = Index{kind: ellipsis}
)

// At is the element i of an axis, which vanishes. Negative numbers, here and below, count
// from the end.
func At(i int) Index { return Index{kind: single, start: &i} }

// From is the part of an axis from i on, "i:" in NumPy.
func From(i int) Index { return Index{start: &i} }

// To is the part of an axis before j, ":j" in NumPy.
func To(j int) Index { return Index{stop: &j} }

// Between is the part of an axis from i to before j, "i:j" in NumPy.
func Between(i, j int) Index { return Index{start: &i, stop: &j} }

// By is every step-th element of the part, from its end backward if step is negative. The
// index must be one of a part.
func (x Index) By(step int) Index {
	x.step = &step
	return x
}

// MarshalJSON writes the index as Keras does in the calls of a functional model.
func (x Index) MarshalJSON() ([]byte, error) {
	switch x.kind {
	case single:
		return vocab.Marshal(*x.start)
	case newAxis:
		return []byte("null"), nil
	case ellipsis:
		return []byte(`{"class_name":"__ellipsis__","config":{}}`), nil
	}
	type ends struct {
		Start *int `json:"start"`
		Stop  *int `json:"stop"`
		Step  *int `json:"step"`
	}
	return vocab.Marshal(struct {
		Class  string `json:"class_name"`
		Config ends   `json:"config"`
	}{"__slice__", ends{x.start, x.stop, x.step}})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (x *Index) UnmarshalJSON(b []byte) error {
	*x = Index{}
	if string(b) == "null" {
		*x = NewAxis
		return nil
	}
	if b[0] != '{' {
		var i int
		if err := json.Unmarshal(b, &i); err != nil {
			return fmt.Errorf("nn: index %s: want an integer", vocab.Short(b))
		}
		*x = At(i)
		return nil
	}
	class, config, err := vocab.Decode(b)
	if err != nil {
		return fmt.Errorf("nn: index %s: %w", vocab.Short(b), err)
	}
	switch class {
	case "__ellipsis__":
		*x = Ellipsis
		return nil
	case "__slice__":
		ends := struct{ Start, Stop, Step *int }{}
		if err := json.Unmarshal(config, &ends); err != nil {
			return fmt.Errorf("nn: index %s: want integers or null", vocab.Short(b))
		}
		x.start, x.stop, x.step = ends.Start, ends.Stop, ends.Step
		return nil
	}
	return fmt.Errorf("nn: index of class %q: want __slice__ or __ellipsis__", class)
}

// indexed returns the part of x that indices select.
func indexed(x *graph.Node, index []Index) *graph.Node {
	index = expanded(x, index)
	var ranges []ops.Range
	var gone, made []int // axes of x, and of the result
	rank := 0
	for _, i := range index {
		switch i.kind {
		case newAxis:
			made = append(made, rank)
			rank++
			continue
		case single:
			gone = append(gone, len(ranges))
			ranges = append(ranges, at(x, len(ranges), *i.start))
			continue
		}
		ranges = append(ranges, i.ofAxis())
		rank++
	}
	if first := index[0]; first.kind != span || first.start != nil || first.stop != nil || first.step != nil && *first.step != 1 {
		panic(graph.Errorf("nn.GetItem: the first index of x %v is not nn.All: want the batch whole", x.Spec()))
	}
	y := ops.Slice(x, ranges...)
	if len(gone) > 0 {
		y = ops.Squeeze(y, gone...)
	}
	for _, axis := range made {
		y = ops.ExpandDims(y, axis)
	}
	return y
}

// expanded returns indices for every axis of x, with All for an ellipsis and at the end.
func expanded(x *graph.Node, index []Index) []Index {
	taken, dots := 0, 0
	for _, i := range index {
		switch {
		case i.step != nil && (*i.step == 0 || i.kind != span):
			panic(graph.Errorf("nn.GetItem: step %d: want one other than 0, of a part", *i.step))
		case i.kind == ellipsis:
			dots++
		case i.kind != newAxis:
			taken++
		}
	}
	if taken > x.Rank() || dots > 1 {
		panic(graph.Errorf("nn.GetItem: %d indices and %d ellipses of x %v: want at most %d and 1", taken, dots, x.Spec(), x.Rank()))
	}
	if dots == 0 {
		index = append(index[:len(index):len(index)], Ellipsis)
	}
	var all []Index
	for _, i := range index {
		if i.kind != ellipsis {
			all = append(all, i)
			continue
		}
		for range x.Rank() - taken {
			all = append(all, All)
		}
	}
	return all
}

// at returns the range of one element of an axis.
func at(x *graph.Node, axis, i int) ops.Range {
	n := x.Shape().At(axis)
	if i < -n || i >= n {
		panic(graph.Errorf("nn.GetItem: index %d on axis %d of x %v: want %d to %d", i, axis, x.Spec(), -n, n-1))
	}
	if i < 0 {
		i += n
	}
	return ops.Range{Start: i, Stop: i + 1, Step: 1}
}

// ofAxis returns the range of a part.
func (x Index) ofAxis() ops.Range {
	r := ops.Range{Stop: ops.End, Step: 1}
	if x.step != nil {
		r.Step = *x.step
	}
	if r.Step < 0 {
		r.Start = ops.End
	}
	if x.start != nil {
		r.Start = *x.start
	}
	if x.stop != nil {
		r.Stop = *x.stop
	}
	return r
}
