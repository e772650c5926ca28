package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
)

// Silu returns x·sigmoid(x), elementwise: 0 at -Inf. It is called swish, too.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float.
//
// Source: Elfwing, Uchibe, Doya 2017, arXiv:1702.03118, section 2.
func Silu(x *graph.Node) *graph.Node { return graph.Apply(SiluOp{}, x) }

// SiluOp is the operation behind [Silu].
type SiluOp struct{ unary }

// Name implements graph.Op.
func (SiluOp) Name() string { return "Silu" }

// Compose implements [Composed].
func (SiluOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	return []*graph.Node{timesShare(x, Sigmoid(x))}
}

// Eval implements [Unary].
func (SiluOp) Eval(x float64) float64 { return finite(x) * sigmoid(x) }

// finite returns x with -Inf replaced by the least finite number, so that 0·x is 0.
func finite(x float64) float64 { return max(x, -math.MaxFloat64) }

// VJP: with s = sigmoid(x), d/dx = s + y·(1-s).
func (SiluOp) VJP(n, dy *graph.Node) []*graph.Node {
	s := Sigmoid(n.In[0])
	return []*graph.Node{Mul(dy, Add(s, Mul(n, Offset(Neg(s), 1))))}
}
