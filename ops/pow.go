package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Pow returns a^b, elementwise, with the special cases of math.Pow. An integer to a
// negative power is truncated to an integer: 0 unless a is 1 or -1.
//
// Shapes: a, b broadcast. DTypes: numbers, one for both. Gradient: a, b; by b it is 0
// where a is 0, and NaN where a < 0. Panics with *graph.Error if a and b do not
// broadcast, or their dtypes differ or are Bool.
func Pow(a, b *graph.Node) *graph.Node { return graph.Apply(PowOp{}, a, b) }

// PowOp is the operation behind [Pow].
type PowOp struct{ binary }

// Name implements graph.Op.
func (PowOp) Name() string { return "Pow" }

// Primitive implements [Primitive].
func (PowOp) Primitive() {}

// Eval implements [Binary].
func (PowOp) Eval(a, b float64) float64 { return math.Pow(a, b) }

// EvalInt implements [BinaryInt].
func (PowOp) EvalInt(a, b int64) int64 {
	switch {
	case b >= 0:
		return power(a, uint64(b))
	case a == 1 || a == -1:
		return power(a, uint64(-b))
	}
	return 0
}

// EvalUint implements [BinaryUint].
func (PowOp) EvalUint(a, b uint64) uint64 { return power(a, b) }

// power returns a^b by repeated squaring.
func power[T int64 | uint64](a T, b uint64) T {
	p := T(1)
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			p *= a
		}
		a *= a
	}
	return p
}

// VJP: d/da = b·a^(b-1) and d/db = a^b·ln a. The exponent and the argument of the
// logarithm are replaced where the product is 0 anyway, so that 0·∞ cannot arise,
// in the gradient of the gradient either.
func (PowOp) VJP(n, dy *graph.Node) []*graph.Node {
	a, b := n.In[0], n.In[1]
	var less *graph.Node
	if c, ok := b.Op.(FullOp); ok && c.Value() != 0 {
		less = ScalarLike(b, c.Value()-1)
	} else {
		less = Where(Equal(b, ScalarLike(b, 0)), ScalarLike(b, 1), Offset(b, -1))
	}
	base := Where(Equal(a, ScalarLike(a, 0)), ScalarLike(a, 1), a)
	return []*graph.Node{
		Mul(dy, Mul(b, Pow(a, less))),
		Mul(dy, Mul(n, Log(base))),
	}
}
