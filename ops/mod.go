package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// FloorDiv returns ⌊a/b⌋, elementwise. An integer divided by 0 is 0.
//
// Shapes: a, b broadcast. DTypes: numbers, one for both. Gradient: zero. Panics with
// *graph.Error if a and b do not broadcast, or their dtypes differ or are Bool.
//
// Source: numpy.floor_divide.
func FloorDiv(a, b *graph.Node) *graph.Node { return graph.Apply(FloorDivOp{}, a, b) }

// FloorDivOp is the operation behind [FloorDiv].
type FloorDivOp struct{ binary }

// Name implements graph.Op.
func (FloorDivOp) Name() string { return "FloorDiv" }

// Compose implements [Composed].
func (FloorDivOp) Compose(in []*graph.Node) []*graph.Node {
	a, b := in[0], in[1]
	rest, zero := Fmod(a, b), ScalarLike(a, 0)
	q := Div(Sub(a, rest), b)
	if a.DType().IsFloat() {
		q = Round(q)
	}
	turn := And(And(NotEqual(rest, zero), NotEqual(b, zero)), NotEqual(Less(rest, zero), Less(b, zero)))
	q = Where(turn, Sub(q, ScalarLike(a, 1)), q)
	return []*graph.Node{Where(Equal(b, zero), Div(a, b), q)}
}

// Eval implements [Binary]. The quotient is taken of a number that b divides, so
// that rounding cannot carry it over the next integer.
func (FloorDivOp) Eval(a, b float64) float64 {
	if b == 0 {
		return a / b
	}
	rest := math.Mod(a, b)
	q := math.Round((a - rest) / b)
	if rest != 0 && (rest < 0) != (b < 0) {
		q--
	}
	return q
}

// EvalInt implements [BinaryInt].
func (FloorDivOp) EvalInt(a, b int64) int64 {
	q := quotient(a, b)
	if b != 0 && a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// EvalUint implements [BinaryUint].
func (FloorDivOp) EvalUint(a, b uint64) uint64 { return quotient(a, b) }

// VJP: a step function has no slope.
func (FloorDivOp) VJP(_, _ *graph.Node) []*graph.Node { return []*graph.Node{nil, nil} }

// Mod returns a - b·⌊a/b⌋, elementwise: the remainder that has the sign of b. An
// integer modulo 0 is 0, a float NaN.
//
// Shapes: a, b broadcast. DTypes: numbers, one for both. Gradient: a, b; at the jumps
// that of the side above. Panics with *graph.Error if a and b do not broadcast, or
// their dtypes differ or are Bool.
//
// Source: numpy.remainder.
func Mod(a, b *graph.Node) *graph.Node { return graph.Apply(ModOp{}, a, b) }

// ModOp is the operation behind [Mod].
type ModOp struct{ binary }

// Name implements graph.Op.
func (ModOp) Name() string { return "Mod" }

// Compose implements [Composed].
func (ModOp) Compose(in []*graph.Node) []*graph.Node {
	a, b := in[0], in[1]
	rest, zero := Fmod(a, b), ScalarLike(a, 0)
	turn := And(NotEqual(rest, zero), NotEqual(Less(rest, zero), Less(b, zero)))
	return []*graph.Node{Where(turn, Add(rest, b), rest)}
}

// Eval implements [Binary].
func (ModOp) Eval(a, b float64) float64 {
	rest := math.Mod(a, b)
	switch {
	case rest == 0:
		return math.Copysign(0, b)
	case (rest < 0) != (b < 0):
		return rest + b
	}
	return rest
}

// EvalInt implements [BinaryInt].
func (ModOp) EvalInt(a, b int64) int64 {
	r := remainder(a, b)
	if r != 0 && (r < 0) != (b < 0) {
		r += b
	}
	return r
}

// EvalUint implements [BinaryUint].
func (ModOp) EvalUint(a, b uint64) uint64 { return remainder(a, b) }

// VJP: d/da = 1 and d/db = -⌊a/b⌋.
func (ModOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{dy, Neg(Mul(dy, FloorDiv(n.In[0], n.In[1])))}
}

// Fmod returns the remainder of a/b that has the sign of a, elementwise, as C and Go
// define it. An integer modulo 0 is 0, a float NaN.
//
// Shapes: a, b broadcast. DTypes: numbers, one for both. Gradient: a, b; at the jumps
// that of the side away from zero. Panics with *graph.Error if a and b do not
// broadcast, or their dtypes differ or are Bool.
//
// Source: numpy.fmod.
func Fmod(a, b *graph.Node) *graph.Node { return graph.Apply(FmodOp{}, a, b) }

// FmodOp is the operation behind [Fmod].
type FmodOp struct{ binary }

// Name implements graph.Op. In ONNX it is Mod with the attribute fmod.
func (FmodOp) Name() string { return "Fmod" }

// Primitive implements [Primitive].
func (FmodOp) Primitive() {}

// Eval implements [Binary].
func (FmodOp) Eval(a, b float64) float64 { return math.Mod(a, b) }

// EvalInt implements [BinaryInt].
func (FmodOp) EvalInt(a, b int64) int64 { return remainder(a, b) }

// EvalUint implements [BinaryUint].
func (FmodOp) EvalUint(a, b uint64) uint64 { return remainder(a, b) }

func remainder[T int64 | uint64](a, b T) T {
	if b == 0 {
		return 0
	}
	return a % b
}

// VJP: d/da = 1 and d/db = -trunc(a/b), the quotient of a number that b divides.
func (FmodOp) VJP(n, dy *graph.Node) []*graph.Node {
	a, b := n.In[0], n.In[1]
	return []*graph.Node{dy, Neg(Mul(dy, Round(Div(Sub(a, n), b))))}
}
